import { fromText, REMEMBERED, toRemembered, toText } from "../shared/memory.ts";
import type { Track } from "../tracking/track.ts";
import { type Alert, type DeviationState, EMPTY, type LastFix, type Message } from "./state.ts";

/** The attribute `deviation` as it is stored. */
interface DeviationRecord extends Partial<Omit<DeviationState, "memory" | "alert" | "left">> {
  readonly alert?: StoredAlert;
  readonly left?: readonly StoredAlert[];
  readonly events?: string;
  readonly writer?: string;
}
/** The item is shared with calculate-eta, which writes `track`. */
export interface VehicleItem {
  readonly deviation?: DeviationRecord;
  readonly track?: Track;
}

/** An alert with the attribute names of this version or of earlier ones, which wrote `told_…`. */
export interface StoredAlert extends Omit<Alert, "last_message_ms" | "last_message_deviation_km"> {
  readonly last_message_ms?: number;
  readonly last_message_deviation_km?: number;
  readonly told_ms?: number;
  readonly told_deviation_km?: number;
}

/** The previous version kept every recently driven route with its last fix and episode. */
interface OldEvent {
  readonly id: string;
  readonly at: string;
  readonly fingerprint: string;
  readonly answered_alert?: boolean;
}
interface OldTrack {
  readonly last: OldEvent;
  readonly twins?: readonly OldEvent[];
  readonly recent_events?: readonly OldEvent[];
  readonly alert?: StoredAlert;
}
interface OldRecord {
  readonly routes: Readonly<Record<string, OldTrack>>;
  readonly outbox?: readonly Message[];
  readonly aside?: boolean;
  readonly last_fix?: Pick<LastFix, "position" | "recorded_at" | "event_id" | "route_id">;
}

export interface ReadRecord {
  readonly state: DeviationState;
  readonly old: boolean;
  /** Some open episodes are stored in the alerts table only. */
  readonly hasAlertsInTableOnly: boolean;
}

export function fromRecord(item: VehicleItem | undefined): ReadRecord {
  const record = item?.deviation;
  if (record === undefined) return { state: EMPTY, old: false, hasAlertsInTableOnly: false };
  if ("routes" in record) return fromOld(record as unknown as OldRecord);
  const {
    events = "",
    streak = 0,
    alert,
    left = [],
    outbox = [],
    writer,
    last_fix: last,
    ...rest
  } = record as DeviationRecord & { last_fix?: LastFix };
  const alerts = { alert: alert && fromStoredAlert(alert), left: left.map(fromStoredAlert) };
  return { state: { ...rest, ...alerts, last, streak, outbox, memory: fromText(events) }, old: false, hasAlertsInTableOnly: false };
}

/** calculate-eta reads the attribute `last_fix`. */
export function toRecord({ memory, last, left, ...state }: DeviationState, writer: string): object {
  return { ...state, last_fix: last, left: left.length > 0 ? left : undefined, events: toText(memory), writer };
}

function fromOld({ routes, outbox = [], aside, last_fix }: OldRecord): ReadRecord {
  const byTime = Object.entries(routes).sort(([, a], [, b]) => Date.parse(b.last.at) - Date.parse(a.last.at));
  const [current, ...others] = byTime;
  const events = byTime
    .flatMap(([, { last, twins = [], recent_events: recent = [] }]) => [last, ...twins, ...recent])
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const unique = [...new Map(events.map((one) => [one.id, one])).values()];
  const last: LastFix | undefined = last_fix &&
    current && { ...last_fix, route_key: current[0], answered_alert: current[1].last.answered_alert ?? false };
  const state: DeviationState = {
    ...EMPTY,
    last,
    alert: current?.[1].alert && fromStoredAlert(current[1].alert),
    left: others.flatMap(([, { alert }]) => (alert?.state === "open" ? [fromStoredAlert(alert)] : [])),
    outbox,
    memory: unique.map((one) => toRemembered({ ...one, ms: Date.parse(one.at) }, true)).slice(-REMEMBERED),
  };
  return { state, old: true, hasAlertsInTableOnly: aside === true };
}

/**
 * The alert as this version writes it. Earlier versions had other names for the last message, and the previous format also set an
 * expiry on open alerts.
 */
export function fromStoredAlert({ told_ms, told_deviation_km, ...alert }: StoredAlert): Alert {
  return {
    ...alert,
    expires_at: alert.state === "open" ? undefined : alert.expires_at,
    last_message_ms: alert.last_message_ms ?? told_ms ?? Date.parse(alert.timestamp),
    last_message_deviation_km: alert.last_message_deviation_km ?? told_deviation_km ?? alert.deviation_km,
  };
}
