import { Readable } from "node:stream";
import { afterEmptyPage, emptyPage } from "./empty-page.ts";
import { type ActiveRule, activate, type Fault, type FaultedCall, type FaultRule, hits, needsHistory } from "./fault-rules.ts";
import { type CallResult, type History, history, plain } from "./history.ts";
import { denied, throttled } from "./refusals.ts";
import { LocalFault, type LocalService } from "./service.ts";
import { isWrite } from "./write-operations.ts";

export type { Fault, FaultedCall, FaultRule } from "./fault-rules.ts";
export { isWrite } from "./write-operations.ts";

type Execute = (input: Record<string, unknown>) => Promise<Record<string, unknown>>;
/** Fault injection: wraps every call of a client. It may refuse the call, delay it, drop its response or answer with an earlier output. */
export interface Faults {
  around(call: FaultedCall, execute: Execute): Promise<Record<string, unknown>>;
  /** Adds rules to the active ones. When several hit one call, the first applies. */
  add(...rules: FaultRule[]): void;
  /** Removes the rules, the log and the earlier answers. */
  clear(): void;
  rules(): readonly Readonly<ActiveRule>[];
  /** The logged calls, oldest first. */
  calls(): readonly LoggedCall[];
}
export interface LoggedCall {
  readonly sequence: number;
  readonly service: string;
  readonly operation: string;
  readonly write: boolean;
  readonly input: Record<string, unknown>;
  /** `running` until it is answered. */
  outcome: "running" | "ok" | "refused" | "cut";
  /** True when the call took effect, whatever was answered. */
  effect: boolean;
  /** The code of the error that was answered. */
  code?: string;
  /** The kind of the fault that hit the call. */
  fault?: Fault["kind"];
}

/** Makes the server close the socket without a response. */
export class ConnectionCut extends Error {}

/** `keepCalls`: size of the log, which holds inputs in memory; the oldest calls are dropped. */
export function faultPlan(initial: readonly FaultRule[] = [], { keepCalls = 20_000 } = {}): Faults {
  const rules: ActiveRule[] = initial.map(activate);
  const log: LoggedCall[] = [];
  const earlier = history();
  let sequence = 0;
  return {
    add: (...more) => void rules.push(...more.map(activate)),
    clear() {
      rules.length = 0;
      log.length = 0;
      earlier.clear();
      sequence = 0;
    },
    rules: () => rules,
    calls: () => log,
    async around(call, execute) {
      const { service, operation } = call;
      const logged = loggedInput(call.input);
      const entry: LoggedCall = {
        sequence: ++sequence,
        service,
        operation,
        write: isWrite(operation),
        get input() {
          return logged();
        },
        outcome: "running",
        effect: false,
      };
      log.push(entry);
      if (log.length > keepCalls) log.shift();
      // Every rule counts the call, so that other rules do not change which call is the n-th.
      const hit = rules.filter((rule) => hits(rule, call))[0]?.fault;
      if (hit) entry.fault = hit.kind;
      const keepsResult = rules.some((rule) => needsHistory(rule, call));
      return recordOutcome(entry, () => applyFault(hit, call, earlier, recordingEffect(entry, earlier, keepsResult, call, execute)));
    },
  };
}

/** Executes the call. Records that it took effect, and keeps its result where a rule needs it later. */
function recordingEffect(
  entry: LoggedCall,
  earlier: History,
  keepsResult: boolean,
  { service, declaration, operation, input }: FaultedCall,
  execute: Execute,
) {
  const remember = (outcome: CallResult): void => {
    if (keepsResult && !entry.write) earlier.remember(service, operation, input, outcome);
  };
  return async (): Promise<Record<string, unknown>> => {
    try {
      const output = await execute(afterEmptyPage(declaration, operation, input));
      entry.effect = true;
      if (entry.write) earlier.wrote(service);
      remember({ output });
      return output;
    } catch (error) {
      remember({ error });
      throw error;
    }
  };
}

async function recordOutcome(entry: LoggedCall, run: () => Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
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

async function applyFault(
  fault: Fault | undefined,
  call: FaultedCall,
  earlier: History,
  execute: () => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { service, declaration, operation, clock } = call;
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
      await (fault.ms === undefined ? whenAborted(call.signal) : clock.sleep(fault.ms));
      if (fault.effect ?? true) return execute();
      throw new ConnectionCut();
    case "slow":
      await clock.sleep(fault.ms);
      return execute();
    case "throttle":
      throw throttled(declaration, fault.retryAfterSeconds);
    case "deny":
      throw denial(declaration, operation);
    case "staleRead":
    case "staleList":
      return resultOf(earlier.before(service, operation, call.input)) ?? execute();
    case "emptyPage":
      return emptyPage(declaration, operation, await execute());
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
const denial = (service: LocalService, operation: string): LocalFault =>
  denied(service, `User: arn:aws:iam::000000000000:root is not authorized to perform: ${service.name}:${operation}`);

/** Members of an input longer than this are logged as their length. */
const LOGGED_CHARACTERS = 32 * 1024;
/**
 * The input without large members (function zips, bodies, batches): the log keeps many calls in memory. It keeps JSON's text where it can:
 * a text costs the garbage collector far less than its objects.
 */
function loggedInput(input: Record<string, unknown>): () => Record<string, unknown> {
  const large = Object.keys(input).filter((name) => charactersOf(input[name], LOGGED_CHARACTERS) > LOGGED_CHARACTERS);
  const kept = large.length === 0 ? input : { ...input, ...Object.fromEntries(large.map((name) => [name, lengthOf(input[name])])) };
  if (isJson(kept)) {
    const text = JSON.stringify(kept);
    return () => plain(JSON.parse(text)) as Record<string, unknown>;
  }
  const logged = plain(kept) as Record<string, unknown>;
  return () => logged;
}
const lengthOf = (value: unknown): string => `(${typeof value === "string" ? value.length : `more than ${LOGGED_CHARACTERS}`} characters)`;
/** Characters of the value as JSON, about. The count ends when it is above `most`, because a request may hold a million values. */
function charactersOf(value: unknown, most: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Readable) return 5;
  let sum = 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && sum <= most; i++) sum += 1 + charactersOf(value[i], most - sum);
    return sum;
  }
  const names = Object.keys(value);
  if (names.length > most) return names.length;
  for (const name of names) if (sum <= most) sum += name.length + 4 + charactersOf((value as Record<string, unknown>)[name], most - sum);
  return sum;
}
/** True when JSON keeps the value as it is: no bytes, streams, dates or big numbers in it. */
function isJson(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint" && typeof value !== "function";
  if (Array.isArray(value)) return value.every(isJson);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name in value) if (!isJson((value as Record<string, unknown>)[name])) return false;
  return true;
}
function resultOf(outcome: CallResult | undefined): Record<string, unknown> | undefined {
  if (outcome && "error" in outcome) throw outcome.error;
  return outcome?.output;
}
function failure(fault: Extract<Fault, { kind: "fail" | "failAfter" }>, usual: number | undefined): LocalFault {
  const { code = "InternalFailure", message = "The fault plan makes this call fail.", status = usual, extra, headers } = fault;
  return new LocalFault(code, message, status, extra, headers);
}
const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
