import { FleetlogixError } from "../errors.ts";
import type { AwsFault, RetryClass, Verb } from "./contract.ts";
import { exhausted } from "./problems.ts";
import { call, pause, type Run, type Subject } from "./run.ts";

/** No call is made more often than this for one reason, whatever AWS answers. */
const MAX_ATTEMPTS = 10;
/**
 * The waits between attempts: doubling from `first` to at most `cap`, so ten attempts last about
 * 120 s for propagation (a new role is known after 2–12 s, at worst a minute), 180 s for throttling (API Gateway lets one
 * DeleteRestApi through in 30 s), 240 s for another change under way and longer for kinds that take long themselves
 * (a deleted database keeps its network interface for minutes), 65 s when AWS or the network fails.
 */
const WAITS: Readonly<Record<Exclude<RetryClass, "permanent">, { readonly first: number; readonly cap: number }>> = {
  propagation: { first: 500, cap: 30_000 },
  throttle: { first: 1_000, cap: 40_000 },
  busy: { first: 1_000, cap: 60_000 },
  transient: { first: 200, cap: 20_000 },
};
/** AWS may ask for a longer pause than we would make; not for an endless one. */
const LONGEST_RETRY_AFTER_MS = 120_000;
/** Share of a wait that is left to chance. */
const SPREAD = 0.25;

/** Takes what a call threw: waits for as long as its class says and returns the class, or gives up with the last word. */
export type Patience = (error: unknown, holder?: string) => Promise<Exclude<RetryClass, "permanent">>;

/** The one judge of whether a call is made again. */
export function patience(subject: Subject, verb: Verb, run: Run): Patience {
  const { clock, toFault, classify, random } = run.ports;
  const failures = new Map<RetryClass, number>();
  const began = clock.now();
  return async (error, holder) => {
    const fault = error instanceof FleetlogixError ? undefined : toFault(error);
    if (!fault) throw error;
    const why = subject.kind.retry?.(fault, verb) ?? (isLag(subject, fault, verb) ? "propagation" : classify(fault, verb));
    if (why === "permanent") throw error;
    const attempt = (failures.get(why) ?? 0) + 1;
    failures.set(why, attempt);
    if (attempt >= MAX_ATTEMPTS)
      throw run.ports.explain?.(fault, subject.id) ?? exhausted(subject, fault, why, attempt, clock.now() - began);
    const { first, cap } = WAITS[why];
    const most = why === "busy" ? Math.max(cap, subject.kind.settle.timeoutMs / 4) : cap;
    const own = Math.min(most, first * 2 ** (attempt - 1)) * (1 + SPREAD * (random?.() ?? 0));
    const waitMs = Math.round(Math.max(own, Math.min(fault.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS)));
    run.emit({ type: "resource.retrying", id: subject.id, why, code: fault.code, waitMs, attempt, ...(holder && { holder }) });
    await pause(run, waitMs);
    return why;
  };
}

/** A thing that was there a moment ago, or a part of it, is not known everywhere yet. */
const isLag = ({ kind }: Subject, { code }: AwsFault, verb: Verb): boolean =>
  (verb === "read" || verb === "update") && kind.notFound.codes.includes(code);

/** For calls that change nothing: asked again until answered. A writing call is never repeated without looking first (converge.ts). */
export async function ask<T>(subject: Subject, run: Run, effect: () => Promise<T>): Promise<T> {
  const retry = patience(subject, "read", run);
  for (;;) {
    try {
      return await call(subject, run, effect);
    } catch (error) {
      await retry(error);
    }
  }
}
