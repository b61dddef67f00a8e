/**
 * Characters that can control a terminal or hide text: controls of C0 and C1, separators of lines and paragraphs, and characters that
 * change the direction of writing or have no width.
 */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Writes such characters as `\u001b`, so that a text cannot control the terminal. Line breaks and tabs stay. */
export const printable = (text: string): string =>
  text.replace(STEERING, (found) => (found === "\n" || found === "\t" ? found : escaped(found)));

/** The same on one line, for text from outside. */
export const oneLine = (text: string): string =>
  text.replace(STEERING, (found) => (found === "\n" ? "\\n" : found === "\t" ? "\\t" : escaped(found)));

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A whole number with commas: `1,204`. `toLocaleString` does the same, but loads the data of all languages first (10 ms). */
export const withCommas = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** A size in steps of 1,000: `812 B`, `1.5 KB`, `20.1 MB`. */
export function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(count) / Math.log(1000)));
  const value = count / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
}
