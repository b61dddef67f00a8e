import ora from "ora";
import type { EngineEvent } from "../../engine/events.ts";
import { nameOfKind } from "./kinds.ts";
import { columns, cut, displayWidth, padEnd } from "./layout.ts";
import type { Paint, Voice } from "./paint.ts";
import { advance, estimateOf, IDLE, type Line, lineOf, type Progress, type Step } from "./progress.ts";
import { duration } from "./words.ts";

const MOST_ROWS = 6;
/** Length of the longest id of a usual stack, so that the columns do not move during the run. */
const USUAL_ID = 33;
const SYMBOL = { good: "✔", bad: "✖", warn: "!", dim: "·" } as const;

export interface LiveRenderer {
  emit(event: EngineEvent): void;
  /** Removes the live part; finished lines stay. */
  stop(): void;
}

/** For a terminal: finished resources scroll up, running ones are shown below with their age. */
export function terminalRenderer(stream: NodeJS.WriteStream, voice: Voice, verbose: boolean, now: () => number): LiveRenderer {
  // With discardStdin ora uses raw mode. Ctrl-C then takes effect only when the event loop is free (index.d.ts of ora).
  const spinner = ora({ stream, discardStdin: false, color: voice.coloured ? "cyan" : false });
  let progress = IDLE;
  let width = USUAL_ID;
  const draw = () => {
    spinner.text = voice.render(liveText(progress, now(), (stream.columns ?? 80) - 4, voice.paint));
  };
  const timer = setInterval(draw, 500);
  timer.unref();
  // Lines are cut to the width of the terminal, so a new width is drawn at once.
  stream.on("resize", draw);
  return {
    emit(event) {
      const line = lineOf(progress, event, verbose);
      progress = advance(progress, event, now());
      if ("id" in event) width = Math.max(width, displayWidth(event.id));
      draw();
      // The first frame shows the present text.
      if (event.type === "run.started") spinner.start();
      if (!line || !(line.lasting || verbose)) return;
      spinner.clear();
      voice.write(`${lastingText(fitting(line, (stream.columns ?? 80) - width - 4), width, voice.paint)}\n`);
    },
    stop() {
      clearInterval(timer);
      stream.off("resize", draw);
      spinner.stop();
    },
  };
}

/** Columns of `created    0.8 s  ` before the name. */
const BEFORE_NAME = 20;
/** A shorter part of a name is left out. */
const SHORTEST_NAME = 12;
/** A success has one line: its name is cut, or left out where it does not fit. Other lines are printed completely. */
function fitting(line: Line, room: number): Line {
  if (line.tone !== "good" || displayWidth(line.text) <= room) return line;
  return { ...line, text: room < BEFORE_NAME + SHORTEST_NAME ? cut(line.text, BEFORE_NAME - 1).replace(/ *…$/, "") : cut(line.text, room) };
}

const lastingText = ({ tone, id, text }: Line, width: number, paint: Paint): string =>
  `${paint(tone, SYMBOL[tone])} ${id ? `${padEnd(id, width)}  ` : ""}${tone === "dim" ? paint("dim", text) : text}`;

/** The live part: a count, and the running resources, longest first, equal work in one line. Pure. */
export function liveText(progress: Progress, now: number, width: number, paint: Paint): string {
  const running = [...progress.steps].filter(([, step]) => step.doing !== undefined).sort(([, a], [, b]) => a.since - b.since);
  const head = `${progress.finished} of ${progress.total} done${running.length > 0 ? `, ${running.length} at work` : ""}`;
  const groups = alike(running);
  const rows = groups.slice(0, MOST_ROWS).map((group) => rowOf(group, now));
  const estimates = running.flatMap(([, { kind, action, since }]) => estimateOf(kind, action, now - since) ?? []);
  const more = groups.slice(MOST_ROWS).flat().length;
  return [
    `${head}  ${paint("dim", duration(now - progress.started))}`,
    ...columns(rows, Number.POSITIVE_INFINITY).map((row) => paint("dim", `    ${cut(row, width - 4)}`)),
    ...(more > 0 ? [paint("dim", `    and ${more} more`)] : []),
    ...[...new Set(estimates)].map((text) => paint("dim", cut(`    ${text}`, width))),
  ].join("\n");
}

type AtWork = readonly [id: string, step: Step];
/** Groups resources of one kind with the same work; the time of the next retry does not count. */
function alike(running: readonly AtWork[]): readonly (readonly AtWork[])[] {
  const groups = new Map<string, AtWork[]>();
  for (const one of running) {
    const [, { kind, doing = "" }] = one;
    const what = `${kind} ${doing.replace(/; (retry|next) in .*/, "")}`;
    groups.set(what, [...(groups.get(what) ?? []), one]);
  }
  return [...groups.values()];
}
/** One resource by its id, several of a kind by their number, with the age of the oldest. */
function rowOf(group: readonly AtWork[], now: number): readonly string[] {
  const [id, { kind, since, doing }] = group[0] as AtWork;
  return [group.length === 1 ? id : nameOfKind(kind, group.length), duration(now - since), doing ?? ""];
}
