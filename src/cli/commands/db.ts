import { spawn } from "node:child_process";
import type { ImportEvent } from "../../app.ts";
import { FleetlogixError } from "../../errors.ts";
import { withCommas } from "../../printable.ts";
import type { Action, CommandContext } from "../context.ts";
import { nextCommand } from "../next-command.ts";
import { withSpinner } from "../progress.ts";
import { columns, widthOf } from "../render/layout.ts";
import { openCommandSession } from "../session.ts";
import { leaveSignalsToChild } from "../signals.ts";

type Format = "psql" | "jdbc" | "dbeaver" | "env";

export const url: Action = async (run, _, options) => {
  const { app } = await openCommandSession(run);
  const format = options.format as Format;
  const address = await withSpinner(run, "Finding the database", () => app.database.address(format));
  if (format === "psql" && run.io.stdout.isTTY)
    run.note(`The address does not contain the password; \`${nextCommand(run, "db psql")}\` connects with it.`);
  return { text: address, json: { command: run.command, ok: true, format, url: address, error: null } };
};

/** psql has the terminal until it ends; its exit code is the exit code of the command. */
export const psql: Action = async (run, args) => {
  if (run.flags.json) {
    throw new FleetlogixError("USAGE", "psql's output is not JSON.", {
      hint: "Leave --json out; `db psql -- --csv -c 'SELECT 1'` prints CSV.",
    });
  }
  const { app } = await openCommandSession(run);
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
  const { app } = await openCommandSession(run);
  const { from, to, applied } = await withSpinner(run, "Bringing the schema up to date", () => app.database.applySchema(applying(run)));
  const text = applied.length === 0 ? `The schema is at version ${to}: nothing to do.` : `The schema went from version ${from} to ${to}.`;
  return { text, json: { command: run.command, ok: true, from, to, applied, error: null } };
};
const applying = (run: CommandContext) => (name: string) => run.note(`applied ${name}`);

export const importFrom: Action = async (run, _, options) => {
  const { from, replace, check, jobs } = options as { from: string; replace?: boolean; check?: boolean; jobs?: string };
  const { app } = await openCommandSession(run);
  const wanted = { replace: replace === true, check: check === true, jobs: jobs === undefined ? undefined : jobsIn(jobs) };
  const result = await app.database.importFrom(from, wanted, importing(run));
  const rows = result.tables.reduce((sum, { target_rows }) => sum + Number(target_rows), 0);
  const table = columns(
    [
      ["table", "rows", "checksum", ""],
      ...result.tables.map((t) => [t.table, t.target_rows, t.target_checksum, t.equal ? "equal" : "DIFFERENT"]),
    ],
    widthOf(run.io.stdout),
  );
  const what = result.moved ? "moved in" : "compared";
  const ahead = result.sequences.filter((one) => one.ahead).length;
  const summary = `${result.tables.length} tables with ${withCommas(rows)} rows ${what} in ${(result.duration_ms / 1000).toFixed(1)} s: equal on both sides; ${ahead} of ${result.sequences.length} sequences are ahead of their columns.`;
  return { text: [...table, summary].join("\n"), json: { command: run.command, ok: true, ...result, error: null } };
};
function jobsIn(text: string): number {
  if (/^([1-9]|[1-5]\d|6[0-4])$/.test(text)) return Number(text);
  throw new FleetlogixError("USAGE", `--jobs ${text} is not a number from 1 to 64.`, { hint: "Write a number from 1 to 64." });
}
const importing = (run: CommandContext) => (event: ImportEvent) => {
  if (event.type === "warning") run.warn(event.text);
  else if (event.type === "step") run.note(event.text);
  else if (event.step === "restored") run.note(`  ${event.table} (${event.done} of ${event.of})`);
};
