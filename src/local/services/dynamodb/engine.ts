import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import db from "dynalite/db/index.js";
import { LocalFault } from "../../core/service.ts";
import type { StoredItem } from "./values.ts";

/** AWS's limit for an item, attribute names included. */
export const MAX_ITEM_BYTES = 400 * 1024;

type Done<T> = (error: unknown, value?: T) => void;
type Fail = (error: unknown) => void;
/** A sorted map of the database as the engine's actions use it. */
interface SortedMap {
  get(key: string, done: Done<unknown>): void;
  put(key: string, value: object, done: Done<void>): void;
  del(key: string, done: Done<void>): void;
  lock(key: string, run: (release: <F>(done: F) => F) => void): void;
  createValueStream(range: Record<string, unknown>): Readable;
}
/** Tables go by their id, so that a table created anew never meets its predecessor's items. What one changed item was and is; undefined = absent. */
export interface Change {
  readonly table: string;
  readonly before: StoredItem | undefined;
  readonly after: StoredItem | undefined;
}
/** The database during one write: reads see the writes so far, and all of them are kept in one step, or none. */
export interface Transaction {
  item(table: string, key: string): Promise<StoredItem | undefined>;
  /** `fail` hears of what the engine's own callbacks throw, which would otherwise end the process. */
  items(table: string, fail: Fail): SortedMap;
  index(table: string, kind: "local" | "global", name: string, fail: Fail): SortedMap;
  /** A record beside the tables, kept in the same step as the items. */
  note(key: string, value: object): void;
  noted(key: string): Promise<unknown>;
}
export interface Engine {
  /** Runs alone: no other write and no other `alone` at the same time. Commits when `work` returns, forgets when it throws. */
  alone<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  readonly reading: Pick<Transaction, "items" | "index">;
  scan(table: string): AsyncIterable<StoredItem>;
  /** Items and bytes of a table, kept up to date by the writes. */
  totals(table: string): Promise<{ count: number; bytes: number }>;
  indexCount(table: string, kind: "local" | "global", name: string): Promise<number>;
  clearTable(table: string): Promise<void>;
  clearIndex(table: string, name: string): Promise<void>;
  forgetNotes(isOld: (value: unknown) => boolean): Promise<void>;
  close(): Promise<void>;
}

const itemPrefix = (table: string): string => `item-${table}~`;
const indexPrefix = (table: string, kind: string, name: string): string => `index-${table}~${kind.toLowerCase()}~${name}~`;
const NOTE = "note~";
const within = (prefix: string) => ({ gte: prefix, lt: `${prefix}\uffff` });

/** `folder`: undefined keeps everything in memory. `changed` hears of each committed change. */
export async function openEngine(folder: string | undefined, changed: (change: Change) => void): Promise<Engine> {
  if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const level = db.create(folder ? { path: join(folder, "level") } : {}).db;
  await level.open();
  const serial = oneAtATime();
  const totals: Totals = new Map();
  return {
    alone: (work) =>
      serial(async () => {
        const writes = collectWrites(level);
        const result = await work(writes.transaction);
        await commit(level, writes, totals, changed);
        return result;
      }),
    reading: readOnly(level),
    scan: (table) => level.values(within(itemPrefix(table))) as AsyncIterable<StoredItem>,
    totals: (table) =>
      serial(async () => {
        const total = totals.get(table) ?? (await countItems(level, table));
        totals.set(table, total);
        return { ...total };
      }),
    async indexCount(table, kind, name) {
      let count = 0;
      for await (const _ of level.keys(within(indexPrefix(table, kind, name)))) count++;
      return count;
    },
    async clearTable(table) {
      totals.delete(table);
      await level.clear(within(itemPrefix(table)));
      await level.clear(within(`index-${table}~`));
    },
    clearIndex: (table, name) => level.clear(within(indexPrefix(table, "global", name))),
    async forgetNotes(isOld) {
      for await (const [key, value] of level.iterator(within(NOTE))) if (isOld(value)) await level.batch([{ type: "del", key }]);
    },
    close: () => serial(() => new Promise((resolve, reject) => level.close((error) => (error ? reject(error) : resolve())))),
  };
}

type Totals = Map<string, { count: number; bytes: number }>;

