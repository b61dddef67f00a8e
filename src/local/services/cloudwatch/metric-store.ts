import type { LocalEnv } from "../../core/service.ts";

/** Data points are aggregated by the minute and kept for fifteen days, as on AWS. */
export const MINUTE_MS = 60_000;
const KEPT_MS = 15 * 24 * 60 * MINUTE_MS;
/** With more distinct values than this in a minute, values are rounded to two digits, which is enough for percentiles. */
const EXACT_VALUES = 500;

export type Dimensions = Readonly<Record<string, string>>;
export interface MetricId {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}
/** The aggregated data points of one minute. */
export interface Minute {
  readonly at: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** Value → number of samples. Empty for statistic sets. */
  readonly values: Map<number, number>;
}
export interface Sample {
  readonly at: number;
  readonly unit: string | undefined;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly (readonly [value: number, count: number])[];
}
export interface Metric extends MetricId {
  /** Unit of the last sample. */
  unit: string | undefined;
  readonly minutes: Map<number, Minute>;
}
export interface MetricStore {
  add(id: MetricId, sample: Sample): void;
  get(id: MetricId): Metric | undefined;
  all(region: string): readonly Metric[];
  /** Stores the minutes that changed since the last flush, and drops expired ones. */
  flush(): void;
}

type Stored = readonly [at: number, count: number, sum: number, min: number, max: number, values: readonly (readonly [number, number])[]];
interface MinuteDocument {
  readonly id: MetricId;
  readonly unit: string | undefined;
  readonly minute: Stored;
}

export const keyOf = ({ region, namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([region, namespace, name, Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1))]);

/** Serves reads from memory. `flush` stores changed minutes in the journal. */
export function openMetrics(env: LocalEnv): MetricStore {
  const kept = env.store.collection<MinuteDocument>("cloudwatch.minutes");
  const metrics = new Map<string, Metric>();
  const changed = new Map<string, MinuteDocument["id"]>();
  const metricOf = (id: MetricId): Metric => {
    const key = keyOf(id);
    const known = metrics.get(key);
    if (known) return known;
    const made: Metric = { ...id, unit: undefined, minutes: new Map() };
    metrics.set(key, made);
    return made;
  };
  for (const { id, unit, minute } of kept.values()) {
    const metric = metricOf(id);
    metric.unit = unit;
    metric.minutes.set(minute[0], fromStored(minute));
  }
  const flush = (): void => {
    for (const [place, id] of changed) {
      const metric = metricOf(id);
      const minute = metric.minutes.get(Number(place.slice(0, place.indexOf("|"))));
      if (minute) kept.put(place, { id, unit: metric.unit, minute: toStored(minute) });
    }
    changed.clear();
    const oldest = env.clock.now() - KEPT_MS;
    for (const place of kept.keys()) {
      const at = Number(place.slice(0, place.indexOf("|")));
      if (at >= oldest) continue;
      metrics.get(place.slice(place.indexOf("|") + 1))?.minutes.delete(at);
      kept.delete(place);
    }
  };
  return {
    flush,
    add(id, sample) {
      const metric = metricOf(id);
      const at = Math.floor(sample.at / MINUTE_MS) * MINUTE_MS;
      metric.unit = sample.unit ?? metric.unit;
      const minute = metric.minutes.get(at) ?? {
        at,
        count: 0,
        sum: 0,
        min: Number.POSITIVE_INFINITY,
        max: -Number.MAX_VALUE,
        values: new Map(),
      };
      merge(minute, sample);
      metric.minutes.set(at, minute);
      changed.set(`${at}|${keyOf(id)}`, { region: id.region, namespace: id.namespace, name: id.name, dimensions: id.dimensions });
    },
    get: (id) => metrics.get(keyOf(id)),
    all: (region) => [...metrics.values()].filter((metric) => metric.region === region && metric.minutes.size > 0),
  };
}

function merge(minute: Minute, { count, sum, min, max, values }: Sample): void {
  minute.count += count;
  minute.sum += sum;
  minute.min = Math.min(minute.min, min);
  minute.max = Math.max(minute.max, max);
  for (const [value, times] of values) {
    const kept = minute.values.size < EXACT_VALUES ? value : Number(value.toPrecision(2));
    minute.values.set(kept, (minute.values.get(kept) ?? 0) + times);
  }
}
const toStored = (minute: Minute): Stored => [minute.at, minute.count, minute.sum, minute.min, minute.max, [...minute.values]];
const fromStored = ([at, count, sum, min, max, values]: Stored): Minute => ({ at, count, sum, min, max, values: new Map(values) });
