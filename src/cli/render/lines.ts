import type { Emit } from "../../engine/events.ts";
import { advance, IDLE, type Line, lineOf } from "./progress.ts";

const WIDTH_OF_ID = 28;

/** Prints one line for each event, without escape codes: for logs, pipes and CI. */
export function linesRenderer(write: (line: string) => void, verbose: boolean): Emit {
  let progress = IDLE;
  return (event) => {
    const line = lineOf(progress, event, verbose);
    progress = advance(progress, event, 0);
    if (line) write(toText(line));
  };
}
const toText = ({ id, text }: Line): string => (id ? `${id.padEnd(WIDTH_OF_ID)} ${text}` : text);
