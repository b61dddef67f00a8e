import type { Plan, ResourceResult, TeardownOptions } from "../../app.ts";
import { again } from "../again.ts";
import { confirmByTyping, requireConfirmable } from "../confirm.ts";
import { withProgress, withSpinner } from "../progress.ts";
import { countActions, planText } from "../render/plan.ts";
import { columns, duration } from "../render/words.ts";
import type { Action, Run } from "../run.ts";
import { configOf, openAppFor } from "../session.ts";
import { knowApp, knowConfig, refusalIn, told } from "../story.ts";
import { failed } from "./provision.ts";

interface Given {
  readonly deleteData?: boolean;
  readonly skipFinalSnapshot?: boolean;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly forceUnlock?: boolean;
}

export const teardown: Action = (run, _args, given) =>
  told(run, async (known) => {
    const { deleteData = false, skipFinalSnapshot = false, wait = true, dryRun, forceUnlock } = given as Given;
    const options: TeardownOptions = { deleteData, skipFinalSnapshot, wait };
    const { config } = configOf(run);
    knowConfig(known, config);
    if (!dryRun) requireConfirmable(run, "A teardown");
    const app = await openAppFor(run, config);
    knowApp(known, app);
    const plan = sorted(await withSpinner(run, "Reading what is there", () => app.planTeardown(options)));
    if (dryRun) return { resources: plan.resources, text: planText(plan, run.paint.out), error: refusalIn(plan) };
    const deletes = countActions(plan.resources).delete > 0;
    run.note(`${app.stack} in ${app.place.account}, ${app.place.region}:\n\n${planText(plan, run.paint.err)}\n`);
    if (deletes) await confirmByTyping(run, app.stack);
    if (forceUnlock) await app.forceUnlock();
    const began = Date.now();
    const result = await withProgress(run, (emit) => app.teardown(options, emit));
    if (!result.ok) return { ...failed(run, result.resources, result.error), ...survivors(run, result.resources) };
    return { resources: result.resources, text: endText(run, plan, result.resources, Date.now() - began) };
  });

/** What goes first, what stays last: next to the question stands what the question is about. */
function sorted({ resources }: Plan): Plan {
  const stays = (r: Plan["resources"][number]) => (r.decision.action === "delete" ? 0 : 1);
  return { resources: resources.toSorted((a, b) => stays(a) - stays(b)) };
}

function endText(run: Run, plan: Plan, resources: readonly ResourceResult[], took: number): string {
  const deleted = resources.filter((r) => r.decision.action === "delete" && r.status === "done").length;
  const kept = plan.resources.filter((r) => r.decision.action === "retain");
  const head = deleted > 0 ? `Done: ${deleted} deleted in ${duration(took)}.` : "Nothing to remove.";
  if (kept.length === 0) return head;
  const rows = columns(kept.map((r) => [`  ${r.id}`, r.name, [r.inventory, r.cost].filter(Boolean).join("; ")]));
  const more = kept.some((r) => r.inventory) ? ["", "The data goes, too, with", `  ${again(run, "teardown", "--delete-data")}`] : [];
  return [head, "", "Kept:", ...rows, ...more].join("\n");
}

/** A teardown that stopped half way: what is left, and may cost, and the command that goes on. */
function survivors(run: Run, resources: readonly ResourceResult[]): { readonly text?: string } {
  const left = resources.filter((r) => r.decision.action === "delete" && r.status !== "done");
  if (left.length === 0) return {};
  const rows = columns(left.map((r) => [`  ${r.id}`, r.name, [r.arn, r.cost, r.error?.code].filter(Boolean).join("  ")]));
  return {
    text: [
      "Still there, and may cost money:",
      ...rows,
      "",
      "Go on with the same command when the cause is mended; see also",
      `  ${again(run, "status")}`,
    ].join("\n"),
  };
}
