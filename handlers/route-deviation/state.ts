import type { Position } from "../shared/geodesy.ts";
import type { Memory } from "../shared/memory.ts";
import type { Track } from "../tracking/track.ts";

/**
 * This function's share of a vehicle's item: attribute `deviation`, counted by `deviation_version`. A vehicle drives one route at a
 * time, and its fixes have one order in time. The item in the alerts table is a projection of the episode, written in
 * the same transaction.
 */
export interface DeviationState {
  /** The newest good fix, by its own time. */
  readonly last?: LastFix | undefined;
  /** Deviated fixes in a row that have not opened an episode yet. */
  readonly streak: number;
  /** The episode of the route that the vehicle drives, or the last one, closed. */
  readonly alert?: Alert | undefined;
  /** Open episodes that the version before kept for routes the vehicle has left: the next fix closes them. */
  readonly left: readonly Alert[];
  /** Messages to send, oldest first. A message leaves only when SNS has taken it. */
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
  /** Names the route, also one that has no id: see `routeKey`. */
  readonly route_key: string;
  /** Its answer named the alert. */
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
  /** Where and how far off the vehicle was when the episode opened. */
  readonly deviation_km: number;
  readonly position: Position;
  readonly max_deviation_km: number;
  readonly threshold_km: number;
  readonly closed_at?: string | undefined;
  readonly close_reason?: CloseReason | undefined;
  /** When SNS last took a message about it. */
  readonly notified_at?: string | undefined;
  /** Seconds since 1970; only a closed one expires. */
  readonly expires_at?: number | undefined;
  /** The last message about it, sent or to be sent: time of its fix and deviation. */
  readonly told_ms: number;
  readonly told_deviation_km: number;
}

export interface Message {
  readonly id: string;
  readonly type: "ROUTE_DEVIATION" | "ROUTE_DEVIATION_CLEARED";
  readonly alert_id: string;
  /** Sort key of the alert's item; the version before did not write it. */
  readonly opened_at?: string | undefined;
  readonly vehicle_id: string;
  readonly route_id?: string | undefined;
  readonly driver_id?: string | undefined;
  readonly deviation_km: number;
  readonly threshold_km: number;
  readonly position: Position;
  readonly timestamp: string;
  /** Of one that clears. */
  readonly close_reason?: CloseReason | undefined;
  /** Until then one invocation is sending it and others leave it alone; 0: nobody is. Wall clock, ms since 1970. */
  readonly leased_until_ms: number;
  readonly leased_by: string;
}

export interface AlertRules {
  /** Time between two messages of an episode that goes on. */
  readonly renotifyMs: number;
  /** So many deviated fixes in a row open an episode. */
  readonly confirmFixes: number;
}

export const EMPTY: DeviationState = { streak: 0, left: [], outbox: [], memory: [] };
