import type { Position } from "../shared/geodesy.ts";
import type { SeenEvent } from "../shared/identity.ts";

/**
 * This function's share of a vehicle's item: attribute `deviation`, counted by `deviation_version`. It holds every route
 * the vehicle was lately measured against, each with its last episode, and the messages that are not sent yet. The item in
 * the alerts table is a projection of the episode, written in the same transaction.
 */
export interface Fleet {
  readonly routes: Readonly<Record<string, RouteTrack>>;
  /** Messages to send, oldest first. A message leaves only when SNS has taken it. */
  readonly outbox: readonly Message[];
  /** Newest fix of a route that is no longer remembered. */
  readonly floor_ms?: number | undefined;
  /** An episode was open on a route when it was forgotten: it goes on from its item in the alerts table. */
  readonly aside?: true | undefined;
  /** The newest fix of any route, for a vehicle that sends its position here alone. */
  readonly last_fix?: LastFix | undefined;
}

export interface LastFix {
  readonly position: Position;
  readonly recorded_at: string;
  readonly event_id: string;
  readonly route_id?: string | undefined;
}

export interface ProcessedFix extends SeenEvent {
  readonly invocation: string;
  readonly answered_alert: boolean;
}

/** One route as the vehicle drives it. */
export interface RouteTrack {
  /** The last fix processed. */
  readonly last: ProcessedFix;
  /** Fixes processed before it that have the same time: none of them is older than the last one, and each counts once. */
  readonly twins: readonly ProcessedFix[];
  readonly recent_events: readonly SeenEvent[];
  readonly alert?: Alert | undefined;
}

export interface Alert {
  readonly alert_id: string;
  /** Sort key in the alerts table: when the episode opened. */
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
  /** When SNS last took a message about it. */
  readonly notified_at?: string | undefined;
  /** Seconds since 1970. */
  readonly expires_at: number;
  /** The last message about it, sent or to be sent: time of its fix and deviation. */
  readonly told_ms: number;
  readonly told_deviation_km: number;
}

export interface Message {
  readonly id: string;
  readonly type: "ROUTE_DEVIATION" | "ROUTE_DEVIATION_CLEARED";
  readonly alert_id: string;
  readonly vehicle_id: string;
  readonly route_id?: string | undefined;
  readonly driver_id?: string | undefined;
  readonly deviation_km: number;
  readonly threshold_km: number;
  readonly position: Position;
  readonly timestamp: string;
  /** Until then one invocation is sending it and others leave it alone; 0: nobody is. Wall clock, ms since 1970. */
  readonly leased_until_ms: number;
  readonly leased_by: string;
}

export interface Rules {
  /** Time between two messages of an episode that goes on. */
  readonly renotifyMs: number;
}

export const EMPTY: Fleet = { routes: {}, outbox: [] };
