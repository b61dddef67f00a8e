import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { type AlarmSpec, cloudwatchAlarm, cloudwatchDashboard } from "../../src/resources/index.ts";
import type { Rig } from "./rig.ts";
import { contractOf } from "./suite.ts";

const topic = (name: string) => `arn:aws:sns:us-east-1:000000000000:${name}`;
const ALARM: AlarmSpec = {
  description: "The function ends with errors.",
  metric: { namespace: "AWS/Lambda", name: "Errors", dimensions: { FunctionName: "fleetlogix-calculate-eta" } },
  statistic: "Sum",
  period: 60,
  periods: 3,
  breaching: 3,
  comparison: "GreaterThanThreshold",
  threshold: 0,
  missing: "notBreaching",
  topic: topic("fleetlogix-alarms"),
};
/** Somebody writes the alarm anew with other settings. */
const rewritten =
  (change: Partial<PutMetricAlarmCommandInput>) =>
  async (rig: Rig, { name }: { readonly name: string }) => {
    const cloudwatch = await rig.world.cloudwatch();
    const { MetricAlarms = [] } = await cloudwatch.describeAlarms({ AlarmNames: [name] });
    const { Metrics: _, ...alarm } = MetricAlarms[0] ?? {};
    await cloudwatch.putMetricAlarm({ ...alarm, AlarmName: name, ...change });
  };

contractOf({
  kind: cloudwatchAlarm,
  prepare: async (_rig, name) => ({ id: { name }, spec: ALARM }),
  changes: {
    description: (spec) => ({ ...spec, description: "Other words." }),
    metric: (spec) => ({ ...spec, metric: { ...spec.metric, name: "Throttles" } }),
    namespace: (spec) => ({ ...spec, metric: { ...spec.metric, namespace: "FleetLogix" } }),
    dimensions: (spec) => ({ ...spec, metric: { ...spec.metric, dimensions: { FunctionName: "other" } } }),
    statistic: (spec) => ({ ...spec, statistic: "Maximum" }),
    percentile: (spec) => ({ ...spec, statistic: "p90" }),
    period: (spec) => ({ ...spec, period: 300 }),
    periods: (spec) => ({ ...spec, periods: 5 }),
    breaching: (spec) => ({ ...spec, breaching: 2 }),
    comparison: (spec) => ({ ...spec, comparison: "LessThanThreshold" as const }),
    threshold: (spec) => ({ ...spec, threshold: 0.05 }),
    missing: (spec) => ({ ...spec, missing: "breaching" as const }),
    topic: (spec) => ({ ...spec, topic: topic("other") }),
  },
  drifts: {
    threshold: rewritten({ Threshold: 1_000 }),
    topic: rewritten({ AlarmActions: [] }),
    okTopic: rewritten({ OKActions: [] }),
    missing: rewritten({ TreatMissingData: "ignore" }),
    actionsEnabled: async (rig, { name }) => (await rig.world.cloudwatch()).disableAlarmActions({ AlarmNames: [name] }),
  },
  foreign: async (rig, { name }) =>
    (await rig.world.cloudwatch()).putMetricAlarm({
      AlarmName: name,
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "GreaterThanThreshold",
    }),
});

const text = (markdown: string) => ({ type: "text", x: 0, y: 0, width: 24, height: 2, properties: { markdown } });
contractOf({
  kind: cloudwatchDashboard,
  prepare: async (_rig, name) => ({ id: { name }, spec: { body: { widgets: [text("FleetLogix")] } } }),
  changes: { body: () => ({ body: { widgets: [text("FleetLogix"), text("and more")] } }) },
  drifts: {
    body: async (rig, { name }) =>
      (await rig.world.cloudwatch()).putDashboard({ DashboardName: name, DashboardBody: JSON.stringify({ widgets: [] }) }),
  },
  foreign: async (rig, { name }) =>
    (await rig.world.cloudwatch()).putDashboard({ DashboardName: name, DashboardBody: JSON.stringify({ widgets: [] }) }),
});
