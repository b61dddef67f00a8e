import type { App, Plan } from "../../app.ts";
import type { Action, CommandContext } from "../context.ts";
import { keptOrphans } from "../orphans.ts";
import { withSpinner } from "../progress.ts";
import { widthOf } from "../render/layout.ts";
import { countActions, planText } from "../render/plan.ts";
import { planMarkdown } from "../render/plan-markdown.ts";
import { knowApp, knowConfig, refusalIn, reported } from "../report.ts";
import { configOf, openAppFor } from "../session.ts";

const CHANGES_FOUND = 3;

export const plan: Action = async (run, _args, options) => {
  const answer = await reported(run, async (known) => {
    const { config } = configOf(run);
    knowConfig(known, config);
    const app = await openAppFor(run, config);
    knowApp(known, app);
    const allowDataLoss = (options.allowDataLoss as readonly string[] | undefined) ?? [];
    const { cost, ...found } = await withSpinner(run, "Reading what is there", () =>
      app.plan({ part: "all" }, { adopt: options.adopt === true, allowDataLoss, wait: true }),
    );
    const plan: Plan = { ...found, cost: options.cost === false ? undefined : cost };
    const { create, update, replace, delete: deletes } = countActions(found.resources);
    const changed = create + update + replace + deletes > 0;
    return {
      ...{ resources: plan.resources, cost: plan.cost },
      text: textOf(run, app, plan, options.format),
      error: refusalIn(found),
      exit: options.detailedExitcode && changed && !refusalIn(found) ? CHANGES_FOUND : undefined,
    };
  });
  return options.format === "json" && !run.flags.json ? { ...answer, text: JSON.stringify(answer.json, null, 2) } : answer;
};

function textOf(run: CommandContext, { stack, place }: App, plan: Plan, format: unknown): string {
  if (format === "markdown") return planMarkdown(plan, `${stack} in ${place.account}, ${place.region}`);
  const text = planText(plan, run.paint.out, widthOf(run.io.stdout));
  return [`${stack} in ${place.account}, ${place.region}:\n\n${text}`, ...keptOrphans(run, plan.resources)].join("\n");
}
