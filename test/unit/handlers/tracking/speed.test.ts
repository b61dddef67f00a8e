import { expect, test } from "vitest";
import type { Fix } from "../../../../handlers/tracking/fix.ts";
import { judgeFix } from "../../../../handlers/tracking/plausibility.ts";
import { type Speed, speedOf } from "../../../../handlers/tracking/speed.ts";
import type { Track } from "../../../../handlers/tracking/track.ts";
import { type RecordedFix, readDrive, thinned } from "../../../fixtures/drives.ts";
import { chance, normal } from "./rounds.ts";

const RULES = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
const START_MS = Date.UTC(2026, 10, 25, 10, 0, 7);
const KM = 1 / 111.195;

const north = (second: number, km: number, accuracyM?: number): Fix => ({
  atMs: START_MS + second * 1000,
  position: { lat: 4.7 + km * KM, lon: -74.1 },
  accuracyM,
});

function speedsOf(fixes: readonly Fix[], rules = RULES): readonly Speed[] {
  let track: Track | undefined;
  return fixes.map((fix) => {
    track = judgeFix(track, fix, rules).track;
    return speedOf(track.samples, rules);
  });
}
const last = (fixes: readonly Fix[], rules = RULES): Speed => speedsOf(fixes, rules).at(-1) as Speed;

/** Fixes, one every `every` seconds. `kmh` returns the speed at each second. */
function driven(seconds: number, every: number, kmh: (second: number) => number): readonly Fix[] {
  const fixes: Fix[] = [];
  let km = 0;
  for (let second = 0; second <= seconds; second++) {
    if (second % every === 0) fixes.push(north(second, km));
    km += kmh(second) / 3600;
  }
  return fixes;
}

const recorded = (drive: readonly RecordedFix[]): readonly Fix[] =>
  drive.map(({ second, lat, lon }) => ({ atMs: START_MS + second * 1000, position: { lat, lon } }));

test("without history the average is the default, which also influences the first minutes", () => {
  expect(speedOf([], RULES)).toEqual({ averageKmh: 60, source: "default", isStopped: false });
  expect(last([north(0, 0)])).toEqual({ averageKmh: 60, source: "default", isStopped: false });
  const speeds = speedsOf(driven(900, 30, () => 30));
  expect(speeds[2]?.averageKmh).toBeCloseTo(57, 0);
  expect(speeds[10]?.averageKmh).toBeCloseTo(45, 0);
  expect(speeds[20]?.averageKmh).toBeCloseTo(30, 1);
  expect(speeds[30]).toMatchObject({ source: "tracked", isStopped: false });
});

test("a red light of 45 seconds changes the average a little and is no stop", () => {
  const fixes = driven(1500, 5, (second) => (second >= 1200 && second < 1245 ? 0 : 40));
  const from = fixes.findIndex(({ atMs }) => atMs >= START_MS + 1200_000);
  for (const speed of speedsOf(fixes).slice(from)) {
    expect(speed.averageKmh).toBeGreaterThan(36);
    expect(speed.isStopped).toBe(false);
  }
});

test("a tracker that reports one place every 20 minutes is stopped", () => {
  const speeds = speedsOf([0, 20, 40, 60, 80].map((minute) => north(minute * 60, 0)));
  for (const speed of speeds.slice(1)) expect(speed).toEqual({ averageKmh: 0, source: "tracked", isStopped: true });
});

test.each([16, 20, 60])("a vehicle at 20 km/h that reports every %d minutes has 20 km/h", (minutes) => {
  const speed = last([0, 1, 2, 3].map((i) => north(i * minutes * 60, (i * minutes * 20) / 60)));
  expect(speed.averageKmh).toBeCloseTo(20, 1);
  expect(speed.isStopped).toBe(false);
});

test("after two hours without a fix the history starts anew", () => {
  expect(last([north(0, 0), north(7200, 5)])).toMatchObject({ averageKmh: 60, source: "default" });
});

test("the noise of a parked receiver, 3 m or 13 m, is no movement", () => {
  const small = Array.from({ length: 60 }, (_, i) => north(i * 10, (i % 2) * 0.0033));
  expect(last(small)).toMatchObject({ isStopped: true, averageKmh: 0 });
  const random = chance(7);
  const big = Array.from({ length: 900 }, (_, i) => north(i, (normal(random) * 13) / 1000, 20));
  expect(last(big)).toMatchObject({ isStopped: true, averageKmh: 0 });
});

test("a vehicle is stopped after the configured minutes, until it has moved 100 m", () => {
  const standing = [...driven(600, 10, () => 40), ...Array.from({ length: 40 }, (_, i) => north(610 + i * 10, 6.67))];
  const speeds = speedsOf(standing);
  const stoppedAt = speeds.findIndex(({ isStopped }) => isStopped);
  // The last metres of the drive are within 100 m, too.
  expect((standing[stoppedAt] as Fix).atMs - START_MS).toBeGreaterThanOrEqual(880_000);
  expect((standing[stoppedAt] as Fix).atMs - START_MS).toBeLessThanOrEqual(910_000);
  expect(last([...standing, north(1010, 6.8)]).isStopped).toBe(false);
  expect(last(standing, { ...RULES, stoppedAfterMinutes: 8 }).isStopped).toBe(false);
});

test("a vehicle that stands longer than the whole window is stopped for any stoppedAfterMinutes", () => {
  expect(
    last(
      Array.from({ length: 30 }, (_, i) => north(i * 60, 0)),
      { ...RULES, stoppedAfterMinutes: 60 },
    ).isStopped,
  ).toBe(true);
});

test("a long stop does not count for the average after it has ended", () => {
  const fixes = driven(2400, 10, (second) => (second >= 600 && second < 1800 ? 0 : 36));
  const after = speedsOf(fixes).filter((_, i) => (fixes[i] as Fix).atMs >= START_MS + 1830_000);
  for (const speed of after) {
    expect(speed.averageKmh).toBeGreaterThan(35);
    expect(speed.isStopped).toBe(false);
  }
});

test("a short stop counts for the average", () => {
  const speed = last(driven(1200, 10, (second) => (second >= 700 && second < 940 ? 0 : 40)));
  expect(speed.averageKmh).toBeCloseTo(24, 0);
});

test("the city drive has no null, and the same speed with a fix every 1, 10 and 30 seconds", () => {
  const at = (every: number) => {
    const drive = thinned(readDrive("city-drive"), every);
    const speeds = speedsOf(recorded(drive));
    return new Map(drive.map(({ second }, i) => [second, speeds[i] as Speed]));
  };
  const each = at(1);
  for (const every of [1, 10, 30]) {
    for (const [second, speed] of at(every)) {
      expect(speed.isStopped).toBe(false);
      const reference = each.get(second);
      if (reference !== undefined) expect(Math.abs(speed.averageKmh / reference.averageKmh - 1)).toBeLessThan(0.05);
    }
  }
});

test("the van is stopped while it is parked, and never while it drives", () => {
  const van = readDrive("van-delivery");
  const speeds = speedsOf(recorded(van));
  const isStoppedAt = (second: number) => speeds[van.findIndex((one) => one.second === second)]?.isStopped;
  expect(van.filter(({ second }) => second > 1800 && second < 2700).map(({ second }) => isStoppedAt(second))).not.toContain(true);
  expect(isStoppedAt(1688)).toBe(true);
  expect(isStoppedAt(3106)).toBe(true);
});
