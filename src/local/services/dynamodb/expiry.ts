import deleteItem from "dynalite/actions/deleteItem.js";
import type { LocalEnv } from "../../core/service.ts";
import type { Change, Engine } from "./engine.ts";
import { keyOf, run } from "./run.ts";
import type { TableDoc, Tables } from "./table.ts";
import { TOKEN_MS, type TokenNote } from "./transactions.ts";
import type { StoredItem } from "./values.ts";

const SWEEP_MS = 30_000;
/** AWS ignores times longer past than this: they are taken for mistakes. */
const TOO_OLD_MS = 5 * 365 * 86_400_000;

export interface Expiry {
  /** Hears of each committed change, to know when the next item of a table is due. */
  changed(change: Change): void;
  /** A table's setting has changed: its items have to be looked at again. */
  watch(table: TableDoc): void;
  /** Deletes what has expired, in every table. */
  sweep(): Promise<void>;
  start(): void;
  stop(): void;
}

export function expiryOf(env: LocalEnv, tables: Tables, engine: () => Promise<Engine>): Expiry {
  /** Table id → when its next item is due, in ms. A table that is not in it has to be looked through. */
  const due = new Map<string, number>();
  let cancel = (): void => {};
  const expiringTables = (): TableDoc[] => tables.all().filter(({ ttl }) => ttl?.enabled && ttl.settledAt <= env.clock.now());

  async function sweepTable(table: TableDoc): Promise<void> {
    const opened = await engine();
    const now = env.clock.now();
    due.set(table.id, Number.POSITIVE_INFINITY);
    const expired: StoredItem[] = [];
    for await (const item of opened.scan(table.id)) {
      const at = expiresAt(item, table);
      if (at === undefined) continue;
      if (at <= now && at > now - TOO_OLD_MS) expired.push(item);
      else if (at > now) due.set(table.id, Math.min(at, due.get(table.id) as number));
    }
    for (const item of expired) await expire(opened, table, item, now);
  }
  /** Looks again before it deletes: the item may have been prolonged meanwhile. */
  const expire = (opened: Engine, table: TableDoc, item: StoredItem, now: number): Promise<void> =>
    opened.alone(async (transaction) => {
      const Key = Object.fromEntries(table.keySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName as string]]));
      const current = await transaction.item(table.id, keyOf(table, Key));
      const at = current && expiresAt(current, table);
      if (at === undefined || at > now || tables.find(table.region, table.name)?.id !== table.id) return;
      await run(deleteItem, { TableName: table.name, Key }, transaction, tables, table.region);
    });

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
      const isOld = (value: unknown): boolean => now - (value as TokenNote).at >= TOKEN_MS;
      await (await engine()).forgetNotes(isOld);
    },
    start() {
      cancel = env.clock.after(SWEEP_MS, () => {
        expiry.start();
        expiry.sweep().catch((error) => env.log(`dynamodb: expiry failed: ${String(error)}`));
      });
    },
    stop: () => cancel(),
  };
  return expiry;
}

/** The time of an item, in ms; undefined without a number in the table's attribute. */
function expiresAt(item: StoredItem, table: TableDoc): number | undefined {
  const seconds = item[table.ttl?.attribute ?? ""]?.N;
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
