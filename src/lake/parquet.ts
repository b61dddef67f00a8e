import { existsSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { distinct, fromJson, fromParquet, quoted, withDuckDb } from "./duckdb.ts";
import { TABLES, type Table } from "./events.ts";
import type { Area } from "./layout.ts";
import { type Piece, type Rows, splitRows } from "./rows.ts";

export interface Sizes {
  /** Largest size of a Parquet file in bytes. If there are several, each has at least half of it. */
  readonly file: number;
  /** Bytes of the rows, as JSON, that DuckDB sorts at once. */
  readonly piece: number;
}
/**
 * Files between 100 and 250 MB, as Snowflake's documentation advises. DuckDB's own FILE_SIZE_BYTES fills each file to the limit, and the
 * last one can have any size.
 */
const SIZES: Sizes = { file: 200e6, piece: 2e6 };

export interface Packed {
  readonly files: readonly string[];
  readonly events: number;
}
/**
 * Writes the events that no earlier part of the day contains to sorted Parquet files; no files when there are none. The memory does not
 * depend on the number of rows: DuckDB sorts one piece at a time, and the sorted pieces are then joined in order.
 */
export async function writeParquet(area: Area, rows: Rows, earlier: readonly string[], folder: string, sizes = SIZES): Promise<Packed> {
  const table = TABLES[area.table];
  const target = join(folder, "parquet");
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  const group = rowGroup(rows, sizes);
  const sorted: SortedPiece[] = [];
  for (const [i, piece] of (await splitRows(rows, table.subject, sizes.piece, folder)).entries()) {
    const file = join(folder, `piece-${i}.parquet`);
    // A new instance for each piece, because an instance keeps up to 40 MB of freed memory.
    const events = await withDuckDb(folder, (db) => sortPiece(db, table, piece, { rows, earlier, file, group }));
    await rm(piece.file);
    if (events > 0) sorted.push({ file, events, bytes: statSync(file).size });
  }
  const files: string[] = [];
  for (const pieces of inFiles(sorted, sizes.file)) {
    const file = join(target, `${files.length}.parquet`);
    await withDuckDb(folder, (db) => joinPieces(db, pieces, file, group));
    files.push(file);
  }
  return { files, events: sum(sorted.map(({ events }) => events)) };
}

interface SortedPiece {
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
}
interface PieceOptions {
  readonly rows: Rows;
  readonly earlier: readonly string[];
  readonly file: string;
  readonly group: number;
}
async function sortPiece(db: DuckDBConnection, table: Table, piece: Piece, { rows, earlier, file, group }: PieceOptions): Promise<number> {
  const source = fromJson([piece.file], table, rows.longest);
  const read = await count(db, `SELECT count(*) FROM ${source}`);
  if (read !== piece.count) throw new Error(`DuckDB read ${read} of ${piece.count} rows.`);
  const identity = table.identity.join(", ");
  // The semi join comes first, so that no hash table is larger than the piece.
  const known =
    earlier.length === 0
      ? ""
      : ` ANTI JOIN (SELECT * FROM (SELECT ${identity} FROM ${fromParquet(earlier)} WHERE ${within(table, piece)})
          SEMI JOIN (SELECT ${identity} FROM ${source}) USING (${identity})) USING (${identity})`;
  const fresh = `SELECT * FROM (${distinct(source, table)})${known} ORDER BY ${table.order.join(", ")}`;
  await copy(db, fresh, file, group);
  return existsSync(file) ? count(db, `SELECT count(*) FROM ${fromParquet([file])}`) : 0;
}
/** Limits an earlier part to the subjects of the piece, so that DuckDB reads only those row groups. */
const within = ({ subject }: Table, { from, below }: Piece): string =>
  [
    "true",
    ...(from === undefined ? [] : [`${subject} >= ${quoted(from)}`]),
    ...(below === undefined ? [] : [`${subject} < ${quoted(below)}`]),
  ].join(" AND ");

async function joinPieces(db: DuckDBConnection, pieces: readonly SortedPiece[], file: string, group: number): Promise<void> {
  const source = `read_parquet([${pieces.map((piece) => quoted(piece.file)).join(", ")}])`;
  await copy(db, `SELECT * FROM ${source}`, file, group);
  const expected = sum(pieces.map(({ events }) => events));
  const written = await count(db, `SELECT count(*) FROM ${fromParquet([file])}`);
  if (written !== expected) throw new Error(`DuckDB wrote ${written} of ${expected} events.`);
  for (const piece of pieces) await rm(piece.file);
}

/** Groups the pieces into as few files as the limit allows, of about equal size. */
function inFiles(pieces: readonly SortedPiece[], fileBytes: number): readonly (readonly SortedPiece[])[] {
  const total = sum(pieces.map(({ bytes }) => bytes));
  const files: SortedPiece[][] = Array.from({ length: Math.ceil(total / fileBytes) }, () => []);
  let before = 0;
  for (const piece of pieces) {
    files[Math.floor(((before + piece.bytes / 2) / total) * files.length)]?.push(piece);
    before += piece.bytes;
  }
  return files.filter((file) => file.length > 0);
}
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** DuckDB's vector size. The size of a row group is a multiple of it. */
const VECTOR = 2048;
/** DuckDB's default size of a row group, and our maximum. */
const LARGEST_GROUP = 122_880;
/** Number of rows in a row group. DuckDB keeps one in memory, so groups of wide rows have fewer rows. */
const rowGroup = ({ bytes, count: of }: Rows, { piece }: Sizes): number =>
  Math.min(LARGEST_GROUP, Math.max(1, Math.floor((piece * of) / Math.max(1, bytes) / VECTOR)) * VECTOR);

const copy = (db: DuckDBConnection, sql: string, file: string, group: number) =>
  db.run(`COPY (${sql}) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${group})`);
const count = async (db: DuckDBConnection, sql: string): Promise<number> =>
  Number((await db.runAndReadAll(sql)).getRowsJson()[0]?.[0] ?? 0);
