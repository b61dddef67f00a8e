import { styleText } from "node:util";

const STYLES = { good: "green", bad: "red", warn: "yellow", accent: "cyan", dim: "gray", strong: "bold" } as const;
export type Style = keyof typeof STYLES;
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_, text) => text;
export const coloured: Paint = (style, text) => styleText(STYLES[style], text);

/** Colour for terminals only; NO_COLOR (no-color.org), --no-color and TERM=dumb turn it off. */
export function paintFor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>, wanted: boolean): Paint {
  return wanted && stream.isTTY && !env.NO_COLOR && env.TERM !== "dumb" ? coloured : plain;
}
