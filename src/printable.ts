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
