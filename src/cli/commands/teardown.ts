import type { App, Plan, ResourceResult, TeardownOptions } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { confirmByTyping, confirmedBy, unconfirmable } from "../confirm.ts";
import type { Action, CommandContext } from "../context.ts";
import { nextCommand } from "../next-command.ts";
import { withProgress, withSpinner } from "../progress.ts";
import { columns, widthOf } from "../render/layout.ts";
import { countActions, planText } from "../render/plan.ts";
import { duration } from "../render/words.ts";
import { type Known, knowApp, knowConfig, refusalIn, reported } from "../report.ts";
import { configOf, openAppFor } from "../session.ts";
import { failed } from "./provision.ts";

interface Given {
  readonly deleteData?: boolean;
  readonly skipFinalSnapshot?: boolean;
  readonly orphans?: boolean;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly forceUnlock?: boolean;
}

export const teardown: Action = (run, _args, given) =>
  reported(run, async (known) => {
    const { deleteData = false, skipFinalSnapshot = false, wait = true, orphans, dryRun, forceUnlock } = given as Given;
    const options: TeardownOptions = { deleteData, skipFinalSnapshot, wait, orphansOnly: orphans };
    const { config } = configOf(run);
    knowConfig(known, config);
    const refusal = dryRun ? undefined : unconfirmable(run, "A teardown");
    const planned = await openAndPlan(run, known, config, options).catch((error: unknown) => {
      // The missing confirmation comes before other errors of the plan.
      throw refusal ?? error;
    });
    const { app, plan } = planned;
    if (dryRun) return { resources: plan.resources, text: planText(plan, run.paint.out, widthOf(run.io.stdout)), error: refusalIn(plan) };
    run.note(`${app.stack} in ${app.place.account}, ${app.place.region}:\n\n${planText(plan, run.paint.err, widthOf(run.io.stderr))}\n`);
    if (refusal) return { resources: plan.resources, error: refusal };
    if (countActions(plan.resources).delete > 0) await confirmByTyping(run, app.stack);
    if (forceUnlock) await app.forceUnlock();
    const began = Date.now();
    const { ok, resources, error } = await withProgress(run, undefined, (emit) =>
      app.teardown({ ...options, confirmed: confirmedBy(run, plan), plan }, emit),
    );
    if (!ok) return { ...failed(run, resources, error), ...remaining(run, options, resources), exit: partialExit(resources) };
    // Foreign resources were not deleted: the stack is gone, and their names are still in use.
    return { resources, text: endText(run, options, plan, resources, Date.now() - began), error: refusalIn(plan) };
  });

async function openAndPlan(run: CommandContext, known: Known, config: Config, options: TeardownOptions): Promise<{ app: App; plan: Plan }> {
  const app = await openAppFor(run, config);
  knowApp(known, app);
  return { app, plan: sorted(await withSpinner(run, "Reading what is there", () => app.planTeardown(options))) };
}

/** Deletions first, retained resources last, next to the question about them. */
function sorted(plan: Plan): Plan {
  const rankOf = (r: Plan["resources"][number]) => (r.decision.action === "delete" ? 0 : 1);
  return { ...plan, resources: plan.resources.toSorted((a, b) => rankOf(a) - rankOf(b)) };
}

function endText(run: CommandContext, options: TeardownOptions, plan: Plan, resources: readonly ResourceResult[], took: number): string {
  const deletions = resources.filter((r) => r.decision.action === "delete");
  const deleted = deletions.filter((r) => r.status === "done" && !r.settling).length;
  const head = deletions.length > 0 ? `Done: ${deleted} deleted in ${duration(took)}.` : "Nothing to remove.";
  return [head, ...snapshotsOf(resources), ...underWay(run, options, deletions), ...keptText(run, options, plan)].join("\n");
}

/** A sentence about the final snapshot of a deleted database: it costs money and contains all data. */
function snapshotsOf(resources: readonly ResourceResult[]): readonly string[] {
  const left = resources.flatMap(({ id, finalSnapshot }) =>
    finalSnapshot ? [`  ${finalSnapshot}  (of ${id}; snapshot storage by the gigabyte and month)`] : [],
  );
  return left.length > 0 ? ["", "Final snapshot:", ...left] : [];
}

/** With --no-wait: the resources that AWS still deletes, and those that can be deleted after them only. */
function underWay(run: CommandContext, options: TeardownOptions, deletions: readonly ResourceResult[]): readonly string[] {
  const left = deletions.filter((r) => r.settling || r.status === "skipped");
  if (left.length === 0) return [];
  const rows = columns(
    left.map((r) => [r.id, r.name, r.settling ? "AWS is deleting it" : "waits for that deletion"]),
    widthOf(run.io.stdout),
    2,
  );
  const data = deletions.some((r) => r.settling && r.kind === "rds.instance");
  return [
    "",
    "Not deleted yet:",
    ...rows,
    "",
    "When AWS has deleted it, delete the rest with",
    `  ${nextCommand(run, "teardown", ...flagsOf({ ...options, deleteData: data, skipFinalSnapshot: false }))}`,
  ];
}

function keptText(run: CommandContext, options: TeardownOptions, plan: Plan): readonly string[] {
  const kept = plan.resources.filter((r) => r.decision.action === "retain");
  if (kept.length === 0) return [];
  const rows = columns(
    kept.map((r) => [r.id, r.name, [r.inventory, r.cost].filter(Boolean).join("; ")]),
    widthOf(run.io.stdout),
    2,
  );
  const more = kept.some(({ decision }) => decision.action === "retain" && decision.why.includes("--delete-data"))
    ? ["", "This command deletes the data, too:", `  ${nextCommand(run, "teardown", ...flagsOf({ ...options, deleteData: true }))}`]
    : [];
  return ["", "Kept:", ...rows, ...more];
}

const flagsOf = ({ orphansOnly, deleteData, skipFinalSnapshot }: TeardownOptions): readonly string[] => [
  ...(orphansOnly ? ["--orphans"] : []),
  ...(deleteData ? ["--delete-data"] : []),
  ...(skipFinalSnapshot ? ["--skip-final-snapshot"] : []),
];

const PARTIAL = 1;
/** Exit code of a teardown that deleted something before it failed: a rerun continues. Undefined: the code of the error. */
const partialExit = (resources: readonly ResourceResult[]): number | undefined =>
  resources.some((r) => r.decision.action === "delete" && r.status === "done") ? PARTIAL : undefined;

/** The remaining resources of a partial teardown, which may cost money, and the command that continues. */
function remaining(run: CommandContext, options: TeardownOptions, resources: readonly ResourceResult[]): { readonly text?: string } {
  const left = resources.filter((r) => r.decision.action === "delete" && r.status !== "done");
  if (left.length === 0) return {};
  const rows = columns(
    left.map((r) => [r.id, r.name, [r.arn, r.cost, r.error?.code].filter(Boolean).join("  ")]),
    widthOf(run.io.stdout),
    2,
  );
  return {
    text: [
      "These resources remain and may cost money:",
      ...rows,
      "",
      "Correct the cause, then continue with",
      `  ${nextCommand(run, "teardown", ...flagsOf(options))}`,
      "This command shows the state of the stack:",
      `  ${nextCommand(run, "status")}`,
      ...snapshotsOf(resources),
    ].join("\n"),
  };
}
