import type { ObservedNode } from "../engine/observe.ts";
import type { Deletion } from "../engine/plan.ts";
import type { Stack } from "../stack/topology.ts";
import type { Plan } from "./results.ts";

/** What a plan was made of. */
export interface ObservedStack {
  readonly stack: Stack;
  readonly seen: readonly ObservedNode[];
  readonly orphans: readonly Deletion[];
}
const OBSERVED = Symbol("observed");

/** Keeps with a plan what it was made of. A copy of the plan keeps it too, and JSON does not show it. */
export const withObserved = (plan: Plan, observed: ObservedStack): Plan => Object.assign(plan, { [OBSERVED]: observed });

export const observedOf = (plan: Plan | undefined): ObservedStack | undefined =>
  (plan as { readonly [OBSERVED]?: ObservedStack } | undefined)?.[OBSERVED];
