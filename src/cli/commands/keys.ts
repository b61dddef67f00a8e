import { FleetlogixError } from "../../errors.ts";
import type { Action, CommandContext } from "../context.ts";
import { nextCommand } from "../next-command.ts";
import { withSpinner } from "../progress.ts";
import { keysTable } from "../render/keys.ts";
import { widthOf } from "../render/layout.ts";
import { configOf, openAppFor, openCommandSession } from "../session.ts";

/** Lists the keys of `keys create`, without their values. */
export const list: Action = async (run) => {
  const { app } = await openCommandSession(run);
  const keys = await withSpinner(run, "Reading the keys", () => app.keys());
  const text =
    keys.length > 0
      ? keysTable(keys, widthOf(run.io.stdout)).join("\n")
      : `No keys yet. \`${nextCommand(run, "keys", "create", "NAME")}\` creates one.`;
  return { text, json: { command: run.command, ok: true, keys, error: null } };
};

/** Creates a key with its own limits, or updates the limits. Does not print the value, which is a secret: `outputs --show-secrets` does. */
export const create: Action = async (run, [given], options) => {
  const name = nameOf(given as string);
  const { config } = configOf(run);
  const limits = {
    rateLimit: (options.rateLimit as number | undefined) ?? config.api.rateLimit,
    burstLimit: (options.burstLimit as number | undefined) ?? config.api.burstLimit,
    dailyQuota: options.dailyQuota as number | undefined,
  };
  const app = await openAppFor(run, config);
  const key = await withSpinner(run, `Creating the key ${name}`, () => app.createKey(name, limits));
  const line = nextCommand(run, "outputs", `api_keys.${name}`, "--show-secrets");
  return {
    text: [...keysTable([key], widthOf(run.io.stdout)), "", run.paint.out("dim", "# print its value"), line].join("\n"),
    json: done(run, { key }),
  };
};

/** Deletes a key; calls with it are refused afterwards. */
export const revoke: Action = async (run, [given]) => {
  const name = nameOf(given as string);
  const { app } = await openCommandSession(run);
  await withSpinner(run, `Revoking the key ${name}`, () => app.revokeKey(name));
  return { text: `The key ${name} is revoked: the API refuses calls with it.`, json: done(run, { revoked: name }) };
};

const done = (run: CommandContext, more: object) => ({ command: run.command, ok: true, ...more, error: null });

/** The name is a part of names and the value of a tag on AWS. */
function nameOf(word: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$/.test(word)) return word;
  throw new FleetlogixError("USAGE", `${JSON.stringify(word)} cannot name a key.`, {
    hint: "Write 1 to 48 letters, digits, underscores and hyphens, beginning with a letter or digit, such as partner-a.",
  });
}
