import type { LocalClock } from "./clock.ts";
import type { WrittenFault, WrittenRule } from "./fault-types.ts";
import { describeInput } from "./history.ts";
import type { LocalService } from "./service.ts";
import { isWrite } from "./write-operations.ts";

/** One call as the fault plan sees it. */
export interface FaultedCall {
  readonly service: string;
  readonly declaration: LocalService;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly requestId: string;
  /** Aborts when the client closes the connection. */
  readonly signal: AbortSignal;
  readonly clock: LocalClock;
}
export type Fault =
  | WrittenFault
  /** In-process only: runs functions before and after the call. */
  | { readonly kind: "hook"; readonly before?: Hook | undefined; readonly after?: Hook | undefined };
/** `output`: the output that will be sent, which the hook may change; only after the call. */
export type Hook = (call: FaultedCall, output?: Record<string, unknown>) => void | Promise<void>;
export type FaultRule = Omit<WrittenRule, "fault"> & { readonly fault: Fault };
/** A rule with its defaults, the number of calls that matched it, and the number that it hit. */
export type ActiveRule = Omit<FaultRule, "nth" | "times" | "chance" | "seed"> &
  Readonly<Record<"nth" | "chance" | "seed", number>> & { readonly times: number | null; matched: number; hits: number };

export function activate({ nth = 1, times = 1, chance = 1, seed = 1, ...rule }: FaultRule): ActiveRule {
  return { ...rule, nth, times, chance, seed, matched: 0, hits: 0 };
}

/** Counts the call when it matches the rule; returns whether the rule hits it. */
export function hits(rule: ActiveRule, call: FaultedCall): boolean {
  if (!matches(rule, call)) return false;
  rule.matched++;
  if (rule.matched < rule.nth || (rule.times !== null && rule.hits >= rule.times)) return false;
  if (draw(rule.seed, rule.matched) >= rule.chance) return false;
  rule.hits++;
  return true;
}

/** A number 0 ≤ x < 1, the same for the same seed and number (the finalizer of MurmurHash3). */
function draw(seed: number, number: number): number {
  let bits = Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** True when the rule may answer this call with an earlier result, so that results must be kept. */
export const needsHistory = (rule: ActiveRule, call: FaultedCall): boolean =>
  (rule.fault.kind === "staleRead" || rule.fault.kind === "staleList") && matches(rule, call);

function matches({ service, operation, write, input, fault }: ActiveRule, call: FaultedCall): boolean {
  if (service !== undefined && service !== call.service) return false;
  if (operation !== undefined && !matchesPattern(operation, call.operation)) return false;
  if (write !== undefined && write !== isWrite(call.operation)) return false;
  if (fault.kind === "staleRead" && isWrite(call.operation)) return false;
  if ((fault.kind === "staleList" || fault.kind === "emptyPage") && !isList(call.operation)) return false;
  return input === undefined || describeInput(call.input).includes(input);
}
const matchesPattern = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
/** List…, Describe…s, Get…s: the operations that return several resources. */
const isList = (operation: string): boolean => /^List|^(Describe|Get)\w+s$|^GetResources$/.test(operation);
