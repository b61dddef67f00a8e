import type { Item } from "../values/attribute-value.ts";
import { itemSize } from "../values/size.ts";
import { cleanOldest, worthCleaning } from "./cleaning.ts";
import { buildIndex, indexChange } from "./indexes.ts";
import { openLog } from "./log.ts";
import { type LogRecord, recordOf, recordText, type Token } from "./records.ts";
import type { IndexEntries, KeyOf, Row, State, TableRows } from "./rows.ts";
import { sorted } from "./sorted.ts";

export interface Write {
  readonly table: TableRows;
  readonly key: string;
  /** undefined: the item is deleted. */
  readonly item: Item | undefined;
}
/** An item before and after a change; undefined = absent. */
export interface Change {
  readonly table: string;
  readonly before: Row | undefined;
  readonly after: Item | undefined;
}
/** Tables are identified by id, so that a new table never shows the items of a deleted one of its name. */
export interface Database {
  table(id: string): TableRows;
  /** Applies all writes in one step. When it throws, nothing has changed. */
  commit(writes: readonly Write[], token?: { readonly name: string; readonly token: Token }): void;
  token(name: string): Token | undefined;
  /** Entries of an index. When it is new, it is built from the items. */
  index(table: TableRows, name: string, keyOf: KeyOf): Promise<IndexEntries>;
  dropIndex(id: string, name: string): void;
  dropTable(id: string): void;
  forgetTokens(before: number): void;
  close(): void;
}
/** Reads the folder. `exists`: whether a table still exists; items of other tables are dropped. */
export async function openDatabase(
  folder: string,
  exists: (table: string) => boolean,
  changed: (change: Change) => void,
): Promise<Database> {
  const state: State = { tables: new Map(), tokens: new Map(), live: 0 };
  const log = await openLog(folder, (line, file) => {
    for (const text of line.split("\t")) apply(state, recordOf(text), { file, bytes: Buffer.byteLength(text) });
  });
  for (const id of [...state.tables.keys()]) if (!exists(id)) drop(state, id);
  let cleaning = false;
  let closed = false;
  const append = (records: readonly LogRecord[]): void => {
    const texts = records.map(recordText);
    const file = log.append(texts.join("\t"));
    for (const [i, record] of records.entries()) apply(state, record, { file, bytes: Buffer.byteLength(texts[i] as string) });
    if (cleaning || !worthCleaning(log, state.live)) return;
    // Set before the call: cleaning appends its first records before it waits for the first time, and must not start itself again.
    cleaning = true;
    cleanOldest(log, state, append, () => closed)
      .catch(() => {}) // The files are unchanged. The next write tries again.
      .finally(() => {
        cleaning = false;
      });
  };
  return {
    table: (id) => tableOf(state, id),
    commit: (writes, token) => commit(writes, token, append, changed),
    token: (name) => state.tokens.get(name),
    index: (table, name, keyOf) => buildIndex(table, name, keyOf),
    dropIndex: (id, name) => void tableOf(state, id).indexes.delete(name),
    dropTable(id) {
      if (state.tables.has(id)) append([{ kind: "drop", table: id }]);
    },
    forgetTokens(before) {
      for (const [name, { at }] of state.tokens) if (at < before) state.tokens.delete(name);
    },
    close() {
      closed = true;
      log.close();
    },
  };
}

const tableOf = ({ tables }: State, id: string): TableRows => {
  const known = tables.get(id) ?? { id, rows: sorted<Row>(), indexes: new Map(), bytes: 0 };
  tables.set(id, known);
  return known;
};

function commit(
  writes: readonly Write[],
  token: { readonly name: string; readonly token: Token } | undefined,
  append: (records: readonly LogRecord[]) => void,
  changed: (change: Change) => void,
): void {
  const records: LogRecord[] = [];
  const changes: Change[] = [];
  for (const { table, key, item } of writes) {
    const before = table.rows.get(key);
    if (!item && !before) continue;
    if (item) records.push({ kind: "put", table: table.id, key, size: itemSize(item), text: JSON.stringify(item) });
    else records.push({ kind: "delete", table: table.id, key });
    changes.push({ table: table.id, before, after: item });
  }
  if (token) records.push({ kind: "token", ...token });
  if (records.length === 0) return;
  append(records);
  let i = 0;
  for (const { table, key, item } of writes) {
    const change = changes[i];
    if (!change || (!item && !change.before)) continue;
    i++;
    indexChange(table, change.before, item && table.rows.get(key), item);
    changed(change);
  }
}

function apply(state: State, record: LogRecord, place: Row["place"]): void {
  if (record.kind === "drop") drop(state, record.table);
  else if (record.kind === "token") state.tokens.set(record.name, record.token);
  else {
    const table = tableOf(state, record.table);
    const before = table.rows.get(record.key);
    state.live -= before?.place.bytes ?? 0;
    table.bytes -= before?.size ?? 0;
    if (record.kind === "delete") table.rows.delete(record.key);
    else {
      table.rows.set(record.key, { key: record.key, text: record.text, size: record.size, place });
      state.live += place.bytes;
      table.bytes += record.size;
    }
  }
}

function drop(state: State, id: string): void {
  for (const row of state.tables.get(id)?.rows.values() ?? []) state.live -= row.place.bytes;
  state.tables.delete(id);
}
