import type { VehicleFixAnswer } from "../contract/answers.ts";
import type { VehicleFix } from "../contract/schemas.ts";
import { distanceKm, type Position } from "../shared/geodesy.ts";
import type { EventIdentity } from "../shared/identity.ts";
import { findEvent, type Memory, markOf, remember } from "../shared/memory.ts";
import { toMetre, toTenth } from "../shared/rounding.ts";
import { merged, withoutAhead } from "../shared/tracks.ts";
import type { Fix, TrackingRules } from "../tracking/fix.ts";
import { judgeFix } from "../tracking/plausibility.ts";
import { advance, type ProgressState, remainingOf } from "../tracking/progress.ts";
import type { RouteLine } from "../tracking/route-line.ts";
import { speedOf } from "../tracking/speed.ts";
import type { Track } from "../tracking/track.ts";

/**
 * The state of a vehicle: its newest good fix with the ETA, and the track from which the average speed is calculated. A late fix is
 * added to the track and never replaces the newest; an implausible one changes neither.
 */
export interface VehicleState {
  readonly vehicle_id: string;
  readonly newest?: NewestFix | undefined;
  readonly track?: Track | undefined;
  readonly progress?: ProgressState | undefined;
  readonly memory: Memory;
}

/** The planned route of a fix, prepared for measuring. */
export interface PreparedRoute {
  readonly line: RouteLine;
  /** Identifies the route and its version. */
  readonly key: string;
  readonly thresholdKm: number;
}
export interface ReportedFix {
  readonly event: EventIdentity;
  readonly fix: VehicleFix;
  /** Undefined: the fix has no route, or its distance is given. `unknown`: no route is stored under the id. */
  readonly route?: PreparedRoute | "unknown" | undefined;
  /** Set for a stored fix of the previous version, which measured it on arrival. */
  readonly measured?: Remaining | undefined;
}

type DistanceMethod = VehicleFixAnswer["distance_method"];
export interface RouteProgress {
  readonly route_id: string;
  readonly along_km: number;
  readonly length_km: number;
  readonly off_route_km: number;
}
export interface Remaining {
  readonly remaining_distance_km?: number | undefined;
  readonly distance_method?: NonNullable<DistanceMethod> | undefined;
  /** The route of the fix is not stored. */
  readonly route_missing?: true | undefined;
}
interface Eta {
  readonly average_speed_kmh: number;
  readonly speed_source: "given" | "tracked" | "default";
  /** The vehicle is standing. */
  readonly stopped: boolean;
  readonly eta?: string | undefined;
  readonly eta_minutes?: number | undefined;
  readonly eta_reason?: "stopped" | "no_destination" | "route_not_found" | undefined;
}

const SENSORS = ["speed_kmh", "accuracy_m", "heading_deg", "altitude_m", "battery_percent"] as const;
const REPORTED_FIELDS = [...SENSORS, "route_id", "delivery_id", "destination"] as const;
export type ReportedFields = Pick<VehicleFix, (typeof REPORTED_FIELDS)[number]>;

/** The newest good fix and the values calculated from it. */
export interface NewestFix extends ReportedFields, Remaining, Eta {
  readonly position: Position;
  /** Its time, as sent in the answer. */
  readonly at: string;
  readonly event_id: string;
  readonly given_average_kmh?: number | undefined;
  readonly progress?: RouteProgress | undefined;
}

export type Arrival = Omit<VehicleFixAnswer, "applied" | "reason" | "duplicate" | "time_source" | "raw_key">;
export type EtaResult = "applied" | "late" | "implausible" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: EtaResult;
  /** The answer of the call. */
  readonly arrival: Arrival;
  readonly state: VehicleState;
}

/** Below this given average speed the vehicle counts as standing. */
const STOPPED_BELOW_KMH = 1;
const MS_AN_HOUR = 3_600_000;

/** `otherTrack`: the track that route-deviation keeps of this vehicle. */
export interface DecisionContext {
  readonly rules: TrackingRules;
  readonly nowMs: number;
  readonly otherTrack?: Track | undefined;
}

