import type { S3Client } from "@aws-sdk/client-s3";
import type { VehicleAnswer, VehicleFixAnswer } from "../contract/answers.ts";
import { type VehicleFix, vehicleFix } from "../contract/schemas.ts";
import { untilUncontended } from "../shared/contention.ts";
import { ApiError, eventIdReused } from "../shared/errors.ts";
import { check, parseBody, pathId } from "../shared/gateway.ts";
import type { Position } from "../shared/geodesy.ts";
import { type EventIdentity, identify, recall } from "../shared/identity.ts";
import { loadPlannedRoute } from "../shared/planned-routes.ts";
import { storeRawCopy } from "../shared/raw-copy.ts";
import type { Call, Operation, Surroundings } from "../shared/serve.ts";
import { settle, tell, toAnswer, toPositionAnswer } from "./domain.ts";
import { loadVehicle, makeAttempt, type VehicleStore } from "./vehicle-store.ts";

export interface EtaDeps extends VehicleStore {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly routesTable: string;
  readonly around: Surroundings;
}

const ROUTE = "POST /vehicle";

export const makeOperations = (deps: EtaDeps): Readonly<Record<string, Operation>> => ({
  [ROUTE]: (call) => postVehicle(deps, call),
  "GET /vehicle/{vehicle_id}": (call) => getVehicle(deps, call),
});

async function postVehicle(deps: EtaDeps, call: Call): Promise<VehicleFixAnswer> {
  const payload = parseBody(call.event);
  const fix = check(vehicleFix, payload);
  const event = await identifyFix(deps, call, fix);
  const copy = { area: "vehicles", event, route: ROUTE, receivedAt: call.receivedAt, requestId: call.requestId, payload } as const;
  const raw = await storeRawCopy(deps.s3, deps.bucket, copy, call.signal);
  const route = await routeOf(deps, call, fix);
  const attempt = makeAttempt(deps, fix.vehicle_id, tell(event, fix, route), call.signal);
  const { outcome, arrival } = await untilUncontended(attempt, deps.around);
  if (outcome === "reused") throw eventIdReused();
  const duplicate = outcome === "duplicate" || (outcome === "late" && raw.seenBefore);
  call.count("Accepted");
  if (duplicate) call.count("Duplicate");
  else if (outcome === "late") call.count("Late");
  return { ...arrival, applied: outcome === "applied", duplicate, raw_key: raw.key };
}

/** An event without a time is looked up first: a retry must find the copy and the time of the first call. */
async function identifyFix(deps: EtaDeps, call: Call, fix: VehicleFix): Promise<EventIdentity> {
  const { event_id: eventId, recorded_at: time, ...content } = fix;
  const event = identify({ operation: ROUTE, eventId, time, content, invocation: call.invocation }, call.receivedAt);
  if (!event.timeless) return event;
  // If the table does not answer, the copy is stored all the same, and the call fails where the state is needed.
  const vehicle = await loadVehicle(deps, fix.vehicle_id, call.signal).catch(() => undefined);
  return recall(event, vehicle?.fix?.recent_fixes ?? [], vehicle?.fix?.event_id);
}

/** The planned route, where the distance is to be taken along it; an unknown one leaves the distance to what comes next. */
async function routeOf(deps: EtaDeps, call: Call, fix: VehicleFix): Promise<readonly Position[] | undefined> {
  if (fix.route_id === undefined || fix.remaining_distance_km !== undefined) return undefined;
  return (await loadPlannedRoute(deps.dynamodb, deps.routesTable, fix.route_id, call.signal))?.waypoints;
}

async function getVehicle(deps: EtaDeps, call: Call): Promise<VehicleAnswer> {
  const vehicleId = pathId(call.event, "vehicle_id");
  const { fix, waiting, lastFix } = await loadVehicle(deps, vehicleId, call.signal);
  const vehicle = settle(fix, vehicleId, waiting);
  if (vehicle !== undefined) return toAnswer(vehicle);
  if (lastFix === undefined) throw new ApiError("VEHICLE_NOT_FOUND", "No fix of this vehicle has arrived yet.");
  return toPositionAnswer({ vehicle_id: vehicleId, ...lastFix });
}
