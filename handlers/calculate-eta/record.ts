import type { Position } from "../shared/geodesy.ts";
import { fromText, type Memory, REMEMBERED, toRemembered, toText } from "../shared/memory.ts";
import { merged } from "../shared/tracks.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import { judgeFix } from "../tracking/plausibility.ts";
import type { ProgressState } from "../tracking/progress.ts";
import type { Track } from "../tracking/track.ts";
import {
  type DeviationFix,
  decide,
  type NewestFix,
  type Remaining,
  type ReportedFields,
  type ReportedFix,
  type VehicleState,
} from "./domain.ts";

/**
 * The item in the vehicles table. Before the first fix it may have only the attributes of route-deviation, which are read and never
 * written here.
 */
export interface VehicleRecord extends Partial<Omit<NewestFix, "at">> {
  readonly vehicle_id?: string;
  readonly recorded_at?: string;
  readonly track?: Track;
  readonly progress_state?: ProgressState;
  readonly events?: string;
  /** Identifies the last write of this function. */
  readonly writer?: string;
  readonly deviation?: { readonly last_fix?: DeviationFix; readonly track?: Track };
}

/** A fix as the previous version stored it: one of its window, or one that waited for a decision. */
interface OldFix extends Remaining, ReportedFields {
  readonly id: string;
  readonly at: string;
  readonly fingerprint: string;
  readonly position: Position;
  readonly average_speed_kmh?: number;
}
const OLD_WAITING = "waiting:";

export interface StoredVehicle {
  readonly state: VehicleState;
  /** Names of the attributes that only the previous version wrote. Empty: the item has the present form. */
  readonly old: readonly string[];
  readonly lastFix: DeviationFix | undefined;
  readonly otherTrack: Track | undefined;
  readonly writer: string | undefined;
}

export function fromRecord(id: string, record: VehicleRecord | undefined, rules: TrackingRules): StoredVehicle {
  const known = record ?? {};
  const old = Object.keys(known).filter((name) => name === "recent_fixes" || name === "invocation" || name.startsWith(OLD_WAITING));
  return {
    state: old.length > 0 ? fromOld(id, known as OldRecord, rules) : fromOwn(id, known),
    old,
    lastFix: known.deviation?.last_fix,
    otherTrack: known.deviation?.track,
    writer: known.writer,
  };
}

function fromOwn(id: string, record: VehicleRecord): VehicleState {
  const memory = fromText(record.events ?? "");
  const { track, progress_state: progress } = record;
  return { vehicle_id: id, newest: newestOf(record), track, progress, memory };
}

function newestOf(record: VehicleRecord): NewestFix | undefined {
  const { position, recorded_at: at, vehicle_id, track, progress_state, events, writer, deviation, ...rest } = record;
  if (position === undefined || at === undefined) return undefined;
  return { ...rest, position, at } as NewestFix;
}

type OldRecord = VehicleRecord & { readonly recent_fixes?: readonly OldFix[]; readonly invocation?: string } & Readonly<
    Record<string, unknown>
  >;

function fromOld(id: string, { recent_fixes: fixes = [], invocation, ...record }: OldRecord, rules: TrackingRules): VehicleState {
  const waiting = Object.entries(record).filter(([name]) => name.startsWith(OLD_WAITING));
  const own = Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith(OLD_WAITING))) as VehicleRecord;
  const newest = newestOf(own);
  const inTime = [...fixes].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const memory: Memory = inTime.map((one) => toRemembered({ ...one, ms: Date.parse(one.at) }, true)).slice(-REMEMBERED);
  const track = inTime.reduce<Track | undefined>(
    (before, one) => judgeFix(before, { atMs: Date.parse(one.at), position: one.position }, rules).track,
    undefined,
  );
  const given = record.speed_source === "given" ? record.average_speed_kmh : undefined;
  const settled = newest && { ...newest, given_average_kmh: given, stopped: record.eta_reason === "stopped" };
  const start: VehicleState = { vehicle_id: id, newest: settled, track, memory };
  return waiting
    .map(([, one]) => one as OldFix)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .reduce((state, one) => decide(state, toReported(id, one), { rules, nowMs: Date.parse(one.at) }).state, start);
}

function toReported(vehicle_id: string, old: OldFix): ReportedFix {
  const { id, at, fingerprint, remaining_distance_km, distance_method, position, ...rest } = old;
  const event = { id, at, ms: Date.parse(at), fingerprint, timeSource: "client", anonymous: false, invocation: "" } as const;
  const fix = {
    vehicle_id,
    position,
    average_speed_kmh: rest.average_speed_kmh,
    speed_kmh: rest.speed_kmh,
    route_id: rest.route_id,
    delivery_id: rest.delivery_id,
  };
  return { event, fix: fix as ReportedFix["fix"], measured: { remaining_distance_km, distance_method } };
}

/** The attributes to write; undefined ones are removed. The other attributes belong to route-deviation. `writer` identifies this write. */
export function toRecord(state: VehicleState, old: readonly string[], writer: string): object {
  const { newest } = state;
  return {
    ...Object.fromEntries(old.map((name) => [name, undefined])),
    ...(newest && {
      position: newest.position,
      recorded_at: newest.at,
      event_id: newest.event_id,
      speed_kmh: newest.speed_kmh,
      accuracy_m: newest.accuracy_m,
      heading_deg: newest.heading_deg,
      altitude_m: newest.altitude_m,
      battery_percent: newest.battery_percent,
      route_id: newest.route_id,
      delivery_id: newest.delivery_id,
      destination: newest.destination,
      given_average_kmh: newest.given_average_kmh,
      remaining_distance_km: newest.remaining_distance_km,
      distance_method: newest.distance_method,
      route_missing: newest.route_missing,
      progress: newest.progress,
      average_speed_kmh: newest.average_speed_kmh,
      speed_source: newest.speed_source,
      stopped: newest.stopped,
      eta: newest.eta,
      eta_minutes: newest.eta_minutes,
      eta_reason: newest.eta_reason,
    }),
    track: state.track,
    progress_state: state.progress,
    events: toText(state.memory),
    writer,
  };
}

/** The merged track of both functions. */
export const wholeTrack = ({ state, otherTrack }: StoredVehicle, rules: TrackingRules): Track | undefined =>
  merged(state.track, otherTrack, rules);
