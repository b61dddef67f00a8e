import { FUNCTION_NAMES } from "../../../handlers/contract/functions.ts";
import { FleetlogixError } from "../../errors.ts";
import type { Action } from "../context.ts";
import { functionNames } from "../functions.ts";
import { nextCommand } from "../next-command.ts";
import { withSpinner } from "../progress.ts";
import { columns, widthOf } from "../render/layout.ts";
import { configOf, openAppFor } from "../session.ts";

/** `deploy-lambdas --rollback [VERSION]`: points the alias of each function to an earlier version. */
export const rollback: Action = async (run, [words], options) => {
  const { config } = configOf(run);
  // In `--rollback verify-delivery` the word after the flag is the name of a function.
  const given = typeof options.rollback === "string" ? options.rollback : undefined;
  const version = given !== undefined && /^\d+$/.test(given) ? given : undefined;
  const names = [...((words as readonly string[] | undefined) ?? []), ...(given !== undefined && version === undefined ? [given] : [])];
  const chosen = functionNames(names, config);
  if (version !== undefined && chosen.length !== 1) {
    throw new FleetlogixError(
      "USAGE",
      "--rollback with a version needs exactly one function, because each function has versions of its own.",
      {
        hint: `Name the function: \`${nextCommand(run, "deploy-lambdas", FUNCTION_NAMES[0] ?? "", "--rollback", version)}\`.`,
      },
    );
  }
  const app = await openAppFor(run, config);
  const rollbacks = await withSpinner(run, "Moving the alias back", () =>
    app.rollBack(chosen.length > 0 ? chosen : FUNCTION_NAMES, version),
  );
  const rows = rollbacks.map(({ function: name, from, to }) => [name, `version ${from} → ${to}`]);
  const note = `The next \`${nextCommand(run, "deploy-lambdas")}\` or \`${nextCommand(run, "up")}\` deploys the present code again.`;
  return {
    text: [...columns(rows, widthOf(run.io.stdout)), "", note].join("\n"),
    json: { command: run.command, ok: true, rollbacks, error: null },
  };
};
