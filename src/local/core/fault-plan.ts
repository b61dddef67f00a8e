import { z } from "zod";

/** The schema of a fault plan. In a module of its own, loaded on demand, because few starts read a plan. */
const failure = {
  code: z.string().optional(),
  message: z.string().optional(),
  status: z.number().int().min(300).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  extra: z.record(z.string(), z.unknown()).optional(),
};
const fault = z.discriminatedUnion("kind", [
  /** Refused before any effect. */
  z.strictObject({ kind: z.literal("fail"), ...failure }),
  /** Takes effect, then answers an error. */
  z.strictObject({ kind: z.literal("failAfter"), ...failure, status: z.number().int().min(400).max(599).optional() }),
  /** Takes effect; then the connection is closed without a response. */
  z.strictObject({ kind: z.literal("lose") }),
  /** The connection is closed before any effect. */
  z.strictObject({ kind: z.literal("cutBefore") }),
  /** No response for `ms` milliseconds, by default until the client leaves; then the call takes effect unless `effect` is false. */
  z.strictObject({ kind: z.literal("hang"), ms: z.number().min(0).optional(), effect: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("slow"), ms: z.number().min(0) }),
  /** Refused with the service's own error for too many requests. */
  z.strictObject({ kind: z.literal("throttle"), retryAfterSeconds: z.number().min(0).optional() }),
  /** Answers what the same call answered before the last write to its service. */
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
  /** Hits only writes (true) or only reads (false). */
  write: z.boolean().optional(),
  /** Text that the input, as JSON, must contain. */
  input: z.string().optional(),
  /** The first matching call that is hit, counted from 1; 1 by default. */
  nth: z.number().int().min(1).optional(),
  /** How many calls from there on are hit, 1 by default; null = all. */
  times: z.number().int().min(1).nullable().optional(),
  /** The probability that each of these calls is hit: above 0, at most 1, by default 1. It is drawn from `seed`: the same calls get the same hits. */
  chance: z.number().gt(0).max(1).optional(),
  seed: z.number().int().optional(),
  fault,
});
/** A rule as it is written in a file. */
export type WrittenRule = z.infer<typeof rule>;
/** A rule without a seed gets the plan's seed plus its index, so that the rules of a plan draw independently. */
const plan = z.strictObject({ seed: z.number().int().default(1), rules: z.array(rule) });

/** Reads a fault plan, `{ "seed": 1, "rules": [...] }`, a list of rules or one rule; throws an error whose message names the path of each wrong value. */
export function parseFaultPlan(json: unknown): WrittenRule[] {
  const whole = typeof json === "object" && json !== null && "rules" in json;
  const read = plan.safeParse(whole ? json : { rules: Array.isArray(json) ? json : [json] });
  if (read.success) return read.data.rules.map((one, i) => ({ ...one, seed: one.seed ?? read.data.seed + i }));
  throw new Error(`The fault plan is not valid:\n${z.prettifyError(read.error)}`);
}
