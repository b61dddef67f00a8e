import { describe, expect, test } from "vitest";
import type { Fix } from "../../../../handlers/tracking/fix.ts";
import { advance, type ProgressState, remainingOf } from "../../../../handlers/tracking/progress.ts";
import { prepareRoute, type RouteLine } from "../../../../handlers/tracking/route-line.ts";
import { type Drive, dense, drive, lengthOf, type Point, pointOn, toPlace } from "./rounds.ts";

const RULES = { maxSpeedKmh: 200, thresholdKm: 2 };
const START_MS = Date.UTC(2026, 10, 25, 10);
/** A place within this distance of the truth, in metres along the route, is on the right leg. Near a turning point both legs are. */
const SAME_LEG_M = 150;

const lineOf = (route: readonly Point[]): RouteLine => prepareRoute(route.map(toPlace));
const fixAt = (second: number, point: Point, more: Partial<Fix> = {}): Fix => ({
  atMs: START_MS + second * 1000,
  position: toPlace(point),
  ...more,
});

function follow(line: RouteLine, fixes: readonly Fix[], state?: ProgressState, rules = RULES) {
  let known = state;
  const steps = fixes.map((fix) => {
    const { state: next, position } = advance(line, "R@1", known, fix, rules);
    known = next;
    const remaining = remainingOf(line, position, rules);
    return { alongM: position.alongM, km: remaining.km, method: remaining.method };
  });
  return { steps, state: known as ProgressState };
}

/** The share of fixes, over many seeds, that are placed on the right leg. */
function rightLeg(round: Drive, everySeconds: number): number {
  const line = lineOf(round.route);
  let right = 0;
  let all = 0;
  // Enough drives for some thousand fixes.
  for (let seed = 1; seed <= Math.min(24, 3 * everySeconds); seed++) {
    const fixes = drive(round, seed, everySeconds);
    const { steps } = follow(line, fixes);
    for (const [i, { alongM }] of steps.entries()) {
      all++;
      if (Math.abs(alongM - (fixes[i] as { trueM: number }).trueM) < SAME_LEG_M) right++;
    }
  }
  return right / all;
}

const LENGTH = 10_000;
const OUT_AND_BACK: readonly Point[] = [
  [0, 0],
  [LENGTH, 0],
  [0, 0],
];
const CARRIAGEWAYS: readonly Point[] = [
  [0, 0],
  [LENGTH, 0],
  [LENGTH, 20],
  [0, 20],
];
const SQUARE: readonly Point[] = [
  [1000, 0],
  [1000, 1000],
  [0, 1000],
  [0, 0],
];
/** Three rounds that share the depot and a part of the street to it. */
const DEPOT_ROUNDS: readonly Point[] = [
  [0, 0],
  [3000, 0],
  [3000, 1000],
  [0, 1000],
  [0, 0],
  [-2500, 0],
  [-2500, -800],
  [0, -800],
  [0, 0],
  [2000, 0],
  [2000, -2000],
  [0, 0],
];
const DEPOT_AT = [4, 8].map((corner) => lengthOf(DEPOT_ROUNDS.slice(0, corner + 1)));
const EIGHT: readonly Point[] = [
  [0, 0],
  [2000, 2000],
  [2000, 0],
  [0, 2000],
  [0, 0],
];

const ROUNDS: Readonly<Record<string, Drive>> = {
  "three times round the block": { route: dense([[0, 0], ...SQUARE, ...SQUARE, ...SQUARE]) },
  "out and back on one road": { route: OUT_AND_BACK },
  "the same with a waypoint each 40 m": { route: dense(OUT_AND_BACK) },
  "carriageways 20 m apart": { route: CARRIAGEWAYS },
  "the same with a waypoint each 40 m ": { route: dense(CARRIAGEWAYS) },
  "rounds from one depot, a quarter of an hour there between them": {
    route: dense(DEPOT_ROUNDS),
    stops: DEPOT_AT.map((alongM) => [alongM, 900]),
  },
  "an eight, twice": { route: dense([...EIGHT, ...EIGHT.slice(1)]) },
  "a detour 600 m aside on the way out": {
    route: dense(OUT_AND_BACK),
    path: [
      [0, 0],
      [3000, 0],
      [3000, 600],
      [5000, 600],
      [5000, 0],
      [LENGTH, 0],
      [0, 0],
    ],
    toRouteM: (m) => (m < 3000 ? m : m < 3600 ? 3000 : m < 5600 ? m - 600 : m < 6200 ? 5000 : m - 1200),
  },
  "a detour that comes within 200 m of a later leg": {
    route: dense([
      [0, 0],
      [LENGTH, 0],
      [LENGTH, 700],
      [0, 700],
    ]),
    path: [
      [0, 0],
      [3000, 0],
      [3000, 500],
      [5000, 500],
      [5000, 0],
      [LENGTH, 0],
      [LENGTH, 700],
      [0, 700],
    ],
    toRouteM: (m) => (m < 3000 ? m : m < 3500 ? 3000 : m < 5500 ? m - 500 : m < 6000 ? 5000 : m - 1000),
  },
};

describe("with 13 m of noise at least 99 % of the fixes are on the right leg", () => {
  for (const [name, round] of Object.entries(ROUNDS)) {
    test.each([1, 10, 30])(`${name}, a fix each %d s`, (everySeconds) => {
      expect(rightLeg(round, everySeconds)).toBeGreaterThanOrEqual(0.99);
    });
  }
});

test("few fixes out and back are placed at the start, the turning point, on the way home and at home", () => {
  const line = lineOf(OUT_AND_BACK);
  const { steps } = follow(line, [
    fixAt(0, [0, 0]),
    fixAt(900, [LENGTH, 0]),
    fixAt(1100, [8000, 0]),
    fixAt(1700, [500, 0]),
    fixAt(1750, [0, 0]),
  ]);
  expect(steps.map(({ km }) => Math.round(km * 100) / 100)).toEqual([20, 10, 8, 0.5, 0]);
});

