import ora from "ora";
import type { EngineEvent } from "../../engine/events.ts";
import { nameOfKind } from "./kinds.ts";
import { columns, cut, displayWidth, padEnd } from "./layout.ts";
import type { Paint, Voice } from "./paint.ts";
import { advance, estimateOf, IDLE, type Line, lineOf, type Progress, type Step } from "./progress.ts";
import { duration } from "./words.ts";

const MOST_ROWS = 6;
/** The longest id of a usual stack: with it no column moves while ids come in. */
const USUAL_ID = 33;
const SYMBOL = { good: "✔", bad: "✖", warn: "!", dim: "·" } as const;

export interface LiveRenderer {
  emit(event: EngineEvent): void;
  /** Takes the live part off the screen; what lasts stays. */
  stop(): void;
}

/** For a terminal: what is finished scrolls up, what is running is shown below with its age. */
export function terminalRenderer(stream: NodeJS.WriteStream, voice: Voice, verbose: boolean, now: () => number): LiveRenderer {
  // Raw mode would take Ctrl-C away from the terminal, hence discardStdin.
  const spinner = ora({ stream, discardStdin: false, color: voice.coloured ? "cyan" : false });
  let progress = IDLE;
  let width = USUAL_ID;
  const draw = () => {
    spinner.text = voice.render(liveText(progress, now(), (stream.columns ?? 80) - 4, voice.paint));
  };
  const timer = setInterval(draw, 500);
  timer.unref();
  // Lines are cut to the width that they were drawn for: a new one is drawn for at once.
  stream.on("resize", draw);
  return {
    emit(event) {
      const line = lineOf(progress, event, verbose);
      progress = advance(progress, event, now());
      if ("id" in event) width = Math.max(width, displayWidth(event.id));
      draw();
      // Its first frame shows the text that it has by then.
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

/** Columns of `created    0.8 s  `, which stand before the name. */
const BEFORE_NAME = 20;
/** A shorter piece of a name says nothing. */
const SHORTEST_NAME = 12;
/** A success takes one line of the screen: its name is cut, or left out where there is no room. Other lines are printed whole. */
function fitting(line: Line, room: number): Line {
  if (line.tone !== "good" || displayWidth(line.text) <= room) return line;
  return { ...line, text: room < BEFORE_NAME + SHORTEST_NAME ? cut(line.text, BEFORE_NAME - 1).replace(/ *…$/, "") : cut(line.text, room) };
}

const lastingText = ({ tone, id, text }: Line, width: number, paint: Paint): string =>
  `${paint(tone, SYMBOL[tone])} ${id ? `${padEnd(id, width)}  ` : ""}${tone === "dim" ? paint("dim", text) : text}`;

/** The live part: a count, and what is at work, the longest at work first; what does or waits for the same stands together. Pure. */
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
/** Of one kind and doing the same; when it is tried again differs from one to the next. */
function alike(running: readonly AtWork[]): readonly (readonly AtWork[])[] {
  const groups = new Map<string, AtWork[]>();
  for (const one of running) {
    const [, { kind, doing = "" }] = one;
    const what = `${kind} ${doing.replace(/; (again|next) in .*/, "")}`;
    groups.set(what, [...(groups.get(what) ?? []), one]);
  }
  return [...groups.values()];
}
/** One resource by its id, several of a kind by their number; the age is that of the one longest at work. */
function rowOf(group: readonly AtWork[], now: number): readonly string[] {
  const [id, { kind, since, doing }] = group[0] as AtWork;
  return [group.length === 1 ? id : nameOfKind(kind, group.length), duration(now - since), doing ?? ""];
}
