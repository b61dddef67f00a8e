import type { NormalizedSchema } from "@smithy/core/schema";
import { traitsOf } from "./schema.ts";

/** The place of a simple value in the request. It decides the default format of times. */
type TextLocation = "label" | "query" | "header";
const DATE_TIME = 5;
const HTTP_DATE = 6;
const EPOCH_SECONDS = 7;

export function fromText(schema: NormalizedSchema, text: string, location: TextLocation): unknown {
  if (schema.isBooleanSchema()) return text === "true";
  if (schema.isNumericSchema()) return Number(text);
  if (schema.isBigIntegerSchema()) return /^-?\d{1,30}$/.test(text) ? BigInt(text) : Number.NaN;
  if (schema.isTimestampSchema()) return timeFormat(schema, location) === EPOCH_SECONDS ? new Date(Number(text) * 1000) : new Date(text);
  if (schema.isBlobSchema()) return Uint8Array.from(Buffer.from(text, "base64"));
  if (isJsonHeader(schema, location)) return Buffer.from(text, "base64").toString();
  return text;
}

export function toText(schema: NormalizedSchema, value: unknown, location: TextLocation): string {
  if (schema.isTimestampSchema()) {
    const time = value as Date;
    const format = timeFormat(schema, location);
    if (format === EPOCH_SECONDS) return String(time.getTime() / 1000);
    return format === HTTP_DATE ? time.toUTCString() : time.toISOString().replace(".000Z", "Z");
  }
  if (schema.isBlobSchema()) return Buffer.from(value as Uint8Array).toString("base64");
  if (isJsonHeader(schema, location)) return Buffer.from(String(value)).toString("base64");
  return String(value);
}

export function splitHeader(schema: NormalizedSchema, text: string): unknown[] {
  const item = schema.getValueSchema();
  const parts = item.isTimestampSchema() ? text.match(/[A-Z][a-z]{2}, [^,]+/g) : text.match(/"(?:[^"\\]|\\.)*"|[^,]+/g);
  return (parts ?? []).map((part) =>
    fromText(
      item,
      part.trim().replace(/^"(.*)"$/, (_, inner: string) => inner.replace(/\\(.)/g, "$1")),
      "header",
    ),
  );
}

function timeFormat(schema: NormalizedSchema, location: TextLocation): number {
  const own = schema.getSchema() as unknown as number;
  if (own >= DATE_TIME) return own;
  return location === "header" ? HTTP_DATE : DATE_TIME;
}
const isJsonHeader = (schema: NormalizedSchema, location: TextLocation): boolean =>
  location === "header" && schema.isStringSchema() && traitsOf(schema).mediaType === "application/json";
