import { changeState, type StateChange } from "./alarm-state.ts";
import { MINUTE_MS } from "./metric-store.ts";
import { dimensionsOf } from "./metrics.ts";
import type { AlarmDocument, CloudWatchState } from "./state.ts";
import { valueOver } from "./statistics.ts";

interface Point {
  readonly from: number;
  readonly value: number | undefined;
}
interface NewState {
  readonly value: AlarmDocument["state"];
  readonly reason: string;
  readonly data: string;
}

/** Evaluates every alarm against its metric. Returns the alarms whose state changed. */
export function evaluate(state: CloudWatchState): readonly StateChange[] {
  return state.alarms.values().flatMap((alarm) => {
    const newState = evaluateAlarm(state, alarm);
    return newState === undefined || newState.value === alarm.state ? [] : [changeState(state, alarm, newState)];
  });
}

const COMPARE: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};
const WORDS: Readonly<Record<string, string>> = {
  GreaterThanThreshold: "greater than",
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

/**
 * Evaluates the last `EvaluationPeriods` finished periods. Missing data is treated as AWS documents it ("Configuring how CloudWatch
 * alarms treat missing data"). One difference: where data is missing, AWS looks at some earlier periods, too.
 * Undefined when the state stays.
 */
function evaluateAlarm(state: CloudWatchState, alarm: AlarmDocument): NewState | undefined {
  const { settings } = alarm;
  const points = pointsOf(state, alarm);
  const breaches = COMPARE[settings.ComparisonOperator ?? ""];
  const threshold = settings.Threshold ?? 0;
  if (!breaches) return undefined;
  const present = points.filter((point): point is Point & { readonly value: number } => point.value !== undefined);
  const missing = points.length - present.length;
  const treatment = settings.TreatMissingData ?? "missing";
  const breaching = present.filter(({ value }) => breaches(value, threshold)).length + (treatment === "breaching" ? missing : 0);
  const needed = settings.DatapointsToAlarm ?? points.length;
  const newState = (value: AlarmDocument["state"], reason: string): NewState => ({ value, reason, data: dataOf(state, alarm, points) });
  if (breaching >= needed) return newState("ALARM", crossedReason(alarm, true, present, missing));
  if (present.length === 0 && treatment === "missing")
    return newState("INSUFFICIENT_DATA", `Insufficient Data: ${count(missing)} ${missing > 1 ? "were" : "was"} unknown.`);
  if (missing > 0 && treatment === "ignore") return undefined;
  return newState("OK", crossedReason(alarm, false, present, missing));
}
const count = (n: number): string => `${n} datapoint${n === 1 ? "" : "s"}`;

function pointsOf({ env, metrics }: CloudWatchState, { region, settings }: AlarmDocument): readonly Point[] {
  const period = Math.max(60, settings.Period ?? 60) * 1_000;
  // The evaluated range ends at the last full minute, whatever the period.
  const end = Math.floor(env.clock.now() / MINUTE_MS) * MINUTE_MS;
  const metric = metrics.get({
    region,
    namespace: settings.Namespace ?? "",
    name: settings.MetricName ?? "",
    dimensions: dimensionsOf(settings.Dimensions),
  });
  const statistic = settings.Statistic ?? settings.ExtendedStatistic ?? "";
  return Array.from({ length: settings.EvaluationPeriods ?? 1 }, (_, i) => {
    const from = end - (i + 1) * period;
    return { from, value: valueOver(metric, from, from + period, statistic) };
  });
}

function crossedReason(
  { settings }: AlarmDocument,
  inAlarm: boolean,
  present: readonly { readonly value: number; readonly from: number }[],
  missing: number,
): string {
  const threshold = decimal(settings.Threshold ?? 0);
  const comparison = WORDS[settings.ComparisonOperator ?? ""];
  if (present.length === 0) {
    const treated = settings.TreatMissingData === "breaching" ? "[Breaching]" : "[NonBreaching]";
    return `Threshold Crossed: no datapoints were received for ${missing} period${missing === 1 ? "" : "s"} and ${count(missing)} missing ${missing === 1 ? "was" : "were"} treated as ${treated}.`;
  }
  const values = present.map(({ value, from }) => `${decimal(value)} (${dateOf(from)})`).join(", ");
  const not = inAlarm ? "" : "not ";
  return `Threshold Crossed: ${count(present.length)} [${values}] ${present.length === 1 ? "was" : "were"} ${not}${comparison} the threshold (${threshold}).`;
}
/** Numbers in AWS's reasons always have a decimal point. */
const decimal = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));
/** `25/11/26 13:00:00`. */
function dateOf(at: number): string {
  const [date = "", time = ""] = new Date(at).toISOString().split(/[T.]/);
  const [year = "", month, day] = date.split("-");
  return `${day}/${month}/${year.slice(2)} ${time}`;
}

function dataOf({ env }: CloudWatchState, { settings }: AlarmDocument, points: readonly Point[]): string {
  const present = points.filter(({ value }) => value !== undefined);
  const time = (at: number) => new Date(at).toISOString().replace("Z", "+0000");
  return JSON.stringify({
    version: "1.0",
    queryDate: time(env.clock.now()),
    ...(present.length > 0 && { startDate: time(Math.min(...present.map(({ from }) => from))) }),
    statistic: settings.Statistic ?? settings.ExtendedStatistic,
    period: settings.Period,
    recentDatapoints: present.map(({ value }) => value),
    threshold: settings.Threshold,
    evaluatedDatapoints: points.map(({ from, value }) => ({ timestamp: time(from), value })),
  });
}
