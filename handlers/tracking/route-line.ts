import type { Position } from "../shared/geodesy.ts";

/**
 * A planned route, prepared once for many fixes. It uses flat arrays of unit vectors, so that one search over 2,000 waypoints takes
 * about ten microseconds. Geometry as in geodesy.ts: great-circle segments on the sphere of mean radius. All lengths in metres.
 */
export interface RouteLine {
  readonly count: number;
  readonly lengthM: number;
  /** Metres along the route at each waypoint. */
  readonly atWaypoint: Float64Array;
  /** Unit vectors of the waypoints: x, y, z of the first, then of the second … */
  readonly points: Float64Array;
  /**
   * For each segment: its unit normal, the direction in which it leaves its first waypoint (zeros for one without length), sine and cosine
   * of its angle.
   */
  readonly segments: Float64Array;
}

/** A position on the route. */
export interface RoutePosition {
  /** Metres from the route's start. */
  readonly alongM: number;
  /** Great-circle distance from the fix, in metres. */
  readonly offM: number;
  readonly segment: number;
}

const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;
/** Sine of the angle below which two waypoints count as one, or as antipodal: some micrometres on the ground. */
const NO_ARC = 1e-12;
const WIDTH = 8;

export type Vector = readonly [x: number, y: number, z: number];

export function toVector({ lat, lon }: Position): Vector {
  const cos = Math.cos(lat * RADIANS);
  return [cos * Math.cos(lon * RADIANS), cos * Math.sin(lon * RADIANS), Math.sin(lat * RADIANS)];
}

export function prepareRoute(waypoints: readonly Position[]): RouteLine {
  const count = waypoints.length;
  const points = new Float64Array(count * 3);
  const segments = new Float64Array(Math.max(0, count - 1) * WIDTH);
  const atWaypoint = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    points.set(toVector(waypoints[i] as Position), i * 3);
    if (i === 0) continue;
    const angle = prepareSegment(points, segments, i - 1);
    atWaypoint[i] = (atWaypoint[i - 1] as number) + angle * EARTH_RADIUS_M;
  }
  return { count, lengthM: atWaypoint[count - 1] ?? 0, atWaypoint, points, segments };
}

/** Writes one segment and returns its angle. */
function prepareSegment(points: Float64Array, segments: Float64Array, segment: number): number {
  const [ax, ay, az] = vectorAt(points, segment);
  const [bx, by, bz] = vectorAt(points, segment + 1);
  // a × (b − a) instead of a × b: no cancellation on short segments.
  const [dx, dy, dz] = [bx - ax, by - ay, bz - az];
  const [nx, ny, nz] = [ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx];
  const sine = Math.sqrt(nx * nx + ny * ny + nz * nz);
  const angle = 2 * Math.asin(Math.min(1, Math.sqrt(dx * dx + dy * dy + dz * dz) / 2));
  segments.set([Math.sin(angle), Math.cos(angle)], segment * WIDTH + 6);
  if (sine < NO_ARC) return angle;
  const [ux, uy, uz] = [nx / sine, ny / sine, nz / sine];
  segments.set([ux, uy, uz, uy * az - uz * ay, uz * ax - ux * az, ux * ay - uy * ax], segment * WIDTH);
  return angle;
}

const vectorAt = (points: Float64Array, i: number): Vector => [
  points[i * 3] as number,
  points[i * 3 + 1] as number,
  points[i * 3 + 2] as number,
];

/** The point of the route at this distance from its start. */
export function pointAt(line: RouteLine, alongM: number): Vector {
  const segment = segmentAt(line, alongM);
  const angle = (Math.min(alongM, line.lengthM) - (line.atWaypoint[segment] as number)) / EARTH_RADIUS_M;
  const [ax, ay, az] = vectorAt(line.points, segment);
  const [tx, ty, tz] = directionOf(line, segment);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [ax * cos + tx * sin, ay * cos + ty * sin, az * cos + tz * sin];
}

const directionOf = ({ segments }: RouteLine, segment: number): Vector => [
  segments[segment * WIDTH + 3] as number,
  segments[segment * WIDTH + 4] as number,
  segments[segment * WIDTH + 5] as number,
];

/** The direction of the route at this position, in degrees clockwise from north. Undefined on a segment of length zero. */
export function headingAt(line: RouteLine, { segment }: RoutePosition): number | undefined {
  const [x, y, z] = vectorAt(line.points, segment);
  const [tx, ty, tz] = directionOf(line, segment);
  if (tx === 0 && ty === 0 && tz === 0) return undefined;
  const east = x * ty - y * tx;
  const north = tz * (x * x + y * y) - z * (x * tx + y * ty);
  return (Math.atan2(east, north) / RADIANS + 360) % 360;
}

