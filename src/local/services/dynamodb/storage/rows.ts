import type { Item } from "../values/attribute-value.ts";
import type { Token } from "./records.ts";
import type { Sorted } from "./sorted.ts";

/** A stored item: its JSON text, so that a read need not serialize it. */
export interface Row {
  readonly key: string;
  readonly text: string;
  /** Bytes as AWS counts them. */
  readonly size: number;
  /** The record's file in the log, and the bytes that it takes there. */
  readonly place: { readonly file: number; readonly bytes: number };
}
export interface TableRows {
  readonly id: string;
  readonly rows: Sorted<Row>;
  readonly indexes: Map<string, IndexEntries>;
  /** Bytes of all items, as AWS counts them. */
  bytes: number;
}
/** The key of an item in an index; undefined when the item lacks the index's key attributes. */
export type KeyOf = (item: Item, rowKey: string) => string | undefined;
export interface IndexEntries {
  /** Index key → key of the row. */
  readonly entries: Sorted<string>;
  readonly keyOf: KeyOf;
  /** Resolves when every item that existed before is in the index. New writes are in it from the start. */
  readonly built: Promise<void>;
}
/** The state in memory. */
export interface State {
  readonly tables: Map<string, TableRows>;
  readonly tokens: Map<string, Token>;
  /** Bytes of the log's current records. */
  live: number;
}
