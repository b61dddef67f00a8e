/** What the page shows: plain data that the server sends and the page draws. Times are milliseconds since 1970. */

export interface Position {
  readonly lat: number;
  readonly lon: number;
}
export interface Vehicle extends Position {
  readonly id: string;
  readonly state: "moving" | "stopped" | "silent";
  /** When the newest good fix was taken. */
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
  /** 0…1 of its route. */
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
  /** Latitude and longitude, one after the other. */
  readonly line: readonly number[];
}
export interface Deliveries {
  /** Those whose last update is not older. */
  readonly since: number;
  readonly counts: readonly { readonly status: string; readonly count: number }[];
  /** There are more than were counted. */
  readonly isPart: boolean;
}
export interface TrafficMinute {
  readonly at: number;
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
}
/** The API's last hour as CloudWatch counted it, oldest first. */
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
/** How it goes with one kind of data. */
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
/** What has changed; `full`: this is all there is. */
export interface Update {
  readonly now: number;
  readonly full?: true;
  readonly about?: About;
  readonly vehicles?: readonly Vehicle[];
  readonly gone?: readonly string[];
  readonly alerts?: readonly Alert[];
  readonly routes?: readonly Route[];
  readonly deliveries?: Deliveries;
  readonly traffic?: Traffic;
  readonly feeds?: readonly Feed[];
}
