import type { Position } from "../../../../handlers/shared/geodesy.ts";
import type { Fix } from "../../../../handlers/tracking/fix.ts";

/** Synthetic rounds in metres around a place near Bogotá, with red lights and GPS noise. The same seed gives the same round. */

export type Point = readonly [eastM: number, northM: number];

export interface Drive {
  /** The planned route. */
  readonly route: readonly Point[];
  /** The driven path. Default: the route. */
  readonly path?: readonly Point[];
  /** Metres along the route for metres along the path. Default: the same. */
  readonly toRouteM?: (pathM: number) => number;
  /** Stops of the vehicle: the place on the path, in metres, and the duration in seconds. */
  readonly stops?: readonly (readonly [pathM: number, seconds: number])[];
}

export interface DrivenFix extends Fix {
  readonly trueM: number;
}

const ORIGIN = { lat: 4.65, lon: -74.1 };
const METRES_PER_DEGREE = (Math.PI / 180) * 6_371_008.8;
const START_MS = Date.UTC(2026, 10, 25, 12);

export const toPlace = ([eastM, northM]: Point): Position => ({
  lat: ORIGIN.lat + northM / METRES_PER_DEGREE,
  lon: ORIGIN.lon + eastM / (METRES_PER_DEGREE * Math.cos((ORIGIN.lat * Math.PI) / 180)),
});

/** The generator mulberry32. It is small, well distributed, and the same on every machine. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const lengthOf = (path: readonly Point[]): number =>
  path.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - (path[i] as Point)[0], y - (path[i] as Point)[1]), 0);

export function pointOn(path: readonly Point[], alongM: number): Point {
  let left = alongM;
  for (let i = 1; i < path.length; i++) {
    const [ax, ay] = path[i - 1] as Point;
    const [bx, by] = path[i] as Point;
    const length = Math.hypot(bx - ax, by - ay);
    if (left <= length && length > 0) return [ax + ((bx - ax) * left) / length, ay + ((by - ay) * left) / length];
    left -= length;
  }
  return path.at(-1) as Point;
}

/** The fixes of one drive: one every `everySeconds`, with noise of `sigmaM` in each direction. */
export function drive(
  { route, path = route, toRouteM = (m) => m, stops = [] }: Drive,
  seed: number,
  everySeconds: number,
  sigmaM = 13,
): readonly DrivenFix[] {
  const random = chance(seed);
  const length = lengthOf(path);
  const fixes: DrivenFix[] = [];
  let alongM = 0;
  let speed = 8;
  let standsS = 0;
  let stop = 0;
  for (let second = 0; alongM < length || standsS > 0; second++) {
    const next = stops[stop];
    if (next !== undefined && alongM >= next[0]) {
      standsS = next[1];
      stop++;
    } else if (standsS === 0 && random() < 1 / 90) standsS = 20 + Math.floor(random() * 40);
    if (standsS > 0) standsS--;
    else {
      speed = Math.min(17, Math.max(3, speed + normal(random)));
      alongM = Math.min(length, alongM + speed);
    }
    if (second % everySeconds !== 0) continue;
    const [x, y] = pointOn(path, alongM);
    const position = toPlace([x + normal(random) * sigmaM, y + normal(random) * sigmaM]);
    fixes.push({ atMs: START_MS + second * 1000, position, trueM: toRouteM(alongM) });
  }
  return fixes;
}

/** A straight way with a point every `stepM` metres, like the routes of a navigation service. */
export function dense(corners: readonly Point[], stepM = 40): readonly Point[] {
  const length = lengthOf(corners);
  const count = Math.ceil(length / stepM);
  return Array.from({ length: count + 1 }, (_, i) => pointOn(corners, (i * length) / count));
}
