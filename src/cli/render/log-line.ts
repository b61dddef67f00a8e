import type { LogLine } from "../../app.ts";
import type { Paint } from "./paint.ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** A line of a function's log, understood: the fields of its JSON, or its text alone. */
export interface Entry {
  readonly function: string;
  readonly timestamp: number;
  readonly level: Level;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The line as it came. */
  readonly text: string;
  /** CloudWatch takes its numbers out of it; it says nothing to people. */
  readonly isMetric: boolean;
}

/** Lambda's own lines (start, end, report) are of use to those who ask for all: `debug`. */
export function entryOf({ function: name, timestamp, message }: LogLine): Entry {
  const text = message.trimEnd();
  const fields = fieldsOf(text);
  const common = { function: name, timestamp, text };
  if (fields === undefined) {
    const level = /^(START|END|REPORT|INIT_START|XRAY) /.test(text)
      ? "debug"
      : /(Error|Exception)\b|Task timed out/.test(text)
        ? "error"
        : "info";
    return { ...common, level, fields: {}, isMetric: false };
  }
  const isMetric = "_aws" in fields;
  return { ...common, level: levelOf(fields), fields, isMetric };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function levelOf(fields: Readonly<Record<string, unknown>>): Level {
  if (typeof fields.type === "string" && fields.type.startsWith("platform.")) return "debug";
  const said = String(fields.level ?? "info").toLowerCase();
  if (said === "fatal") return "error";
  return LEVELS.find((level) => level === said) ?? "info";
}

/** `10:05:01.123  verify-delivery  POST /delivery  200  12 ms  <request id>`: errors red, what the level adds in front. */
export function prettyLine(entry: Entry, paint: Paint): string {
  const { fields, level } = entry;
  const time = paint("dim", clockTime(entry.timestamp));
  const name = entry.function.padEnd(15);
  const mark =
    level === "error" ? paint("bad", "ERROR") : level === "warn" ? paint("warn", "WARN ") : paint("dim", level.toUpperCase().padEnd(5));
  return `${time}  ${name}  ${mark}  ${fields.message === undefined ? entry.text : story(entry, paint)}`;
}

function story({ fields, level }: Entry, paint: Paint): string {
  const status = fields.status === undefined ? undefined : String(fields.status);
  const failed = level === "error" || Number(status) >= 500;
  const happened = [fields.code, fields.error_name, fields.error_message]
    .flatMap((part) => (part === undefined ? [] : [String(part)]))
    .join(": ");
  const said = fields.message === "answered" || (fields.message === "refused" && happened) ? "" : String(fields.message);
  const id = fields.request_id ?? fields.lambda_request_id ?? fields.requestId;
  const parts = [
    fields.operation === undefined ? "" : String(fields.operation),
    status === undefined ? "" : failed ? paint("bad", status) : Number(status) >= 400 ? paint("warn", status) : paint("good", status),
    fields.duration_ms === undefined ? "" : `${String(fields.duration_ms)} ms`,
    said,
    failed ? paint("bad", happened) : happened,
    id === undefined ? "" : paint("dim", String(id)),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** In the time zone of the terminal. */
function clockTime(timestamp: number): string {
  const date = new Date(timestamp);
  const two = (value: number) => String(value).padStart(2, "0");
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
}

/** One JSON object: the fields of the line, with function and time. */
export function jsonLine({ function: name, timestamp, level, fields, text }: Entry): string {
  const said = Object.keys(fields).length > 0 ? fields : { message: text };
  return JSON.stringify({ timestamp: new Date(timestamp).toISOString(), level: level.toUpperCase(), ...said, function: name });
}
