import type { UrlFormat } from "../database/address.ts";
import type { ImportEvent, ImportResult } from "../database/import/import.ts";
import type { SchemaResult } from "../database/schema.ts";
import type { CompactEvent, CompactResult } from "../lake/compact.ts";
import type { QueryResult } from "../lake/query.ts";

/** A program to start. The password is in its variables, not in its arguments. */
export interface ChildProgram {
  readonly path: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Actions on the database of the stack. */
export interface DatabaseActions {
  /** Without the password. */
  address(format: UrlFormat): Promise<string>;
  psql(): Promise<ChildProgram>;
  applySchema(onApplied: (name: string) => void): Promise<SchemaResult>;
  /** `from`: a postgres:// URL or a dump. `check`: compares and writes nothing. */
  importFrom(
    from: string,
    options: { readonly replace: boolean; readonly check: boolean; readonly jobs?: number | undefined },
    emit: (event: ImportEvent) => void,
  ): Promise<ImportResult>;
}

/** Actions on the history in the stack's bucket. */
export interface LakeActions {
  /** `date`: a day, `YYYY-MM-DD`. `before`: every day before it. */
  compact(which: { readonly date: string } | { readonly before: string }, emit: (event: CompactEvent) => void): Promise<CompactResult>;
  query(sql: string): Promise<QueryResult>;
}

export interface DashboardSettings {
  /** undefined: a free one. */
  readonly port?: number | undefined;
  /** Template of a tile server, such as `https://tile.example.org/{z}/{x}/{y}.png`; undefined: none. */
  readonly tiles?: string | undefined;
}
