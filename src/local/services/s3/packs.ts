import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { APPEND } from "../../core/files.ts";
import type { Segment } from "./segment.ts";

/** Bodies up to this size share files, because a file for each would cost more than the rest of a small call. */
export const LARGEST_SMALL = 64 * 1024;
const PACK_BYTES = 16 * 1024 * 1024;
/** A pack in which a smaller share of the bytes is in use is emptied. */
const WORTH_KEEPING = 0.5;

/** An empty body takes one byte. A segment's name is its offset, and the next body needs another name. */
const FILLER = new Uint8Array(1);

/** Files that each hold many small bodies. A file is removed with its last body. */
export interface Packs {
  /** After an error (a full disk), no part of the body remains. */
  add(bytes: Uint8Array): Segment;
  remove(segment: Segment): void;
  /** Counts the bodies that are in use. */
  count(used: Iterable<Segment>): void;
  has(file: string): boolean;
  isSparse(segment: Segment): boolean;
  close(): void;
}

/** Undefined for a body that has a file of its own. */
export function placeOf(file: string): { readonly pack: string; readonly offset: number } | undefined {
  const at = file.indexOf("@");
  return at < 0 ? undefined : { pack: file.slice(0, at), offset: Number(file.slice(at + 1)) };
}

interface Pack {
  bytes: number;
  bodies: number;
}

export function openPacks(fresh: () => string, pathOf: (file: string) => string): Packs {
  const packs = new Map<string, Pack>();
  let current: { readonly file: string; readonly handle: number; size: number } | undefined;
  const packOf = (file: string): Pack => {
    const pack = packs.get(file) ?? { bytes: 0, bodies: 0 };
    packs.set(file, pack);
    return pack;
  };
  const close = (): void => {
    if (current) closeSync(current.handle);
    current = undefined;
  };
  const writable = () => {
    if (current && current.size >= PACK_BYTES) close();
    if (!current) {
      const file = fresh();
      current = { file, handle: openSync(pathOf(file), APPEND, 0o600), size: 0 };
    }
    return current;
  };
  return {
    add(bytes) {
      const to = writable();
      const written = bytes.length > 0 ? bytes : FILLER;
      write(to.handle, written, to.size);
      const segment = { file: `${to.file}@${to.size}`, size: bytes.length };
      to.size += written.length;
      const pack = packOf(to.file);
      pack.bytes += bytes.length;
      pack.bodies += 1;
      return segment;
    },
    remove({ file, size }) {
      const name = placeOf(file)?.pack ?? "";
      const pack = packs.get(name);
      if (!pack) return;
      pack.bytes -= size;
      pack.bodies -= 1;
      if (pack.bodies > 0 || current?.file === name) return;
      packs.delete(name);
      rmSync(pathOf(name), { force: true });
    },
    count(used) {
      for (const { file, size } of used) {
        const place = placeOf(file);
        if (!place) continue;
        const pack = packOf(place.pack);
        pack.bytes += size;
        pack.bodies += 1;
      }
    },
    has: (file) => packs.has(file),
    isSparse: ({ file }) => {
      const place = placeOf(file);
      return place !== undefined && place.pack !== current?.file && (packs.get(place.pack)?.bytes ?? 0) < PACK_BYTES * WORTH_KEEPING;
    },
    close,
  };
}

function write(handle: number, bytes: Uint8Array, size: number): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
  } catch (error) {
    // Half a body would shift the next ones.
    ftruncateSync(handle, size);
    throw error;
  }
}
