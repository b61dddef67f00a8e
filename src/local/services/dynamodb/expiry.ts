import { setImmediate as turn } from "node:timers/promises";
import type { LocalEnv } from "../../core/service.ts";
import { itemOf } from "./context.ts";
import type { Change, Database } from "./storage/database.ts";
import type { TableRows } from "./storage/rows.ts";
import { step } from "./storage/sorted.ts";
import type { TableDoc, Tables } from "./table.ts";
import { TOKEN_MS } from "./transactions.ts";
import { getMember, type Item } from "./values/attribute-value.ts";

const SWEEP_MS = 30_000;
/** AWS ignores times that are longer ago than this, because they are probably mistakes. */
const TOO_OLD_MS = 5 * 365 * 86_400_000;
const EVERYTHING = { from: "", to: "\uffff" };
const SLICE = 500;

export interface Expiry {
  /** Called with each committed change. It keeps the time when the next item of a table is due. */
  changed(change: Change): void;
  /** Called when a table's setting has changed. The next sweep reads all its items. */
  watch(table: TableDoc): void;
  /** Deletes the expired items of all tables. */
  sweep(): Promise<void>;
  start(): void;
  stop(): void;
}

export function expiryOf(env: LocalEnv, tables: Tables, database: () => Promise<Database>): Expiry {
  /** Table id → time when its next item is due, in ms. The next sweep reads all items of a table that is missing here. */
  const due = new Map<string, number>();
  let cancel = (): void => {};
  let stopped = false;
  const expiringTables = (): TableDoc[] => tables.all().filter(({ ttl }) => ttl?.enabled && ttl.settledAt <= env.clock.now());

  async function sweepTable(table: TableDoc): Promise<void> {
    const opened = await database();
    const now = env.clock.now();
    due.set(table.id, Number.POSITIVE_INFINITY);
    for await (const { key, at } of expiring(opened.table(table.id), table)) {
      if (stopped) return;
      if (at > now) due.set(table.id, Math.min(at, due.get(table.id) as number));
      else if (at > now - TOO_OLD_MS) opened.commit([{ table: opened.table(table.id), key, item: undefined }]);
    }
  }

  const expiry: Expiry = {
    changed({ table, after }) {
      const known = due.get(table);
      if (known === undefined || !after) return;
      const doc = tables.all().find(({ id }) => id === table);
      const at = doc?.ttl && expiresAt(after, doc);
      if (at !== undefined && at < known) due.set(table, at);
    },
    watch: ({ id }) => void due.delete(id),
    async sweep() {
      const now = env.clock.now();
      for (const table of expiringTables()) if ((due.get(table.id) ?? 0) <= now) await sweepTable(table);
      if (!stopped) (await database()).forgetTokens(now - TOKEN_MS);
    },
    start() {
      cancel = env.clock.after(SWEEP_MS, () => {
        expiry.start();
        expiry.sweep().catch((error) => env.log(`dynamodb: expiry failed: ${String(error)}`));
      });
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
  return expiry;
}

/** Yields the items that have a time. Other requests get a turn between two items, but never between reading an item and deleting it. */
async function* expiring({ rows }: TableRows, table: TableDoc): AsyncGenerator<{ key: string; at: number }> {
  let last: string | undefined;
  for (let count = 1; ; count++) {
    const pair = step(rows, EVERYTHING, false, last);
    if (!pair) return;
    last = pair[0];
    const at = expiresAt(itemOf(pair[1]), table);
    if (at !== undefined) yield { key: last, at };
    if (count % SLICE === 0) await turn();
  }
}

/** The time of an item, in ms; undefined when the table's attribute holds no number. */
function expiresAt(item: Item, table: TableDoc): number | undefined {
  const seconds = getMember(item, table.ttl?.attribute ?? "")?.N;
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
