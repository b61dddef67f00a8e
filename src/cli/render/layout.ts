import stringWidth from "fast-string-width";
import { wrapAnsi } from "fast-wrap-ansi";
import { type Paint, plain, type Style } from "./paint.ts";

/** Layout of text in a terminal: widths in columns, wrapped text, tables. Pure, except `giveWidth`. */

const USUAL_COLUMNS = 80;
/** The smallest width of a layout: in fewer columns no sentence can be read. */
const NARROWEST = 20;

/** Some terminals report 0 columns; they get the usual width. */
export function giveWidth(stream: NodeJS.WriteStream): void {
  if (stream.isTTY && !stream.columns) stream.columns = USUAL_COLUMNS;
}
/** Columns of a terminal; other streams have no limit. */
export const widthOf = (stream: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  stream.isTTY ? (stream.columns ?? USUAL_COLUMNS) : Number.POSITIVE_INFINITY;

/** Columns of a text: two for most East Asian characters and emoji, none for combining characters. */
export const displayWidth = (text: string): number => stringWidth(text);

export const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - displayWidth(text)));

/** Created at first use: it loads the rules of all languages, which takes longer than a short command. */
let segmenter: Intl.Segmenter | undefined;
/** Cuts a text to `width` columns, with an ellipsis, between characters. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let taken = 0;
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) {
    taken += displayWidth(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return width < 1 ? "" : `${kept}…`;
}

/** A space inside of a command, which is not wrapped because users copy it. */
const GLUE = "\u00a0";
const glued = (text: string): string => text.replace(/`[^`\n]+`/g, (command) => command.replaceAll(" ", GLUE));

/** Lines of at most `width` columns, broken between words; a command in backticks and a word that is longer stay whole. */
export function wrapped(text: string, width: number): string[] {
  if (!Number.isFinite(width)) return text.split("\n");
  const room = Math.max(NARROWEST, width);
  return text.split("\n").flatMap((line) => (displayWidth(line) <= room ? [line] : broken(line, room)));
}

/** Wraps with the indentation of the first line. */
function broken(line: string, room: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines = wrapAnsi(glued(line.slice(indent.length)), Math.max(NARROWEST, room - indent.length), { hard: false, trim: true });
  return lines.split("\n").map((one) => `${indent}${one.replaceAll(GLUE, " ")}`);
}

/** Items joined by ` · `; lines break between the items only. */
export const listed = (items: readonly string[], width: number): string[] =>
  wrapped(items.map((item) => item.replaceAll(" ", GLUE)).join(" · "), width);

/** A label with its text; the next lines are aligned with the text. */
export function hanging(label: string, text: string, width: number, paint: (label: string) => string = (l) => l, gap = "  "): string[] {
  const indent = " ".repeat(displayWidth(label) + gap.length);
  const lines = wrapped(text, width - indent.length);
  return lines.map((line, i) => (i === 0 ? `${paint(label)}${gap}${line}` : `${indent}${line}`.trimEnd()));
}

/** A label before the first line; the next lines begin at the left, because a wide label would waste columns. */
export function labelled(label: string, text: string, width: number, paint: Paint, style: Style): string[] {
  const lines = wrapped(`${label}  ${text}`, width);
  return lines.map((line, i) => (i === 0 && line.startsWith(label) ? paint(style, label) + line.slice(label.length) : line));
}

/** A cell's text, or a text with its colour. */
export type Cell = string | { readonly text: string; readonly style: Style };
export interface Column {
  readonly title?: string;
  /** Columns with this number are left out when the table is too wide, the greatest first; others always stay. */
  readonly spare?: number;
  /** The cells may be wrapped; default: one line. */
  readonly wraps?: boolean;
  /** Aligned at the right, for numbers. */
  readonly right?: boolean;
}
export interface Frame {
  readonly width: number;
  readonly paint?: Paint;
  readonly indent?: number;
  readonly gap?: number;
}
/** The smallest width of a column that wraps. */
const WRAP_AT_LEAST = 18;

/**
 * Rows in aligned columns that fit into `width`. Where they do not fit, cells are wrapped, then spare columns are left out, and at last
 * the cells of a row are below each other. Empty columns are left out.
 */
export function table(heads: readonly Column[], rows: readonly (readonly Cell[])[], frame: Frame): string[] {
  const { width, paint = plain, indent = 0, gap = 2 } = frame;
  const room = width - indent;
  const titled = heads.some(({ title }) => title !== undefined);
  const all = titled ? [heads.map(({ title = "" }): Cell => ({ text: title, style: "dim" })), ...rows] : rows;
  const natural = heads.map((_, i) => Math.max(0, ...all.map((row) => Math.max(...textOf(row[i]).split("\n").map(displayWidth)))));
  const filled = heads.map((_, i) => i).filter((i) => rows.some((row) => textOf(row[i]) !== ""));
  const visible = visibleColumns(filled, heads, natural, room, gap);
  const widths = fitted(visible, heads, natural, room - gap * Math.max(0, visible.length - 1));
  const margin = " ".repeat(indent);
  if (widths === undefined)
    return all.flatMap((row) =>
      stacked(
        visible.map((i) => row[i]),
        room,
        paint,
      ).map((line) => `${margin}${line}`),
    );
  return all.flatMap((row) => rowLines(row, { visible, heads, widths, gap, room, paint }).map((line) => `${margin}${line}`.trimEnd()));
}
const textOf = (cell: Cell | undefined): string => (cell === undefined ? "" : typeof cell === "string" ? cell : cell.text);
const styled = (cell: Cell | undefined, text: string, paint: Paint): string =>
  cell === undefined || typeof cell === "string" || text === "" ? text : paint(cell.style, text);
/** The columns that stay: spare ones are left out one by one while the columns that do not wrap do not fit. */
function visibleColumns(
  filled: readonly number[],
  heads: readonly Column[],
  natural: readonly number[],
  room: number,
  gap: number,
): readonly number[] {
  const needed = (at: readonly number[]) =>
    at.reduce((sum, i) => sum + leastOf(heads[i], natural[i] ?? 0), gap * Math.max(0, at.length - 1));
  const spare = filled.filter((i) => heads[i]?.spare !== undefined).toSorted((a, b) => (heads[b]?.spare ?? 0) - (heads[a]?.spare ?? 0));
  return spare.reduce((at, i) => (needed(at) > room ? at.filter((one) => one !== i) : at), filled);
}
const leastOf = (head: Column | undefined, natural: number): number => (head?.wraps ? Math.min(natural, WRAP_AT_LEAST) : natural);

/** The width of each shown column; undefined: they do not fit. Columns that wrap share the rest of the width. */
function fitted(
  visible: readonly number[],
  heads: readonly Column[],
  natural: readonly number[],
  room: number,
): ReadonlyMap<number, number> | undefined {
  const widths = new Map(visible.map((i) => [i, natural[i] ?? 0]));
  let over = [...widths.values()].reduce((sum, one) => sum + one, 0) - room;
  // The widest column is made narrower first.
  while (over > 0) {
    const [widest] = visible
      .filter((i) => heads[i]?.wraps && (widths.get(i) ?? 0) > WRAP_AT_LEAST)
      .sort((a, b) => (widths.get(b) ?? 0) - (widths.get(a) ?? 0));
    if (widest === undefined) return undefined;
    widths.set(widest, (widths.get(widest) ?? 0) - 1);
    over--;
  }
  return widths;
}

interface Grid {
  readonly visible: readonly number[];
  readonly heads: readonly Column[];
  readonly widths: ReadonlyMap<number, number>;
  readonly gap: number;
  readonly room: number;
  readonly paint: Paint;
}
function rowLines(row: readonly Cell[], grid: Grid): string[] {
  const { visible, heads, widths, gap, room, paint } = grid;
  const parts = visible.map((i) => (heads[i]?.wraps ? wrapped(textOf(row[i]), widths.get(i) ?? 0) : textOf(row[i]).split("\n")));
  const last = visible.at(-1) ?? 0;
  // Users copy an address, so one that does not fit has its own line.
  if (visible.length > 1 && parts.at(-1)?.some((line) => displayWidth(line) > (widths.get(last) ?? 0))) {
    const own = wrapped(textOf(row[last]), room - 4).map((line) => `    ${styled(row[last], line, paint)}`);
    return [...rowLines(row, { ...grid, visible: visible.slice(0, -1) }), ...own];
  }
  return Array.from({ length: Math.max(1, ...parts.map((lines) => lines.length)) }, (_, line) =>
    visible
      .map((i, at) => {
        const text = parts[at]?.[line] ?? "";
        const fill = " ".repeat(Math.max(0, (widths.get(i) ?? 0) - displayWidth(text)));
        const cell = styled(row[i], text, paint);
        return heads[i]?.right ? `${fill}${cell}` : i === last ? cell : `${cell}${fill}`;
      })
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}

/** The cells of one row below each other, all but the first indented. */
function stacked(cells: readonly (Cell | undefined)[], room: number, paint: Paint): string[] {
  const present = cells.filter((cell) => textOf(cell) !== "");
  return present.flatMap((cell, i) => {
    const margin = i === 0 ? "" : "  ";
    return wrapped(textOf(cell), room - margin.length).map((line) => `${margin}${styled(cell, line, paint)}`);
  });
}

/** Rows of plain text; the last column wraps. */
export function columns(rows: readonly (readonly string[])[], width: number, indent = 0): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const heads = Array.from({ length: count }, (_, i): Column => (i === count - 1 ? { wraps: true } : {}));
  return table(heads, rows, { width, indent });
}
