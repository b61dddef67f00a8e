import { randomUUID } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { copyFile, link } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

/** A file of the store; an object is one of them, or one per part of its multipart upload. */
export interface Segment {
  readonly file: string;
  readonly size: number;
}
/** Contents of objects on disk, under names that say nothing: keys are no file names. */
export interface FileStore {
  /** A path for an incoming body; it becomes a segment by `keep`. */
  incoming(): string;
  keep(path: string, size: number): Segment;
  /** A second name of the same content. */
  duplicate(segment: Segment): Promise<Segment>;
  remove(segments: readonly Segment[]): void;
  /** The bytes from `start` to `end` (inclusive) of the segments one after the other. */
  read(segments: readonly Segment[], start: number, end: number): Readable;
  /** Removes what no object names: bodies whose call did not live to be answered. */
  sweep(used: ReadonlySet<string>): void;
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
  return {
    incoming: () => join(arriving, randomUUID()),
    keep(path, size) {
      const file = fresh();
      renameSync(path, pathOf(file));
      return { file, size };
    },
    async duplicate({ file, size }) {
      const copy = fresh();
      await link(pathOf(file), pathOf(copy)).catch(() => copyFile(pathOf(file), pathOf(copy)));
      return { file: copy, size };
    },
    remove(segments) {
      for (const { file } of segments) rmSync(pathOf(file), { force: true });
    },
    read: (segments, start, end) => Readable.from(chunks(segments, start, end, pathOf), { objectMode: false }),
    sweep(used) {
      rmSync(arriving, { recursive: true, force: true });
      mkdirSync(arriving, { mode: 0o700 });
      for (const folder of readdirSync(root))
        for (const file of readdirSync(join(root, folder))) if (!used.has(file) && existsSync(pathOf(file))) rmSync(pathOf(file));
    },
  };
}

async function* chunks(segments: readonly Segment[], start: number, end: number, pathOf: (file: string) => string): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const { file, size } of segments) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, size - 1);
    if (size > 0 && from <= to) yield* createReadStream(pathOf(file), { start: from, end: to, highWaterMark: 256 * 1024 });
    offset += size;
  }
}
