import type * as z from "zod/mini";

const UNITS: ReadonlyMap<string, string> = new Map([
  ["string", "characters"],
  ["array", "items"],
]);

/**
 * The sentence about a wrong value, in the words of zod's English texts. Those are for all of its formats and would take a thirtieth of
 * each function's zip.
 */
export function issueText(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `Invalid input: expected ${issue.expected}, received ${typeOf(issue.input)}`;
    case "invalid_value":
      return `Invalid option: expected one of ${issue.values.map((value) => JSON.stringify(value)).join("|")}`;
    case "too_big":
      return `Too big: expected ${issue.origin} ${limit(issue.origin, issue.inclusive === true ? "<=" : "<", issue.maximum)}`;
    case "too_small":
      return `Too small: expected ${issue.origin} ${limit(issue.origin, issue.inclusive === true ? ">=" : ">", issue.minimum)}`;
    default:
      return "Invalid input";
  }
}

function limit(origin: string, comparison: string, bound: number | bigint): string {
  const unit = UNITS.get(origin);
  return unit === undefined ? `to be ${comparison}${bound}` : `to have ${comparison}${bound} ${unit}`;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  // JSON can hold a number that is too large: 1e999.
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return String(value);
  return Array.isArray(value) ? "array" : typeof value;
}
