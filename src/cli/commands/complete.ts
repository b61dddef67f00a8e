import { validateConfig } from "../../config/load.ts";
import type { Words } from "../completion.ts";
import type { Action, CommandContext } from "../context.ts";
import { configOf } from "../session.ts";

/** Prints words for the shell's completion, one a line. Prints nothing on an error, which would disturb the command line. */
export const complete: Action = async (run, [what]) => {
  const words = await wordsOf(what as Words, { ...run, warn: () => {} }).catch(() => []);
  return { text: words.join("\n"), json: words };
};

async function wordsOf(what: Words, run: CommandContext): Promise<readonly string[]> {
  const { cwd, env: variables } = run.io;
  if (what === "environments") return validateConfig({ file: run.flags.config, cwd, variables }).environments;
  const { profileNames, resourceIds } = await import("../../app.ts");
  return what === "profiles" ? profileNames() : resourceIds(configOf(run).config);
}
