import { z } from "zod";
import type { Clock } from "./clock.ts";
import { describeInput } from "./history.ts";
import { isWrite } from "./wording.ts";

/** One call as the fault plan sees it. */
export interface FaultedCall {
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly requestId: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}
const failure = {
  code: z.string().default("InternalFailure"),
  message: z.string().default("The local AWS was told to fail here."),
  status: z.number().int().min(300).max(599).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  extra: z.record(z.string(), z.unknown()).default({}),
};
const fault = z.discriminatedUnion("kind", [
  /** Refused before any effect. */
  z.strictObject({ kind: z.literal("fail"), ...failure }),
  /** Took effect, and answers an error all the same. */
  z.strictObject({ kind: z.literal("failAfter"), ...failure, status: z.number().int().min(400).max(599).default(500) }),
  /** Took effect; the connection is cut without an answer. */
  z.strictObject({ kind: z.literal("lose") }),
  /** The connection is cut before anything happened. */
  z.strictObject({ kind: z.literal("cutBefore") }),
  /** No answer for `ms`, without it until the client leaves; then takes effect, or not. */
  z.strictObject({ kind: z.literal("hang"), ms: z.number().min(0).optional(), effect: z.boolean().default(true) }),
  z.strictObject({ kind: z.literal("slow"), ms: z.number().min(0) }),
  /** Refused in the service's own words for "too many requests". */
  z.strictObject({ kind: z.literal("throttle"), retryAfterSeconds: z.number().min(0).optional() }),
  /** Answers what the very same call would have answered before the last write to that service. */
  z.strictObject({ kind: z.literal("staleRead") }),
  /** The same for lists only. */
  z.strictObject({ kind: z.literal("staleList") }),
  /** A list whose first page is empty and says that there is more. */
  z.strictObject({ kind: z.literal("emptyPage") }),
  z.strictObject({ kind: z.literal("deny") }),
]);
const rule = z.strictObject({
  service: z.string().optional(),
  /** A name, or the beginning of one followed by `*`. */
  operation: z.string().optional(),
  /** Only writing (true) or only reading (false) calls. */
  write: z.boolean().optional(),
  /** Text that the input, as JSON, must hold. */
  input: z.string().optional(),
  /** The first matching call that is hit, counted from 1. */
  nth: z.number().int().min(1).default(1),
  /** How many calls from there on are hit; null = all. */
  times: z.number().int().min(1).nullable().default(1),
  /** The chance with which each of these is hit, above 0 to 1. It is drawn from `seed`: the same calls, the same hits. */
  chance: z.number().gt(0).max(1).default(1),
  seed: z.number().int().default(1),
  fault,
});
/** The plan's seed is that of every rule which names none; rules of one plan draw apart from each other. */
const plan = z.strictObject({ seed: z.number().int().default(1), rules: z.array(rule.extend({ seed: z.number().int().optional() })) });

export type Fault =
  | z.infer<typeof fault>
  /** In-process only: looks, pauses, kills or changes something behind the caller's back, before or after the call. */
  | { readonly kind: "hook"; readonly before?: Hook | undefined; readonly after?: Hook | undefined };
/** `output`, after the call only: what will be answered; it may be altered. */
export type Hook = (call: FaultedCall, output?: Record<string, unknown>) => void | Promise<void>;
export type FaultRule = Omit<z.input<typeof rule>, "fault"> & { readonly fault: z.input<typeof fault> | Extract<Fault, { kind: "hook" }> };
/** A rule with its defaults filled in, and its counts of calls that matched and of those that were hit. */
export type ActiveRule = Omit<z.infer<typeof rule>, "fault"> & { readonly fault: Fault; matched: number; hits: number };

/** Reads a fault plan, `{ "seed": 1, "rules": [...] }`, a list of rules or one rule; throws a readable error that names the place. */
export function parseFaultPlan(json: unknown): FaultRule[] {
  const whole = typeof json === "object" && json !== null && "rules" in json;
  const read = plan.safeParse(whole ? json : { rules: Array.isArray(json) ? json : [json] });
  if (read.success) return read.data.rules.map((one, i) => ({ ...one, seed: one.seed ?? read.data.seed + i }));
  throw new Error(`The fault plan is not valid:\n${z.prettifyError(read.error)}`);
}

export function activate(given: FaultRule): ActiveRule {
  if (given.fault.kind !== "hook") return { ...rule.parse(given), matched: 0, hits: 0 };
  const { fault: hook, ...rest } = given;
  const { fault: _, ...selector } = rule.parse({ ...rest, fault: { kind: "deny" } });
  return { ...selector, fault: hook, matched: 0, hits: 0 };
}

/** Counts the call where it matches; true when it is one of those the rule hits. */
export function hits(rule: ActiveRule, call: FaultedCall): boolean {
  if (!matches(rule, call)) return false;
  rule.matched++;
  if (rule.matched < rule.nth || (rule.times !== null && rule.hits >= rule.times)) return false;
  if (draw(rule.seed, rule.matched) >= rule.chance) return false;
  rule.hits++;
  return true;
}

/** 0 ≤ x < 1, the same for the same seed and number (the finish of MurmurHash3). */
function draw(seed: number, number: number): number {
  let bits = Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** Does the rule need to know what such a call answered earlier? */
export const recalls = (rule: ActiveRule, call: FaultedCall): boolean =>
  (rule.fault.kind === "staleRead" || rule.fault.kind === "staleList") && matches(rule, call);

function matches({ service, operation, write, input, fault }: ActiveRule, call: FaultedCall): boolean {
  if (service !== undefined && service !== call.service) return false;
  if (operation !== undefined && !named(operation, call.operation)) return false;
  if (write !== undefined && write !== isWrite(call.service, call.operation)) return false;
  if (fault.kind === "staleRead" && isWrite(call.service, call.operation)) return false;
  if ((fault.kind === "staleList" || fault.kind === "emptyPage") && !isList(call.operation)) return false;
  return input === undefined || describeInput(call.input).includes(input);
}
const named = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
/** List…, Describe…s, Get…s: what answers many. */
const isList = (operation: string): boolean => /^List|^(Describe|Get)\w+s$|^GetResources$/.test(operation);
