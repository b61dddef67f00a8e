import type { ScanCommandInput } from "@aws-sdk/client-dynamodb";
import type { VehicleAnswer, VehiclesAnswer } from "../contract/answers.ts";
import { vehiclesQuery } from "../contract/queries.ts";
import { DEFAULT_LIMIT } from "../contract/schemas.ts";
import { fromItem, toItem } from "../shared/attributes.ts";
import { fromCursor, toCursor } from "../shared/cursor.ts";
import { ApiError } from "../shared/errors.ts";
import { pathId, queryOf } from "../shared/gateway.ts";
import type { Call } from "../shared/serve.ts";
import { type DeviationFix, type NewestFix, toArrival, withDeviationFix } from "./domain.ts";
import { fromRecord, type StoredVehicle, type VehicleRecord, wholeTrack } from "./record.ts";
import { type EtaDeps, loadRoutes, readVehicle } from "./store.ts";

const MINUTE_MS = 60_000;
/** Smaller pages are not worth a request. */
const SMALLEST_PAGE = 50;

export async function getVehicle(deps: EtaDeps, call: Call): Promise<VehicleAnswer> {
  const vehicleId = pathId(call.event, "vehicle_id");
  const [answer] = await describeAll(deps, call, [await readVehicle(deps, call, vehicleId)]);
  if (answer === undefined) throw new ApiError("VEHICLE_NOT_FOUND", "No fix of this vehicle has arrived yet.");
  return answer;
}

/** All vehicles, unordered. Each vehicle is one item, so the list scans the table. */
export async function listVehicles(deps: EtaDeps, call: Call): Promise<VehiclesAnswer> {
  const query = queryOf(call.event, vehiclesQuery);
  const limit = query.limit ?? DEFAULT_LIMIT;
  const scope = [query.state ?? ""];
  const [after] = query.cursor === undefined ? [] : fromCursor(query.cursor, scope, 1);
  const found: VehicleAnswer[] = [];
  const input: ScanCommandInput = {
    TableName: deps.vehiclesTable,
    Limit: Math.max(limit + 1, SMALLEST_PAGE),
    ExclusiveStartKey: after === undefined ? undefined : toItem({ vehicle_id: after }),
  };
  // Reads one more than the page holds, to know whether another page follows.
  for (;;) {
    const { Items: items = [], LastEvaluatedKey: next } = await deps.dynamodb("Scan", input, call.signal);
    const stored = items.map((item) => fromItem<VehicleRecord>(item)).map((one) => fromRecord(one.vehicle_id ?? "", one, deps.rules));
    const described = await describeAll(deps, call, stored);
    found.push(...described.filter((one) => query.state === undefined || one.state === query.state));
    if (next === undefined || found.length > limit) break;
    input.ExclusiveStartKey = next;
  }
  const vehicles = found.slice(0, limit);
  const last = vehicles.at(-1);
  return { vehicles, next: found.length > limit && last !== undefined ? toCursor([last.vehicle_id], scope) : null };
}

/** The vehicles of which a good fix is known. */
async function describeAll(deps: EtaDeps, call: Call, stored: readonly StoredVehicle[]): Promise<readonly VehicleAnswer[]> {
  const newer = stored.map((one) => (isNewer(one.lastFix, one.state.newest) ? one.lastFix : undefined));
  const routeIds = stored.flatMap(({ state }, i) => (newer[i] === undefined ? [] : (newer[i].route_id ?? state.newest?.route_id ?? [])));
  const routes = await loadRoutes(deps, routeIds, call.signal);
  return stored.flatMap((one, i) => {
    const fix = newer[i];
    const id = fix?.route_id ?? one.state.newest?.route_id;
    const route = id === undefined ? undefined : (routes.get(id) ?? "unknown");
    const newest = fix === undefined ? one.state.newest : withDeviationFix(one.state, fix, route, wholeTrack(one, deps.rules), deps.rules);
    return newest === undefined ? [] : [toAnswer(one.state.vehicle_id, newest, deps, call.receivedAt)];
  });
}

const isNewer = (fix: DeviationFix | undefined, newest: NewestFix | undefined): fix is DeviationFix =>
  fix !== undefined && (newest === undefined || Date.parse(fix.recorded_at) > Date.parse(newest.at));

function toAnswer(id: string, newest: NewestFix, deps: EtaDeps, now: Date): VehicleAnswer {
  const silent = now.getTime() - Date.parse(newest.at) > deps.silentAfterMinutes * MINUTE_MS;
  return {
    ...toArrival(id, newest),
    ...(silent && { eta: null, eta_minutes: null, eta_reason: "silent" }),
    position: newest.position,
    speed_kmh: newest.speed_kmh ?? null,
    accuracy_m: newest.accuracy_m ?? null,
    heading_deg: newest.heading_deg ?? null,
    altitude_m: newest.altitude_m ?? null,
    battery_percent: newest.battery_percent ?? null,
    route_id: newest.route_id ?? null,
    delivery_id: newest.delivery_id ?? null,
    progress: newest.progress ?? null,
    state: silent ? "silent" : newest.stopped ? "stopped" : "moving",
    silent,
  };
}