test("a vehicle off the route returns to it and follows it; beyond the end it is at the end", () => {
  const line = lineOf([
    [0, 0],
    [44_000, 0],
  ]);
  const first = (point: Point) => follow(line, [fixAt(0, point)]).steps[0];
  expect(first([94_000, 0])).toMatchObject({ method: "off_route", km: expect.closeTo(50, 0) });
  expect(first([-50_000, 0])).toMatchObject({ method: "off_route", km: expect.closeTo(94, 0) });
  expect(first([22_000, 50_000])).toMatchObject({ method: "off_route", km: expect.closeTo(72, 0) });
  expect(first([22_000, 1900])).toMatchObject({ method: "route", km: expect.closeTo(22, 1) });
  expect(first([45_000, 0])).toMatchObject({ method: "route", km: expect.closeTo(1, 2) });
});

test("one fix far ahead on the route does not move the place farther than the vehicle can drive", () => {
  const line = lineOf(dense(OUT_AND_BACK));
  const { steps } = follow(line, [
    fixAt(0, [1000, 0]),
    fixAt(10, [1100, 0]),
    fixAt(20, [1200, 0]),
    fixAt(30, [9000, 0]),
    fixAt(40, [1400, 0]),
  ]);
  expect(steps[4]?.alongM).toBeCloseTo(1400, 0);
});

test("a vehicle that skips a round is found on the next one, and one that turns is found on its way back", () => {
  const line = lineOf(dense(DEPOT_ROUNDS));
  const skipped: readonly Point[] = [...DEPOT_ROUNDS.slice(0, 5), ...DEPOT_ROUNDS.slice(9)];
  const length = lengthOf(skipped);
  const fixes = Array.from({ length: Math.floor(length / 100) }, (_, i) => fixAt(i * 10, pointOn(skipped, i * 100)));
  const { steps } = follow(line, fixes);
  expect(steps.at(-1)?.km).toBeLessThan(0.2);
  const back = Array.from({ length: 30 }, (_, i) => fixAt(i * 30, [i < 15 ? i * 200 : (30 - i) * 200, 0]));
  expect(
    follow(
      lineOf([
        [0, 0],
        [LENGTH, 0],
      ]),
      back,
    ).steps.at(-1)?.alongM,
  ).toBeCloseTo(200, 0);
});

test("a completed round starts anew the next day", () => {
  const round = dense([[0, 0], ...SQUARE]);
  const line = lineOf(round);
  const day = (from: number) => Array.from({ length: 40 }, (_, i) => fixAt(from + i * 10, pointOn(round, i * 100)));
  const { state, steps } = follow(line, [...day(0), fixAt(400, [0, 0]), fixAt(2000, [5, 5])]);
  expect(steps.at(-1)?.km).toBeLessThan(0.05);
  const { steps: next } = follow(line, day(86_400), state);
  expect(next.slice(3).map(({ alongM }) => Math.round(alongM / 100))).toEqual(Array.from({ length: 37 }, (_, i) => i + 3));
});

test("sixteen equal rounds from one depot are driven in order and distinguished", () => {
  const rounds: Drive = { route: [[0, 0], ...Array.from({ length: 16 }, () => SQUARE).flat()] };
  expect(rightLeg(rounds, 10)).toBeGreaterThanOrEqual(0.99);
  expect(rightLeg(rounds, 30)).toBeGreaterThanOrEqual(0.99);
});

test("a wrong first fix far from the route does not influence later places", () => {
  const line = lineOf([[0, 0], ...Array.from({ length: 16 }, () => SQUARE).flat()]);
  const { steps } = follow(line, [fixAt(0, [300_000, 0]), fixAt(360, [500, 0]), fixAt(420, [900, 0])]);
  expect(steps.map(({ method }) => method)).toEqual(["off_route", "route", "route"]);
  expect(steps[2]?.alongM).toBeCloseTo(900, 0);
});

test("the heading decides the carriageway of a single fix", () => {
  const line = lineOf(CARRIAGEWAYS);
  const first = (headingDeg: number, speedKmh = 40) => follow(line, [fixAt(0, [4000, 10], { headingDeg, speedKmh })]).steps[0]?.alongM;
  expect(first(90)).toBeCloseTo(4000, 0);
  expect(first(270)).toBeGreaterThan(15_000);
  expect(first(270, 0)).toBeCloseTo(4000, 0);
  expect(first(-1)).toBeCloseTo(4000, 0);
});

test("another route, or a new version of one, is searched from the beginning", () => {
  const line = lineOf(dense(OUT_AND_BACK));
  const home = follow(line, drive({ route: dense(OUT_AND_BACK) }, 1, 10)).state;
  expect(advance(line, "R@1", home, fixAt(9000, [0, 5]), RULES).position.alongM).toBeGreaterThan(2 * LENGTH - 100);
  expect(advance(line, "R@2", home, fixAt(9000, [0, 5]), RULES).position.alongM).toBeLessThan(100);
});

test("the state stays small on a route of 2,000 waypoints with sixteen rounds", () => {
  const rounds = dense([[0, 0], ...Array.from({ length: 16 }, () => SQUARE).flat()], 32);
  const line = lineOf(rounds);
  expect(rounds.length).toBeGreaterThan(1990);
  let state: ProgressState | undefined;
  for (const fix of drive({ route: rounds }, 3, 10)) {
    state = advance(line, "a-route-with-a-name-of-forty-characters@2026-11-25T10:00:00.000Z", state, fix, RULES).state;
    expect(JSON.stringify(state).length).toBeLessThan(600);
  }
});
