import { appendFileSync, renameSync, statSync } from "node:fs";
import { APPEND } from "../core/files.ts";

/** The log has at most this size. The one before it is kept, too. */
const MOST_BYTES = 5 * 1024 * 1024;

/** Appends lines with their time to a file of bounded size. */
export function boundedLog(file: string): (line: string) => void {
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return (line) => {
    const text = `${new Date().toISOString()} ${line}\n`;
    if (size > MOST_BYTES) {
      renameSync(file, `${file}.1`);
      size = 0;
    }
    appendFileSync(file, text, { mode: 0o600, flag: APPEND as never });
    size += Buffer.byteLength(text);
  };
}
