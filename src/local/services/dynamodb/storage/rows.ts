import type { Item } from "../values/attribute-value.ts";
import type { Token } from "./records.ts";
import type { Sorted } from "./sorted.ts";

/** An item as it is kept: its JSON, so that a read need not write it anew. */
export interface Row {
  readonly key: string;
  readonly text: string;
  /** Bytes as AWS counts them. */
  readonly size: number;
  /** Where in the log it stands, and how many bytes it takes there. */
  readonly place: { readonly file: number; readonly bytes: number };
}
export interface TableRows {
  readonly id: string;
  readonly rows: Sorted<Row>;
  readonly indexes: Map<string, IndexEntries>;
  /** Of all items, as AWS counts them. */
  bytes: number;
}
/** Where an item stands in an index; undefined when it lacks the index's key. */
export type KeyOf = (item: Item, rowKey: string) => string | undefined;
export interface IndexEntries {
  /** Index key → key of the row. */
  readonly entries: Sorted<string>;
  readonly keyOf: KeyOf;
  /** Settles when every item that was there is in it. Writes are in it from the start. */
  readonly built: Promise<void>;
}
/** What is kept in memory of the log. */
export interface State {
  readonly tables: Map<string, TableRows>;
  readonly tokens: Map<string, Token>;
  /** Bytes of the log that still count. */
  live: number;
}
