import xterm from "@xterm/headless";

/** Characters of one style on one line. */
export interface Run {
  readonly column: number;
  readonly text: string;
  /** Palette colour 0–15; undefined: the terminal's own. */
  readonly color: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}
export type Line = readonly Run[];
/** Bytes that a program wrote, with their time since the start in ms. */
export interface Chunk {
  readonly atMs: number;
  readonly data: string;
}
/** What the screen shows from `atMs` on. */
export interface Frame {
  readonly atMs: number;
  readonly lines: readonly Line[];
}
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Plays the chunks in a terminal emulator and copies its screen: one frame for each `everyMs` in which something changed. */
export async function framesOf(chunks: readonly Chunk[], { columns, rows }: Size, everyMs = 100): Promise<Frame[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const frames: Frame[] = [];
  for (const [i, { atMs, data }] of chunks.entries()) {
    await new Promise<void>((written) => terminal.write(data, written));
    const next = chunks[i + 1];
    if (next && Math.floor(next.atMs / everyMs) === Math.floor(atMs / everyMs)) continue;
    const lines = screenOf(terminal, rows);
    if (JSON.stringify(lines) !== JSON.stringify(frames.at(-1)?.lines)) frames.push({ atMs, lines });
  }
  terminal.dispose();
  return frames;
}

function screenOf(terminal: xterm.Terminal, rows: number): Line[] {
  const { active } = terminal.buffer;
  return Array.from({ length: rows }, (_, row) => lineOf(active.getLine(active.viewportY + row)));
}

function lineOf(line: xterm.IBufferLine | undefined): Line {
  const runs: Run[] = [];
  const length = line?.translateToString(true).length ?? 0;
  for (let column = 0; column < length; column++) {
    const cell = line?.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const color = cell.isFgPalette() ? cell.getFgColor() : undefined;
    const style = { color, bold: cell.isBold() !== 0, dim: cell.isDim() !== 0 };
    const text = cell.getChars() || " ";
    const last = runs.at(-1);
    if (last && last.color === style.color && last.bold === style.bold && last.dim === style.dim)
      runs[runs.length - 1] = { ...last, text: last.text + text };
    else runs.push({ column, text, ...style });
  }
  return runs;
}
