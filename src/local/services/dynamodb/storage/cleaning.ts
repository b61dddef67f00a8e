import type { Log } from "./log.ts";
import { type LogRecord, recordOf } from "./records.ts";
import type { State } from "./rows.ts";

/** Below this the log is left as it is. */
const MIN_BYTES = 16 * 1024 * 1024;

/** Does more than half of the log no longer count? */
export const worthCleaning = (log: Log, live: number): boolean => log.size() > MIN_BYTES && log.size() > 2 * live;

/**
 * Writes again what still counts of the oldest file and removes it, other work in between. A record counts when its item or token stands
 * there and nowhere later. As it is the oldest file, nothing older can come back when a deletion is left out. A kill leaves both.
 */
export async function cleanOldest(
  log: Log,
  state: State,
  append: (records: readonly LogRecord[]) => void,
  closed: () => boolean,
): Promise<void> {
  const file = log.oldest();
  if (file === undefined) return;
  await log.read(file, (line) => {
    if (closed()) return;
    for (const text of line.split("\t")) {
      const record = recordOf(text);
      if (counts(state, record, file)) append([record]);
    }
  });
  if (!closed()) log.remove(file);
}

function counts({ tables, tokens }: State, record: LogRecord, file: number): boolean {
  if (record.kind === "token") return tokens.get(record.name)?.at === record.token.at;
  if (record.kind !== "put") return false;
  const row = tables.get(record.table)?.rows.get(record.key);
  return row !== undefined && row.place.file === file && row.text === record.text;
}
