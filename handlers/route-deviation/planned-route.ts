import type { PlannedRouteAnswer, RouteAnswer } from "../contract/answers.ts";
import { plannedRoute } from "../contract/schemas.ts";
import { toItem } from "../shared/attributes.ts";
import { ApiError } from "../shared/errors.ts";
import { check, parseBody, pathId } from "../shared/gateway.ts";
import { lengthKm } from "../shared/geodesy.ts";
import { loadPlannedRoute, type PlannedRouteRecord } from "../shared/planned-routes.ts";
import { toMetre } from "../shared/rounding.ts";
import type { Call } from "../shared/serve.ts";
import type { DeviationDeps } from "./deps.ts";

export const routeNotFound = (): ApiError => new ApiError("ROUTE_NOT_FOUND", "No route is stored under this id.");

/** Replaces the whole route; the last call wins. */
export async function putRoute(deps: DeviationDeps, call: Call): Promise<PlannedRouteAnswer> {
  const route_id = pathId(call.event, "route_id");
  const { waypoints, name, threshold_km } = check(plannedRoute, parseBody(call.event));
  const record: PlannedRouteRecord = {
    route_id,
    name,
    threshold_km,
    waypoints,
    waypoint_count: waypoints.length,
    length_km: toMetre(lengthKm(waypoints)),
    updated_at: call.receivedAt.toISOString(),
  };
  await deps.dynamodb("PutItem", { TableName: deps.routesTable, Item: toItem(record) }, call.signal);
  call.count("Accepted");
  return describe(record);
}

export async function getRoute(deps: DeviationDeps, call: Call): Promise<RouteAnswer> {
  const record = await loadPlannedRoute(deps.dynamodb, deps.routesTable, pathId(call.event, "route_id"), call.signal);
  if (record === undefined) throw routeNotFound();
  return { ...describe(record), waypoints: [...record.waypoints] };
}

const describe = (record: PlannedRouteRecord): PlannedRouteAnswer => ({
  route_id: record.route_id,
  name: record.name ?? null,
  waypoint_count: record.waypoint_count,
  length_km: record.length_km,
  threshold_km: record.threshold_km ?? null,
  updated_at: record.updated_at,
});
