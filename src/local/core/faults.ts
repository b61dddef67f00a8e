import { type ActiveRule, activate, type Fault, type FaultedCall, type FaultRule, hits, recalls } from "./fault-rules.ts";
import { type History, history, type Outcome, plain } from "./history.ts";
import { afterEmptyPage, emptyPage } from "./paging.ts";
import { LocalFault } from "./service.ts";
import { denied, isWrite, throttled } from "./wording.ts";

export type { Fault, FaultedCall, FaultRule } from "./fault-rules.ts";
export { isWrite } from "./wording.ts";

type Execute = (input: Record<string, unknown>) => Promise<Record<string, unknown>>;
/** AWS's bad days: wraps every call from outside; may refuse it, delay it, lose its answer or answer with old news. */
export interface Faults {
  around(call: FaultedCall, execute: Execute): Promise<Record<string, unknown>>;
  /** Adds rules to those in force; of several that hit one call the first counts. */
  add(...rules: FaultRule[]): void;
  /** Forgets rules, log and old answers. */
  clear(): void;
  rules(): readonly Readonly<ActiveRule>[];
  /** Every call so far, in the order in which they came. */
  calls(): readonly LoggedCall[];
}
export interface LoggedCall {
  readonly sequence: number;
  readonly service: string;
  readonly operation: string;
  readonly write: boolean;
  readonly input: Record<string, unknown>;
  /** running until it is answered; effect: what was done, whatever the client heard. */
  outcome: "running" | "ok" | "refused" | "cut";
  effect: boolean;
  /** The code of the error that was answered. */
  code?: string;
  /** The kind of the fault that hit the call. */
  fault?: Fault["kind"];
}

/** Thrown through the server: the socket is destroyed without an answer. */
export class ConnectionCut extends Error {}

/** `keepCalls`: past this many the oldest are dropped from the log; inputs are held in memory. */
export function faultPlan(initial: readonly FaultRule[] = [], { keepCalls = 20_000 } = {}): Faults {
  const rules: ActiveRule[] = initial.map(activate);
  const log: LoggedCall[] = [];
  const old = history();
  let sequence = 0;
  return {
    add: (...more) => void rules.push(...more.map(activate)),
    clear() {
      rules.length = 0;
      log.length = 0;
      old.clear();
      sequence = 0;
    },
    rules: () => rules,
    calls: () => log,
    async around(call, execute) {
      const { service, operation, input } = call;
      const entry: LoggedCall = {
        sequence: ++sequence,
        service,
        operation,
        write: isWrite(service, operation),
        input: loggedInput(input),
        outcome: "running",
        effect: false,
      };
      log.push(entry);
      if (log.length > keepCalls) log.shift();
      // Every rule counts the call, so that the n-th call is the same whatever other rules there are.
      const hit = rules.filter((rule) => hits(rule, call))[0]?.fault;
      if (hit) entry.fault = hit.kind;
      const recalled = rules.some((rule) => recalls(rule, call));
      return logged(entry, () => play(hit, call, old, noted(entry, old, recalled, call, execute)));
    },
  };
}

/** The real execution, noting its effect, and what reads answered where a rule may ask for it. */
function noted(entry: LoggedCall, old: History, recalled: boolean, { service, operation, input }: FaultedCall, execute: Execute) {
  const remember = (outcome: Outcome): void => {
    if (recalled && !entry.write) old.remember(service, operation, input, outcome);
  };
  return async (): Promise<Record<string, unknown>> => {
    try {
      const output = await execute(afterEmptyPage(service, operation, input));
      entry.effect = true;
      if (entry.write) old.wrote(service);
      remember({ output });
      return output;
    } catch (error) {
      remember({ error });
      throw error;
    }
  };
}

async function logged(entry: LoggedCall, run: () => Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  try {
    const output = await run();
    entry.outcome = "ok";
    return output;
  } catch (error) {
    entry.outcome = error instanceof ConnectionCut ? "cut" : "refused";
    if (error instanceof LocalFault) entry.code = error.code;
    throw error;
  }
}

async function play(
  fault: Fault | undefined,
  call: FaultedCall,
  old: History,
  execute: () => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { service, operation, clock } = call;
  switch (fault?.kind) {
    case undefined:
      return execute();
    case "fail":
      throw failure(fault, undefined);
    case "failAfter":
      await execute();
      throw failure(fault, 500);
    case "lose":
      await execute();
      throw new ConnectionCut();
    case "cutBefore":
      throw new ConnectionCut();
    case "hang":
      await (fault.ms === undefined ? gone(call.signal) : clock.sleep(fault.ms));
      if (fault.effect ?? true) return execute();
      throw new ConnectionCut();
    case "slow":
      await clock.sleep(fault.ms);
      return execute();
    case "throttle":
      throw throttled(service, fault.retryAfterSeconds);
    case "deny":
      throw denial(service, operation);
    case "staleRead":
    case "staleList":
      return oldNews(old.before(service, operation, call.input)) ?? execute();
    case "emptyPage":
      return emptyPage(service, operation, await execute());
    case "hook":
      return hooked(fault, call, execute);
  }
}

async function hooked(
  { before, after }: Extract<Fault, { kind: "hook" }>,
  call: FaultedCall,
  execute: () => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  await before?.(call);
  const output = await execute();
  await after?.(call, output);
  return output;
}
const denial = (service: string, operation: string): LocalFault =>
  denied(service, `User: arn:aws:iam::000000000000:root is not authorized to perform: ${service}:${operation}`);

/** Past this many characters a member of an input is only named in the log. */
const LOGGED_CHARACTERS = 32 * 1024;
/** The log outlives the call and holds many: no function zips, no bodies, no batches of large items. */
function loggedInput(input: Record<string, unknown>): Record<string, unknown> {
  const members = Object.entries(plain(input) as Record<string, unknown>).map(([name, value]) => {
    const length = typeof value === "string" ? value.length : typeof value === "object" ? JSON.stringify(value).length : 0;
    return [name, length > LOGGED_CHARACTERS ? `(${length} characters)` : value];
  });
  return Object.fromEntries(members);
}
function oldNews(outcome: Outcome | undefined): Record<string, unknown> | undefined {
  if (outcome && "error" in outcome) throw outcome.error;
  return outcome?.output;
}
function failure(fault: Extract<Fault, { kind: "fail" | "failAfter" }>, usual: number | undefined): LocalFault {
  const { code = "InternalFailure", message = "The local AWS was told to fail here.", status = usual, extra, headers } = fault;
  return new LocalFault(code, message, status, extra, headers);
}
const gone = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
