import type { Planned } from "../engine/plan.ts";
import { FleetlogixError } from "../errors.ts";

/** Between the question and the deed the world may change: what was not in the plan that somebody agreed to is asked about anew. */
export function refuseUnshown(resources: readonly Planned[], agreed: ReadonlySet<string> | undefined): void {
  const unshown = resources.filter(({ id, decision }) => isLoss(decision.action) && agreed?.has(id) === false);
  const [first] = unshown;
  if (!first) return;
  const names = unshown.map(({ id, name, decision }) => `${decision.action} ${id} (${name})`).join(", ");
  throw new FleetlogixError(
    "CONFIRMATION_MISSING",
    `Since the plan was shown, something has changed: it would now ${names}, too. Nothing was changed.`,
    {
      hint: "Run the same command again: it shows the plan as it is now.",
      resource: first.id,
    },
  );
}
const isLoss = (action: Planned["decision"]["action"]): boolean => action === "delete" || action === "replace";
