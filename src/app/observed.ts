import type { ObservedNode } from "../engine/observe.ts";
import type { Deletion } from "../engine/plan.ts";
import type { Stack } from "../stack/topology.ts";
import type { Plan } from "./results.ts";

/** The observations from which a plan was made. */
export interface ObservedStack {
  readonly stack: Stack;
  readonly seen: readonly ObservedNode[];
  /** The planned deletions: of orphans, or in the plan of a teardown of all that it deletes and keeps. */
  readonly deletions: readonly Deletion[];
}
const OBSERVED = Symbol("observed");

/** Attaches the observations to a plan under a symbol: a copy by spread keeps them, and JSON omits them. */
export const withObserved = (plan: Plan, observed: ObservedStack): Plan => Object.assign(plan, { [OBSERVED]: observed });

export const observedOf = (plan: Plan | undefined): ObservedStack | undefined =>
  (plan as { readonly [OBSERVED]?: ObservedStack } | undefined)?.[OBSERVED];
