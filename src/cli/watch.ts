import type { CommandContext } from "./context.ts";

const EVERY_MS = 3_000;
/** Escape codes of terminals: alternate screen, cursor, synchronized output. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const [BEGIN, END] = ["\u001b[?2026h", "\u001b[?2026l"];

/**
 * Shows `text()` of the result of `read` repeatedly until the signal. A terminal shows it on the alternate screen, without flicker, and
 * a new size is drawn at once. Elsewhere it is printed when it has changed.
 */
export async function watched<T>(run: CommandContext, read: () => Promise<T>, text: (found: T) => string): Promise<T> {
  let found = await read();
  if (!run.io.stdout.isTTY) return printed(run, found, read, text);
  const { stdout } = run.io;
  const draw = () => void stdout.write(frame(run.voice.out.render(footed(run, text(found))), stdout.rows ?? 24));
  stdout.write(ENTER);
  stdout.on("resize", draw);
  try {
    while (!run.signal.aborted) {
      draw();
      await pause(run.signal);
      if (!run.signal.aborted) found = await read().catch((error) => (run.signal.aborted ? found : Promise.reject(error)));
    }
    return found;
  } finally {
    stdout.off("resize", draw);
    stdout.write(LEAVE);
  }
}

async function printed<T>(run: CommandContext, first: T, read: () => Promise<T>, text: (found: T) => string): Promise<T> {
  let [found, written] = [first, text(first)];
  run.voice.out.write(`${written}\n`);
  while (!run.signal.aborted) {
    await pause(run.signal);
    if (run.signal.aborted) break;
    found = await read().catch((error) => (run.signal.aborted ? found : Promise.reject(error)));
    const next = text(found);
    if (next !== written) run.voice.out.write(`\n${next}\n`);
    written = next;
  }
  return found;
}

const footed = (run: CommandContext, text: string): string =>
  `${text}\n\n${run.paint.out("dim", `every ${EVERY_MS / 1000} s; Ctrl-C ends it`)}`;

/** Writes each line over the old one and clears its rest; lines that do not fit at the bottom are left out. */
function frame(text: string, rows: number): string {
  const lines = text.split("\n").slice(0, rows);
  return `${BEGIN}\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J${END}`;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, EVERY_MS);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
