import { FUNCTION_NAMES } from "../../../handlers/contract/functions.ts";
import { oneOf } from "../../config/one-of.ts";
import { FleetlogixError } from "../../errors.ts";
import type { Action, CommandContext } from "../context.ts";
import { functionNames } from "../functions.ts";
import { widthOf } from "../render/layout.ts";
import { type Entry, entryOf, jsonLine, LEVELS, prettyLine } from "../render/log-line.ts";
import { configOf, openAppFor } from "../session.ts";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Shown = (entry: Entry) => boolean;

/**
 * Prints each line when it arrives: formatted in a terminal, as one JSON object elsewhere. With --json one document at the end.
 */
export const logs: Action = async (run, [names], options) => {
  const sinceMs = durationMs((options.since as string | undefined) ?? "10m");
  const follow = options.follow === true;
  const format = (options.format as string | undefined) ?? (run.io.stdout.isTTY ? "pretty" : "json");
  const isShown = filterOf(run, { ...options, format });
  const { config } = configOf(run);
  const chosen = functionNames(names as readonly string[], config);
  const app = await openAppFor(run, config);
  const entries: Entry[] = [];
  let count = 0;
  const lines = app.logs(chosen.length > 0 ? chosen : FUNCTION_NAMES, { sinceMs, follow, filterPattern: patternOf(options) });
  for await (const line of lines) {
    const entry = entryOf(line);
    if (isShown(entry)) {
      count++;
      if (run.flags.json) entries.push(entry);
      else run.voice.out.write(`${format === "json" ? jsonLine(entry) : prettyLine(entry, run.paint.out, widthOf(run.io.stdout))}\n`);
    }
    if (run.signal.aborted) break;
  }
  if (run.signal.reason === "signal") return { json: undefined, exit: 130 };
  if (count === 0 && run.io.stdout.isTTY)
    run.note(`No line matches in the last ${String(options.since ?? "10m")}; --since 1h reads older lines, too.`);
  return { json: { command: run.command, ok: true, events: entries.map(eventOf) } };
};

const eventOf = ({ function: name, timestamp, level, text }: Entry) => ({
  function: name,
  timestamp: new Date(timestamp).toISOString(),
  level: level.toUpperCase(),
  message: text,
});

/** JSON has all lines. A terminal gets metrics and the lines of Lambda itself with --verbose only. */
function filterOf(run: CommandContext, { level, grep, requestId, format }: Readonly<Record<string, unknown>>): Shown {
  const all = run.flags.verbose || run.flags.json || (format === "json" && level === undefined);
  const least = LEVELS.indexOf(level === undefined ? (all ? "debug" : "info") : oneOf("level", String(level).toLowerCase(), LEVELS));
  const pattern = grep === undefined ? undefined : patternFrom(String(grep));
  return (entry) =>
    LEVELS.indexOf(entry.level) >= least &&
    (all || !entry.isMetric) &&
    (pattern === undefined || pattern.test(entry.text)) &&
    (requestId === undefined || entry.text.includes(String(requestId)));
}

function patternFrom(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new FleetlogixError("USAGE", `--grep ${text} is not a regular expression: ${(cause as Error).message}.`, {
      hint: "Put a backslash before ( [ * + ? and similar characters that stand for themselves.",
      cause,
    });
  }
}

/** A quoted term of CloudWatch's filter pattern: CloudWatch then sends lines with this id only. */
function patternOf({ requestId }: Readonly<Record<string, unknown>>): string | undefined {
  if (requestId === undefined) return undefined;
  if (/^[\w.:-]{1,128}$/.test(String(requestId))) return `"${String(requestId)}"`;
  throw new FleetlogixError("USAGE", `${JSON.stringify(requestId)} is not a request id.`, {
    hint: "Copy the request_id of an answer of the API, or of a line of `fleetlogix logs`.",
  });
}

function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count && unit) return Number(count) * UNITS[unit as keyof typeof UNITS];
  throw new FleetlogixError("USAGE", `--since ${text} is not a duration.`, { hint: "Write a number and a unit: 30s, 10m, 2h or 1d." });
}
