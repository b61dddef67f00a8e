import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { packAlerts } from "./alerts.ts";
import { sameTally, tallyArchive } from "./archive.ts";
import type { Lake, PackedPart } from "./lake.ts";
import {
  AREAS,
  type Area,
  archiveKey,
  type Day,
  dayIn,
  MANIFESTS,
  type Manifest,
  manifestKey,
  parquetKey,
  pendingKey,
  rawFolder,
  tableFolder,
} from "./layout.ts";
import { differs, manifestsOf, proveFiles, putJson } from "./manifests.ts";
import { type Copies, fetchCopies } from "./pack.ts";
import { writeParquet } from "./parquet.ts";
import { inBoth, type Pending, pendingObjects, readPending, writePending } from "./pending.ts";
import type { ObjectStore } from "./store.ts";
import { withSmallYoungGeneration } from "./young-generation.ts";

export type CompactEvent =
  | { readonly type: "reading"; readonly table: string; readonly day: Day; readonly done: number; readonly of: number }
  | ({ readonly type: "packed"; readonly table: string; readonly day: Day } & PackedPart);
export interface CompactResult {
  readonly parts: readonly (PackedPart & { readonly table: string; readonly day: Day })[];
}
type Which = { readonly date: Day } | { readonly before: Day };
type Emit = (event: CompactEvent) => void;

/** Packs a day, or every day before `before`. What a killed run had begun comes first and is finished as it was begun. */
export const compact = (lake: Lake, which: Which, emit: Emit): Promise<CompactResult> =>
  withSmallYoungGeneration(() => packDays(lake, which, emit));

async function packDays(lake: Lake, which: Which, emit: Emit): Promise<CompactResult> {
  const wanted = (day: Day): boolean => ("date" in which ? day === which.date : day < which.before);
  const parts: CompactResult["parts"][number][] = [];
  const packed = (table: string, day: Day, part: PackedPart) => {
    parts.push({ table, day, ...part });
    emit({ type: "packed", table, day, ...part });
  };
  for (const area of AREAS) {
    for (const day of (await daysOf(lake.store, area)).filter(wanted))
      for (const part of await packDay(lake, area, day, emit)) packed(area.table, day, part);
  }
  for (const { day, ...part } of await packAlerts(lake, wanted)) packed("alerts", day, part);
  return { parts };
}

/** Days with raw copies, and days that a killed run began. */
async function daysOf(store: ObjectStore, area: Area): Promise<readonly Day[]> {
  const days = new Set<Day>();
  const root = `raw-data/${area.name}/`;
  for (const year of await store.folders(root))
    for (const month of await store.folders(`${root}${year}/`))
      for (const day of await store.folders(`${root}${year}/${month}/`)) days.add(dayIn(`/${year}/${month}/${day}/`) ?? "");
  for await (const { key } of store.list(`${MANIFESTS}${area.table}/`)) if (key.endsWith("/pending.ndjson.gz")) days.add(dayIn(key) ?? "");
  days.delete("");
  return [...days].toSorted();
}

