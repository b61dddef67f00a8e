import type { Frame, Line, Run, Size } from "./terminal.ts";

const CELL = { width: 8.4, height: 18, font: 14 };
const PADDING = 14;
/** Time for which the last frame stays before the recording starts again. */
const HOLD_MS = 8_000;
/** Text colours on #161b22 with a contrast of 4.5 to 1 or more, by palette number. */
const PALETTE: Readonly<Record<number, string>> = {
  1: "#ff7b72",
  2: "#56d364",
  3: "#e3b341",
  4: "#79c0ff",
  5: "#d2a8ff",
  6: "#56d4dd",
  8: "#8b949e",
  9: "#ff7b72",
  10: "#56d364",
};

/**
 * An SVG that plays the frames: one strip of all frames that moves in steps. It has its own dark background, so that it is readable on
 * light and dark pages. Where motion is not wanted or not possible, it shows the last frame.
 */
export function svgOf(frames: readonly Frame[], size: Size, text: { readonly title: string; readonly description: string }): string {
  const width = Math.round(size.columns * CELL.width + 2 * PADDING);
  const height = size.rows * CELL.height + 2 * PADDING;
  const strip = frames.map((_, i) => i * height);
  const lines = new Map<string, string>();
  const screens = frames.map(({ lines: all }, i) => screenOf(all, strip[i] ?? 0, lines));
  const symbols = [...lines].map(([drawn, id]) => `<g id="${id}">${drawn}</g>`);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(text.title)}</title><desc id="d">${escaped(text.description)}</desc>`,
    `<style>${styleOf(frames, strip)}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="#161b22"/>`,
    `<defs>${symbols.join("\n")}</defs>`,
    `<g class="film">${screens.join("\n")}</g>`,
    "</svg>",
  ].join("\n")}\n`;
}

function styleOf(frames: readonly Frame[], strip: readonly number[]): string {
  const start = frames[0]?.atMs ?? 0;
  const total = (frames.at(-1)?.atMs ?? 0) - start + HOLD_MS;
  const steps = frames.map(({ atMs }, i) => `${(((atMs - start) / total) * 100).toFixed(3)}%{transform:translateY(-${strip[i]}px)}`);
  const colors = Object.entries(PALETTE).map(([number, color]) => `.c${number}{fill:${color}}`);
  return [
    `text{font:${CELL.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}`,
    `.b{font-weight:bold}.d{opacity:.7}${colors.join("")}`,
    `.film{transform:translateY(-${strip.at(-1) ?? 0}px);animation:film ${total}ms step-end infinite}`,
    `@keyframes film{${steps.join("")}}`,
    "@media (prefers-reduced-motion:reduce){.film{animation:none}}",
  ].join("");
}

/** Draws a screen. A line that is in several frames is drawn once. */
function screenOf(screen: readonly Line[], top: number, lines: Map<string, string>): string {
  const uses = screen.flatMap((line, row) => {
    const drawn = line.filter(({ text }) => text.trim() !== "").map(drawnRun);
    if (drawn.length === 0) return [];
    const key = drawn.join("");
    const id = lines.get(key) ?? `l${lines.size}`;
    lines.set(key, id);
    return [`<use href="#${id}" y="${top + PADDING + row * CELL.height}"/>`];
  });
  return uses.join("");
}

/** `textLength` aligns the columns in every font. */
function drawnRun({ column, text, color, bold, dim }: Run): string {
  const blank = text.length - text.trimStart().length;
  const trimmed = text.trim();
  const names = [color !== undefined && PALETTE[color] ? `c${color}` : "", bold ? "b" : "", dim ? "d" : ""].filter(Boolean).join(" ");
  const x = (PADDING + (column + blank) * CELL.width).toFixed(1);
  const length = ([...trimmed].length * CELL.width).toFixed(1);
  return `<text x="${x}" y="13" textLength="${length}"${names && ` class="${names}"`}>${escaped(trimmed)}</text>`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
