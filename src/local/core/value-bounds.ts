import { setImmediate } from "node:timers/promises";

/** Enough for 10,000 log events or 1,000 metrics. */
export const MOST_JSON_MARKS = 100_000;
const MOST_DEPTH = 1_000;
const SLICE = 128 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [BETWEEN, OPENS, CLOSES] = [1, 2, 3];
const KINDS = new Uint8Array(128);
for (const [marks, kind] of [
  [",:", BETWEEN],
  ["[{", OPENS],
  ["]}", CLOSES],
] as const)
  for (const mark of marks) KINDS[mark.charCodeAt(0)] = kind;

/**
 * True if the text has at most so many brackets, commas and colons outside its strings. `JSON.parse` cannot be interrupted, and its time
 * depends on them more than on the length of the text. The count itself lets other work run in between.
 */
export async function withinJsonBounds(text: string, most = MOST_JSON_MARKS): Promise<boolean> {
  if (text.length <= most) return true;
  let marks = 0;
  let depth = 0;
  let inString = false;
  for (let at = 0, next = SLICE; at < text.length; at++) {
    if (at >= next) {
      await setImmediate();
      next = at + SLICE;
    }
    if (inString) {
      at = text.indexOf('"', at);
      if (at < 0) return true;
      inString = isEscaped(text, at);
      continue;
    }
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = true;
    const kind = code < 128 ? KINDS[code] : 0;
    if (!kind) continue;
    depth += kind === OPENS ? 1 : kind === CLOSES ? -1 : 0;
    if (++marks > most || depth > MOST_DEPTH) return false;
  }
  return true;
}

/** An odd number of backslashes stands before an escaped quote. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote;
  while (text.charCodeAt(at - 1) === BACKSLASH) at--;
  return (quote - at) % 2 === 1;
}

/** Enough for a thousand rules of a security group. */
const MOST_FORM_MARKS = 30_000;
const AMPERSAND = 0x26;
const DOT = 0x2e;
const EQUALS = 0x3d;

/** True if a form's parameters and the parts of their names (`Tags.member.1.Key`) are not too many to be read at once. */
export function withinFormBounds(text: string, most = MOST_FORM_MARKS): boolean {
  if (text.length <= most) return true;
  let marks = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === AMPERSAND || code === DOT) && ++marks > most) return false;
    if (code !== EQUALS) continue;
    // The dots of a value are text.
    const next = text.indexOf("&", at);
    if (next < 0) return true;
    at = next - 1;
  }
  return true;
}
