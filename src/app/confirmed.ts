import type { Planned } from "../engine/decide.ts";
import { FleetlogixError } from "../errors.ts";

/** Throws when a resource would be deleted or replaced that was not in the confirmed plan: AWS may have changed since the question. */
export function refuseUnshown(resources: readonly Planned[], confirmed: ReadonlySet<string> | undefined): void {
  const unshown = resources.filter(({ id, decision }) => isLoss(decision.action) && confirmed?.has(id) === false);
  const [first] = unshown;
  if (!first) return;
  const names = unshown.map(({ id, name, decision }) => `${decision.action} ${id} (${name})`).join(", ");
  throw new FleetlogixError(
    "CONFIRMATION_MISSING",
    `AWS has changed since the plan was shown: the run would now also ${names}. Nothing was changed.`,
    {
      hint: "Run the same command again: it shows the present plan.",
      resource: first.id,
    },
  );
}
const isLoss = (action: Planned["decision"]["action"]): boolean => action === "delete" || action === "replace";
