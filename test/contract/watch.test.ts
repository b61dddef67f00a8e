import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { declare } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { faultPlan } from "../../src/local/core/faults.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { type AlarmSpec, cloudwatchAlarm, cloudwatchDashboard, dashboardOwner } from "../../src/resources/index.ts";
import { makeRig, type Rig, STACK, TAGS } from "./rig.ts";
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
/** Writes the alarm with other settings, outside of fleetlogix. */
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

describe("at an endpoint that keeps no tags of dashboards", () => {
  const identity = { name: "fleetlogix-untagged" };
  let aws: LocalAws;
  let rig: Rig;
  beforeAll(async () => {
    const clock = virtualClock();
    const faults = faultPlan();
    // Dashboards are created without tags below, and a later TagResource answers NotFound. moto_server answers an empty list of tags
    // for a dashboard that does not exist. Here such a dashboard exists instead.
    faults.add({
      service: "cloudwatch",
      operation: "TagResource",
      fault: { kind: "fail", code: "ResourceNotFoundException", message: "no", status: 404 },
    });
    aws = await startLocalAws({ clock, faults, settings: { databases: "none" } });
    rig = makeRig({
      endpoint: aws.url,
      clock,
      forgiving: true,
      stack: { name: STACK, tags: { ...TAGS, "fleetlogix:region": "us-east-1" } },
    });
  });
  afterAll(async () => {
    rig?.close();
    await aws?.close();
  });
  const bodyOf = (of: { readonly name: string; readonly stack: string; readonly region: string }) => ({
    widgets: [text(`Made by fleetlogix.\n\n${dashboardOwner(of)}`)],
  });
  const ownIdentity = { ...identity, stack: STACK, region: "us-east-1" };
  const nodes = [declare(cloudwatchDashboard, "it", { identity: () => identity, spec: () => ({ body: bodyOf(ownIdentity) }) })];
  /** Writes the dashboard as this endpoint stores it: the body without tags. */
  const put = async (body: object) => {
    const cloudwatch = await rig.world.cloudwatch();
    await cloudwatch.deleteDashboards({ DashboardNames: [identity.name] }).catch(() => {});
    await cloudwatch.putDashboard({ DashboardName: identity.name, DashboardBody: JSON.stringify(body) });
    await cloudwatch.putDashboard({ DashboardName: `${identity.name}-of-nobody`, DashboardBody: JSON.stringify({ widgets: [] }) });
    rig.writes();
  };

  test("its body proves the ownership: it is kept, a drift is repaired, and a teardown deletes it", async () => {
    await put(bodyOf(ownIdentity));
    expect(await rig.plan(nodes)).toMatchObject([{ decision: { action: "keep" } }]);
    await put({ widgets: [...bodyOf(ownIdentity).widgets, text("and more")] });
    expect(await rig.up(nodes)).toMatchObject({ resources: [{ decision: { action: "update", changes: [{ path: "body" }] } }] });
    expect(rig.writes()).toEqual(["cloudwatch:PutDashboard"]);
    await rig.down(nodes, { deleteData: true });
    expect(await rig.look(nodes)).toEqual({ state: "absent" });
  });

  test.each([
    ["nobody's", { widgets: [text("Somebody's own")] }],
    ["another stack's", bodyOf({ ...ownIdentity, stack: "Fleet/other" })],
    ["a copy of one with another name", bodyOf({ ...ownIdentity, name: "fleetlogix-original" })],
  ])("%s stays foreign, and is not removed", async (_, body) => {
    await put(body);
    expect(await rig.plan(nodes)).toMatchObject([{ decision: { action: "refuse", code: "OWNER_FOREIGN" } }]);
    await rig.down(nodes, { deleteData: true });
    expect(await rig.look(nodes)).toMatchObject({ state: "ready" });
  });

  test("at an endpoint that keeps tags, a dashboard without tags is foreign, whatever its body says", async () => {
    await put(bodyOf(ownIdentity));
    await (await rig.world.cloudwatch()).deleteDashboards({ DashboardNames: [`${identity.name}-of-nobody`] });
    rig.writes();
    expect(await rig.plan(nodes)).toMatchObject([{ decision: { action: "refuse", code: "OWNER_FOREIGN" } }]);
  });

  test("a dashboard of the stack in another region is refused", async () => {
    await put(bodyOf({ ...ownIdentity, region: "eu-west-1" }));
    expect(await rig.plan(nodes)).toMatchObject([{ decision: { action: "refuse", code: "WRONG_PLACE" } }]);
  });
});
