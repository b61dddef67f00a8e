import type { VehicleAnswer, VehicleFixAnswer } from "../contract/answers.ts";
import type { VehicleFix } from "../contract/schemas.ts";
import { distanceKm, type Position, remainingKm } from "../shared/geodesy.ts";
import type { EventIdentity, SeenEvent } from "../shared/identity.ts";
import { toMetre, toTenth } from "../shared/rounding.ts";

/**
 * A vehicle's state is the set of its newest fixes, at most WINDOW, and the newest call. The moving average is a function of
 * that set, so any order and any repetition of the same fixes ends in the same state: a late fix never replaces the last
 * one, but where it falls into the window it completes the average. No two fixes of the set share a time: a vehicle is at
 * one place at a time, and the first to say where stands.
 */

const WINDOW = 8;
/** Fixes older than this, seen from the fix that is calculated for, say nothing about how fast the vehicle is now. */
const WINDOW_MS = 15 * 60_000;
const DEFAULT_SPEED_KMH = 60;
/** Below this the vehicle stands. */
const STOPPED_BELOW_KMH = 1;
/** Between two fixes nothing on wheels is faster: one of them is wrong. */
const FASTEST_KMH = 250;

export interface TrackedFix extends SeenEvent {
  readonly position: Position;
  readonly speed_kmh?: number | undefined;
}

type DistanceMethod = "given" | "route" | "great_circle";
interface Remaining {
  readonly remaining_distance_km?: number | undefined;
  readonly distance_method?: DistanceMethod | undefined;
}
interface Speed {
  readonly average_speed_kmh: number;
  readonly speed_source: "given" | "tracked" | "default";
}
interface Eta {
  readonly eta?: string | undefined;
  readonly eta_minutes?: number | undefined;
  readonly eta_reason?: "stopped" | "no_destination" | undefined;
}

/** This function's share of the item in the vehicles table: the newest fix, its ETA, and the window of fixes. */
export interface VehicleRecord extends Remaining, Speed, Eta {
  readonly vehicle_id: string;
  readonly position: Position;
  readonly recorded_at: string;
  readonly event_id: string;
  readonly invocation: string;
  readonly speed_kmh?: number | undefined;
  readonly route_id?: string | undefined;
  readonly delivery_id?: string | undefined;
  readonly recent_fixes: readonly TrackedFix[];
}

/** A fix as it came, its distance measured: all that the state needs to know of it. */
export interface ToldFix extends TrackedFix, Remaining {
  readonly invocation: string;
  readonly average_speed_kmh?: number | undefined;
  readonly route_id?: string | undefined;
  readonly delivery_id?: string | undefined;
}

export type Arrival = Omit<VehicleFixAnswer, "applied" | "duplicate" | "raw_key">;
export type Outcome = "applied" | "late" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: Outcome;
  /** What this fix is answered: calculated from it and the fixes before it. */
  readonly arrival: Arrival;
  readonly record: VehicleRecord;
  readonly changed: boolean;
}

export const tell = (event: EventIdentity, fix: VehicleFix, plannedRoute: readonly Position[] | undefined): ToldFix => ({
  id: event.id,
  at: event.at,
  fingerprint: event.fingerprint,
  invocation: event.invocation,
  position: fix.position,
  speed_kmh: fix.speed_kmh,
  average_speed_kmh: fix.average_speed_kmh,
  route_id: fix.route_id,
  delivery_id: fix.delivery_id,
  ...remaining(fix, plannedRoute),
});

export function decide(stored: VehicleRecord | undefined, vehicleId: string, told: ToldFix): Decision {
  const window = stored?.recent_fixes ?? [];
  const same = window.find((one) => one.id === told.id);
  const { id, at, fingerprint, position, speed_kmh } = told;
  const tracked: TrackedFix = { id, at, fingerprint, position, speed_kmh };
  const all = inOrder([...window.filter((one) => one !== same), tracked]);
  const next = all.slice(-WINDOW);
  const news = withEta({ ...describe(vehicleId, told), ...speedOf(told, upTo(all, tracked)), recent_fixes: next });
  const arrival = toArrival(news);
  if (stored !== undefined && same !== undefined) {
    const isOwn = stored.event_id === id && stored.invocation === told.invocation;
    const outcome = isOwn ? "applied" : same.fingerprint === fingerprint ? "duplicate" : "reused";
    return { outcome, arrival, record: stored, changed: false };
  }
  if (stored === undefined || msOf(told) > Date.parse(stored.recorded_at))
    return { outcome: "applied", arrival, record: news, changed: true };
  const isTied = window.some((one) => msOf(one) === msOf(told));
  if (isTied || !next.includes(tracked)) return { outcome: "late", arrival, record: stored, changed: false };
  return { outcome: "late", arrival, record: recalculate(stored, next), changed: true };
}

/** The same with others that nobody has decided about yet, each in its time: what `told` is answered, and what stands after all of them. */
export function decideAmong(stored: VehicleRecord | undefined, vehicleId: string, told: ToldFix, waiting: readonly ToldFix[]): Decision {
  const others = waiting.filter((one) => one.id !== told.id);
  const own = decide(
    settle(
      stored,
      vehicleId,
      others.filter((one) => msOf(one) <= msOf(told)),
    ),
    vehicleId,
    told,
  );
  const record = settle(
    own.record,
    vehicleId,
    others.filter((one) => msOf(one) > msOf(told)),
  ) as VehicleRecord;
  return { ...own, record, changed: record !== stored || waiting.length > 0 };
}

