import type { AlertsAnswer } from "../contract/answers.ts";
import { alertsCursor, alertsLimit } from "../contract/schemas.ts";
import { invalid } from "../shared/errors.ts";
import { check, pathId } from "../shared/gateway.ts";
import type { Call } from "../shared/serve.ts";
import { type FleetStore, listAlerts } from "./fleet-store.ts";

const DEFAULT_LIMIT = "20";

export async function getAlerts(store: FleetStore, call: Call): Promise<AlertsAnswer> {
  const vehicleId = pathId(call.event, "vehicle_id");
  const query = call.event.queryStringParameters ?? {};
  const limit = Number(check(alertsLimit, query.limit ?? DEFAULT_LIMIT, "limit"));
  const after = query.cursor === undefined ? undefined : fromCursor(check(alertsCursor, query.cursor, "cursor"));
  const page = await listAlerts(store, vehicleId, { limit, after }, call.signal);
  return { alerts: [...page.alerts], next: page.last === undefined ? null : toCursor(page.last) };
}

/** A cursor is the last alert's sort key. The vehicle is the path's, so no cursor leads to another vehicle's alerts. */
export const toCursor = (timestamp: string): string => Buffer.from(timestamp, "utf8").toString("base64url");

export function fromCursor(cursor: string): string {
  const timestamp = Buffer.from(cursor, "base64url").toString("utf8");
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(timestamp) || toCursor(timestamp) !== cursor) {
    throw invalid([{ path: "cursor", message: "Must be `next` of an earlier answer." }]);
  }
  return timestamp;
}
