/**
 * Controls of C0 and C1, the separators of lines and paragraphs, and the characters that turn the direction of writing or have no
 * width: what can steer a terminal, or show something else than what is there.
 */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Text in which nothing can steer a terminal: such characters are shown as `\u001b`. Line breaks and tabs stay. */
export const printable = (text: string): string =>
  text.replace(STEERING, (found) => (found === "\n" || found === "\t" ? found : escaped(found)));

/** The same on one line: for words that somebody else wrote. */
export const oneLine = (text: string): string =>
  text.replace(STEERING, (found) => (found === "\n" ? "\\n" : found === "\t" ? "\\t" : escaped(found)));

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** `812 B`, `1.5 KB`, `20.1 MB`: in steps of 1,000. */
export function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(count) / Math.log(1000)));
  const value = count / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
}
