import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { type Fix, metresBetween, toSample } from "../handlers/tracking/fix.ts";
import { judgeFix } from "../handlers/tracking/plausibility.ts";
import { advance, type ProgressState, remainingOf } from "../handlers/tracking/progress.ts";
import { prepareRoute } from "../handlers/tracking/route-line.ts";
import { DEFAULT_SPEED_KMH, speedOf } from "../handlers/tracking/speed.ts";
import type { Track } from "../handlers/tracking/track.ts";
import { type RecordedFix, readDrive, thinned } from "../test/fixtures/drives.ts";

/**
 * `npm run bench:eta`: measures the error of the ETAs on recorded drives, with one fix each 1, 10 and 30 seconds, and the time of a
 * decision. The correct ETA of a fix is the time that the drive still took; the correct distance is the one that was still driven. The
 * old figures are for the same drives with the method used until November 2026: the average over the last eight fixes.
 */
const RULES = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
// The drive begins seven seconds past the minute, because a phone's fixes are not aligned with our time slots.
const START_MS = Date.UTC(2026, 10, 25, 10, 0, 7);
const LEGS = [1, 10, 30];

/** km/h at each fix. null: the vehicle is standing. */
type Speeds = (fixes: readonly Fix[]) => readonly (number | null)[];

const tracked: Speeds = (fixes) => {
  let track: Track | undefined;
  return fixes.map((fix) => {
    track = judgeFix(track, fix, RULES).track;
    const { averageKmh, isStopped } = speedOf(track.samples, RULES);
    return isStopped ? null : averageKmh;
  });
};

/**
 * The method until November 2026: the mean speed between the last eight fixes of 15 minutes, `stopped` below 1 km/h. It is kept for
 * comparison.
 */
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
  /** 90th percentile of the error of an ETA, as a share of the drive's duration. */
  readonly nineOfTen: number;
  readonly worst: number;
  readonly speedAt: ReadonlyMap<number, number | null>;
}

const toFix = ({ second, lat, lon }: RecordedFix): Fix => ({ atMs: START_MS + second * 1000, position: { lat, lon } });

/** Metres that remain at each second, measured along every recorded fix. */
function aheadOf(drive: readonly RecordedFix[]): ReadonlyMap<number, number> {
  const ahead = new Map<number, number>();
  let metres = 0;
  for (let i = drive.length - 1; i >= 0; i--) {
    const [current, next] = [drive[i] as RecordedFix, drive[i + 1]];
    if (next !== undefined) metres += metresBetween(toSample(toFix(current)), toSample(toFix(next)));
    ahead.set(current.second, metres);
  }
  return ahead;
}

/** `from`, `until`: the seconds at which the drive begins and ends. Fixes before `from` only fill the track. */
function score(drive: readonly RecordedFix[], everySeconds: number, speeds: Speeds, from: number, until: number): Score {
  const ahead = aheadOf(drive.filter(({ second }) => second <= until));
  const driven = thinned(drive, everySeconds).filter(({ second }) => second <= until);
  const predicted = speeds(driven.map(toFix));
  const rows = driven.flatMap(({ second }, i) =>
    second < from ? [] : [{ second, kmh: predicted[i] ?? null, aheadM: ahead.get(second) as number }],
  );
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

/** The largest difference between two rates of fixes in the speed at the same moment. */
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
    now: score(drive, rate, tracked, from, until),
    old: score(drive, rate, oldAverage, from, until),
  }));
  const [dense] = scores;
  for (const { rate, now: current, old } of scores) {
    const cells = [
      current.fixes,
      current.nulls,
      percent(current.nineOfTen),
      percent(current.worst),
      dense && difference(current, dense.now),
    ];
    const before = [old.nulls, percent(old.nineOfTen), dense && difference(old, dense.old)];
    process.stdout.write(`| one each ${rate} s | ${[...cells, ...before].join(" | ")} |\n`);
  }
}

/** A closed route with 2,000 waypoints, the largest number allowed, that passes each street four times. */
function longRound() {
  const corners = [
    [0, 0],
    [0.02, 0],
    [0.02, 0.02],
    [0, 0.02],
  ] as const;
  return Array.from({ length: 2000 }, (_, i) => {
    const side = i / 125;
    const [lat, lon] = corners[Math.floor(side) % 4] as readonly [number, number];
    const [toLat, toLon] = corners[(Math.floor(side) + 1) % 4] as readonly [number, number];
    return { lat: 4.65 + lat + (toLat - lat) * (side % 1), lon: -74.1 + lon + (toLon - lon) * (side % 1) };
  });
}

/** Times of one task in µs, after a warm-up: the median and the 90th percentile. A busy machine raises the latter. */
function costOf(task: (turn: number) => void): string {
  const took: number[] = [];
  for (let turn = 0; turn < 6000; turn++) {
    const began = performance.now();
    task(turn);
    took.push((performance.now() - began) * 1000);
  }
  const warm = took.slice(1000).sort((a, b) => a - b);
  return [0.5, 0.9].map((share) => `${(warm[Math.floor(warm.length * share)] as number).toFixed(0)} µs`).join(" | ");
}

/** A whole decision: plausibility, speed, progress. */
function printCost(): void {
  const waypoints = longRound();
  const line = prepareRoute(waypoints);
  const rules = { ...RULES, thresholdKm: 2 };
  process.stdout.write(
    `\n| one decision, 2,000 waypoints | median | nine of ten within | track | progress |\n| --- | --- | --- | --- | --- |\n`,
  );
  for (const every of LEGS) {
    let track: Track | undefined;
    let state: ProgressState | undefined;
    const cost = costOf((turn) => {
      const position = waypoints[Math.floor(turn * every * 0.5) % 2000] as Fix["position"];
      const fix = { atMs: START_MS + turn * every * 1000, position };
      track = judgeFix(track, fix, RULES).track;
      speedOf(track.samples, RULES);
      const step = advance(line, "R", state, fix, rules);
      state = step.state;
      remainingOf(line, step.position, rules);
    });
    const sizes = [track, state].map((stored) => `${JSON.stringify(stored).length} bytes`);
    process.stdout.write(`| a fix each ${every} s | ${[cost, ...sizes].join(" | ")} |\n`);
  }
  const first = costOf((turn) =>
    advance(line, "R", undefined, { atMs: START_MS, position: waypoints[turn % 2000] as Fix["position"] }, rules),
  );
  process.stdout.write(`| the whole route searched, as for a first fix | ${first} | | |\n`);
  process.stdout.write(`| the route prepared, once for many fixes | ${costOf(() => prepareRoute(waypoints))} | | |\n`);
}

process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}\n`);
printDrive("city drive, 20 minutes", readDrive("city-drive"), LEGS, 0, 1195);
printDrive("van, after half an hour of parking", readDrive("van-delivery"), [1, 120], 1688, 2735);
printCost();
