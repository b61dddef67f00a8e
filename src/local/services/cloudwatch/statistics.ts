import type { Metric, Minute } from "./metric-store.ts";

/** The statistic of a metric over a time range; undefined without data. */
export function valueOver(metric: Metric | undefined, from: number, to: number, statistic: string): number | undefined {
  const minutes = minutesOf(metric, from, to);
  return minutes.length === 0 ? undefined : statisticOf(minutes, statistic);
}

function minutesOf(metric: Metric | undefined, from: number, to: number): readonly Minute[] {
  if (!metric) return [];
  return [...metric.minutes.values()].filter(({ at }) => at >= from && at < to);
}

const SIMPLE: Readonly<Record<string, (minutes: readonly Minute[]) => number>> = {
  SampleCount: (minutes) => total(minutes, ({ count }) => count),
  Sum: (minutes) => total(minutes, ({ sum }) => sum),
  Average: (minutes) => total(minutes, ({ sum }) => sum) / total(minutes, ({ count }) => count),
  Minimum: (minutes) => Math.min(...minutes.map(({ min }) => min)),
  Maximum: (minutes) => Math.max(...minutes.map(({ max }) => max)),
};

/** Undefined for a percentile when all data came as statistic sets. */
export function statisticOf(minutes: readonly Minute[], statistic: string): number | undefined {
  const simple = SIMPLE[statistic];
  if (simple) return simple(minutes);
  const share = percentileOf(statistic);
  return share === undefined ? undefined : percentile(minutes, share);
}
/** `p90` → 90. */
export function percentileOf(statistic: string): number | undefined {
  const text = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(statistic)?.[1];
  return text === undefined ? undefined : Number(text);
}
export const isStatistic = (statistic: string): boolean => Object.hasOwn(SIMPLE, statistic) || percentileOf(statistic) !== undefined;

function percentile(minutes: readonly Minute[], share: number): number | undefined {
  const counts = new Map<number, number>();
  for (const { values } of minutes) for (const [value, count] of values) counts.set(value, (counts.get(value) ?? 0) + count);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [value, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= (share / 100) * all) return value;
  }
  return undefined;
}
const total = (minutes: readonly Minute[], part: (minute: Minute) => number): number =>
  minutes.reduce((sum, minute) => sum + part(minute), 0);
