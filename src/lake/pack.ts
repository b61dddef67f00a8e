import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { addTo, archiveLine, newTally, type Tally } from "./archive.ts";
import { distinct, fromJson, fromParquet, quoted, withDuckDb } from "./duckdb.ts";
import { rowOf, TABLES } from "./events.ts";
import type { Area } from "./layout.ts";
import { inBlocks, type Pending, pendingObjects } from "./pending.ts";
import type { ObjectStore, StoredObject } from "./store.ts";

/** Objects asked for at once. */
const AT_ONCE = 24;
/** Between the 100 and 250 MB that warehouses like; DuckDB begins a new file after the row group that passes it. */
const FILE_BYTES = "200MB";

export interface Copies {
  /** One raw copy a line, as it came. */
  readonly archive: string;
  /** One event a line, typed. */
  readonly rows: string;
  readonly tally: Tally;
  /** Objects that are no raw copy of an event: in the archive only. */
  readonly unreadable: number;
}

/** Reads the part's copies into two local files. undefined: a copy is gone, so the part must be looked at anew. */
export async function fetchCopies(
  store: ObjectStore,
  area: Area,
  pending: Pending,
  folder: string,
  onCopy: () => void,
): Promise<Copies | undefined> {
  const [archive, rows] = [join(folder, "archive.ndjson.gz"), join(folder, "rows.ndjson")];
  const tally = newTally();
  let [unreadable, gone] = [0, false];
  const rowFile = createWriteStream(rows, { mode: 0o600 });
  async function* lines() {
    for await (const { key, content } of contents(store, pendingObjects(pending.file))) {
      if (content === undefined) {
        gone = true;
        return;
      }
      const line = archiveLine(key, content);
      addTo(tally, line);
      const row = rowOf(area, key, content.toString("utf8"));
      if (row === undefined) unreadable++;
      else if (!rowFile.write(`${JSON.stringify(row)}\n`)) await new Promise<void>((drained) => rowFile.once("drain", () => drained()));
      onCopy();
      yield Buffer.concat([line, NEWLINE]);
    }
  }
  await pipeline(Readable.from(inBlocks(lines())), createGzip(), createWriteStream(archive, { mode: 0o600 }));
  rowFile.end();
  await finished(rowFile);
  return gone ? undefined : { archive, rows, tally, unreadable };
}
const NEWLINE = Buffer.from("\n");

/** In order, and no more than a few at once. */
export async function* contents(store: ObjectStore, objects: AsyncIterable<StoredObject>) {
  const underway: { readonly key: string; readonly content: Promise<Buffer | undefined> }[] = [];
  const next = async () => {
    const first = underway.shift();
    return first && { key: first.key, content: await first.content };
  };
  try {
    for await (const { key } of objects) {
      const content = store.get(key);
      content.catch(() => {}); // heard when it is its turn
      underway.push({ key, content });
      if (underway.length < AT_ONCE) continue;
      const one = await next();
      if (one) yield one;
    }
    for (let one = await next(); one; one = await next()) yield one;
  } finally {
    await Promise.allSettled(underway.map(({ content }) => content));
  }
}

export interface Packed {
  readonly files: readonly string[];
  readonly events: number;
}
/** Parquet files of the events that no earlier part of the day has, sorted; none when there are no new ones. */
export async function writeParquet(
  area: Area,
  rows: string,
  earlier: readonly string[],
  folder: string,
  fileBytes = FILE_BYTES,
): Promise<Packed> {
  const table = TABLES[area.table];
  const target = join(folder, "parquet");
  await rm(target, { recursive: true, force: true });
  const known =
    earlier.length === 0
      ? ""
      : ` WHERE NOT EXISTS (SELECT 1 FROM ${fromParquet(earlier)} k WHERE ${table.identity.map((c) => `k.${c} = n.${c}`).join(" AND ")})`;
  return withDuckDb(folder, async (db) => {
    const fresh = `SELECT * FROM (${distinct(fromJson([rows], table), table)}) n${known}`;
    await db.run(
      `COPY (${fresh} ORDER BY ${table.order.join(", ")}) TO ${quoted(target)} (FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES ${quoted(fileBytes)})`,
    );
    const all = readdirSync(target)
      .filter((name) => name.endsWith(".parquet"))
      .toSorted((a, b) => numberIn(a) - numberIn(b))
      .map((name) => join(target, name));
    const count = async (sql: string) => Number((await db.runAndReadAll(sql)).getRowsJson()[0]?.[0] ?? 0);
    const events = all.length === 0 ? 0 : await count(`SELECT count(*) FROM ${fromParquet(all)}`);
    const expected = await count(`SELECT count(*) FROM (${fresh})`);
    if (events !== expected) throw new Error(`DuckDB wrote ${events} of ${expected} events.`);
    return { files: events === 0 ? [] : all, events };
  });
}
const numberIn = (name: string): number => Number(/(\d+)\.parquet$/.exec(name)?.[1] ?? 0);

export async function digestOf(source: Readable): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of source) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
export const fileDigest = (file: string): Promise<string> => digestOf(createReadStream(file));
