/** Positions of drawn vehicles, which glide from the old place to the new one. Pure functions. */

/** Web Mercator coordinates, 0…1 over the world. */
export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Glide {
  readonly from: Point;
  readonly to: Point;
  readonly startedAt: number;
  readonly durationMs: number;
}

const RAD = Math.PI / 180;
const MOST_LAT = 85.0511;
export function toWorld(lat: number, lon: number): Point {
  const sin = Math.sin(Math.max(-MOST_LAT, Math.min(MOST_LAT, lat)) * RAD);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI) };
}

export function pointAt({ from, to, startedAt, durationMs }: Glide, now: number): Point {
  const share = durationMs <= 0 ? 1 : Math.max(0, Math.min(1, (now - startedAt) / durationMs));
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** Starts a glide from the current place of a running glide to a new place. */
export function glideTo(before: Glide | undefined, to: Point, now: number, durationMs: number): Glide {
  if (before === undefined) return { from: to, to, startedAt: now, durationMs: 0 };
  return { from: pointAt(before, now), to, startedAt: now, durationMs };
}

/** A shorter move (share of the world's width, about 8 m) has no bearing. */
const NO_MOVE = 2e-7;
/** Degrees clockwise from north; undefined when the vehicle has not moved. */
export function bearing(from: Point, to: Point): number | undefined {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  if (Math.hypot(dx, dy) < NO_MOVE) return undefined;
  return (Math.atan2(dx, -dy) / RAD + 360) % 360;
}

/** The point of a line (lat, lon, lat, lon, …) nearest to a place, in degrees. Calculated on a plane, which is exact enough for drawing. */
export function nearestOn(line: readonly number[], lat: number, lon: number): readonly [number, number] | undefined {
  const shrink = Math.cos(lat * RAD);
  let best: readonly [number, number] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i + 3 < line.length; i += 2) {
    const [aLat, aLon, bLat, bLon] = line.slice(i, i + 4) as [number, number, number, number];
    const [dx, dy] = [(bLon - aLon) * shrink, bLat - aLat];
    const along = ((lon - aLon) * shrink * dx + (lat - aLat) * dy) / (dx * dx + dy * dy || 1);
    const share = Math.max(0, Math.min(1, along));
    const [pLat, pLon] = [aLat + (bLat - aLat) * share, aLon + (bLon - aLon) * share];
    const distance = Math.hypot((pLon - lon) * shrink, pLat - lat);
    if (distance < least) [least, best] = [distance, [pLat, pLon]];
  }
  return best;
}
