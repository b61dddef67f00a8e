import type { Planned } from "../../engine/decide.ts";
import type { ObservedNode } from "../../engine/observe.ts";
import { fixedCost } from "../../stack/cost.ts";
import { PRICES_DATED, pricesOf } from "../../stack/prices.ts";
import type { PlanCost } from "../contract.ts";

/** Estimated monthly cost of the stack without usage, before and after the plan, from list prices. */
export function planCost(
  seen: readonly ObservedNode[],
  planned: readonly Planned[],
  orphans: readonly Planned[],
  region: string,
): PlanCost {
  const prices = pricesOf(region);
  const unpriced: string[] = [];
  let [before, after] = [0, 0];
  for (const [i, { node, observation, spec, id }] of seen.entries()) {
    const { kind } = node.kind;
    const action = planned[i]?.decision.action;
    const isOurs = action !== "refuse";
    const live = observation.state === "absent" || !isOurs ? 0 : fixedCost(kind, observation.live, prices);
    // A kept resource has its live cost, such as storage above the configured size. The same holds for an unknown specification.
    const wanted = !isOurs ? 0 : spec.known && action !== "keep" ? fixedCost(kind, spec.value, prices) : (live ?? 0);
    if (live === undefined || wanted === undefined) unpriced.push(id);
    else [before, after] = [before + live, after + wanted];
  }
  for (const { kind, decision } of orphans) if (decision.action === "delete") before += fixedCost(kind, {}, prices) ?? 0;
  return {
    region,
    published: prices.published,
    dated: PRICES_DATED,
    monthly_usd: cents(after),
    difference_usd: cents(after - before),
    unpriced,
  };
}
const cents = (usd: number): number => Math.round(usd * 100) / 100;
