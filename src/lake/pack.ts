import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { addTo, archiveLine, newTally, type Tally } from "./archive.ts";
import { rowOf, TABLES } from "./events.ts";
import type { Area } from "./layout.ts";
import { inBlocks, type Pending, pendingObjects } from "./pending.ts";
import { type Rows, writeRows } from "./rows.ts";
import type { ObjectStore, StoredObject } from "./store.ts";

/** Number of objects that are read at once. */
const AT_ONCE = 24;

export interface Copies {
  /** The raw copies, one in a line, unchanged. */
  readonly archive: string;
  readonly rows: Rows;
  readonly tally: Tally;
  /** Number of objects that are no raw copy of an event. They are in the archive only. */
  readonly unreadable: number;
}

/** Reads the part's copies into two local files. undefined: a copy is gone, so the part must be read again. */
export async function fetchCopies(
  store: ObjectStore,
  area: Area,
  pending: Pending,
  folder: string,
  onCopy: () => void,
): Promise<Copies | undefined> {
  const archive = join(folder, "archive.ndjson.gz");
  const rows = writeRows(join(folder, "rows.ndjson"), TABLES[area.table].subject);
  const tally = newTally();
  let [unreadable, isMissing] = [0, false];
  async function* lines() {
    for await (const { key, content } of contents(store, pendingObjects(pending.file))) {
      if (content === undefined) {
        isMissing = true;
        return;
      }
      const line = archiveLine(key, content);
      addTo(tally, line);
      const row = rowOf(area, key, content.toString("utf8"));
      if (row === undefined) unreadable++;
      else await rows.add(row);
      onCopy();
      yield Buffer.concat([line, NEWLINE]);
    }
  }
  await pipeline(Readable.from(inBlocks(lines())), createGzip(), createWriteStream(archive, { mode: 0o600 }));
  const written = await rows.end();
  return isMissing ? undefined : { archive, rows: written, tally, unreadable };
}
const NEWLINE = Buffer.from("\n");

/** Reads objects in order, a few at once. */
export async function* contents(store: ObjectStore, objects: AsyncIterable<StoredObject>) {
  const underway: { readonly key: string; readonly content: Promise<Buffer | undefined> }[] = [];
  const next = async () => {
    const first = underway.shift();
    return first && { key: first.key, content: await first.content };
  };
  try {
    for await (const { key } of objects) {
      const content = store.get(key);
      content.catch(() => {}); // The error is thrown when its turn comes.
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

export async function digestOf(source: Readable): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of source) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
export const fileDigest = (file: string): Promise<string> => digestOf(createReadStream(file));
