import { routeAnswer } from "./answers.ts";
import { CallFailed, type Get } from "./api.ts";
import type { Route } from "./model.ts";

/** Age at which a route is read again, because it may have been replaced. */
const REFRESH_MS = 5 * 60_000;
/** Most routes in one call of the reader. */
const BATCH = 10;

/** Reads the planned routes with these ids, a few in each call. A missing route is tried again after REFRESH_MS. */
export function routeReader(get: Get, now: () => number): (ids: readonly string[], onRoute: (route: Route) => void) => Promise<void> {
  const readAt = new Map<string, number>();
  return async (ids, onRoute) => {
    const due = ids.filter((id) => now() - (readAt.get(id) ?? Number.NEGATIVE_INFINITY) > REFRESH_MS);
    for (const id of due.slice(0, BATCH)) {
      try {
        onRoute(await get(`/route/${encodeURIComponent(id)}`, routeAnswer));
      } catch (error) {
        const isAbsent = error instanceof CallFailed && error.status === 404 && error.message === "ROUTE_NOT_FOUND";
        // The API answers 400 when the id of an ad-hoc route is not valid as a path.
        if (!isAbsent && !(error instanceof CallFailed && error.status === 400)) throw error;
      }
      readAt.set(id, now());
    }
  };
}
