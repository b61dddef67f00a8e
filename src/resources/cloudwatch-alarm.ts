import type { MetricAlarm, PutMetricAlarmCommandInput, Statistic } from "@aws-sdk/client-cloudwatch";
import { arnAt } from "../aws/access.ts";
import { type Attributes, type AttributeValues, allWrites, attributeChanges, member, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags } from "../aws/changes.ts";
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
  /** Meaning of a period without data. */
  readonly missing: "breaching" | "notBreaching" | "ignore" | "missing";
  /** ARN of the topic for the notifications when the alarm goes off and when it ends. */
  readonly topic: string;
}
interface AlarmLive {
  readonly arn: string;
  readonly state: string;
  readonly attributes: AttributeValues;
}

/** DescribeAlarms accepts 100 names (CloudWatch API reference), and AWS accepts nine such calls a second (CloudWatch quotas). */
const alarmByName = joinedLookups(100, async (cloudwatch: CloudWatch, names) => {
  const { MetricAlarms = [] } = await cloudwatch.describeAlarms({ AlarmNames: [...names], AlarmTypes: ["MetricAlarm"], MaxRecords: 100 });
  return (name) => MetricAlarms.find((one) => one.AlarmName === name);
});

export const cloudwatchAlarm: ResourceKind<AlarmId, AlarmSpec, AlarmLive, object, AwsClients> = {
  kind: "cloudwatch.alarm",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  notFound: { provenBy: undefined, codes: ["ResourceNotFound", "ResourceNotFoundException"] },

  access: {
    on: ({ name }, place) => [arnOf(name, place)],
    read: ["cloudwatch:ListTagsForResource"],
    write: ["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
    delete: ["cloudwatch:DeleteAlarms"],
    everywhere: { read: ["cloudwatch:DescribeAlarms"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => attributeChanges(ATTRIBUTES, live.attributes, spec, live),
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ arn, state }) => ({ arn, state }),

  async read({ name }, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    const alarm = await alarmByName(cloudwatch, name);
    if (!alarm) return { state: "absent" };
    const arn = alarm.AlarmArn ?? arnOf(name, ctx.place);
    const { Tags } = await cloudwatch.listTagsForResource({ ResourceARN: arn });
    const live = { arn, state: alarm.StateValue ?? "unknown", attributes: readAttributes(ATTRIBUTES, alarm) };
    return { state: "ready", live, tags: fromTagList(Tags) };
  },
  // PutMetricAlarm overwrites an existing alarm and then ignores the tags. The engine creates only what it read as absent.
  async create({ name }, spec, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    await cloudwatch.putMetricAlarm({ AlarmName: name, ...settingsOf(spec), Tags: toTagList(ctx.tags) });
  },
  // PutMetricAlarm replaces all settings of an alarm, so one call repairs every difference.
  async update({ name }, spec, live, changes, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    if (writesOf(ATTRIBUTES, changes, spec, live).length > 0) await cloudwatch.putMetricAlarm({ AlarmName: name, ...settingsOf(spec) });
    const tags = changedTags(changes);
    if (tags) await cloudwatch.tagResource({ ResourceARN: live.arn, Tags: toTagList(tags) });
  },
  async delete({ name }, _live, _how, ctx) {
    await (await ctx.world.cloudwatch()).deleteAlarms({ AlarmNames: [name] });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.cloudwatch()).paginateDescribeAlarms({ AlarmTypes: ["MetricAlarm"] }), (page) =>
      page.MetricAlarms?.map((a) => a.AlarmName),
    ),
};

type Settings = Omit<PutMetricAlarmCommandInput, "AlarmName" | "Tags">;
const setting = member<AlarmSpec, MetricAlarm, Settings>();
const isPercentile = ({ statistic }: AlarmSpec) => /^p\d/.test(statistic);
const ATTRIBUTES: Attributes<AlarmSpec, unknown, [found: MetricAlarm], Partial<Settings>> = {
  description: setting("AlarmDescription", (spec) => spec.description),
  namespace: setting("Namespace", (spec) => spec.metric.namespace),
  metric: setting("MetricName", (spec) => spec.metric.name),
  dimensions: setting("Dimensions", (spec) => Object.entries(spec.metric.dimensions).map(([Name, Value]) => ({ Name, Value }))),
  // Present when somebody changed it into a metric math alarm.
  metrics: setting("Metrics", () => undefined),
  statistic: setting("Statistic", (spec) => (isPercentile(spec) ? undefined : (spec.statistic as Statistic))),
  percentile: setting("ExtendedStatistic", (spec) => (isPercentile(spec) ? spec.statistic : undefined)),
  period: setting("Period", (spec) => spec.period),
  periods: setting("EvaluationPeriods", (spec) => spec.periods),
  breaching: setting("DatapointsToAlarm", (spec) => spec.breaching),
  comparison: setting("ComparisonOperator", (spec) => spec.comparison),
  threshold: setting("Threshold", (spec) => spec.threshold),
  missing: setting("TreatMissingData", (spec) => spec.missing),
  actionsEnabled: setting("ActionsEnabled", () => true),
  topic: setting("AlarmActions", (spec) => [spec.topic]),
  okTopic: setting("OKActions", (spec) => [spec.topic]),
};
const settingsOf = (spec: AlarmSpec) => allWrites(ATTRIBUTES, spec) as Settings;

const arnOf = (name: string, place: AwsLocation) => arnAt(place, "cloudwatch", `alarm:${name}`);
