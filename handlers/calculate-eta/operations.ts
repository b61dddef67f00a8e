import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { VehicleAnswer, VehicleFixAnswer } from "../contract/answers.ts";
import { type VehicleFix, vehicleFix } from "../contract/schemas.ts";
import { type Tried, untilUncontended } from "../shared/contention.ts";
import { ApiError, eventIdReused } from "../shared/errors.ts";
import { check, parseBody, pathId } from "../shared/gateway.ts";
import type { Position } from "../shared/geodesy.ts";
import { type EventIdentity, identify, recall } from "../shared/identity.ts";
import { loadPlannedRoute } from "../shared/planned-routes.ts";
import { storeRawCopy } from "../shared/raw-copy.ts";
import { type Loaded, load, save } from "../shared/records.ts";
import type { Call, Operation, Surroundings } from "../shared/serve.ts";
import { type Decision, decide, type KnownPosition, toAnswer, toPositionAnswer, type VehicleRecord } from "./domain.ts";

export interface EtaDeps {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly vehiclesTable: string;
  readonly routesTable: string;
  readonly around: Surroundings;
}

/** The item is shared: before the first fix it may hold route-deviation's share alone, which is read and never written here. */
type StoredVehicle = Partial<VehicleRecord> & { readonly deviation?: { readonly last_fix?: KnownPosition } };
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
  const attempt = (seen: Loaded<StoredVehicle> | undefined) => tryFix(deps, call, { event, fix, route }, seen);
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
  const stored = await loadVehicle(deps, call, fix.vehicle_id).catch(() => undefined);
  return recall(event, stored?.record?.recent_fixes ?? [], stored?.record?.event_id);
}

/** The planned route, where the distance is to be taken along it; an unknown one leaves the distance to what comes next. */
async function routeOf(deps: EtaDeps, call: Call, fix: VehicleFix): Promise<readonly Position[] | undefined> {
  if (fix.route_id === undefined || fix.remaining_distance_km !== undefined) return undefined;
  return (await loadPlannedRoute(deps.dynamodb, deps.routesTable, fix.route_id, call.signal))?.waypoints;
}

interface LocatedFix {
  readonly event: EventIdentity;
  readonly fix: VehicleFix;
  readonly route: readonly Position[] | undefined;
}

async function tryFix(
  deps: EtaDeps,
  call: Call,
  { event, fix, route }: LocatedFix,
  seen: Loaded<StoredVehicle> | undefined,
): Promise<Tried<Decision, Loaded<StoredVehicle>>> {
  const stored = seen ?? (await loadVehicle(deps, call, fix.vehicle_id));
  const decision = decide(withFix(stored.record), event, fix, route);
  if (!decision.changed) return { done: decision };
  const revision = { ...address(deps, fix.vehicle_id), version: stored.version, set: toSet(decision.record) };
  const saved = await save<StoredVehicle>(deps.dynamodb, revision, call.signal);
  return "seen" in saved ? saved : { done: decision };
}

async function getVehicle(deps: EtaDeps, call: Call): Promise<VehicleAnswer> {
  const vehicleId = pathId(call.event, "vehicle_id");
  const { record } = await loadVehicle(deps, call, vehicleId);
  const vehicle = withFix(record);
  if (vehicle !== undefined) return toAnswer(vehicle);
  const lastFix = record?.deviation?.last_fix;
  if (lastFix === undefined) throw new ApiError("VEHICLE_NOT_FOUND", "No fix of this vehicle has arrived yet.");
  return toPositionAnswer({ vehicle_id: vehicleId, ...lastFix });
}

const withFix = (stored: StoredVehicle | undefined): VehicleRecord | undefined =>
  stored?.recent_fixes === undefined ? undefined : (stored as VehicleRecord);

/** Our attributes and no others: the rest of the item is route-deviation's. An absent one is removed. */
const toSet = (record: VehicleRecord) => ({
  position: record.position,
  recorded_at: record.recorded_at,
  event_id: record.event_id,
  invocation: record.invocation,
  speed_kmh: record.speed_kmh,
  route_id: record.route_id,
  delivery_id: record.delivery_id,
  remaining_distance_km: record.remaining_distance_km,
  distance_method: record.distance_method,
  average_speed_kmh: record.average_speed_kmh,
  speed_source: record.speed_source,
  eta: record.eta,
  eta_minutes: record.eta_minutes,
  eta_reason: record.eta_reason,
  recent_fixes: record.recent_fixes,
});

const address = (deps: EtaDeps, id: string) => ({ table: deps.vehiclesTable, key: { vehicle_id: id }, versionName: "fix_version" });

const loadVehicle = (deps: EtaDeps, call: Call, id: string): Promise<Loaded<StoredVehicle>> =>
  load<StoredVehicle>(deps.dynamodb, address(deps, id), call.signal);