/** Writes everything in one step, then tells of it. Totals that nobody has asked for yet stay uncounted. */
async function commit(level: Level, writes: Writes, totals: Totals, changed: (change: Change) => void): Promise<void> {
  if (writes.pending.size === 0) return;
  await level.batch([...writes.pending].map(([key, value]) => (value === undefined ? { type: "del", key } : { type: "put", key, value })));
  for (const change of writes.changes()) {
    const total = totals.get(change.table);
    if (total) {
      total.count += (change.after ? 1 : 0) - (change.before ? 1 : 0);
      total.bytes += itemBytes(change.after) - itemBytes(change.before);
    }
    changed(change);
  }
}

async function countItems(level: Level, table: string): Promise<{ count: number; bytes: number }> {
  const total = { count: 0, bytes: 0 };
  for await (const item of level.values(within(itemPrefix(table)))) {
    total.count++;
    total.bytes += itemBytes(item as StoredItem);
  }
  return total;
}

/** AWS counts bytes of UTF-8; the engine counts characters. */
export function itemBytes(item: StoredItem | undefined): number {
  if (!item) return 0;
  const text = JSON.stringify(item);
  return db.itemSize(item) + Buffer.byteLength(text) - text.length;
}

type Level = ReturnType<typeof db.create>["db"];
interface Writes {
  readonly pending: ReadonlyMap<string, object | undefined>;
  readonly transaction: Transaction;
  changes(): Change[];
}

function collectWrites(level: Level): Writes {
  const pending = new Map<string, object | undefined>();
  const before = new Map<string, { table: string; item: StoredItem | undefined }>();
  const get = async (key: string): Promise<unknown> => (pending.has(key) ? pending.get(key) : level.get(key));
  const map = (prefix: string, fail: Fail, onGet?: (key: string, value: unknown) => void): SortedMap => ({
    get: (key, done) =>
      void get(prefix + key)
        .then((value) => {
          onGet?.(prefix + key, value);
          done(null, value);
        }, done)
        .catch(fail),
    put(key, value, done) {
      pending.set(prefix + key, value);
      done(null);
    },
    del(key, done) {
      pending.set(prefix + key, undefined);
      done(null);
    },
    lock: (_key, run) => run((done) => done),
    createValueStream: (range) => valueStream(level, prefix, range),
  });
  const remember = (table: string) => (key: string, value: unknown) => {
    if (!before.has(key)) before.set(key, { table, item: value as StoredItem | undefined });
  };
  return {
    pending,
    transaction: {
      item: (table, key) => get(itemPrefix(table) + key) as Promise<StoredItem | undefined>,
      items: (table, fail) => map(itemPrefix(table), fail, remember(table)),
      index: (table, kind, name, fail) => map(indexPrefix(table, kind, name), fail),
      note: (key, value) => pending.set(NOTE + key, value),
      noted: (key) => get(NOTE + key),
    },
    changes: () =>
      [...before]
        .filter(([key]) => pending.has(key))
        .map(([key, { table, item }]) => ({ table, before: item, after: pending.get(key) as StoredItem | undefined })),
  };
}

function readOnly(level: Level): Engine["reading"] {
  const refuse = () => {
    throw new LocalFault("InternalServerError", "A read tried to write.", 500);
  };
  const map = (prefix: string, fail: Fail): SortedMap => ({
    get: (key, done) =>
      void level
        .get(prefix + key)
        .then((value) => done(null, value), done)
        .catch(fail),
    put: refuse,
    del: refuse,
    lock: refuse,
    createValueStream: (range) => valueStream(level, prefix, range),
  });
  return {
    items: (table, fail) => map(itemPrefix(table), fail),
    index: (table, kind, name, fail) => map(indexPrefix(table, kind, name), fail),
  };
}

/** The engine's own streams never close their iterators; these do when they end or are destroyed. */
function valueStream(level: Level, prefix: string, range: Record<string, unknown>): Readable {
  const { gte, gt, lte, lt, ...rest } = range as Record<string, string | undefined>;
  const lower = gte ? { gte: prefix + gte } : gt ? { gt: prefix + gt } : { gte: prefix };
  const upper = lte ? { lte: prefix + lte } : lt ? { lt: prefix + lt } : { lt: `${prefix}\uffff` };
  return Readable.from(level.values({ ...rest, ...lower, ...upper }));
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
}

/** The size rule that the engine measures in characters, checked in bytes on the item as it would be stored. */
export function checkSize(item: StoredItem | undefined, during: "put" | "update"): void {
  if (itemBytes(item) <= MAX_ITEM_BYTES) return;
  const message =
    during === "put" ? "Item size has exceeded the maximum allowed size" : "Item size to update has exceeded the maximum allowed size";
  throw new LocalFault("ValidationException", message);
}
