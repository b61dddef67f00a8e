import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fix } from "../../../../handlers/tracking/fix.ts";
import { judgeFix } from "../../../../handlers/tracking/plausibility.ts";
import type { Track } from "../../../../handlers/tracking/track.ts";
import { readDrive } from "../../../fixtures/drives.ts";

const RULES = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
const KM = 1 / 111.195;
const START_MS = Date.UTC(2026, 10, 25, 10);

/** A fix the given km north of a place near Bogotá, the given seconds after ten o'clock. */
const north = (second: number, km: number, more: Partial<Fix> = {}): Fix => ({
  atMs: START_MS + second * 1000,
  position: { lat: 4.7 + km * KM, lon: -74.1 },
  ...more,
});
const at = (second: number, lat: number, lon: number): Fix => ({ atMs: START_MS + second * 1000, position: { lat, lon } });

function judgeAll(fixes: readonly Fix[]) {
  let track: Track | undefined;
  const verdicts = fixes.map((fix) => {
    const judgement = judgeFix(track, fix, RULES);
    track = judgement.track;
    return judgement.verdict;
  });
  return { verdicts, track: track as unknown as Track };
}
const verdictsOf = (...fixes: readonly Fix[]) => judgeAll(fixes).verdicts.map((verdict) => verdict === "good");
const newest = (track: Track) => track.samples.at(-1);

test("exactly 0,0 is implausible, also as a first fix and with any repetition", () => {
  expect(verdictsOf(at(0, 0, 0), north(10, 0), at(20, 0, 0), at(30, 0, 0), at(40, 0, 0), at(50, 0, 0), north(60, 0.1))).toEqual([
    false,
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(verdictsOf(at(0, 0, 0.0001))).toEqual([true]);
});

test("a fix less exact than allowed is implausible, also as a first fix; a negative accuracy is unknown", () => {
  expect(verdictsOf(north(0, 0, { accuracyM: 200.1 }), north(1, 0, { accuracyM: 200 }), north(2, 0, { accuracyM: -1 }))).toEqual([
    false,
    true,
    true,
  ]);
});

test("one fix 3.3 km aside within ten seconds is implausible and does not change the state", () => {
  const { verdicts, track } = judgeAll([north(0, 0), north(10, 0.1), north(20, 3.4), north(30, 0.3)]);
  expect(verdicts).toEqual(["good", "good", "implausible", "good"]);
  expect(track).toEqual(judgeAll([north(0, 0), north(10, 0.1), north(30, 0.3)]).track);
});

test("a repeated old position between true ones is implausible each time", () => {
  const frozen = (second: number) => north(second, 0);
  const fixes = [frozen(0), north(300, 12), frozen(330), north(360, 13), frozen(390), north(420, 14), frozen(450), north(480, 15)];
  expect(verdictsOf(...fixes)).toEqual([true, true, false, true, false, true, false, true]);
});

test("possible movements are plausible: 190 km/h, two fixes of one second, noise of a parked vehicle", () => {
  expect(verdictsOf(north(0, 0), north(60, 190 / 60), north(60, 190 / 60 + 0.05), north(61, 190 / 60), north(62, 190 / 60 + 0.05))).toEqual(
    Array(5).fill(true),
  );
  expect(verdictsOf(north(0, 0), north(60, 250 / 60))).toEqual([true, false]);
});

test("a fix counts with the accuracy that it states", () => {
  expect(verdictsOf(north(0, 0, { accuracyM: 5 }), north(1, 0.25, { accuracyM: 180 }))).toEqual([true, true]);
  expect(verdictsOf(north(0, 0, { accuracyM: 5 }), north(1, 0.25, { accuracyM: 5 }))).toEqual([true, false]);
});

test("the third of three consistent fixes is valid, and the state moves there", () => {
  const { verdicts, track } = judgeAll([north(0, 0), north(10, 500), north(20, 500.1), north(30, 500.2), north(40, 500.3)]);
  expect(verdicts).toEqual(["good", "implausible", "implausible", "good", "good"]);
  expect(newest(track)?.[1]).toBeCloseTo(4.7 + 500.3 * KM);
  expect(track.suspects).toEqual([]);
});

test("three inconsistent outliers, or a repeated one, never become valid", () => {
  expect(verdictsOf(north(0, 0), north(10, 500), north(20, 300), north(30, 100), north(40, 0.2))).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
  const outlier = north(10, 500);
  expect(verdictsOf(north(0, 0), outlier, outlier, outlier, outlier)).toEqual([true, false, false, false, false]);
});

test("a valid fix between outliers resets their count", () => {
  const fixes = [north(0, 0), north(10, 500), north(20, 500), north(30, 0.1), north(40, 500), north(50, 500), north(60, 500)];
  expect(verdictsOf(...fixes)).toEqual([true, false, false, true, false, false, true]);
});

test("a wrong first fix is dropped, and all correct fixes after it are kept", () => {
  const right = [10, 20, 30, 40, 100].map((second) => north(second, second / 100));
  expect(judgeAll([north(0, 800), ...right]).track).toEqual(judgeAll(right).track);
});

test("exchanged coordinates are implausible after any pause, and a vehicle that began with them can recover", () => {
  const days = 5 * 86_400;
  expect(verdictsOf(at(0, 4.7, -74.1), at(days, -74.1, 4.7), at(days + 60, 4.7, -74.1))).toEqual([true, false, true]);
  expect(verdictsOf(at(0, -74.1, 4.7), at(days, 4.7, -74.1), at(days + 10, 4.7, -74.1), at(days + 20, 4.7, -74.1))).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test("a late fix is compared with its neighbours in time and never moves the state", () => {
  const known = judgeAll([north(0, 0), north(60, 0.6), north(120, 1.2)]).track;
  const late = judgeFix(known, north(90, 0.9), RULES);
  expect(late.verdict).toBe("good");
  expect(newest(late.track)).toEqual(newest(known));
  const wrong = judgeFix(known, north(91, 30), RULES);
  expect(wrong).toEqual({ verdict: "implausible", track: known });
  expect(wrong.track).toBe(known);
});

test("the first fix after half a minute in a tunnel is valid", () => {
  const { verdicts } = judgeAll(
    readDrive("city-drive").map(({ second, lat, lon }) => ({ atMs: START_MS + second * 1000, position: { lat, lon } })),
  );
  expect(verdicts.filter((verdict) => verdict !== "good")).toEqual([]);
});

test("valid fixes lead to the same track in any order and with any repetition", () => {
  const drives = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: -20, max: 20 })), {
      minLength: 2,
      maxLength: 60,
      selector: ([s]) => s,
    })
    .map((list) => list.map(([second, metres]) => north(second, second * 0.01 + metres / 1000)));
  const scrambled = drives.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
  );
  fc.assert(
    fc.property(scrambled, ([list, shuffled, again]) => {
      const ordered = [...list].sort((a, b) => a.atMs - b.atMs);
      expect(judgeAll([...shuffled, ...again]).track).toEqual(judgeAll(ordered).track);
    }),
    { numRuns: 500 },
  );
});

test("a track stays small for any fixes and any configured window", () => {
  for (const speedWindowMinutes of [1, 10, 60, 240]) {
    const rules = { ...RULES, speedWindowMinutes };
    let track: Track | undefined;
    for (let second = 0; second < 20_000; second++) {
      track = judgeFix(track, north(second, second * 0.0123456789, { accuracyM: 12.345 }), rules).track;
      if (second % 997 === 0) expect(JSON.stringify(track).length).toBeLessThan(3000);
    }
  }
});
