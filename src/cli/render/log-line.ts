import type { LogLine } from "../../app.ts";
import { type Cell, displayWidth, wrapped } from "./layout.ts";
import type { Paint } from "./paint.ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** A parsed log line of a function: the fields of its JSON, or its text. */
export interface Entry {
  readonly function: string;
  readonly timestamp: number;
  readonly level: Level;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The line before parsing. */
  readonly text: string;
  /** A line of embedded metrics for CloudWatch. */
  readonly isMetric: boolean;
}

/** Lines of Lambda itself (start, end, report) have the level `debug`. */
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
  const levelName = String(fields.level ?? "info").toLowerCase();
  if (levelName === "fatal") return "error";
  return LEVELS.find((level) => level === levelName) ?? "info";
}

/** A part of a line, and its style. */
type Part = Exclude<Cell, string> | { readonly text: string; readonly style?: undefined };
/** Indentation of the next rows of a line. */
const INDENT = 14;

/**
 * `10:05:01.123  verify-delivery  INFO   POST /delivery  200  12 ms  <request id>`: errors are red. A part that does not fit into
 * `width` is in the next row.
 */
export function prettyLine(entry: Entry, paint: Paint, width = Number.POSITIVE_INFINITY): string {
  const { fields, level } = entry;
  const mark: Part =
    level === "error"
      ? { text: "ERROR", style: "bad" }
      : level === "warn"
        ? { text: "WARN ", style: "warn" }
        : { text: level.toUpperCase().padEnd(5), style: "dim" };
  const head: readonly Part[] = [{ text: clockTime(entry.timestamp), style: "dim" }, { text: entry.function.padEnd(15) }, mark];
  const parts = [...head, ...(fields.message === undefined ? [{ text: entry.text }] : partsOf(entry))];
  return rowsOf(parts, width)
    .map((row) => row.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join("  "))
    .join(`\n${" ".repeat(INDENT)}`);
}

/** Puts the parts into rows; a part that is wider than a row is wrapped between words. */
function rowsOf(parts: readonly Part[], width: number): readonly (readonly Part[])[] {
  const rows: Part[][] = [[]];
  let used = 0;
  const all = parts.flatMap((part) => wrapped(part.text, width - INDENT).map((text): Part => ({ ...part, text })));
  for (const part of all) {
    const room = displayWidth(part.text);
    if (used > 0 && used + 2 + room > width) {
      rows.push([]);
      used = INDENT - 2;
    }
    rows.at(-1)?.push(part);
    used += (used === 0 ? 0 : 2) + room;
  }
  return rows;
}

function partsOf({ fields, level }: Entry): readonly Part[] {
  const status = fields.status === undefined ? "" : String(fields.status);
  const failed = level === "error" || Number(status) >= 500;
  const happened = [fields.code, fields.error_name, fields.error_message]
    .flatMap((part) => (part === undefined ? [] : [String(part)]))
    .join(": ");
  const message = fields.message === "answered" || (fields.message === "refused" && happened) ? "" : String(fields.message);
  const id = fields.request_id ?? fields.lambda_request_id ?? fields.requestId;
  const parts: readonly Part[] = [
    { text: fields.operation === undefined ? "" : String(fields.operation).trim() },
    { text: status, style: failed ? "bad" : Number(status) >= 400 ? "warn" : "good" },
    { text: fields.duration_ms === undefined ? "" : `${String(fields.duration_ms)} ms` },
    { text: message },
    failed ? { text: happened, style: "bad" } : { text: happened },
    { text: id === undefined ? "" : String(id), style: "dim" },
  ];
  return parts.filter(({ text }) => text !== "");
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
  const content = Object.keys(fields).length > 0 ? fields : { message: text };
  return JSON.stringify({ timestamp: new Date(timestamp).toISOString(), level: level.toUpperCase(), ...content, function: name });
}
