import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type Item, toAttribute, toItem } from "../shared/attributes.ts";
import type { Tried } from "../shared/contention.ts";
import { isContention, type Loaded, load, save, toLoaded } from "../shared/records.ts";
import { type Decision, decideAmong, type KnownPosition, type ToldFix, type VehicleRecord } from "./domain.ts";

/**
 * One vehicle's item under many writers. A fix that finds the item changed under its hands is laid down in the item as an
 * attribute of its own, which conflicts with nobody, and whoever writes next decides about all that wait. So a crowd is
 * through after a few writes, and not after one for each.
 */
export interface VehicleStore {
  readonly dynamodb: DynamoDBClient;
  readonly vehiclesTable: string;
}

/** The item is shared: before the first fix it may hold route-deviation's share alone, which is read and never written here. */
type VehicleItem = Partial<VehicleRecord> & { readonly deviation?: { readonly last_fix?: KnownPosition } };

export interface StoredVehicle {
  readonly fix: VehicleRecord | undefined;
  readonly waiting: readonly ToldFix[];
  /** As route-deviation knows it. */
  readonly lastFix: KnownPosition | undefined;
  readonly version: number | undefined;
}

const WAITING = "waiting:";
const VERSION = "fix_version";
const address = (store: VehicleStore, id: string) => ({ table: store.vehiclesTable, key: { vehicle_id: id }, versionName: VERSION });

export const loadVehicle = async (store: VehicleStore, id: string, signal: AbortSignal): Promise<StoredVehicle> =>
  toVehicle(await load<VehicleItem>(store.dynamodb, address(store, id), signal));

function toVehicle({ record, version }: Loaded<VehicleItem>): StoredVehicle {
  const waiting = Object.entries(record ?? {}).filter(([name]) => name.startsWith(WAITING));
  return {
    fix: record?.recent_fixes === undefined ? undefined : (record as VehicleRecord),
    waiting: waiting.map(([, told]) => told as ToldFix),
    lastFix: record?.deviation?.last_fix,
    version,
  };
}

/** A fix that lies in the item is safe and every reader counts it in: after so many vain tries it is left to the next writer. */
const TRIES = 6;

/** Reads, decides and writes; the first time that somebody was faster, lays the fix down, and later tries with all that lies there. */
export function makeAttempt(
  store: VehicleStore,
  vehicleId: string,
  told: ToldFix,
  signal: AbortSignal,
): (seen: StoredVehicle | undefined) => Promise<Tried<Decision, StoredVehicle>> {
  let own: Decision | undefined;
  let tries = 0;
  const first = async (): Promise<Tried<Decision, StoredVehicle>> => {
    const tried = await tryWrite(store, vehicleId, await loadVehicle(store, vehicleId, signal), told, signal);
    if (!("seen" in tried)) return tried;
    const vehicle = await layDown(store, vehicleId, told, signal);
    if (vehicle === undefined) return { seen: undefined };
    own = decideAmong(vehicle.fix, vehicleId, told, vehicle.waiting);
    const twin = vehicle.waiting.find((one) => one.id === told.id && one.invocation !== told.invocation);
    if (twin === undefined) return { seen: vehicle };
    return { done: { ...own, outcome: twin.fingerprint === told.fingerprint ? "duplicate" : "reused" } };
  };
  return async (seen) => {
    if (own === undefined) return first();
    const done = own;
    const tried = await tryWrite(store, vehicleId, seen ?? (await loadVehicle(store, vehicleId, signal)), told, signal);
    if (!("seen" in tried) || ++tries === TRIES) return { done };
    // It waits no longer: somebody has decided about it along with theirs, as we would have.
    const isDecided = tried.seen !== undefined && !tried.seen.waiting.some((one) => one.id === told.id);
    return isDecided ? { done } : tried;
  };
}

async function tryWrite(
  store: VehicleStore,
  vehicleId: string,
  vehicle: StoredVehicle,
  told: ToldFix,
  signal: AbortSignal,
): Promise<Tried<Decision, StoredVehicle>> {
  const decision = decideAmong(vehicle.fix, vehicleId, told, vehicle.waiting);
  if (!decision.changed) return { done: decision };
  const taken = Object.fromEntries(vehicle.waiting.map((one) => [`${WAITING}${one.id}`, undefined]));
  const revision = { ...address(store, vehicleId), version: vehicle.version, set: { ...toSet(decision.record), ...taken } };
  const saved = await save<VehicleItem>(store.dynamodb, revision, signal);
  if (!("seen" in saved)) return { done: decision };
  return { seen: saved.seen && toVehicle(saved.seen) };
}

/**
 * Answers the item as it is with the fix in it; undefined when a transaction of route-deviation's held it at that moment.
 * The same event may lie there already, by an earlier call: that one stands.
 */
async function layDown(store: VehicleStore, vehicleId: string, told: ToldFix, signal: AbortSignal): Promise<StoredVehicle | undefined> {
  const command = new UpdateItemCommand({
    TableName: store.vehiclesTable,
    Key: toItem({ vehicle_id: vehicleId }),
    UpdateExpression: "SET #waiting = if_not_exists(#waiting, :told)",
    ExpressionAttributeNames: { "#waiting": `${WAITING}${told.id}` },
    ExpressionAttributeValues: { ":told": toAttribute(told) },
    ReturnValues: "ALL_NEW",
  });
  try {
    const { Attributes: item = {} } = await store.dynamodb.send(command, { abortSignal: signal });
    return toVehicle(toLoaded<VehicleItem>(item as Item, VERSION));
  } catch (error) {
    if (isContention(error)) return undefined;
    throw error;
  }
}

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
