import { spawn } from "node:child_process";
import { FleetlogixError } from "../../errors.ts";
import { again } from "../again.ts";
import { withSpinner } from "../progress.ts";
import type { Action, Run } from "../run.ts";
import { openSession } from "../session.ts";
import { leaveSignalsToChild } from "../signals.ts";

type Format = "psql" | "jdbc" | "dbeaver" | "env";

export const url: Action = async (run, _, options) => {
  const { app } = await openSession(run);
  const format = options.format as Format;
  const address = await withSpinner(run, "Finding the database", () => app.database.address(format));
  if (format === "psql" && run.io.stdout.isTTY)
    run.note(`The password is not in it; \`${again(run, "db psql")}\` opens it with the password.`);
  return { text: address, json: { command: run.command, ok: true, format, url: address, error: null } };
};

/** The terminal is psql's own until it ends; its exit code is ours. */
export const psql: Action = async (run, args) => {
  if (run.flags.json) {
    throw new FleetlogixError("USAGE", "psql's output is not JSON.", {
      hint: "Leave --json out; `db psql -- --csv -c 'SELECT 1'` prints CSV.",
    });
  }
  const { app } = await openSession(run);
  const { path, variables } = await withSpinner(run, "Finding the database", () => app.database.psql());
  const exit = await inTerminal(path, (args[0] ?? []) as readonly string[], variables);
  return { json: null, text: "", exit };
};

function inTerminal(path: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const restore = leaveSignalsToChild();
  const child = spawn(path, args, { env, stdio: "inherit" });
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === null ? 1 : 128 + (signal === "SIGINT" ? 2 : 15))));
  }).finally(restore);
}

export const schema: Action = async (run) => {
  const { app } = await openSession(run);
  const { from, to, applied } = await withSpinner(run, "Bringing the schema up to date", () => app.database.applySchema(applying(run)));
  const text = applied.length === 0 ? `The schema is at version ${to}: nothing to do.` : `The schema went from version ${from} to ${to}.`;
  return { text, json: { command: run.command, ok: true, from, to, applied, error: null } };
};
const applying = (run: Run) => (name: string) => run.note(`applied ${name}`);
