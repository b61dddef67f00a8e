import type { Position } from "../shared/geodesy.ts";

/** A GPS fix as the tracking modules need it. `atMs`: milliseconds since 1970, already bounded by the server's clock. */
export interface Fix {
  readonly atMs: number;
  readonly position: Position;
  /** Radius in metres within which the true place lies with about 68 % (Android's and iOS's meaning). Negative: unknown. */
  readonly accuracyM?: number | undefined;
  /** Degrees clockwise from north. Negative: unknown, as iOS says it. */
  readonly headingDeg?: number | undefined;
  /** Speed that the receiver measured. Negative: unknown. */
  readonly speedKmh?: number | undefined;
}

/** The configuration's `tracking` section, as far as these modules use it. */
export interface TrackingRules {
  readonly speedWindowMinutes: number;
  readonly stoppedAfterMinutes: number;
  readonly maxSpeedKmh: number;
  readonly maxAccuracyM: number;
}

/** One good fix of the window, small enough to be stored with twenty others. `accuracyM` 0: unknown. */
export type Sample = readonly [atMs: number, lat: number, lon: number, accuracyM: number];

export const toSample = ({ atMs, position, accuracyM = 0 }: Fix): Sample => [atMs, position.lat, position.lon, Math.max(0, accuracyM)];

const RADIANS = Math.PI / 180;
const EARTH_RADIUS_M = 6_371_008.8;

/**
 * Great-circle distance in metres (haversine). Written for two samples, without objects: a decision takes hundreds of them.
 */
export function metresBetween(a: Sample, b: Sample): number {
  const dLat = Math.sin(((b[1] - a[1]) * RADIANS) / 2);
  const dLon = Math.sin(((b[2] - a[2]) * RADIANS) / 2);
  const h = dLat * dLat + Math.cos(a[1] * RADIANS) * Math.cos(b[1] * RADIANS) * dLon * dLon;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Two samples' order in time. Equal times are ordered by place, so that the order never depends on which came first. */
export const inTime = (a: Sample, b: Sample): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
