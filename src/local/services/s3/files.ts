import { randomUUID } from "node:crypto";
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync } from "node:fs";
import { copyFile, link } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { openPacks, type Packs, placeOf } from "./packs.ts";
import type { Segment } from "./segment.ts";

/** Contents of objects on disk. The file names are random, because keys are not valid file names. */
export interface FileStore {
  /** A path for an incoming body. `keep` turns it into a segment. */
  incoming(): string;
  keep(path: string, size: number): Segment;
  /** Writes a small body at once. */
  keepSmall(bytes: Uint8Array): Segment;
  /** Makes a second segment with the same content. */
  duplicate(segment: Segment): Promise<Segment>;
  remove(segments: readonly Segment[]): void;
  /** The bytes from `start` to `end` (inclusive) of the concatenated segments. */
  read(segments: readonly Segment[], start: number, end: number): Readable;
  /** Removes the files that no object uses, such as bodies of calls that a kill interrupted. */
  sweep(used: readonly Segment[]): void;
  /** True when the segment is in a pack whose bytes are mostly removed. Valid after `sweep`. */
  isSparse(segment: Segment): boolean;
  /** Copies the content to a new place. */
  move(segment: Segment): Segment;
  close(): void;
}

export function openFiles(dataDir: string): FileStore {
  const root = join(dataDir, "s3", "objects");
  const arriving = join(dataDir, "s3", "incoming");
  for (const folder of [root, arriving]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pathOf = (file: string): string => join(root, file.slice(0, 2), file);
  const fresh = (): string => {
    const file = randomUUID();
    mkdirSync(join(root, file.slice(0, 2)), { recursive: true, mode: 0o700 });
    return file;
  };
  const packs = openPacks(fresh, pathOf);
  return {
    incoming: () => join(arriving, randomUUID()),
    keep(path, size) {
      const file = fresh();
      renameSync(path, pathOf(file));
      return { file, size };
    },
    keepSmall: packs.add,
    async duplicate(segment) {
      if (placeOf(segment.file)) return packs.add(readWhole(segment, pathOf));
      const { file, size } = segment;
      const copy = fresh();
      await link(pathOf(file), pathOf(copy)).catch(() => copyFile(pathOf(file), pathOf(copy)));
      return { file: copy, size };
    },
    remove(segments) {
      for (const segment of segments) {
        if (placeOf(segment.file)) packs.remove(segment);
        else rmSync(pathOf(segment.file), { force: true });
      }
    },
    read: (segments, start, end) => Readable.from(chunks(segments, start, end, pathOf), { objectMode: false }),
    sweep(used) {
      rmSync(arriving, { recursive: true, force: true });
      mkdirSync(arriving, { mode: 0o700 });
      sweepFiles(root, pathOf, used, packs);
    },
    isSparse: packs.isSparse,
    move: (segment) => packs.add(readWhole(segment, pathOf)),
    close: packs.close,
  };
}

function sweepFiles(root: string, pathOf: (file: string) => string, used: readonly Segment[], packs: Packs): void {
  // Counts all of them, because older releases gave an empty body the name of the next one.
  packs.count(used);
  const named = new Set(used.map(({ file }) => file));
  for (const folder of readdirSync(root))
    for (const file of readdirSync(join(root, folder)))
      if (!named.has(file) && !packs.has(file) && existsSync(pathOf(file))) rmSync(pathOf(file));
}

async function* chunks(segments: readonly Segment[], start: number, end: number, pathOf: (file: string) => string): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const segment of segments) {
    const { file, size } = segment;
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, size - 1);
    if (size > 0 && from <= to) {
      if (placeOf(file)) yield readWhole(segment, pathOf).subarray(from, to + 1);
      else yield* createReadStream(pathOf(file), { start: from, end: to, highWaterMark: 256 * 1024 });
    }
    offset += size;
  }
}

/** Reads a small body from its pack. */
function readWhole({ file, size }: Segment, pathOf: (file: string) => string): Buffer {
  const { pack, offset } = placeOf(file) ?? { pack: file, offset: 0 };
  const bytes = Buffer.allocUnsafe(size);
  const handle = openSync(pathOf(pack), "r");
  try {
    for (let done = 0; done < size; ) {
      const count = readSync(handle, bytes, done, size - done, offset + done);
      if (count === 0) throw new Error(`The pack ${pack} ends before its objects do.`);
      done += count;
    }
  } finally {
    closeSync(handle);
  }
  return bytes;
}
