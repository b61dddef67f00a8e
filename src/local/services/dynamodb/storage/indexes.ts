import { setImmediate as turn } from "node:timers/promises";
import type { Item } from "../values/attribute-value.ts";
import type { IndexEntries, KeyOf, Row, TableRows } from "./rows.ts";
import { type Sorted, sorted, step } from "./sorted.ts";

const EVERYTHING = { from: "", to: "\uffff" };
const SLICE = 500;

export async function buildIndex(table: TableRows, name: string, keyOf: KeyOf): Promise<IndexEntries> {
  const known = table.indexes.get(name);
  if (known) {
    await known.built;
    return known;
  }
  const entries = sorted<string>();
  const index: IndexEntries = { entries, keyOf, built: fill(table, entries, keyOf) };
  table.indexes.set(name, index);
  await index.built;
  return index;
}

/** Adds a few hundred items at a time. An item that changes meanwhile is added by its write. */
async function fill({ rows }: TableRows, entries: Sorted<string>, keyOf: KeyOf): Promise<void> {
  let last: string | undefined;
  for (let count = 1; ; count++) {
    const pair = step(rows, EVERYTHING, false, last);
    if (!pair) return;
    last = pair[0];
    const key = keyOf(JSON.parse(pair[1].text) as Item, last);
    if (key !== undefined) entries.set(key, last);
    if (count % SLICE === 0) await turn();
  }
}

/** Applies a write to all indexes of the table. */
export function indexChange(table: TableRows, before: Row | undefined, row: Row | undefined, item: Item | undefined): void {
  if (table.indexes.size === 0) return;
  const old = before && (JSON.parse(before.text) as Item);
  for (const { entries, keyOf } of table.indexes.values()) {
    const from = before && old && keyOf(old, before.key);
    const to = row && item && keyOf(item, row.key);
    if (from !== undefined && from !== to) entries.delete(from);
    if (to !== undefined && row) entries.set(to, row.key);
  }
}