const ROUNDS = 3;
async function packDay(lake: Lake, area: Area, day: Day, emit: Emit): Promise<readonly PackedPart[]> {
  const parts: PackedPart[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const folder = await mkdtemp(join(lake.folder, "part-"));
    try {
      const begun = await begin(lake.store, area, day, folder);
      if (begun === undefined) return parts;
      const part = await packPart(lake, area, day, begun.pending, folder, emit);
      if (part) parts.push(part);
      // A part that another run began may not include the newest copies, so another round follows.
      if (part && !begun.resumed) return parts;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return parts;
}

/** Writes the list of the part's copies before anything else. There is one list for a day, whichever run wrote it. */
async function begin(
  store: ObjectStore,
  area: Area,
  day: Day,
  folder: string,
): Promise<{ readonly pending: Pending; readonly resumed: boolean } | undefined> {
  const [file, key] = [join(folder, "pending.ndjson.gz"), pendingKey(area, day)];
  const download = async () => {
    const source = await store.stream(key);
    if (source) await pipeline(source, createWriteStream(file));
    return source !== undefined;
  };
  if (await download()) return { pending: await readPending(file), resumed: true };
  const copies = await writePending(store.list(rawFolder(area, day)), file);
  if (copies === 0) return undefined;
  const ours = await store.putNew(key, file, "application/gzip");
  if (!ours && !(await download())) return undefined;
  return { pending: await readPending(file), resumed: !ours };
}

/** undefined: another run has packed it, or its copies have changed since the list was written. */
async function packPart(lake: Lake, area: Area, day: Day, pending: Pending, folder: string, emit: Emit): Promise<PackedPart | undefined> {
  const { store } = lake;
  const manifest = manifestKey(area, day, pending.part);
  let result: PackedPart | undefined;
  if ((await store.get(manifest)) === undefined) {
    const copies = await fetchCopies(store, area, pending, folder, counter(lake, area, day, pending, emit));
    if (copies === undefined && (await store.get(manifest)) === undefined) {
      await store.remove([pendingKey(area, day)]);
      return undefined;
    }
    if (copies) result = await commit(store, { area, day, pending, folder }, copies);
  }
  await removeCopies(lake, area, day, pending);
  await store.remove([pendingKey(area, day)]);
  return result;
}

function counter({ signal }: Lake, area: Area, day: Day, { copies: of }: Pending, emit: Emit): () => void {
  let done = 0;
  return () => {
    signal.throwIfAborted();
    done++;
    if (done % 1000 === 0 || done === of) emit({ type: "reading", table: area.table, day, done, of });
  };
}

interface Part {
  readonly area: Area;
  readonly day: Day;
  readonly pending: Pending;
  readonly folder: string;
}
/** Writes archive and Parquet and reads them back from the bucket. Only then it writes the manifest, which makes the part valid. */
async function commit(store: ObjectStore, { area, day, pending, folder }: Part, copies: Copies): Promise<PackedPart> {
  const { part } = pending;
  const { files, events } = await writeParquet(area, copies.rows, await fetchEarlier(store, area.table, day, folder), folder);
  const archive = archiveKey(area, day, part);
  const parquet = files.map((_, i) => parquetKey(area.table, day, part, i));
  await removeOthers(store, parquet, `${tableFolder(area.table, day)}${part}-`);
  await store.put(archive, copies.archive, "application/gzip");
  for (const [i, file] of files.entries()) await store.put(parquet[i] as string, file, "application/vnd.apache.parquet");
  await prove(store, archive, copies, pending);
  await proveFiles(store, parquet, files);
  const manifest: Manifest = { part, copies: pending.copies, events, unreadable: copies.unreadable, archive, parquet };
  await putJson(store, manifestKey(area, day, part), manifest, folder);
  return { part, copies: pending.copies, events, unreadable: copies.unreadable, files: [archive, ...parquet] };
}
/** A killed run of another version may have divided the same part into more files. Readers of `lake/` would find those events twice. */
async function removeOthers(store: ObjectStore, parquet: readonly string[], prefix: string): Promise<void> {
  const others: string[] = [];
  for await (const { key } of store.list(prefix)) if (!parquet.includes(key)) others.push(key);
  if (others.length > 0) await store.remove(others);
}
async function prove(store: ObjectStore, archive: string, { tally }: Copies, { copies }: Pending): Promise<void> {
  const source = await store.stream(archive);
  const stored = source && (await tallyArchive(source));
  if (stored && tally.count === copies && sameTally(stored, tally)) return;
  throw differs(archive, `${stored?.count ?? 0} copies of ${copies}`);
}
/** Downloads the valid parts of the day. */
async function fetchEarlier(store: ObjectStore, table: string, day: Day, folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { parquet } of await manifestsOf(store, table, day))
    for (const key of parquet) {
      const source = await store.stream(key);
      if (source === undefined) continue;
      const file = join(folder, `earlier-${files.length}.parquet`);
      await pipeline(source, createWriteStream(file));
      files.push(file);
    }
  return files;
}
const BATCH = 1000;
/** Removes the copies in the part and no others. A copy that was written again has another ETag and is packed later. */
async function removeCopies({ store, signal }: Lake, area: Area, day: Day, pending: Pending): Promise<void> {
  let batch: string[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    if (batch.length > 0) await store.remove(batch);
    batch = [];
  };
  for await (const { key } of inBoth(store.list(rawFolder(area, day)), pendingObjects(pending.file))) {
    batch.push(key);
    if (batch.length === BATCH) await flush();
  }
  await flush();
}
