import { type DeliverySeen, deliveriesPage } from "./answers.ts";
import type { Get } from "./api.ts";
import type { Deliveries } from "./model.ts";

const STATUSES = ["pending", "assigned", "in_transit", "delivered", "failed", "returned", "cancelled"] as const;
const WINDOW_MS = 24 * 3_600_000;
/** Each read overlaps the one before by this much, because phones that were offline report late. */
const OVERLAP_MS = 5 * 60_000;
/** Time after which all deliveries are counted again from the start. */
const RECOUNT_MS = 15 * 60_000;
const PAGE = 100;
/** Most pages for one status; this limits the cost of a count. */
const MOST_PAGES = 30;

/**
 * Counts deliveries by status over the last day. The API lists them newest first. After the first count we therefore read only
 * deliveries with a later update; one that changed its status is found under the new status.
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

/** Returns true when there are more pages than it reads. */
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
