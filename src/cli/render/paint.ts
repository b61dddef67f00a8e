import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { printable } from "../../printable.ts";

const STYLES = { good: "green", bad: "red", warn: "yellow", accent: "cyan", dim: "gray", strong: "bold" } as const;
export type Style = keyof typeof STYLES;
export type Paint = (style: Style, text: string) => string;

/** Writes to one stream. */
export interface Voice {
  /** Marks a part of a text; the marks become colours in `render` only. */
  readonly paint: Paint;
  /** True when marks become colours. */
  readonly coloured: boolean;
  /** The text as it is printed: control characters are made visible, then marks become colours. */
  render(text: string): string;
  write(text: string): void;
}
type Stream = Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean };

export const plain: Paint = (_, text) => text;

/**
 * All output to a stream uses it. Foreign text (names, tags, messages) cannot control the terminal: only our marks become escape codes,
 * and the marks are random for each stream. Colours are for terminals only; NO_COLOR (no-color.org), --no-color and TERM=dumb turn them
 * off.
 */
export function voiceOf(stream: Stream, env: Readonly<Record<string, string | undefined>>, wanted: boolean): Voice {
  const coloured = wanted && stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const mark = randomUUID();
  const marks = new RegExp(`${mark}([+-])(\\w+);`);
  const paint: Paint = coloured ? (style, text) => `${mark}+${style};${text}${mark}-${style};` : plain;
  const render = (text: string): string => {
    const [first = "", ...rest] = text.split(marks);
    let out = printable(first);
    for (let i = 0; i < rest.length; i += 3) out += codeOf(rest[i], rest[i + 1]) + printable(rest[i + 2] ?? "");
    return out;
  };
  return { paint, coloured, render, write: (text) => void stream.write(render(text)) };
}

function codeOf(side: string | undefined, style: string | undefined): string {
  const [on, off] = inspect.colors[STYLES[style as Style]] ?? [0, 0];
  return `\u001b[${side === "+" ? on : off}m`;
}
