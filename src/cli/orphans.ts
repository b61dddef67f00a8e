import type { PlannedResource } from "../app.ts";
import type { CommandContext } from "./context.ts";
import { nextCommand } from "./next-command.ts";
import { columns, widthOf, wrapped } from "./render/layout.ts";

/** The orphans that `up` retains because they hold data, and the command that deletes them. */
export function keptOrphans(run: CommandContext, resources: readonly PlannedResource[]): readonly string[] {
  const kept = resources.filter((r) => r.orphan && r.decision.action === "retain");
  if (kept.length === 0) return [];
  const rows = columns(
    kept.map((r) => [r.kind, r.name]),
    widthOf(run.io.stdout),
    2,
  );
  const command = nextCommand(run, "teardown", "--orphans", "--delete-data");
  return [
    "",
    ...wrapped("No longer in the configuration, and kept with their data:", widthOf(run.io.stdout)),
    ...rows,
    "",
    "This command deletes them with their data:",
    `  ${command}`,
  ];
}