export function decide(stored: VehicleState, reported: ReportedFix, context: DecisionContext): Decision {
  const { event } = reported;
  const rememberedEvent = findEvent(stored.memory, event.id);
  if (rememberedEvent !== undefined) {
    const outcome = rememberedEvent.mark === markOf(event.fingerprint) ? "duplicate" : "reused";
    return { outcome, arrival: ownArrival(stored, reported, context), state: stored };
  }
  const fix = toFix(reported);
  const before = withoutAheadOf(stored, event.ms, context.nowMs);
  const judgement = judgeFix(merged(before.track, context.otherTrack, context.rules), fix, context.rules);
  const { track } = judgement;
  const remembered = { ...before, track, memory: remember(stored.memory, event) };
  if (judgement.verdict === "implausible") return { outcome: "implausible", arrival: storedArrival(stored, reported), state: remembered };
  if (before.newest !== undefined && !isNewer(event, before.newest)) {
    const newest = withEta(before.newest, track, context.rules);
    const state = { ...remembered, newest };
    return { outcome: "late", arrival: ownArrival(state, reported, context), state };
  }
  const { newest, progress } = toNewest(reported, remembered, track, context.rules);
  return { outcome: "applied", arrival: toArrival(stored.vehicle_id, newest), state: { ...remembered, newest, progress } };
}

const toFix = ({ event, fix }: ReportedFix): Fix => ({
  atMs: event.ms,
  position: fix.position,
  accuracyM: fix.accuracy_m,
  headingDeg: fix.heading_deg,
  speedKmh: fix.speed_kmh,
});

/** At equal times the greater id is newer, whatever the order of arrival. */
const isNewer = (event: EventIdentity, newest: NewestFix): boolean => {
  const newestMs = Date.parse(newest.at);
  return event.ms > newestMs || (event.ms === newestMs && event.id > newest.event_id);
};

/** The state without times ahead of the server's clock. They come from a wrong clock and would make correct fixes late. */
function withoutAheadOf(state: VehicleState, fixMs: number, nowMs: number): VehicleState {
  const newestMs = state.newest === undefined ? 0 : Date.parse(state.newest.at);
  const isAhead = newestMs > nowMs && newestMs > fixMs;
  const track = withoutAhead(state.track, fixMs, nowMs);
  return isAhead ? { ...state, track, newest: undefined, progress: undefined } : { ...state, track };
}

function toNewest(reported: ReportedFix, state: VehicleState, track: Track, rules: TrackingRules) {
  const { event, fix } = reported;
  const { measured, progress, next } = measure(reported, state.progress, rules);
  const newest: NewestFix = withEta(
    {
      position: fix.position,
      at: event.at,
      event_id: event.id,
      ...Object.fromEntries(REPORTED_FIELDS.map((name) => [name, fix[name]])),
      given_average_kmh: fix.average_speed_kmh,
      ...measured,
      progress,
      average_speed_kmh: 0,
      speed_source: "default",
      stopped: false,
    },
    track,
    rules,
  );
  return { newest, progress: next };
}

/** The remaining distance, the progress for the answer, and the progress state to store. */
function measure(reported: ReportedFix, before: ProgressState | undefined, rules: TrackingRules) {
  const { fix, route } = reported;
  const along = route === undefined || route === "unknown" ? undefined : alongRoute(reported, route, before, rules);
  return { measured: reported.measured ?? distanceOf(fix, route, along), progress: along?.routeProgress, next: along?.state };
}

function distanceOf(fix: VehicleFix, route: ReportedFix["route"], along: ReturnType<typeof alongRoute> | undefined): Remaining {
  if (fix.remaining_distance_km !== undefined)
    return { remaining_distance_km: toMetre(fix.remaining_distance_km), distance_method: "given" };
  if (route === "unknown") return { route_missing: true };
  if (along !== undefined) return { remaining_distance_km: toMetre(along.km), distance_method: along.method };
  if (fix.destination === undefined) return {};
  return { remaining_distance_km: toMetre(distanceKm(fix.position, fix.destination)), distance_method: "great_circle" };
}

function alongRoute(
  reported: ReportedFix,
  { line, key, thresholdKm }: PreparedRoute,
  before: ProgressState | undefined,
  rules: TrackingRules,
) {
  const { state, position } = advance(line, key, before, toFix(reported), { maxSpeedKmh: rules.maxSpeedKmh, thresholdKm });
  const { km, method } = remainingOf(line, position, { maxSpeedKmh: rules.maxSpeedKmh, thresholdKm });
  const routeProgress: RouteProgress = {
    route_id: reported.fix.route_id ?? "",
    along_km: toMetre(position.alongM / 1000),
    length_km: toMetre(line.lengthM / 1000),
    off_route_km: toMetre(position.offM / 1000),
  };
  return { state, routeProgress, km, method };
}

