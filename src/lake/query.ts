import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FleetlogixError } from "../errors.ts";
import { BUCKET_ID } from "../stack-ids.ts";
import { fromJson, fromParquet, noRows, quoted, quotedName, withDuckDb } from "./duckdb.ts";
import { ALERTS, alertRowOf, rowOf, TABLES, type Table } from "./events.ts";
import type { Lake } from "./lake.ts";
import { AREAS, type Area } from "./layout.ts";
import { manifestsOf } from "./manifests.ts";
import { contents } from "./pack.ts";

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}
/** The tables of the lake, with the names that the API's routes have for them. */
export const LAKE_TABLES = ["deliveries", "fixes", "route_checks", "alerts"] as const;
const ALSO: Readonly<Record<string, string>> = { vehicles: "fixes", routes: "route_checks" };

/**
 * Runs SQL over packed and unpacked events, each event once. Packed files never change, so they are kept in `cache`. The statement can read
 * only these tables: no file, no network.
 */
export async function queryLake(lake: Lake, cache: string, sql: string): Promise<QueryResult> {
  const folder = await mkdtemp(join(lake.folder, "query-"));
  try {
    return await withDuckDb(folder, async (db) => {
      const isUsed = (name: string) => new RegExp(`\\b${name}\\b`, "i").test(sql);
      for (const area of AREAS)
        if (isUsed(area.table) || isUsed(area.name))
          await viewOf(db, area.table, TABLES[area.table], await sourcesOf(lake, area, folder, cache));
      if (isUsed("alerts")) await viewOf(db, "alerts", ALERTS, await alertSources(lake, folder, cache));
      for (const [other, name] of Object.entries(ALSO))
        if (isUsed(other)) await db.run(`CREATE VIEW ${quotedName(other)} AS SELECT * FROM ${quotedName(name)}`);
      await db.run(`SET allowed_directories = [${[folder, cache].map(quoted).join(", ")}]`);
      for (const setting of ["enable_external_access = false", "lock_configuration = true"]) await db.run(`SET ${setting}`);
      return await answer(db, sql);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function answer(db: DuckDBConnection, sql: string): Promise<QueryResult> {
  try {
    const reader = await db.runAndReadAll(sql);
    const types = reader.columnTypes().map(String);
    return {
      columns: reader.columnNames().map((name, i) => ({ name, type: types[i] ?? "" })),
      rows: reader.getRowsJson().map((row) => row.map((value, i) => plain(value, types[i] ?? ""))),
    };
  } catch (cause) {
    throw new FleetlogixError("QUERY_INVALID", `DuckDB cannot answer that: ${(cause as Error).message.trim()}`, {
      hint: `Tables: ${LAKE_TABLES.join(", ")}. \`DESCRIBE deliveries\` lists a table's columns.`,
      cause,
    });
  }
}
/** DuckDB returns whole numbers as text. Those that JSON can hold become numbers. */
function plain(value: unknown, type: string): unknown {
  if (typeof value !== "string" || !/^(U?(BIG|HUGE)INT|DECIMAL)/.test(type)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) || type.startsWith("DECIMAL") ? number : value;
}

interface Sources {
  readonly parquet: readonly string[];
  readonly json: readonly string[];
}
async function viewOf(db: DuckDBConnection, name: string, table: Table, { parquet, json }: Sources): Promise<void> {
  const columns = table.columns.map(([column]) => quotedName(column)).join(", ");
  const all = [
    ...(parquet.length > 0 ? [`SELECT ${columns}, 0 AS fresh FROM ${fromParquet(parquet)}`] : []),
    ...(json.length > 0 ? [`SELECT ${columns}, 1 AS fresh FROM ${fromJson(json, table)}`] : []),
  ];
  const source = all.length === 0 ? `${noRows(table)}` : `(${all.join(" UNION ALL ")})`;
  // A packed copy that is not removed yet is in both sources. Parquet contains each event once.
  const first = table.identity.includes("alert_id") ? "fresh" : "received_at NULLS LAST, event_time";
  const once =
    json.length === 0
      ? `SELECT ${columns} FROM ${source}`
      : `SELECT ${columns} FROM ${source} QUALIFY row_number() OVER (PARTITION BY ${table.identity.join(", ")} ORDER BY ${first}) = 1`;
  await db.run(`CREATE VIEW ${quotedName(name)} AS ${once}`);
}

/** Reads raw copies before manifests. Copies that a run packs meanwhile are then in both sources, never in none. */
async function sourcesOf(lake: Lake, area: Area, folder: string, cache: string): Promise<Sources> {
  const json = join(folder, `${area.table}.ndjson`);
  let found = 0;
  async function* lines() {
    for await (const { key, content } of contents(lake.store, lake.store.list(`raw-data/${area.name}/`))) {
      lake.signal.throwIfAborted();
      const row = content && rowOf(area, key, content.toString("utf8"));
      if (row === undefined) continue;
      found++;
      yield `${JSON.stringify(row)}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(json, { mode: 0o600 }));
  return { json: found > 0 ? [json] : [], parquet: await packedFiles(lake, area.table, cache) };
}

async function alertSources(lake: Lake, folder: string, cache: string): Promise<Sources> {
  const json = join(folder, "alerts.ndjson");
  let found = 0;
  async function* lines() {
    for await (const item of lake.alerts()) {
      const row = alertRowOf(item);
      if (row === undefined) continue;
      found++;
      yield `${JSON.stringify(row)}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(json, { mode: 0o600 }));
  return { json: found > 0 ? [json] : [], parquet: await packedFiles(lake, "alerts", cache) };
}

async function packedFiles({ store }: Lake, table: string, cache: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { parquet } of await manifestsOf(store, table)) {
    for (const key of parquet) {
      const file = join(cache, key);
      if (!existsSync(file)) {
        const source = await store.stream(key);
        if (source === undefined) throw missing(key);
        await mkdir(dirname(file), { recursive: true });
        await pipeline(source, createWriteStream(`${file}.${process.pid}`));
        await rename(`${file}.${process.pid}`, file);
      }
      files.push(file);
    }
  }
  return files;
}
const missing = (key: string): FleetlogixError =>
  new FleetlogixError("LAKE_DIFFERS", `${key} is named by its manifest and is not in the bucket.`, {
    hint: "Restore it: the bucket keeps earlier versions of its objects (bucket.noncurrentExpireDays).",
    resource: BUCKET_ID,
  });
