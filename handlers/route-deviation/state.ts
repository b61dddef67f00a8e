import type { Position } from "../shared/geodesy.ts";
import type { Memory } from "../shared/memory.ts";
import type { Track } from "../tracking/track.ts";

/**
 * The state that route-deviation keeps of a vehicle: attribute `deviation` of its item, with the version in `deviation_version`. A
 * vehicle drives one route at a time, and its fixes are ordered by time. The item in the alerts table is a projection of the episode,
 * written in the same transaction.
 */
export interface DeviationState {
  /** The newest good fix, by its own time. */
  readonly last?: LastFix | undefined;
  /** Deviated fixes in a row that have not opened an episode yet. */
  readonly streak: number;
  /** The episode of the current route, or the last closed episode. */
  readonly alert?: Alert | undefined;
  /** Open episodes that the previous version kept of routes that the vehicle has left. The next fix closes them. */
  readonly left: readonly Alert[];
  /** Messages to send, oldest first. A message is removed only when SNS has accepted it. */
  readonly outbox: readonly Message[];
  readonly track?: Track | undefined;
  readonly memory: Memory;
}

export interface LastFix {
  readonly position: Position;
  readonly recorded_at: string;
  readonly event_id: string;
  readonly route_id?: string | undefined;
  readonly speed_kmh?: number | undefined;
  readonly accuracy_m?: number | undefined;
  readonly heading_deg?: number | undefined;
  /** Identifies the route, also one without an id: see `routeKey`. */
  readonly route_key: string;
  /** True when the answer to this fix contained the alert. */
  readonly answered_alert: boolean;
}

export type CloseReason = "back_on_route" | "route_changed";

export interface Alert {
  readonly alert_id: string;
  /** Sort key in the alerts table: when the episode opened, to the millisecond. */
  readonly timestamp: string;
  readonly state: "open" | "closed";
  readonly route_id?: string | undefined;
  readonly driver_id?: string | undefined;
  /** Deviation and position of the vehicle when the episode opened. */
  readonly deviation_km: number;
  readonly position: Position;
  readonly max_deviation_km: number;
  readonly threshold_km: number;
  readonly closed_at?: string | undefined;
  readonly close_reason?: CloseReason | undefined;
  /** When SNS last accepted a message about it. */
  readonly notified_at?: string | undefined;
  /** Seconds since 1970. Only a closed alert expires. */
  readonly expires_at?: number | undefined;
  /** Time and deviation of the fix of the last message about it, sent or to be sent. */
  readonly last_message_ms: number;
  readonly last_message_deviation_km: number;
}

export interface Message {
  readonly id: string;
  readonly type: "ROUTE_DEVIATION" | "ROUTE_DEVIATION_CLEARED";
  readonly alert_id: string;
  /** Sort key of the alert's item. The previous version did not store it. */
  readonly opened_at?: string | undefined;
  readonly vehicle_id: string;
  readonly route_id?: string | undefined;
  readonly driver_id?: string | undefined;
  readonly deviation_km: number;
  readonly threshold_km: number;
  readonly position: Position;
  readonly timestamp: string;
  /** Set when the type is ROUTE_DEVIATION_CLEARED. */
  readonly close_reason?: CloseReason | undefined;
  /** End of the lease of the invocation that sends it, in ms since 1970 (wall clock). 0: not leased. */
  readonly leased_until_ms: number;
  readonly leased_by: string;
}

export interface AlertRules {
  /** Least time between two messages of an open episode, in ms. */
  readonly renotifyMs: number;
  /** The number of deviated fixes in a row that open an episode. */
  readonly confirmFixes: number;
}

export const EMPTY: DeviationState = { streak: 0, left: [], outbox: [], memory: [] };
