import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { StoredObject } from "./store.ts";

/** The list of a part's copies, in the order of the keys. It is a local file, so that the size of the day needs no memory. */
export interface Pending {
  readonly file: string;
  /** Id from the keys and their ETags. The same copies are the same part in every run. */
  readonly part: string;
  readonly copies: number;
}

export async function writePending(objects: AsyncIterable<StoredObject>, file: string): Promise<number> {
  let copies = 0;
  async function* lines() {
    for await (const { key, etag, size } of objects) {
      copies++;
      yield Buffer.from(`${JSON.stringify([key, etag, size])}\n`);
    }
  }
  await pipeline(Readable.from(inBlocks(lines())), createGzip(), createWriteStream(file, { mode: 0o600 }));
  return copies;
}

export async function readPending(file: string): Promise<Pending> {
  const hash = createHash("sha256");
  let copies = 0;
  for await (const { key, etag } of pendingObjects(file)) {
    hash.update(`${key}\n${etag}\n`);
    copies++;
  }
  return { file, part: hash.digest("hex").slice(0, 16), copies };
}

export async function* pendingObjects(file: string): AsyncGenerator<StoredObject> {
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const [key, etag, size] = JSON.parse(line) as [string, string, number];
    yield { key, etag, size };
  }
}

/** Objects that both sides have with the same key and ETag. Both sides are in the order of the keys. */
export async function* inBoth(left: AsyncIterable<StoredObject>, right: AsyncIterable<StoredObject>): AsyncGenerator<StoredObject> {
  const others = right[Symbol.asyncIterator]();
  let other = await others.next();
  for await (const one of left) {
    while (!other.done && compare(other.value.key, one.key) < 0) other = await others.next();
    if (!other.done && other.value.key === one.key && other.value.etag === one.etag) yield one;
  }
  await others.return?.();
}
/** Compares UTF-8 bytes, as S3 does. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const BLOCK_BYTES = 256 * 1024;
/** Joins small pieces into large ones, because each piece costs a round trip to the compressor's thread. */
export async function* inBlocks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let [block, bytes]: [Buffer[], number] = [[], 0];
  for await (const piece of pieces) {
    block.push(piece);
    bytes += piece.length;
    if (bytes < BLOCK_BYTES) continue;
    yield Buffer.concat(block);
    [block, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(block);
}
