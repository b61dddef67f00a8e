import { z } from "zod";

/** What a fault plan may hold, and what it means. Apart from the rules' work because few starts read one. */
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
  /** Took effect, and answers an error all the same. */
  z.strictObject({ kind: z.literal("failAfter"), ...failure, status: z.number().int().min(400).max(599).optional() }),
  /** Took effect; the connection is cut without an answer. */
  z.strictObject({ kind: z.literal("lose") }),
  /** The connection is cut before anything happened. */
  z.strictObject({ kind: z.literal("cutBefore") }),
  /** No answer for `ms`, without it until the client leaves; then takes effect, or not. */
  z.strictObject({ kind: z.literal("hang"), ms: z.number().min(0).optional(), effect: z.boolean().optional() }),
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
  /** The first matching call that is hit, counted from 1; 1 by default. */
  nth: z.number().int().min(1).optional(),
  /** How many calls from there on are hit, 1 by default; null = all. */
  times: z.number().int().min(1).nullable().optional(),
  /** The chance with which each of these is hit, above 0 to 1, which it is by default. It is drawn from `seed`: the same calls, the same hits. */
  chance: z.number().gt(0).max(1).optional(),
  seed: z.number().int().optional(),
  fault,
});
/** A rule as it is written in a file. */
export type WrittenRule = z.infer<typeof rule>;
/** The plan's seed is that of every rule that names none; rules of one plan draw apart from each other. */
const plan = z.strictObject({ seed: z.number().int().default(1), rules: z.array(rule) });

/** Reads a fault plan, `{ "seed": 1, "rules": [...] }`, a list of rules or one rule; throws a readable error that names the place. */
export function parseFaultPlan(json: unknown): WrittenRule[] {
  const whole = typeof json === "object" && json !== null && "rules" in json;
  const read = plan.safeParse(whole ? json : { rules: Array.isArray(json) ? json : [json] });
  if (read.success) return read.data.rules.map((one, i) => ({ ...one, seed: one.seed ?? read.data.seed + i }));
  throw new Error(`The fault plan is not valid:\n${z.prettifyError(read.error)}`);
}
