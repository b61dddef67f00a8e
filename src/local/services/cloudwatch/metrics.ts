import type * as CW from "@aws-sdk/client-cloudwatch";
import { type Call, type Handler, LocalFault, type Operations } from "../../core/service.ts";
import { type Dimensions, keyOf, type Metric, type MetricId, MINUTE_MS, type Minute, type Sample } from "./metric-store.ts";
import { type CloudWatchState, invalidCombination, invalidValue, pageOf } from "./state.ts";
import { isStatistic, statisticOf } from "./statistics.ts";

const HOUR_MS = 3_600_000;
const OLDEST_MS = 14 * 24 * HOUR_MS;
const NEWEST_MS = 2 * HOUR_MS;
const MOST_DATA = 1_000;
const MOST_DIMENSIONS = 30;
const MOST_VALUES = 150;
const MOST_POINTS = 1_440;
const LIST_PAGE = 500;
/** ListMetrics returns a metric for this time after its last data point, as on AWS. */
const LISTED_MS = 14 * 24 * HOUR_MS;

export function metricOperations(state: CloudWatchState): Operations {
  return { PutMetricData: put(state), GetMetricStatistics: statistics(state), GetMetricData: data(state), ListMetrics: list(state) };
}

const put =
  (state: CloudWatchState): Handler<CW.PutMetricDataCommandInput, CW.PutMetricDataCommandOutput> =>
  (input, call) => {
    const namespace = input.Namespace ?? "";
    if (!/^[^:]{1,255}$/.test(namespace)) throw invalidValue("The parameter Namespace is not valid.");
    if (namespace.startsWith("AWS/") && call.principal.type !== "service")
      throw invalidValue("The value AWS/ for parameter Namespace is invalid.");
    const entities = (input.EntityMetricData ?? []).flatMap(({ MetricData = [] }) => MetricData);
    const all = [...(input.MetricData ?? []), ...entities];
    if (all.length === 0) throw new LocalFault("MissingRequiredParameterException", "The parameter MetricData is required.");
    if (all.length > MOST_DATA) throw invalidValue(`The collection MetricData must not have a size greater than ${MOST_DATA}.`);
    // AWS stores nothing of a request with an invalid datum.
    const read = all.map((datum, at) => readDatum(datum, at + 1, namespace, call, state.env.clock.now()));
    for (const { id, sample } of read) state.metrics.add(id, sample);
    return {};
  };

function readDatum(datum: CW.MetricDatum, at: number, namespace: string, { region }: Call, now: number): { id: MetricId; sample: Sample } {
  const member = (name: string) => `MetricData.member.${at}.${name}`;
  const name = datum.MetricName ?? "";
  if (name.length < 1 || name.length > 255) throw invalidValue(`The parameter ${member("MetricName")} is not valid.`);
  const time = datum.Timestamp?.getTime() ?? now;
  if (time < now - OLDEST_MS || time > now + NEWEST_MS)
    throw invalidValue(
      `The parameter ${member("Timestamp")} must specify a time no more than 2 weeks in the past and no more than two hours in the future.`,
    );
  const sample = { at: time, unit: datum.Unit, ...valuesOf(datum, member) };
  return { id: { region, namespace, name, dimensions: dimensionsOf(datum.Dimensions, member("Dimensions")) }, sample };
}

function valuesOf(datum: CW.MetricDatum, member: (name: string) => string): Omit<Sample, "at" | "unit"> {
  const { Value, StatisticValues, Values, Counts } = datum;
  const given = [Value, StatisticValues, Values].filter((one) => one !== undefined).length;
  if (given === 0)
    throw new LocalFault(
      "MissingRequiredParameterException",
      `At least one of the parameters ${member("Value")}, ${member("StatisticValues")} or ${member("Values")} must be specified.`,
    );
  if (given > 1)
    throw invalidCombination(
      `The parameters ${member("Value")}, ${member("StatisticValues")} and ${member("Values")} are mutually exclusive.`,
    );
  if (StatisticValues) {
    const { SampleCount = 0, Sum = 0, Minimum = 0, Maximum = 0 } = StatisticValues;
    return { count: SampleCount, sum: Sum, min: Minimum, max: Maximum, values: [] };
  }
  const values = Values ?? [Value ?? 0];
  if (values.length > MOST_VALUES)
    throw invalidValue(`The collection ${member("Values")} must not have a size greater than ${MOST_VALUES}.`);
  if (Counts && Counts.length !== values.length)
    throw invalidValue(`The parameters ${member("Values")} and ${member("Counts")} must be of the same size.`);
  if (values.some((value) => !Number.isFinite(value))) throw invalidValue(`The value of ${member("Value")} is not a number.`);
  const pairs = values.map((value, i) => [value, Counts?.[i] ?? 1] as const);
  return {
    count: pairs.reduce((sum, [, count]) => sum + count, 0),
    sum: pairs.reduce((sum, [value, count]) => sum + value * count, 0),
    min: Math.min(...values),
    max: Math.max(...values),
    values: pairs,
  };
}
export function dimensionsOf(list: readonly CW.Dimension[] | undefined, member = "Dimensions"): Dimensions {
  if ((list?.length ?? 0) > MOST_DIMENSIONS)
    throw invalidValue(`The collection ${member} must not have a size greater than ${MOST_DIMENSIONS}.`);
  for (const { Name, Value } of list ?? []) if (!Name || !Value) throw invalidValue(`A name and a value of ${member} must not be empty.`);
  return Object.fromEntries((list ?? []).map(({ Name = "", Value = "" }) => [Name, Value]));
}

