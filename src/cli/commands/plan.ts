import { keptOrphans } from "../orphans.ts";
import { withSpinner } from "../progress.ts";
import { countActions, planText } from "../render/plan.ts";
import { widthOf } from "../render/words.ts";
import type { Action } from "../run.ts";
import { configOf, openAppFor } from "../session.ts";
import { knowApp, knowConfig, refusalIn, told } from "../story.ts";

const CHANGES_FOUND = 3;

export const plan: Action = (run, _args, options) =>
  told(run, async (known) => {
    const { config } = configOf(run);
    knowConfig(known, config);
    const app = await openAppFor(run, config);
    knowApp(known, app);
    const allowDataLoss = (options.allowDataLoss as readonly string[] | undefined) ?? [];
    const found = await withSpinner(run, "Reading what is there", () =>
      app.plan({ part: "all" }, { adopt: options.adopt === true, allowDataLoss, wait: true }),
    );
    const { create, update, replace, delete: deletes } = countActions(found.resources);
    const changed = create + update + replace + deletes > 0;
    const head = `${app.stack} in ${app.place.account}, ${app.place.region}:`;
    return {
      resources: found.resources,
      text: [`${head}\n\n${planText(found, run.paint.out, widthOf(run.io.stdout))}`, ...keptOrphans(run, found.resources)].join("\n"),
      error: refusalIn(found),
      ...(options.detailedExitcode && changed && !refusalIn(found) ? { exit: CHANGES_FOUND } : {}),
    };
  });
