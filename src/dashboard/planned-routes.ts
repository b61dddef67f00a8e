import { routeAnswer } from "./answers.ts";
import { CallFailed, type Get } from "./api.ts";
import type { Route } from "./model.ts";

/** A planned route may be replaced. */
const READ_AGAIN_MS = 5 * 60_000;
/** Routes read in one round. */
const A_ROUND = 10;

/** Reads the planned routes that are named, a few in each round; one that does not exist is asked for again later. */
export function routeReader(get: Get, now: () => number): (ids: readonly string[], onRoute: (route: Route) => void) => Promise<void> {
  const readAt = new Map<string, number>();
  return async (ids, onRoute) => {
    const due = ids.filter((id) => now() - (readAt.get(id) ?? Number.NEGATIVE_INFINITY) > READ_AGAIN_MS);
    for (const id of due.slice(0, A_ROUND)) {
      try {
        onRoute(await get(`/route/${encodeURIComponent(id)}`, routeAnswer));
      } catch (error) {
        const isAbsent = error instanceof CallFailed && error.status === 404 && error.message === "ROUTE_NOT_FOUND";
        // An id of an ad-hoc route may be none that the path takes.
        if (!isAbsent && !(error instanceof CallFailed && error.status === 400)) throw error;
      }
      readAt.set(id, now());
    }
  };
}
