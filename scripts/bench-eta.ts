import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { type Fix, metresBetween, toSample } from "../handlers/tracking/fix.ts";
import { judgeFix } from "../handlers/tracking/plausibility.ts";
import { moveOn, type ProgressState, remainingOf } from "../handlers/tracking/progress.ts";
import { prepareRoute } from "../handlers/tracking/route-line.ts";
import { DEFAULT_SPEED_KMH, speedOf } from "../handlers/tracking/speed.ts";
import type { Track } from "../handlers/tracking/track.ts";
import { type RecordedFix, readDrive, thinned } from "../test/fixtures/drives.ts";

/**
 * `npm run bench:eta`: how good the ETAs are on recorded drives, at one fix each 1, 10 and 30 seconds, and what a decision costs.
 * The truth of a fix is the time that the drive still took; the distance left is the one that was still driven. The old figures
 * are those of the average over the last eight fixes, which stood here until November 2026, on the same drives.
 */
const RULES = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
// Seven seconds past the minute: a phone knows nothing of our slots of time.
const START_MS = Date.UTC(2026, 10, 25, 10, 0, 7);
const LEGS = [1, 10, 30];

/** km/h at each fix; null: it stands. */
type Speeds = (fixes: readonly Fix[]) => readonly (number | null)[];

const tracked: Speeds = (fixes) => {
  let track: Track | undefined;
  return fixes.map((fix) => {
    track = judgeFix(track, fix, RULES).track;
    const { averageKmh, isStopped } = speedOf(track.samples, RULES);
    return isStopped ? null : averageKmh;
  });
};

/** As it was: the mean of the speeds between the last eight fixes of a quarter of an hour, below 1 km/h `stopped`. Frozen, for comparison. */
const oldAverage: Speeds = (fixes) =>
  fixes.map((fix, index) => {
    const recent = fixes.slice(Math.max(0, index - 7), index + 1).filter(({ atMs }) => atMs >= fix.atMs - 15 * 60_000);
    const speeds = recent.slice(1).flatMap((one, i) => {
      const before = recent[i] as Fix;
      const kmh = (metresBetween(toSample(before), toSample(one)) * 3600) / (one.atMs - before.atMs);
      return kmh <= 250 ? [kmh] : [];
    });
    if (speeds.length === 0) return DEFAULT_SPEED_KMH;
    const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
    return mean < 1 ? null : mean;
  });

interface Score {
  readonly nulls: number;
  readonly fixes: number;
  /** Error of an ETA as a share of the drive's length in time: nine of ten are within it. */
  readonly nineOfTen: number;
  readonly worst: number;
  readonly speedAt: ReadonlyMap<number, number | null>;
}

const toFix = ({ second, lat, lon }: RecordedFix): Fix => ({ atMs: START_MS + second * 1000, position: { lat, lon } });

