import { defined } from "../defined.ts";
import { FleetlogixError } from "../errors.ts";
import type { AwsFault, RetryClass, RetryRule, Verb } from "./contract.ts";
import { retriesExhausted } from "./errors.ts";
import { call, type EngineRun, pause, type Subject } from "./run.ts";

/** Upper limit of attempts of one call in one retry class. */
const MAX_ATTEMPTS = 10;
/**
 * Waits between attempts: they double from `first` up to `cap`. Ten attempts take about 120 s for propagation (a new role is visible after
 * 2–12 s, at worst a minute), 180 s for throttling (API Gateway accepts one DeleteRestApi in 30 s), 240 s for another change in progress,
 * and longer for slow kinds (a deleted database keeps its network interface for minutes), and 65 s for failures of AWS or the network.
 */
const WAITS: Readonly<Record<Exclude<RetryClass, "permanent">, { readonly first: number; readonly cap: number }>> = {
  propagation: { first: 500, cap: 30_000 },
  throttle: { first: 1_000, cap: 40_000 },
  busy: { first: 1_000, cap: 60_000 },
  transient: { first: 200, cap: 20_000 },
};
/** Retry-After from AWS is honoured up to this limit. */
const LONGEST_RETRY_AFTER_MS = 120_000;
/** Jitter: the share of a wait that is random. */
const SPREAD = 0.25;

/** Takes the error of a failed call. Waits as long as its retry class demands and returns the class, or throws when a retry is useless. */
export type Retry = (error: unknown, holder?: string) => Promise<Exclude<RetryClass, "permanent">>;

/** The only function that decides whether a call is repeated. */
export function newRetry(subject: Subject, verb: Verb, run: EngineRun): Retry {
  const { clock, toFault, random } = run.ports;
  const failures = new Map<RetryClass, number>();
  const began = clock.now();
  return async (error, holder) => {
    const fault = error instanceof FleetlogixError ? undefined : toFault(error);
    if (!fault) throw error;
    const why = retryClassOf(subject, fault, verb, run);
    if (why === "permanent") throw error;
    const attempt = (failures.get(why) ?? 0) + 1;
    failures.set(why, attempt);
    if (attempt >= MAX_ATTEMPTS)
      throw run.ports.explain?.(fault, subject.id) ?? retriesExhausted(subject, fault, why, attempt, clock.now() - began);
    const { first, cap } = WAITS[why];
    const most = why === "busy" ? Math.max(cap, subject.kind.settle.timeoutMs / 4) : cap;
    const own = Math.min(most, first * 2 ** (attempt - 1)) * (1 + SPREAD * (random?.() ?? 0));
    const waitMs = Math.round(Math.max(own, Math.min(fault.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS)));
    run.emit({ type: "resource.retrying", id: subject.id, why, code: fault.code, waitMs, attempt, ...defined({ holder }) });
    await pause(run, waitMs);
    return why;
  };
}

/** The rules of the kind come first, then eventual consistency, then the general rules. */
export function retryClassOf(subject: Subject, fault: AwsFault, verb: Verb, run: EngineRun): RetryClass {
  const rule = subject.kind.retries?.find((one) => fits(one, fault, verb));
  return rule?.class ?? (isLag(subject, fault) ? "propagation" : run.ports.classify(fault, verb));
}
const fits = ({ codes, message, during }: RetryRule, fault: AwsFault, verb: Verb): boolean =>
  (codes?.includes(fault.code) ?? true) && (message?.test(fault.message) ?? true) && (during?.includes(verb) ?? true);

/** NotFound of the resource after it was seen, or of a dependency, which exists by then: eventual consistency. */
const isLag = ({ kind }: Subject, { code }: AwsFault): boolean => kind.notFound.codes.includes(code);

/** Repeats a read until it is answered. A write is never repeated without a read before it (converge.ts). */
export async function readWithRetry<T>(subject: Subject, run: EngineRun, effect: () => Promise<T>): Promise<T> {
  const retry = newRetry(subject, "read", run);
  for (;;) {
    try {
      return await call(subject, run, effect);
    } catch (error) {
      await retry(error);
    }
  }
}