/** Index of the segment that contains this distance from the start. */
function segmentAt({ atWaypoint, count }: RouteLine, alongM: number): number {
  let low = 0;
  let high = count - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((atWaypoint[middle] as number) <= alongM) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

export const metresApart = ([ax, ay, az]: Vector, [bx, by, bz]: Vector): number =>
  2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt((ax - bx) ** 2 + (ay - by) ** 2 + (az - bz) ** 2) / 2));

/**
 * The positions between `fromM` and `toM` along the route that are nearer to `point` than their neighbourhood (local minima): one for
 * each time that the route passes by. At most `limit`, nearest first, then by their place along the route.
 */
export function positionsNear(line: RouteLine, point: Vector, fromM: number, toM: number, limit: number): readonly RoutePosition[] {
  const first = segmentAt(line, fromM);
  const last = segmentAt(line, toM);
  const found: RoutePosition[] = [];
  // A corner is a local minimum when the end of the segment before and the start of the segment after are their nearest points.
  let comesNearer = true;
  for (let segment = first; segment <= last; segment++) {
    const side = segment === first || segment === last ? undefined : sideOf(line, point, segment);
    if (side === BEHIND && !comesNearer) continue;
    if (side === AHEAD) {
      comesNearer = true;
      continue;
    }
    const position = nearestOn(line, point, segment, fromM, toM);
    const isAtStart = side === BEHIND || position.alongM <= Math.max(line.atWaypoint[segment] as number, fromM);
    const isAtEnd = side === undefined && position.alongM >= Math.min(line.atWaypoint[segment + 1] as number, toM);
    const isNearest = isAtEnd ? segment === last : !isAtStart || comesNearer;
    if (isNearest && found.at(-1)?.alongM !== position.alongM) found.push(position);
    comesNearer = isAtEnd;
  }
  return found.sort((a, b) => a.offM - b.offM || a.alongM - b.alongM).slice(0, limit);
}

const BEHIND = -1;
const BESIDE = 0;
const AHEAD = 1;

/**
 * Where the foot of the perpendicular from `point` lies: before the segment, on it, or after it. It needs products only, because it
 * runs for every segment.
 */
function sideOf({ points, segments }: RouteLine, [px, py, pz]: Vector, segment: number): number {
  const o = segment * WIDTH;
  const a = segment * 3;
  const [ax, ay, az] = [points[a] as number, points[a + 1] as number, points[a + 2] as number];
  const [tx, ty, tz] = [segments[o + 3] as number, segments[o + 4] as number, segments[o + 5] as number];
  const forth = (px - ax) * tx + (py - ay) * ty + (pz - az) * tz;
  if (forth <= 0) return BEHIND;
  const up = px * ax + py * ay + pz * az;
  return (segments[o + 7] as number) * forth - (segments[o + 6] as number) * up < 0 ? BESIDE : AHEAD;
}

function nearestOn(line: RouteLine, point: Vector, segment: number, fromM: number, toM: number): RoutePosition {
  const [px, py, pz] = point;
  const { points, segments, atWaypoint } = line;
  const o = segment * WIDTH;
  const a = segment * 3;
  const startM = atWaypoint[segment] as number;
  const [dx, dy, dz] = [px - (points[a] as number), py - (points[a + 1] as number), pz - (points[a + 2] as number)];
  const forth = dx * (segments[o + 3] as number) + dy * (segments[o + 4] as number) + dz * (segments[o + 5] as number);
  const up = px * (points[a] as number) + py * (points[a + 1] as number) + pz * (points[a + 2] as number);
  const low = Math.max(startM, fromM);
  const high = Math.min(atWaypoint[segment + 1] as number, toM);
  const footM = startM + Math.atan2(forth, up) * EARTH_RADIUS_M;
  if (footM > low && footM < high) {
    const side = dx * (segments[o] as number) + dy * (segments[o + 1] as number) + dz * (segments[o + 2] as number);
    return { alongM: footM, offM: Math.asin(Math.min(1, Math.abs(side))) * EARTH_RADIUS_M, segment };
  }
  const alongM = footM <= low ? low : high;
  return { alongM, offM: metresApart(point, pointOf(line, segment, alongM)), segment };
}

function pointOf(line: RouteLine, segment: number, alongM: number): Vector {
  if (alongM === line.atWaypoint[segment]) return vectorAt(line.points, segment);
  if (alongM === line.atWaypoint[segment + 1]) return vectorAt(line.points, segment + 1);
  return pointAt(line, alongM);
}