const metricId = ({ Namespace, MetricName, Dimensions }: CW.Metric, region: string): MetricId => ({
  region,
  namespace: Namespace ?? "",
  name: MetricName ?? "",
  dimensions: dimensionsOf(Dimensions),
});

/** The periods between two times that have data, in order, aligned as on AWS. The last period may be unfinished. */
function periodsOf(metric: Metric | undefined, start: number, end: number, period: number): readonly (readonly [at: number, Minute[]])[] {
  const first = Math.floor(start / period) * period;
  const periods = new Map<number, Minute[]>();
  for (const minute of metric?.minutes.values() ?? []) {
    const at = Math.floor(minute.at / period) * period;
    if (at < first || at >= end) continue;
    const minutes = periods.get(at);
    if (minutes) minutes.push(minute);
    else periods.set(at, [minute]);
  }
  return [...periods].toSorted(([a], [b]) => a - b);
}
function checkedPeriod(seconds: number | undefined): number {
  const period = seconds ?? 0;
  if (period < 1 || (period % 60 !== 0 && ![1, 5, 10, 20, 30].includes(period)))
    throw invalidValue("The parameter Period must be a multiple of 60, or 1, 5, 10, 20 or 30.");
  // The local AWS stores minutes, so a shorter period is answered by the minute.
  return Math.max(60, period) * 1_000;
}

const statistics =
  (state: CloudWatchState): Handler<CW.GetMetricStatisticsCommandInput, CW.GetMetricStatisticsCommandOutput> =>
  (input, { region }) => {
    const { Statistics = [], ExtendedStatistics = [] } = input;
    if (Statistics.length === 0 && ExtendedStatistics.length === 0)
      throw new LocalFault("MissingRequiredParameterException", "Must specify either Statistics or ExtendedStatistics");
    const [start, end] = [input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? 0];
    if (start >= end) throw invalidValue("The parameter StartTime must be less than the parameter EndTime.");
    const period = checkedPeriod(input.Period);
    const metric = state.metrics.get(metricId(input, region));
    if ((end - start) / period > MOST_POINTS)
      throw invalidCombination(
        `You have requested up to ${Math.ceil((end - start) / period)} datapoints, which exceeds the limit of 1,440.`,
      );
    const points = periodsOf(metric, start, end, period).map(([at, minutes]): CW.Datapoint => {
      const simple = Object.fromEntries(Statistics.map((statistic) => [statistic, statisticOf(minutes, statistic)]));
      const extended = Object.fromEntries(ExtendedStatistics.map((statistic) => [statistic, statisticOf(minutes, statistic) ?? 0]));
      return {
        Timestamp: new Date(at),
        ...simple,
        ...(ExtendedStatistics.length > 0 && { ExtendedStatistics: extended }),
        Unit: (metric?.unit ?? "None") as CW.StandardUnit,
      };
    });
    return { Label: input.MetricName, Datapoints: points };
  };

const data =
  (state: CloudWatchState): Handler<CW.GetMetricDataCommandInput, CW.GetMetricDataCommandOutput> =>
  (input, { region }) => {
    const [start, end] = [input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? 0];
    if (start >= end) throw invalidValue("The parameter StartTime must be less than the parameter EndTime.");
    const results = (input.MetricDataQueries ?? []).filter(({ ReturnData }) => ReturnData !== false);
    return { MetricDataResults: results.map((query) => resultOf(state, query, region, [start, end], input.ScanBy)), Messages: [] };
  };
function resultOf(
  state: CloudWatchState,
  { Id, Label, MetricStat, Expression }: CW.MetricDataQuery,
  region: string,
  [start, end]: readonly [number, number],
  order: CW.ScanBy | undefined,
): CW.MetricDataResult {
  if (Expression !== undefined || !MetricStat)
    throw new LocalFault("NotImplemented", "The local AWS has no metric math (cloudwatch:GetMetricData).", 501);
  const statistic = MetricStat.Stat ?? "";
  if (!isStatistic(statistic)) throw invalidValue(`The value ${statistic} for parameter Stat is not supported.`);
  const period = checkedPeriod(MetricStat.Period);
  const metric = state.metrics.get(metricId(MetricStat.Metric ?? {}, region));
  const points = periodsOf(metric, start, end, period).flatMap(([at, minutes]) => {
    const value = statisticOf(minutes, statistic);
    return value === undefined ? [] : [{ at, value }];
  });
  if (order !== "TimestampAscending") points.reverse();
  return {
    Id,
    Label: Label ?? MetricStat.Metric?.MetricName,
    Timestamps: points.map(({ at }) => new Date(at)),
    Values: points.map(({ value }) => value),
    StatusCode: "Complete",
  };
}

const list =
  (state: CloudWatchState): Handler<CW.ListMetricsCommandInput, CW.ListMetricsCommandOutput> =>
  (input, { region }) => {
    const now = state.env.clock.now();
    const since = now - (input.RecentlyActive === "PT3H" ? 3 * HOUR_MS : LISTED_MS);
    const wanted = (metric: Metric): boolean =>
      (input.Namespace === undefined || metric.namespace === input.Namespace) &&
      (input.MetricName === undefined || metric.name === input.MetricName) &&
      (input.Dimensions ?? []).every(
        ({ Name = "", Value }) => Object.hasOwn(metric.dimensions, Name) && (Value === undefined || metric.dimensions[Name] === Value),
      ) &&
      [...metric.minutes.keys()].some((at) => at + MINUTE_MS > since);
    const all = state.metrics
      .all(region)
      .filter(wanted)
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const { items, next } = pageOf(all, keyOf, input.NextToken, LIST_PAGE);
    const Metrics = items.map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    }));
    return { Metrics, NextToken: next };
  };
