import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The control planes' state: named collections of JSON documents, in memory for reading, and on disk as a journal with
 * a line per change. A change is written before the call that made it is answered, so `kill -9` loses no acknowledged
 * write (the operating system holds it); a half-written last line was never acknowledged and is dropped.
 */
export interface Store {
  collection<T>(name: string): Collection<T>;
  /** Empties every collection. */
  clear(): void;
  close(): void;
}
export interface Collection<T> {
  get(key: string): T | undefined;
  has(key: string): boolean;
  /** Stores the document; a later change of the same object counts only after another `put`. */
  put(key: string, value: T): void;
  delete(key: string): boolean;
  keys(): string[];
  values(): T[];
  entries(): [string, T][];
  readonly size: number;
}

/** Past this many superseded lines the journal is rewritten at the next start. */
const COMPACT_AT = 1_000;

export function openStore(file: string | undefined): Store {
  const data = new Map<string, Map<string, unknown>>();
  const lines = file ? replay(file, data) : 0;
  if (file && lines - [...data.values()].reduce((n, c) => n + c.size, 0) > COMPACT_AT) compact(file, data);
  const handle = file ? openSync(file, "a", 0o600) : undefined;
  const write = (entry: unknown[]): void => {
    if (handle !== undefined) writeSync(handle, `${JSON.stringify(entry)}\n`);
  };
  return {
    collection<T>(name: string): Collection<T> {
      const map = (data.get(name) ?? data.set(name, new Map()).get(name)) as Map<string, T>;
      return collectionOf(name, map, write);
    },
    clear() {
      for (const [name, map] of data) {
        for (const key of map.keys()) write([name, key]);
        map.clear();
      }
    },
    close() {
      if (handle !== undefined) closeSync(handle);
    },
  };
}

function collectionOf<T>(name: string, map: Map<string, T>, write: (entry: unknown[]) => void): Collection<T> {
  return {
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    put(key, value) {
      write([name, key, value]);
      map.set(key, value);
    },
    delete(key) {
      if (!map.has(key)) return false;
      write([name, key]);
      return map.delete(key);
    },
    keys: () => [...map.keys()],
    values: () => [...map.values()],
    entries: () => [...map.entries()],
    get size() {
      return map.size;
    },
  };
}

function replay(file: string, data: Map<string, Map<string, unknown>>): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) return 0;
  let count = 0;
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) rewrite(file, whole);
  for (const line of whole.split("\n")) {
    if (!line) continue;
    const [name, key, ...rest] = JSON.parse(line) as [string, string, unknown?];
    const map = data.get(name) ?? data.set(name, new Map()).get(name);
    if (rest.length > 0) map?.set(key, rest[0]);
    else map?.delete(key);
    count++;
  }
  return count;
}

function compact(file: string, data: Map<string, Map<string, unknown>>): void {
  const lines = [...data].flatMap(([name, map]) => [...map].map(([key, value]) => JSON.stringify([name, key, value])));
  rewrite(file, lines.map((l) => `${l}\n`).join(""));
}

/** Replaces the journal in one step: readers see the old or the new, never a part. */
function rewrite(file: string, text: string): void {
  const temporary = join(dirname(file), `.journal-${process.pid}`);
  const handle = openSync(temporary, "w", 0o600);
  writeSync(handle, text);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(temporary, file);
}
