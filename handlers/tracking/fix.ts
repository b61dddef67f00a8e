import type { Position } from "../shared/geodesy.ts";

/** A GPS fix as the tracking modules need it. `atMs`: milliseconds since 1970, already bounded by the server's clock. */
export interface Fix {
  readonly atMs: number;
  readonly position: Position;
  /**
   * Radius in metres that contains the true position with a probability of about 68 % (the meaning on Android and iOS). Negative:
   * unknown.
   */
  readonly accuracyM?: number | undefined;
  /** Degrees clockwise from north. Negative: unknown, as on iOS. */
  readonly headingDeg?: number | undefined;
  /** Speed that the receiver measured. Negative: unknown. */
  readonly speedKmh?: number | undefined;
}

/** The settings of the configuration's section `tracking` that these modules use. */
export interface TrackingRules {
  readonly speedWindowMinutes: number;
  readonly stoppedAfterMinutes: number;
  readonly maxSpeedKmh: number;
  readonly maxAccuracyM: number;
}

/** One good fix in compact form, because many are stored in one item. `accuracyM` 0: unknown. */
export type Sample = readonly [atMs: number, lat: number, lon: number, accuracyM: number];

export const toSample = ({ atMs, position, accuracyM = 0 }: Fix): Sample => [atMs, position.lat, position.lon, Math.max(0, accuracyM)];

const RADIANS = Math.PI / 180;
const EARTH_RADIUS_M = 6_371_008.8;

/**
 * Great-circle distance of two samples in metres (haversine). It allocates no objects, because one decision needs hundreds of
 * distances.
 */
export function metresBetween(a: Sample, b: Sample): number {
  const dLat = Math.sin(((b[1] - a[1]) * RADIANS) / 2);
  const dLon = Math.sin(((b[2] - a[2]) * RADIANS) / 2);
  const h = dLat * dLat + Math.cos(a[1] * RADIANS) * Math.cos(b[1] * RADIANS) * dLon * dLon;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Compares two samples by time. Equal times are ordered by position, so that the order does not depend on the order of arrival. */
export const inTime = (a: Sample, b: Sample): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