/** `until`: the second at which the drive ends; `from`: at which it begins. What lies before is history. */
function score(drive: readonly RecordedFix[], speeds: Speeds, from: number, until: number): Score {
  const driven = drive.filter(({ second }) => second <= until);
  const fixes = driven.map(toFix);
  const found = speeds(fixes);
  const aheadM = new Array<number>(fixes.length).fill(0);
  for (let i = fixes.length - 2; i >= 0; i--) {
    aheadM[i] = (aheadM[i + 1] as number) + metresBetween(toSample(fixes[i] as Fix), toSample(fixes[i + 1] as Fix));
  }
  const rows = driven.flatMap(({ second }, i) => (second < from ? [] : [{ second, kmh: found[i] ?? null, aheadM: aheadM[i] as number }]));
  const errors = rows
    .flatMap(({ second, kmh, aheadM: left }) => (kmh === null ? [] : [Math.abs((left * 3.6) / kmh - (until - second)) / (until - from)]))
    .sort((a, b) => a - b);
  return {
    nulls: rows.length - errors.length,
    fixes: rows.length,
    nineOfTen: errors[Math.ceil(errors.length * 0.9) - 1] ?? Number.NaN,
    worst: errors.at(-1) ?? Number.NaN,
    speedAt: new Map(rows.map(({ second, kmh }) => [second, kmh])),
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** The largest difference between the speeds that two rates give for the same moment. */
function difference(a: Score, b: Score): string {
  const shares = [...a.speedAt].flatMap(([second, kmh]) => {
    const other = b.speedAt.get(second);
    return typeof kmh === "number" && typeof other === "number" ? [Math.abs(kmh / other - 1)] : [];
  });
  return shares.length === 0 ? "" : `${(Math.max(...shares) * 100).toFixed(1)} %`;
}

function printDrive(name: string, drive: readonly RecordedFix[], rates: readonly number[], from: number, until: number): void {
  process.stdout.write(
    `\n| ${name} | fixes | null | nine of ten within | worst | speed, against the densest | old: null | old: nine of ten | old: speed |\n`,
  );
  process.stdout.write(`| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n`);
  const scores = rates.map((rate) => ({
    rate,
    now: score(thinned(drive, rate), tracked, from, until),
    old: score(thinned(drive, rate), oldAverage, from, until),
  }));
  const [dense] = scores;
  for (const { rate, now, old } of scores) {
    const cells = [now.fixes, now.nulls, percent(now.nineOfTen), percent(now.worst), dense && difference(now, dense.now)];
    const before = [old.nulls, percent(old.nineOfTen), dense && difference(old, dense.old)];
    process.stdout.write(`| one each ${rate} s | ${[...cells, ...before].join(" | ")} |\n`);
  }
}

/** A whole decision (plausibility, speed, progress) on a round of 2,000 waypoints that passes each street four times. */
function printCost(): void {
  const corners = [
    [0, 0],
    [0.02, 0],
    [0.02, 0.02],
    [0, 0.02],
  ] as const;
  const waypoints = Array.from({ length: 2000 }, (_, i) => {
    const side = i / 125;
    const [lat, lon] = corners[Math.floor(side) % 4] as readonly [number, number];
    const [toLat, toLon] = corners[(Math.floor(side) + 1) % 4] as readonly [number, number];
    return { lat: 4.65 + lat + (toLat - lat) * (side % 1), lon: -74.1 + lon + (toLon - lon) * (side % 1) };
  });
  const prepared = performance.now();
  for (let i = 0; i < 50; i++) prepareRoute(waypoints);
  const preparing = ((performance.now() - prepared) / 50).toFixed(2);
  const line = prepareRoute(waypoints);
  const rules = { ...RULES, thresholdKm: 2 };
  process.stdout.write(
    `\n| one decision, 2,000 waypoints | median | 99 of 100 within | track | progress |\n| --- | --- | --- | --- | --- |\n`,
  );
  for (const every of LEGS) {
    const took: number[] = [];
    let track: Track | undefined;
    let state: ProgressState | undefined;
    for (let i = 0; i < 6000; i++) {
      const at = Math.floor(i * every * 0.5) % 2000;
      const fix = { atMs: START_MS + i * every * 1000, position: waypoints[at] as Fix["position"] };
      const began = performance.now();
      track = judgeFix(track, fix, RULES).track;
      speedOf(track.samples, RULES);
      const step = moveOn(line, "R", state, fix, rules);
      state = step.state;
      remainingOf(line, step.place, rules);
      took.push(performance.now() - began);
    }
    const warm = took.slice(1000).sort((a, b) => a - b);
    const at = (share: number): string => `${((warm[Math.floor(warm.length * share)] as number) * 1000).toFixed(0)} µs`;
    const sizes = [JSON.stringify(track).length, JSON.stringify(state).length].map((bytes) => `${bytes} bytes`);
    process.stdout.write(`| a fix each ${every} s | ${[at(0.5), at(0.99), ...sizes].join(" | ")} |\n`);
  }
  process.stdout.write(`\nTo prepare the route takes ${preparing} ms, once.\n`);
}

process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}\n`);
printDrive("city drive, 20 minutes", readDrive("city-drive"), LEGS, 0, 1195);
printDrive("van, after half an hour of parking", readDrive("van-delivery"), [1, 120], 1688, 2735);
printCost();
