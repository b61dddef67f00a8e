import type { Log } from "./log.ts";
import { type LogRecord, recordOf } from "./records.ts";
import type { State } from "./rows.ts";

/** A smaller log is not cleaned. */
const MIN_BYTES = 16 * 1024 * 1024;

/** True when more than half of the log is superseded. */
export const worthCleaning = (log: Log, live: number): boolean => log.size() > MIN_BYTES && log.size() > 2 * live;

/**
 * Appends the oldest file's current records to the log and removes that file. Other requests get a turn meanwhile. A record is current when
 * its item or token is at this place and nowhere later. Deletions are not copied: no older file exists that could bring the item back.
 * After a kill, both copies exist.
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
