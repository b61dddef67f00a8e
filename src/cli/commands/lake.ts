import type { CompactEvent, QueryResult } from "../../app.ts";
import { FleetlogixError } from "../../errors.ts";
import type { Action, CommandContext } from "../context.ts";
import { isLive, withSpinner } from "../progress.ts";
import { columns, widthOf } from "../render/layout.ts";
import { plural } from "../render/words.ts";
import { openCommandSession } from "../session.ts";

const DAY_MS = 86_400_000;
const DEFAULT_AGE = "2d";

export const compact: Action = async (run, _, options) => {
  const which = daysOf(options as { date?: string; olderThan?: string });
  const { app } = await openCommandSession(run);
  const { parts } = await app.lake.compact(which, progressOf(run));
  const text = parts.length === 0 ? "Nothing to pack." : columns(parts.map(lineOf), widthOf(run.io.stdout)).join("\n");
  return { text, json: { command: run.command, ok: true, parts, error: null } };
};
const lineOf = ({
  table,
  day,
  copies,
  events,
  files,
}: {
  table: string;
  day: string;
  copies: number;
  events: number;
  files: readonly string[];
}) => [
  day,
  table,
  table === "alerts" ? plural(events, "alert") : `${plural(copies, "raw copy", "raw copies")} → ${plural(events, "event")}`,
  plural(files.length, "file"),
];

function daysOf({ date, olderThan }: { date?: string; olderThan?: string }): { date: string } | { before: string } {
  if (date !== undefined) return { date: checkedDate(date) };
  const days = /^(\d{1,4})d$/.exec(olderThan ?? DEFAULT_AGE)?.[1];
  if (days === undefined)
    throw new FleetlogixError("USAGE", `--older-than ${olderThan} is not a number of days.`, { hint: "Write it as 2d." });
  return { before: new Date(Date.now() - Number(days) * DAY_MS).toISOString().slice(0, 10) };
}
function checkedDate(date: string): string {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)) return date;
  throw new FleetlogixError("USAGE", `--date ${date} is not a day.`, { hint: "Write it as YYYY-MM-DD; days are UTC." });
}

const progressOf = (run: CommandContext) => (event: CompactEvent) => {
  const live = isLive(run) && !run.flags.json && !run.flags.quiet;
  if (event.type === "reading" && live) run.io.stderr.write(`\r${event.day} ${event.table}: ${event.done} of ${event.of}\u001b[K`);
  if (event.type !== "packed") return;
  if (live) run.io.stderr.write("\r\u001b[K");
  run.note(`packed ${event.day} ${event.table}`);
  if (event.unreadable > 0)
    run.warn(`${event.unreadable} objects of ${event.day} are not raw copies of events; only the archive contains them.`);
};

/** Rows for people as a table, for programs as JSON or CSV. */
export const query: Action = async (run, [sql], options) => {
  const { app } = await openCommandSession(run);
  const result = await withSpinner(run, "Reading the lake", () => app.lake.query(sql as string));
  const names = result.columns.map(({ name }) => name);
  const text =
    options.csv === true
      ? csvOf(result)
      : columns([names, ...result.rows.map((row) => row.map(cellText))], widthOf(run.io.stdout)).join("\n");
  const rows = result.rows.map((row) => Object.fromEntries(row.map((value, i) => [names[i] ?? "", value])));
  return { text, json: { command: run.command, ok: true, columns: result.columns, rows, error: null } };
};
const cellText = (value: unknown): string => (value === null ? "-" : typeof value === "object" ? JSON.stringify(value) : String(value));
function csvOf({ columns: head, rows }: QueryResult): string {
  const field = (value: unknown) => {
    const text = value === null ? "" : cellText(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head.map(({ name }) => field(name)), ...rows.map((row) => row.map(field))].map((row) => row.join(",")).join("\n");
}
