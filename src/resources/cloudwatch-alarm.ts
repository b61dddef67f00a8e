import type { Dimension, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { joinedLookups } from "../aws/lookups.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import type { CloudWatch } from "../aws/sdk/types.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export interface AlarmId {
  readonly name: string;
}
/** One metric of CloudWatch: a name within a namespace, with all of its dimensions. */
export interface MetricOf {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}
export interface AlarmSpec {
  readonly description: string;
  readonly metric: MetricOf;
  /** `Average`, `Sum`, `Minimum`, `Maximum`, or a percentile such as `p90`. */
  readonly statistic: string;
  /** Seconds of one data point: 10, 30, or a multiple of 60. */
  readonly period: number;
  /** The alarm goes off when `breaching` of the last `periods` data points are beyond the threshold. */
  readonly periods: number;
  readonly breaching: number;
  readonly comparison: "GreaterThanThreshold" | "GreaterThanOrEqualToThreshold" | "LessThanThreshold" | "LessThanOrEqualToThreshold";
  readonly threshold: number;
  /** How a period without data counts. */
  readonly missing: "breaching" | "notBreaching" | "ignore" | "missing";
  /** ARN of the topic for the notifications when the alarm goes off and when it ends. */
  readonly topic: string;
}
interface AlarmLive {
  readonly arn: string;
  readonly state: string;
  /** The settings in the shape of PutMetricAlarm, by the names of AWS. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const GONE = ["ResourceNotFound", "ResourceNotFoundException"];
/** DescribeAlarms takes 100 names (CloudWatch API reference), and AWS takes nine such calls a second (CloudWatch quotas). */
const alarmByName = joinedLookups(100, async (cloudwatch: CloudWatch, names) => {
  const { MetricAlarms = [] } = await cloudwatch.describeAlarms({ AlarmNames: [...names], AlarmTypes: ["MetricAlarm"], MaxRecords: 100 });
  return (name) => MetricAlarms.find((one) => one.AlarmName === name);
});

export const cloudwatchAlarm: ResourceKind<AlarmId, AlarmSpec, AlarmLive, object, AwsClients> = {
  kind: "cloudwatch.alarm",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  notFound: { provenBy: undefined, codes: GONE },

  access: {
    on: ({ name }, { partition, region, account }) => [`arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`],
    read: ["cloudwatch:ListTagsForResource"],
    write: ["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
    delete: ["cloudwatch:DeleteAlarms"],
    everywhere: { read: ["cloudwatch:DescribeAlarms"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => {
    const wanted = settingsOf(spec);
    return differences(
      Object.fromEntries(PATHS.map(([path, member]) => [path, [live.settings[member], wanted[member as keyof typeof wanted]] as const])),
    );
  },
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ arn, state }) => ({ arn, state }),

  async read({ name }, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    const alarm = await alarmByName(cloudwatch, name);
    if (!alarm) return { state: "absent" };
    const arn = alarm.AlarmArn ?? arnOf(name, ctx.place);
    const { Tags } = await cloudwatch.listTagsForResource({ ResourceARN: arn });
    return { state: "ready", live: { arn, state: alarm.StateValue ?? "unknown", settings: { ...alarm } }, tags: fromTagList(Tags) };
  },
  // PutMetricAlarm overwrites an existing alarm and then ignores the tags. The engine creates only what it read as absent.
  async create({ name }, spec, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    await cloudwatch.putMetricAlarm({ AlarmName: name, ...settingsOf(spec), Tags: toTagList(ctx.tags) });
  },
  // PutMetricAlarm replaces all settings of an alarm, so one call repairs every difference.
  async update({ name }, spec, { arn }, changes, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    if (changes.some(({ path }) => !path.startsWith("tags."))) await cloudwatch.putMetricAlarm({ AlarmName: name, ...settingsOf(spec) });
    const tags = changedTags(changes);
    if (tags) await cloudwatch.tagResource({ ResourceARN: arn, Tags: toTagList(tags) });
  },
  async delete({ name }, _live, _how, ctx) {
    await (await ctx.world.cloudwatch()).deleteAlarms({ AlarmNames: [name] });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.cloudwatch()).paginateDescribeAlarms({ AlarmTypes: ["MetricAlarm"] }), (page) =>
      page.MetricAlarms?.map((a) => a.AlarmName),
    ),
};

/** Path of a change, and PutMetricAlarm's member for it. */
const PATHS = [
  ["description", "AlarmDescription"],
  ["namespace", "Namespace"],
  ["metric", "MetricName"],
  ["dimensions", "Dimensions"],
  // Present when somebody made it a metric math alarm.
  ["metrics", "Metrics"],
  ["statistic", "Statistic"],
  ["percentile", "ExtendedStatistic"],
  ["period", "Period"],
  ["periods", "EvaluationPeriods"],
  ["breaching", "DatapointsToAlarm"],
  ["comparison", "ComparisonOperator"],
  ["threshold", "Threshold"],
  ["missing", "TreatMissingData"],
  ["actionsEnabled", "ActionsEnabled"],
  ["topic", "AlarmActions"],
  ["okTopic", "OKActions"],
] as const;

function settingsOf(spec: AlarmSpec) {
  return {
    AlarmDescription: spec.description,
    ...metricOf(spec.metric),
    ...statisticOf(spec),
    Period: spec.period,
    EvaluationPeriods: spec.periods,
    DatapointsToAlarm: spec.breaching,
    ComparisonOperator: spec.comparison,
    Threshold: spec.threshold,
    TreatMissingData: spec.missing,
    ActionsEnabled: true,
    AlarmActions: [spec.topic],
    OKActions: [spec.topic],
  } satisfies Partial<PutMetricAlarmCommandInput>;
}
const metricOf = ({ namespace: Namespace, name: MetricName, dimensions }: MetricOf) => ({
  Namespace,
  MetricName,
  Dimensions: Object.entries(dimensions).map(([Name, Value]): Dimension => ({ Name, Value })),
});
const statisticOf = ({ statistic }: AlarmSpec): Pick<PutMetricAlarmCommandInput, "Statistic" | "ExtendedStatistic"> =>
  /^p\d/.test(statistic) ? { ExtendedStatistic: statistic } : { Statistic: statistic as PutMetricAlarmCommandInput["Statistic"] };
const arnOf = (name: string, { partition, region, account }: AwsLocation) =>
  `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`;