/** What stands once those that wait are decided about. */
export const settle = (stored: VehicleRecord | undefined, vehicleId: string, waiting: readonly ToldFix[]): VehicleRecord | undefined =>
  inOrder(waiting).reduce((record, one) => decide(record, vehicleId, one).record, stored);

const describe = (vehicleId: string, told: ToldFix) => ({
  vehicle_id: vehicleId,
  position: told.position,
  recorded_at: told.at,
  event_id: told.id,
  invocation: told.invocation,
  speed_kmh: told.speed_kmh,
  route_id: told.route_id,
  delivery_id: told.delivery_id,
  remaining_distance_km: told.remaining_distance_km,
  distance_method: told.distance_method,
});

const msOf = ({ at }: SeenEvent): number => Date.parse(at);
const inOrder = <F extends SeenEvent>(fixes: readonly F[]): readonly F[] => [...fixes].sort((a, b) => msOf(a) - msOf(b));

/** `fix` and what is known from before it, as far back as it matters. */
function upTo(window: readonly TrackedFix[], fix: TrackedFix): readonly TrackedFix[] {
  const until = msOf(fix);
  return window.filter((one) => msOf(one) <= until && msOf(one) >= until - WINDOW_MS).slice(-WINDOW);
}

/** The newest call's ETA with a window that a late fix has completed. */
function recalculate(stored: VehicleRecord, window: readonly TrackedFix[]): VehicleRecord {
  const given = stored.speed_source === "given" ? stored.average_speed_kmh : undefined;
  const last = window.at(-1) as TrackedFix;
  return withEta({ ...stored, ...speedOf({ average_speed_kmh: given }, upTo(window, last)), recent_fixes: window });
}

function remaining(fix: VehicleFix, plannedRoute: readonly Position[] | undefined): Remaining {
  if (fix.remaining_distance_km !== undefined)
    return { remaining_distance_km: toMetre(fix.remaining_distance_km), distance_method: "given" };
  if (plannedRoute !== undefined) {
    return { remaining_distance_km: toMetre(remainingKm(fix.position, plannedRoute)), distance_method: "route" };
  }
  if (fix.destination === undefined) return {};
  return { remaining_distance_km: toMetre(distanceKm(fix.position, fix.destination)), distance_method: "great_circle" };
}

function speedOf(fix: Pick<VehicleFix, "average_speed_kmh">, window: readonly TrackedFix[]): Speed {
  if (fix.average_speed_kmh !== undefined) return { average_speed_kmh: fix.average_speed_kmh, speed_source: "given" };
  const speeds = window.flatMap((one, index) => one.speed_kmh ?? speedBetween(window[index - 1], one) ?? []);
  if (speeds.length === 0) return { average_speed_kmh: DEFAULT_SPEED_KMH, speed_source: "default" };
  const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
  return { average_speed_kmh: toMetre(mean), speed_source: "tracked" };
}

function speedBetween(before: TrackedFix | undefined, fix: TrackedFix): number | undefined {
  if (before === undefined) return undefined;
  const hours = (Date.parse(fix.at) - Date.parse(before.at)) / 3_600_000;
  if (hours <= 0) return undefined;
  const speed = distanceKm(before.position, fix.position) / hours;
  return speed <= FASTEST_KMH ? speed : undefined;
}

/** ETA = remaining distance / average speed, from the time of the fix. */
function withEta(record: VehicleRecord): VehicleRecord {
  const none = { eta: undefined, eta_minutes: undefined, eta_reason: undefined };
  if (record.remaining_distance_km === undefined) return { ...record, ...none, eta_reason: "no_destination" };
  if (record.average_speed_kmh < STOPPED_BELOW_KMH) return { ...record, ...none, eta_reason: "stopped" };
  const hours = record.remaining_distance_km / record.average_speed_kmh;
  const eta = new Date(Date.parse(record.recorded_at) + hours * 3_600_000).toISOString();
  return { ...record, eta, eta_minutes: toTenth(hours * 60), eta_reason: undefined };
}

function toArrival(record: VehicleRecord): Arrival {
  return {
    vehicle_id: record.vehicle_id,
    recorded_at: record.recorded_at,
    remaining_distance_km: record.remaining_distance_km ?? null,
    distance_method: record.distance_method ?? null,
    average_speed_kmh: record.average_speed_kmh,
    speed_source: record.speed_source,
    eta: record.eta ?? null,
    eta_minutes: record.eta_minutes ?? null,
    eta_reason: record.eta_reason ?? null,
  };
}

export function toAnswer(record: VehicleRecord): VehicleAnswer {
  return {
    ...toArrival(record),
    position: record.position,
    speed_kmh: record.speed_kmh ?? null,
    route_id: record.route_id ?? null,
    delivery_id: record.delivery_id ?? null,
  };
}

export interface KnownPosition {
  readonly position: Position;
  readonly recorded_at: string;
  readonly route_id?: string | undefined;
}

/** A vehicle that has told its position by `POST /route` alone: where it is, and no ETA. */
export function toPositionAnswer(fix: KnownPosition & { readonly vehicle_id: string }): VehicleAnswer {
  return {
    vehicle_id: fix.vehicle_id,
    position: fix.position,
    recorded_at: fix.recorded_at,
    route_id: fix.route_id ?? null,
    speed_kmh: null,
    delivery_id: null,
    remaining_distance_km: null,
    distance_method: null,
    average_speed_kmh: null,
    speed_source: null,
    eta: null,
    eta_minutes: null,
    eta_reason: "no_destination",
  };
}
