import { type Journal, openJournal } from "./journal.ts";

/**
 * The state of the control planes: named collections of JSON documents. They are read from memory and written to a journal with a line for
 * each change. A change is written before the call that made it is answered, so `kill -9` loses no acknowledged write (the operating system
 * holds it). A half-written last line was never acknowledged and is dropped.
 */
export interface Store {
  collection<T>(name: string): Collection<T>;
  close(): void;
}
export interface Collection<T> {
  get(key: string): T | undefined;
  has(key: string): boolean;
  /** Stores the document. After a later change of the same object, call `put` once more. */
  put(key: string, value: T): void;
  delete(key: string): boolean;
  keys(): string[];
  values(): T[];
  entries(): [string, T][];
  readonly size: number;
}

/** A journal above this size is rewritten without superseded lines whenever it has doubled since the last rewrite. */
const COMPACT_BYTES = 8 * 1024 * 1024;
/** At a start, the journal is rewritten when it holds this many superseded lines. */
const COMPACT_LINES = 1_000;

type Data = Map<string, Map<string, unknown>>;

/** Without a file, the data is in memory only. */
export function openStore(file: string | undefined): Store {
  const data: Data = new Map();
  const journal = file === undefined ? undefined : openCompacted(file, data);
  let compacted = journal?.size() ?? 0;
  const write = (entry: unknown[]): void => {
    if (!journal) return;
    if (journal.size() > Math.max(COMPACT_BYTES, 2 * compacted)) {
      try {
        journal.replace(linesOf(data));
      } catch {
        // A full disk may still have room for one line. The next attempt is when the journal has doubled once more.
      }
      compacted = journal.size();
    }
    journal.append(JSON.stringify(entry));
  };
  return {
    collection<T>(name: string): Collection<T> {
      const map = (data.get(name) ?? data.set(name, new Map()).get(name)) as Map<string, T>;
      return collectionOf(name, map, write);
    },
    close: () => journal?.close(),
  };
}

function openCompacted(file: string, data: Data): Journal {
  let lines = 0;
  const journal = openJournal(file, (line) => {
    const [name, key, ...rest] = JSON.parse(line) as [string, string, unknown?];
    const map = data.get(name) ?? data.set(name, new Map()).get(name);
    if (rest.length > 0) map?.set(key, rest[0]);
    else map?.delete(key);
    lines++;
  });
  const live = [...data.values()].reduce((n, map) => n + map.size, 0);
  if (lines - live > COMPACT_LINES) journal.replace(linesOf(data));
  return journal;
}

function* linesOf(data: Data): Generator<string> {
  for (const [name, map] of data) for (const [key, value] of map) yield JSON.stringify([name, key, value]);
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
