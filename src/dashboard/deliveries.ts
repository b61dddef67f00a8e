import { type DeliverySeen, deliveriesPage } from "./answers.ts";
import type { Get } from "./api.ts";
import type { Deliveries } from "./model.ts";

const STATUSES = ["pending", "assigned", "in_transit", "delivered", "failed", "returned", "cancelled"] as const;
const WINDOW_MS = 24 * 3_600_000;
/** Phones that were offline report late: so far back is read again each time. */
const OVERLAP_MS = 5 * 60_000;
/** Everything is counted anew so often. */
const RECOUNT_MS = 15 * 60_000;
const PAGE = 100;
/** Pages of one status at most: a count costs no more than that. */
const MOST_PAGES = 30;

/**
 * Counts deliveries by status over the last day. The API lists them newest first, so that after the first count only what was
 * updated since is read: a delivery that changed its status is found in its new one.
 */
export function deliveryCounter(get: Get, now: () => number): () => Promise<Deliveries> {
  const seen = new Map<string, DeliverySeen>();
  let countedAt = Number.NEGATIVE_INFINITY;
  let readAt = 0;
  let isPart = false;
  return async () => {
    const [began, all] = [now(), now() - countedAt > RECOUNT_MS];
    const found = all ? new Map<string, DeliverySeen>() : seen;
    const from = all ? began - WINDOW_MS : readAt - OVERLAP_MS;
    let cut = false;
    for (const status of STATUSES) cut = (await readStatus(get, status, from, found)) || cut;
    if (all) {
      seen.clear();
      for (const [id, one] of found) seen.set(id, one);
      countedAt = began;
    }
    isPart = all ? cut : isPart || cut;
    readAt = began;
    return summary(seen, began - WINDOW_MS, isPart);
  };
}

/** true: there was more than is read. */
async function readStatus(get: Get, status: string, fromMs: number, found: Map<string, DeliverySeen>): Promise<boolean> {
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = new URLSearchParams({ status, from: new Date(fromMs).toISOString(), limit: String(PAGE) });
    if (cursor !== null) query.set("cursor", cursor);
    const { items, next }: { items: readonly DeliverySeen[]; next: string | null } = await get(`/delivery?${query}`, deliveriesPage);
    for (const one of items) {
      const before = found.get(one.delivery_id);
      if (before === undefined || before.updated_at <= one.updated_at) found.set(one.delivery_id, one);
    }
    if (next === null) return false;
    cursor = next;
  }
  return true;
}

function summary(seen: Map<string, DeliverySeen>, since: number, isPart: boolean): Deliveries {
  const counts = new Map<string, number>(STATUSES.map((status) => [status, 0]));
  for (const [id, { status, updated_at }] of seen) {
    if (updated_at < since) seen.delete(id);
    else counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return { since, counts: [...counts].map(([status, count]) => ({ status, count })), isPart };
}
