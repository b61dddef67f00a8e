/** Plain data that the server sends and the page draws. Times are milliseconds since 1970. */

export interface Position {
  readonly lat: number;
  readonly lon: number;
}
export interface Vehicle extends Position {
  readonly id: string;
  readonly state: "moving" | "stopped" | "silent";
  /** Time of the newest plausible fix. */
  readonly at: number;
  readonly speedKmh: number | null;
  readonly averageKmh: number | null;
  readonly headingDeg: number | null;
  readonly batteryPercent: number | null;
  readonly routeId: string | null;
  readonly deliveryId: string | null;
  readonly etaAt: number | null;
  readonly etaReason: string | null;
  readonly remainingKm: number | null;
  /** Progress along the route, 0…1. */
  readonly progress: number | null;
}
/** An open deviation. */
export interface Alert extends Position {
  readonly id: string;
  readonly vehicleId: string;
  readonly openedAt: number;
  readonly routeId: string | null;
  readonly driverId: string | null;
  readonly deviationKm: number;
  readonly maxDeviationKm: number;
  readonly thresholdKm: number;
  readonly silent: boolean;
}
export interface Route {
  readonly id: string;
  readonly name: string | null;
  readonly lengthKm: number;
  /** Latitude and longitude in turn: lat, lon, lat, lon, … */
  readonly line: readonly number[];
}
export interface Deliveries {
  /** Start of the counted period. Only deliveries updated at or after it are counted. */
  readonly since: number;
  readonly counts: readonly { readonly status: string; readonly count: number }[];
  /** Whether more deliveries exist than were counted. */
  readonly isPart: boolean;
}
export interface TrafficMinute {
  readonly at: number;
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
}
/** API calls of the last hour from CloudWatch, oldest minute first. */
export interface Traffic {
  readonly minutes: readonly TrafficMinute[];
  readonly latencyMs: number | null;
}

export const FEEDS = ["vehicles", "alerts", "routes", "deliveries", "traffic"] as const;
export type FeedName = (typeof FEEDS)[number];
export type Reason =
  | "unreachable"
  | "timeout"
  | "limited"
  | "key"
  | "signature"
  | "credentials"
  | "denied"
  | "failing"
  | "refused"
  | "unreadable"
  | "absent";
/** Health of one kind of data. */
export interface Feed {
  readonly name: FeedName;
  readonly answeredAt: number | null;
  readonly failing: { readonly since: number; readonly reason: Reason; readonly status: number | null; readonly detail: string } | null;
  readonly everyMs: number;
}

/** Settings that do not change while the page is open. */
export interface About {
  readonly stack: string;
  readonly region: string;
  readonly local: boolean;
  readonly tiles: string | null;
  readonly silentAfterMinutes: number;
}
/** Changes to the page's data. With `full` it replaces all of it. */
export interface Update {
  readonly now: number;
  readonly full?: true;
  readonly about?: About;
  readonly vehicles?: readonly Vehicle[];
  /** Ids of vehicles to remove. */
  readonly gone?: readonly string[] | undefined;
  readonly alerts?: readonly Alert[] | undefined;
  readonly routes?: readonly Route[];
  readonly deliveries?: Deliveries;
  readonly traffic?: Traffic;
  readonly feeds?: readonly Feed[];
}
