import { FUNCTION_NAMES } from "../../../handlers/contract/functions.ts";
import type { LogLine } from "../../app.ts";
import { FleetlogixError } from "../../errors.ts";
import { functionName } from "../functions.ts";
import type { Action } from "../run.ts";
import { configOf, openAppFor } from "../session.ts";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Lines are written as they come, so that --follow can be piped; with --json one document at the end. */
export const logs: Action = async (run, [name], options) => {
  const sinceMs = durationMs((options.since as string | undefined) ?? "10m");
  const follow = options.follow === true;
  if (follow && run.flags.json) {
    throw new FleetlogixError("USAGE", "--follow has no end, and --json prints one document at the end.", {
      hint: "Leave out one of the two.",
    });
  }
  const { config } = configOf(run);
  const names = name === undefined ? FUNCTION_NAMES : [functionName(name as string, config)];
  const app = await openAppFor(run, config);
  const lines: LogLine[] = [];
  for await (const line of app.logs(names, { sinceMs, follow })) {
    if (run.flags.json) lines.push(line);
    else run.voice.out.write(`${toText(line)}\n`);
    if (run.signal.aborted) break;
  }
  if (run.signal.reason === "signal") return { json: undefined, exit: 130 };
  const events = lines.map(({ function: fn, timestamp, message }) => ({
    function: fn,
    timestamp: new Date(timestamp).toISOString(),
    message,
  }));
  return { json: { command: run.command, ok: true, events } };
};

const toText = (line: LogLine): string =>
  `${new Date(line.timestamp).toISOString()}  ${line.function.padEnd(16)}  ${line.message.trimEnd()}`;

function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count && unit) return Number(count) * UNITS[unit as keyof typeof UNITS];
  throw new FleetlogixError("USAGE", `--since ${text} is not a duration.`, { hint: "Write a number and a unit: 30s, 10m, 2h or 1d." });
}
