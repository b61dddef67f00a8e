import { z } from "zod";
import type { WrittenRule } from "./fault-types.ts";

/** The schema of a fault plan: fault-types.ts says what each part means. In a module of its own, loaded on demand, because few starts read a plan. */
const failure = {
  code: z.string().optional(),
  message: z.string().optional(),
  status: z.number().int().min(300).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  extra: z.record(z.string(), z.unknown()).optional(),
};
const fault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fail"), ...failure }),
  z.strictObject({ kind: z.literal("failAfter"), ...failure, status: z.number().int().min(400).max(599).optional() }),
  z.strictObject({ kind: z.literal("lose") }),
  z.strictObject({ kind: z.literal("cutBefore") }),
  z.strictObject({ kind: z.literal("hang"), ms: z.number().min(0).optional(), effect: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("slow"), ms: z.number().min(0) }),
  z.strictObject({ kind: z.literal("throttle"), retryAfterSeconds: z.number().min(0).optional() }),
  z.strictObject({ kind: z.literal("staleRead") }),
  z.strictObject({ kind: z.literal("staleList") }),
  z.strictObject({ kind: z.literal("emptyPage") }),
  z.strictObject({ kind: z.literal("deny") }),
]);
const rule: z.ZodType<WrittenRule> = z.strictObject({
  service: z.string().optional(),
  operation: z.string().optional(),
  write: z.boolean().optional(),
  input: z.string().optional(),
  nth: z.number().int().min(1).optional(),
  times: z.number().int().min(1).nullable().optional(),
  chance: z.number().gt(0).max(1).optional(),
  seed: z.number().int().optional(),
  fault,
});
/** A rule without a seed gets the plan's seed plus its index, so that the rules of a plan draw independently. */
const plan = z.strictObject({ seed: z.number().int().default(1), rules: z.array(rule) });

/** Reads a fault plan, `{ "seed": 1, "rules": [...] }`, a list of rules or one rule; throws an error whose message names the path of each wrong value. */
export function parseFaultPlan(json: unknown): WrittenRule[] {
  const isObject = typeof json === "object" && json !== null && "rules" in json;
  const read = plan.safeParse(isObject ? json : { rules: Array.isArray(json) ? json : [json] });
  if (read.success) return read.data.rules.map((one, i) => ({ ...one, seed: one.seed ?? read.data.seed + i }));
  throw new Error(`The fault plan is not valid:\n${z.prettifyError(read.error)}`);
}
