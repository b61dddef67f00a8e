import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FleetlogixError } from "../errors.ts";
import type { Table } from "./events.ts";

const MEMORY = "512MB";
const MIB = 1024 * 1024;

/** Opens a database in memory for `work`. Data that does not fit into memory goes to `folder`. PEER_MISSING when DuckDB is not installed. */
export async function withDuckDb<T>(folder: string, work: (db: DuckDBConnection) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: MEMORY,
    temp_directory: join(folder, "duckdb"),
    threads: "1",
    // DuckDB must not download anything.
    autoinstall_known_extensions: "false",
  });
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function loadDuckDb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new FleetlogixError("PEER_MISSING", "The lake is packed and asked with DuckDB, which is not installed.", {
      hint: "Install it beside fleetlogix with `npm install @duckdb/node-api` (globally: add -g), then run the same command again.",
      cause,
    });
  }
}

export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
export const quotedName = (value: string): string => `"${value.replaceAll('"', '""')}"`;

/** Rows of files with one JSON object in a line of at most `longest` bytes. DuckDB's reader needs twice that in memory. */
export const fromJson = (files: readonly string[], { columns }: Table, longest = 32 * MIB): string =>
  `read_json([${files.map(quoted).join(", ")}], format = 'newline_delimited', maximum_object_size = ${Math.max(longest, MIB)}, columns = {${columns
    .map(([name, type]) => `${quotedName(name)}: ${quoted(type)}`)
    .join(", ")}})`;
export const fromParquet = (files: readonly string[]): string => `read_parquet([${files.map(quoted).join(", ")}], union_by_name = true)`;
/** No rows, with the columns of the table. */
export const noRows = ({ columns }: Table): string =>
  `(SELECT ${columns.map(([name, type]) => `NULL::${type} AS ${quotedName(name)}`).join(", ")} WHERE false)`;
/** Removes duplicates of events. The copy that was received first stays. */
export const distinct = (source: string, { identity }: Table): string =>
  `SELECT * FROM ${source} QUALIFY row_number() OVER (PARTITION BY ${identity.join(", ")} ORDER BY received_at NULLS LAST, event_time) = 1`;
