import type { AlertsAnswer } from "../contract/answers.ts";
import { alertsQuery } from "../contract/queries.ts";
import { DEFAULT_LIMIT } from "../contract/schemas.ts";
import { fromCursor, toCursor } from "../shared/cursor.ts";
import { pathId, queryOf } from "../shared/gateway.ts";
import type { Call } from "../shared/serve.ts";
import { lastSeen, readAlerts, repairOldAlerts, toAnswer } from "./alert-items.ts";
import type { DeviationDeps } from "./deps.ts";

const MINUTE_MS = 60_000;

export const getVehicleAlerts = (deps: DeviationDeps, call: Call): Promise<AlertsAnswer> =>
  listAlerts(deps, call, pathId(call.event, "vehicle_id"));

/** Lists the alerts of the whole fleet. The first call of an execution environment also repairs the alerts of the previous version. */
export function makeFleetAlerts(deps: DeviationDeps): (call: Call) => Promise<AlertsAnswer> {
  let repaired = false;
  return async (call) => {
    if (!repaired) await repairOldAlerts(deps, call.signal);
    repaired = true;
    return listAlerts(deps, call, undefined);
  };
}

async function listAlerts(deps: DeviationDeps, call: Call, vehicleId: string | undefined): Promise<AlertsAnswer> {
  const query = queryOf(call.event, alertsQuery);
  const scope = [vehicleId ?? "", query.state ?? ""];
  const [ofVehicle = "", timestamp = ""] = query.cursor === undefined ? [] : fromCursor(query.cursor, scope, 2);
  const page = {
    vehicleId,
    state: query.state,
    limit: query.limit ?? DEFAULT_LIMIT,
    after: query.cursor === undefined ? undefined : ([vehicleId ?? ofVehicle, timestamp] as const),
  };
  const { alerts, hasMore } = await readAlerts(deps, page, call.signal);
  const open = alerts.filter((alert) => alert.state === "open").map((alert) => alert.vehicle_id);
  const newestFixMs = await lastSeen(deps, open, call.signal);
  const silentBefore = call.receivedAt.getTime() - deps.silentAfterMinutes * MINUTE_MS;
  const isSilent = (id: string) => (newestFixMs.get(id) ?? 0) < silentBefore;
  const last = alerts.at(-1);
  return {
    alerts: alerts.map((alert) => toAnswer(alert, alert.state === "open" && isSilent(alert.vehicle_id))),
    next: hasMore && last !== undefined ? toCursor([last.vehicle_id, last.timestamp], scope) : null,
  };
}
