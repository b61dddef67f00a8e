/**
 * Distances on a sphere of the mean Earth radius. Positions are converted to unit vectors once. The search along a route then needs
 * products only, which are also right at the poles and across the antimeridian. A segment is the shorter great-circle arc between its
 * ends. Between antipodal ends that arc is undefined: then only the ends count.
 */

export interface Position {
  readonly lat: number;
  readonly lon: number;
}

export interface NearestPoint {
  readonly position: Position;
  readonly distanceKm: number;
  /** Index of its segment, which leads from waypoint `segment` to `segment + 1`. */
  readonly segment: number;
}

/** IUGG mean radius R1, in km. */
export const EARTH_RADIUS_KM = 6371.0088;

const RADIANS = Math.PI / 180;
/** sin² of the angle below which two ends count as one point, or as antipodal: about 6 µm on the ground. */
const NO_ARC = 1e-24;

/** Great-circle distance in km (haversine: exact for near points and near antipodes of our use). */
export function distanceKm(from: Position, to: Position): number {
  const dLat = Math.sin(((to.lat - from.lat) * RADIANS) / 2);
  const dLon = Math.sin(((to.lon - from.lon) * RADIANS) / 2);
  const h = dLat * dLat + Math.cos(from.lat * RADIANS) * Math.cos(to.lat * RADIANS) * dLon * dLon;
  return 2 * EARTH_RADIUS_KM * Math.atan2(Math.sqrt(h), Math.sqrt(Math.max(0, 1 - h)));
}

/** Length of the polyline in km, from waypoint `start` on. */
export function lengthKm(waypoints: readonly Position[], start = 0): number {
  let total = 0;
  for (let i = start; i + 1 < waypoints.length; i++) total += distanceKm(waypoints[i] as Position, waypoints[i + 1] as Position);
  return total;
}

/** The point of the polyline that is nearest to `position`, segments included. When several are equally near: the first along the route. */
export function nearestPoint(position: Position, waypoints: readonly Position[]): NearestPoint {
  const [px, py, pz] = toVector(position);
  let [ax, ay, az] = toVector(waypoints[0] as Position);
  let best = { chord2: Number.POSITIVE_INFINITY, segment: 0, end: 0, normal: undefined as Vector | undefined };
  for (let i = 0; i < waypoints.length; i++) {
    const [bx, by, bz] = toVector(waypoints[i] as Position);
    const toEnd = (px - bx) ** 2 + (py - by) ** 2 + (pz - bz) ** 2;
    if (i > 0) {
      // The arc's normal a × (b − a) instead of a × b, and (p − a) · n instead of p · n: no cancellation on short arcs.
      const [dx, dy, dz] = [bx - ax, by - ay, bz - az];
      const [nx, ny, nz] = [ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx];
      const n2 = nx * nx + ny * ny + nz * nz;
      const beyondA = (ny * az - nz * ay) * px + (nz * ax - nx * az) * py + (nx * ay - ny * ax) * pz;
      const beforeB = (ny * bz - nz * by) * px + (nz * bx - nx * bz) * py + (nx * by - ny * bx) * pz;
      if (n2 > NO_ARC && beyondA > 0 && beforeB < 0) {
        const height = (px - ax) * nx + (py - ay) * ny + (pz - az) * nz;
        const sin2 = Math.min(1, (height * height) / n2);
        const chord2 = (2 * sin2) / (1 + Math.sqrt(1 - sin2));
        if (chord2 < best.chord2) best = { chord2, segment: i - 1, end: -1, normal: [nx, ny, nz] };
      }
    }
    if (toEnd < best.chord2) best = { chord2: toEnd, segment: Math.max(0, i - 1), end: i, normal: undefined };
    [ax, ay, az] = [bx, by, bz];
  }
  return {
    position: best.normal === undefined ? (waypoints[best.end] as Position) : project([px, py, pz], best.normal),
    distanceKm: 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(best.chord2) / 2)),
    segment: best.segment,
  };
}

/** Distance in km along the route from the point nearest to `position` to the route's end. */
export function remainingKm(position: Position, waypoints: readonly Position[]): number {
  const nearest = nearestPoint(position, waypoints);
  return distanceKm(nearest.position, waypoints[nearest.segment + 1] as Position) + lengthKm(waypoints, nearest.segment + 1);
}

type Vector = readonly [number, number, number];

function toVector({ lat, lon }: Position): Vector {
  const phi = lat * RADIANS;
  const lambda = lon * RADIANS;
  const cos = Math.cos(phi);
  return [cos * Math.cos(lambda), cos * Math.sin(lambda), Math.sin(phi)];
}

/** Foot of the perpendicular from `point` on the great circle with this normal. */
function project([px, py, pz]: Vector, [nx, ny, nz]: Vector): Position {
  const t = (px * nx + py * ny + pz * nz) / (nx * nx + ny * ny + nz * nz);
  const [x, y, z] = [px - t * nx, py - t * ny, pz - t * nz];
  return { lat: Math.atan2(z, Math.hypot(x, y)) / RADIANS, lon: Math.atan2(y, x) / RADIANS };
}
