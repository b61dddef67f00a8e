import type { Emit } from "../engine/events.ts";
import type { CommandContext } from "./context.ts";
import { eventFile } from "./event-file.ts";
import { linesRenderer } from "./render/lines.ts";

/** Shows the events of a run during `work`; with `file` they are written there, too. */
export async function withProgress<T>(run: CommandContext, file: string | undefined, work: (emit: Emit) => Promise<T>): Promise<T> {
  if (file === undefined) return withRenderer(run, work);
  const writer = eventFile(file);
  try {
    return await withRenderer(run, (emit) =>
      work((event) => {
        writer.emit(event);
        emit(event);
      }),
    );
  } finally {
    writer.close();
  }
}

async function withRenderer<T>(run: CommandContext, work: (emit: Emit) => Promise<T>): Promise<T> {
  if (run.flags.json || run.flags.quiet) {
    return work((event) => {
      if (event.type === "resource.forgets")
        run.warn(`ENDPOINT_FORGETS: ${event.id} (${event.name}): ${event.changes.map((c) => c.path).join(", ")}`);
    });
  }
  if (!isLive(run)) return work(linesRenderer((line) => run.voice.err.write(`${line}\n`), run.flags.verbose));
  const { terminalRenderer } = await import("./render/terminal.ts");
  const renderer = terminalRenderer(run.io.stderr, run.voice.err, run.flags.verbose, Date.now);
  try {
    return await work(renderer.emit);
  } finally {
    renderer.stop();
  }
}

/** Shows a spinner and `text` during `work`; only in a terminal. */
export async function withSpinner<T>(run: CommandContext, text: string, work: () => Promise<T>): Promise<T> {
  if (run.flags.json || run.flags.quiet || !isLive(run)) return work();
  const { default: ora } = await import("ora");
  const color = run.voice.err.coloured ? "cyan" : false;
  const spinner = ora({ text: run.voice.err.render(text), stream: run.io.stderr, discardStdin: false, color }).start();
  return work().finally(() => spinner.stop());
}

/** True when stderr is a terminal that is not a log of CI. */
export const isLive = ({ io }: CommandContext): boolean => io.stderr.isTTY === true && !io.env.CI && io.env.TERM !== "dumb";
/** True when the user can answer a question. */
export const canAsk = (run: CommandContext): boolean => run.io.stdin.isTTY === true && run.io.stderr.isTTY === true && !run.flags.json;
