import type { LocalEnv } from "../../core/service.ts";
import { type IndexSchema, schemaOf, type TableSchema } from "./schema.ts";
import type { Database } from "./storage/database.ts";
import type { IndexEntries, Row, TableRows } from "./storage/rows.ts";
import type { TableDoc, Tables } from "./table.ts";
import type { Item } from "./values/attribute-value.ts";
import { newItem } from "./values/attribute-value.ts";

/** The parts that the item operations share. */
export interface Context {
  readonly env: LocalEnv;
  readonly tables: Tables;
  /** Opens the database on its first call. */
  readonly database: () => Promise<Database>;
}
/** A table of the region whose items are loaded. */
export interface OpenTable {
  readonly doc: TableDoc;
  readonly schema: TableSchema;
  readonly rows: TableRows;
}

/** Throws ResourceNotFoundException when the table does not exist, or is still being created. */
export function openTable({ tables }: Context, database: Database, region: string, name: string): OpenTable {
  const doc = tables.readable(region, name);
  const table: OpenTable = { doc, schema: schemaOf(doc), rows: database.table(doc.id) };
  for (const { name: index, keyOf } of table.schema.indexes)
    if (!table.rows.indexes.has(index)) void database.index(table.rows, index, keyOf);
  return table;
}
export const entriesOf = (database: Database, { rows }: OpenTable, { name, keyOf }: IndexSchema): Promise<IndexEntries> =>
  database.index(rows, name, keyOf);

export const itemOf = (row: Row | undefined): Item => (row ? (JSON.parse(row.text) as Item) : newItem());