/** ETA = remaining distance / average speed, counted from the time of the fix. */
function withEta(fix: NewestFix, track: Track | undefined, rules: TrackingRules): NewestFix {
  const tracked = speedOf(track?.samples ?? [], rules);
  const given = fix.given_average_kmh;
  const stopped = given === undefined ? tracked.isStopped : given < STOPPED_BELOW_KMH;
  const averageKmh = given ?? toMetre(tracked.averageKmh);
  const speed = { average_speed_kmh: averageKmh, speed_source: given === undefined ? tracked.source : ("given" as const), stopped };
  const none = { eta: undefined, eta_minutes: undefined, eta_reason: undefined };
  if (fix.route_missing) return { ...fix, ...speed, ...none, eta_reason: "route_not_found" };
  if (fix.remaining_distance_km === undefined) return { ...fix, ...speed, ...none, eta_reason: "no_destination" };
  if (stopped || averageKmh <= 0) return { ...fix, ...speed, ...none, eta_reason: "stopped" };
  const hours = fix.remaining_distance_km / averageKmh;
  const eta = new Date(Date.parse(fix.at) + hours * MS_AN_HOUR).toISOString();
  return { ...fix, ...speed, eta, eta_minutes: toTenth(hours * 60), eta_reason: undefined };
}

/** The answer to a fix that is not the newest: its own calculation, with a search along the whole route. */
function ownArrival(state: VehicleState, reported: ReportedFix, { rules }: DecisionContext): Arrival {
  const { newest, track, vehicle_id: id } = state;
  if (newest !== undefined && newest.event_id === reported.event.id) return toArrival(id, newest);
  const samples = (track?.samples ?? []).filter(([atMs]) => atMs <= reported.event.ms);
  const own = toNewest(reported, { ...state, progress: undefined }, { samples, suspects: [] }, rules);
  return toArrival(id, own.newest);
}

/** The answer to an implausible fix: its own time, and the stored arrival. */
function storedArrival({ newest, vehicle_id: id }: VehicleState, { event }: ReportedFix): Arrival {
  if (newest !== undefined) return { ...toArrival(id, newest), recorded_at: event.at };
  return {
    vehicle_id: id,
    recorded_at: event.at,
    remaining_distance_km: null,
    distance_method: null,
    average_speed_kmh: null,
    speed_source: null,
    eta: null,
    eta_minutes: null,
    eta_reason: "no_destination",
  };
}

export const toArrival = (vehicleId: string, fix: NewestFix): Arrival => ({
  vehicle_id: vehicleId,
  recorded_at: fix.at,
  remaining_distance_km: fix.remaining_distance_km ?? null,
  distance_method: fix.distance_method ?? null,
  average_speed_kmh: fix.average_speed_kmh,
  speed_source: fix.speed_source,
  eta: fix.eta ?? null,
  eta_minutes: fix.eta_minutes ?? null,
  eta_reason: fix.eta_reason ?? null,
});

/** A fix that route-deviation received. */
export interface DeviationFix extends ReportedFields {
  readonly position: Position;
  readonly recorded_at: string;
  readonly event_id: string;
}

/** The newest fix, calculated from one that route-deviation received, with the last known destination, route and delivery. */
export function withDeviationFix(
  state: VehicleState,
  received: DeviationFix,
  route: ReportedFix["route"],
  track: Track | undefined,
  rules: TrackingRules,
): NewestFix {
  const { newest } = state;
  const at = received.recorded_at;
  const event = {
    id: received.event_id,
    at,
    ms: Date.parse(at),
    fingerprint: "",
    timeSource: "client",
    anonymous: false,
    invocation: "",
  } as const;
  const lastKnown = { route_id: newest?.route_id, delivery_id: newest?.delivery_id, destination: newest?.destination };
  const sensors = Object.fromEntries(REPORTED_FIELDS.filter((name) => received[name] !== undefined).map((name) => [name, received[name]]));
  const fix = { vehicle_id: state.vehicle_id, position: received.position, ...lastKnown, ...sensors } as VehicleFix;
  return toNewest({ event, fix, route }, state, track ?? { samples: [], suspects: [] }, rules).newest;
}
