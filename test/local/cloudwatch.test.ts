import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { SNS } from "@aws-sdk/client-sns";
import { AwsQueryProtocol } from "@aws-sdk/core/protocols";
import { SmithyRpcV2CborProtocol } from "@smithy/core/cbor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";
import { mailAt, soon } from "../support/mailbox.ts";

const clock = virtualClock(Date.UTC(2026, 10, 25, 12));
const MINUTE = 60_000;
let aws: Awaited<ReturnType<typeof localAws>>;
let cloudwatch: CloudWatch;
beforeAll(async () => {
  aws = await localAws({ clock });
  cloudwatch = aws.client(CloudWatch);
});
afterAll(() => aws.close());

const NAMESPACE = { namespace: "com.amazonaws.cloudwatch", xml: "http://monitoring.amazonaws.com/doc/2010-08-01/" };
/** CloudWatch's protocols, as used by the JavaScript SDK, boto3 and older clients. */
const PROTOCOLS = {
  "JSON 1.0": {},
  "CBOR (smithy rpc v2)": { protocol: new SmithyRpcV2CborProtocol({ defaultNamespace: NAMESPACE.namespace }) },
  query: { protocol: new AwsQueryProtocol({ defaultNamespace: NAMESPACE.namespace, xmlNamespace: NAMESPACE.xml, version: "2010-08-01" }) },
};

describe.each(Object.entries(PROTOCOLS))("%s", (protocol, options) => {
  const name = `protocol-${protocol.slice(0, 4).replace(" ", "")}`;
  test("metrics, alarms and dashboards are stored and read; errors are AWS's", async () => {
    const client = aws.client(CloudWatch, options);
    const Dimensions = [{ Name: "protocol", Value: name }];
    await client.putMetricData({ Namespace: "Test", MetricData: [{ MetricName: "Speed", Dimensions, Value: 3.5, Unit: "Count" }] });
    const { Datapoints = [] } = await client.getMetricStatistics({
      ...{ Namespace: "Test", MetricName: "Speed", Dimensions, Period: 60, Statistics: ["Sum", "SampleCount"] },
      StartTime: new Date(clock.now() - 10 * MINUTE),
      EndTime: new Date(clock.now() + MINUTE),
    });
    expect(Datapoints).toEqual([{ Timestamp: new Date(clock.now()), Sum: 3.5, SampleCount: 1, Unit: "Count" }]);
    const alarm = { Namespace: "Test", MetricName: "Speed", Dimensions, Period: 60, EvaluationPeriods: 1, Threshold: 0.5 } as const;
    await client.putMetricAlarm({
      AlarmName: name,
      ...alarm,
      Statistic: "Sum",
      ComparisonOperator: "GreaterThanThreshold",
      Tags: [{ Key: "a", Value: "b" }],
    });
    const { MetricAlarms = [] } = await client.describeAlarms({ AlarmNames: [name] });
    expect(MetricAlarms).toMatchObject([{ ...alarm, AlarmName: name, StateValue: "INSUFFICIENT_DATA", ActionsEnabled: true }]);
    expect((await client.listTagsForResource({ ResourceARN: MetricAlarms[0]?.AlarmArn })).Tags).toEqual([{ Key: "a", Value: "b" }]);
    await client.putDashboard({ DashboardName: name, DashboardBody: '{"widgets":[]}' });
    expect((await client.getDashboard({ DashboardName: name })).DashboardBody).toBe('{"widgets":[]}');
    await expect(client.getDashboard({ DashboardName: "nobody" })).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
    await expect(client.setAlarmState({ AlarmName: "nobody", StateValue: "OK", StateReason: "x" })).rejects.toMatchObject({
      name: "ResourceNotFound",
    });
    await client.deleteDashboards({ DashboardNames: [name] });
    await client.deleteAlarms({ AlarmNames: [name] });
  });
});

describe("metrics", () => {
  test("every statistic, percentiles included, is computed for the requested period", async () => {
    const at = new Date(clock.now() - 3 * MINUTE);
    const Values = Array.from({ length: 100 }, (_, i) => i + 1);
    await cloudwatch.putMetricData({ Namespace: "Test", MetricData: [{ MetricName: "Latency", Timestamp: at, Values }] });
    const stat = async (Stat: string) => {
      const query = { Id: "q", MetricStat: { Metric: { Namespace: "Test", MetricName: "Latency" }, Period: 300, Stat } };
      const range = { StartTime: new Date(clock.now() - 10 * MINUTE), EndTime: new Date(clock.now()) };
      return (await cloudwatch.getMetricData({ MetricDataQueries: [query], ...range })).MetricDataResults?.[0]?.Values;
    };
    expect([await stat("Average"), await stat("Maximum"), await stat("SampleCount"), await stat("p90")]).toEqual([
      [50.5],
      [100],
      [100],
      [90],
    ]);
  });

  test("a hundred queries over eleven years are answered with the periods that have data, in order", async () => {
    const [early, late] = [new Date(clock.now() - 90 * MINUTE), new Date(clock.now() - 2 * MINUTE)];
    const datum = (Timestamp: Date, Value: number) => ({ MetricName: "Rare", Timestamp, Value });
    await cloudwatch.putMetricData({ Namespace: "Test", MetricData: [datum(late, 2), datum(early, 1)] });
    const MetricStat = { Metric: { Namespace: "Test", MetricName: "Rare" }, Period: 60, Stat: "Sum" };
    const MetricDataQueries = Array.from({ length: 100 }, (_, i) => ({ Id: `q${i}`, MetricStat }));
    const range = { StartTime: new Date(clock.now() - 11 * 365 * 24 * 60 * MINUTE), EndTime: new Date(clock.now()) };
    const answer = await cloudwatch.getMetricData({ MetricDataQueries, ScanBy: "TimestampAscending", ...range });
    const minute = (date: Date) => new Date(Math.floor(date.getTime() / MINUTE) * MINUTE);
    expect(answer.MetricDataResults).toHaveLength(100);
    for (const { Timestamps, Values } of answer.MetricDataResults ?? [])
      expect([Timestamps, Values]).toEqual([
        [minute(early), minute(late)],
        [1, 2],
      ]);
  });

  test("invalid input gets AWS's errors", async () => {
    const put = (MetricData: object[], Namespace = "Test") => cloudwatch.putMetricData({ Namespace, MetricData: MetricData as never });
    await expect(put([{ MetricName: "m", Value: 1 }], "AWS/Lambda")).rejects.toMatchObject({ name: "InvalidParameterValueException" });
    await expect(put([{ MetricName: "m" }])).rejects.toMatchObject({ name: "MissingRequiredParameterException" });
    await expect(put([{ MetricName: "m", Value: 1, Values: [1] }])).rejects.toMatchObject({ name: "InvalidParameterCombinationException" });
    await expect(put([{ MetricName: "m", Value: 1, Timestamp: new Date(0) }])).rejects.toMatchObject({
      name: "InvalidParameterValueException",
    });
    await expect(cloudwatch.putDashboard({ DashboardName: "d", DashboardBody: "{" })).rejects.toMatchObject({
      name: "DashboardInvalidInputError",
    });
  });

  test("a log line in the embedded metric format gives metrics; other lines give none", async () => {
    const logs = aws.client(CloudWatchLogs);
    const stream = { logGroupName: "embedded", logStreamName: "one" };
    await logs.createLogGroup({ logGroupName: "embedded" });
    await logs.createLogStream(stream);
    const directive = {
      Namespace: "Fleet",
      Dimensions: [["function"]],
      Metrics: [{ Name: "Accepted", Unit: "Count" }, { Name: "Missing" }],
    };
    const line = { _aws: { Timestamp: clock.now(), CloudWatchMetrics: [directive] }, function: "eta", Accepted: 4 };
    const messages = [JSON.stringify(line), '{"_aws": broken', JSON.stringify({ ...line, _aws: { CloudWatchMetrics: "x" } }), "plain"];
    await logs.putLogEvents({ ...stream, logEvents: messages.map((message) => ({ timestamp: clock.now(), message })) });
    await expect
      .poll(async () => (await cloudwatch.listMetrics({ Namespace: "Fleet" })).Metrics)
      .toEqual([{ Namespace: "Fleet", MetricName: "Accepted", Dimensions: [{ Name: "function", Value: "eta" }] }]);
  });
});

describe("alarms", () => {
  const alarm = (AlarmName: string, more: object = {}) =>
    cloudwatch.putMetricAlarm({
      AlarmName,
      ...{
        Namespace: "Alarm",
        MetricName: AlarmName,
        Statistic: "Sum",
        Period: 60,
        EvaluationPeriods: 3,
        DatapointsToAlarm: 2,
        Threshold: 0,
      },
      ComparisonOperator: "GreaterThanThreshold",
      ...more,
    });
  const measured = (MetricName: string, Value: number) =>
    cloudwatch.putMetricData({ Namespace: "Alarm", MetricData: [{ MetricName, Value }] });
  const stateOf = async (name: string) => (await cloudwatch.describeAlarms({ AlarmNames: [name] })).MetricAlarms?.[0]?.StateValue;

  test("an alarm goes off at the second breaching minute of three, notifies its topic, and returns to OK", async () => {
    const sns = aws.client(SNS);
    const { TopicArn = "" } = await sns.createTopic({ Name: "alarms" });
    const Policy = { Effect: "Allow", Principal: { Service: "cloudwatch.amazonaws.com" }, Action: "sns:Publish", Resource: TopicArn };
    await sns.setTopicAttributes({
      TopicArn,
      AttributeName: "Policy",
      AttributeValue: JSON.stringify({ Version: "2012-10-17", Statement: [Policy] }),
    });
    await sns.subscribe({ TopicArn, Protocol: "email", Endpoint: "ops@example.com" });
    await soon(() => mailAt(aws.url)).toHaveLength(1);
    await fetch((await mailAt(aws.url))[0]?.confirmUrl ?? "");
    await alarm("rings", { TreatMissingData: "notBreaching", AlarmActions: [TopicArn], OKActions: [TopicArn] });
    clock.advance(MINUTE);
    expect(await stateOf("rings")).toBe("OK");
    await measured("rings", 1);
    clock.advance(MINUTE);
    expect(await stateOf("rings")).toBe("OK");
    await measured("rings", 1);
    clock.advance(MINUTE);
    expect(await stateOf("rings")).toBe("ALARM");
    const mails = async () => (await mailAt(aws.url)).filter(({ subject }) => subject?.startsWith("ALARM:"));
    await soon(mails).toHaveLength(1);
    expect((await mails())[0]).toMatchObject({ to: "ops@example.com", subject: 'ALARM: "rings" in US East (N. Virginia)' });
    expect((await mails())[0]?.body).toContain('"NewStateValue":"ALARM"');
    clock.advance(3 * MINUTE);
    expect(await stateOf("rings")).toBe("OK");
    const { AlarmHistoryItems = [] } = await cloudwatch.describeAlarmHistory({ AlarmName: "rings", HistoryItemType: "StateUpdate" });
    expect(AlarmHistoryItems.map((item) => item.HistorySummary)).toEqual([
      "Alarm updated from ALARM to OK",
      "Alarm updated from OK to ALARM",
      "Alarm updated from INSUFFICIENT_DATA to OK",
    ]);
  });

  test("a failing function sets off its alarm, and the topic's mailbox gets the message", async () => {
    const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    const { Role } = await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument });
    const lambda = aws.client(Lambda);
    const ZipFile = await functionZip({ "index.mjs": "export const handler = async () => { throw new Error('broken'); };" });
    const code = { Role: Role?.Arn, Runtime: "nodejs24.x" as const, Handler: "index.handler", Code: { ZipFile } };
    await lambda.createFunction({ FunctionName: "broken", ...code });
    const TopicArn = "arn:aws:sns:us-east-1:000000000000:alarms";
    await alarm("broken", {
      ...{ Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "broken" }] },
      ...{ EvaluationPeriods: 1, DatapointsToAlarm: 1, TreatMissingData: "notBreaching", AlarmActions: [TopicArn] },
    });
    const answer = await lambda.invoke({ FunctionName: "broken" });
    expect(answer.FunctionError).toBe("Unhandled");
    clock.advance(MINUTE);
    await soon(async () => (await mailAt(aws.url)).map(({ subject }) => subject)).toContain('ALARM: "broken" in US East (N. Virginia)');
    expect(await stateOf("broken")).toBe("ALARM");
  });

  test("missing data is treated as the alarm configures it", async () => {
    for (const TreatMissingData of ["breaching", "notBreaching", "ignore", "missing"]) await alarm(TreatMissingData, { TreatMissingData });
    clock.advance(MINUTE);
    const states = await Promise.all(["breaching", "notBreaching", "ignore", "missing"].map(stateOf));
    expect(states).toEqual(["ALARM", "OK", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"]);
  });

  test("the action on a topic with the AWS managed key of SNS fails, and the history shows it", async () => {
    const { TopicArn = "" } = await aws.client(SNS).createTopic({ Name: "closed", Attributes: { KmsMasterKeyId: "alias/aws/sns" } });
    await alarm("unheard", { AlarmActions: [TopicArn] });
    await cloudwatch.setAlarmState({ AlarmName: "unheard", StateValue: "ALARM", StateReason: "test" });
    const actions = async () =>
      (await cloudwatch.describeAlarmHistory({ AlarmName: "unheard", HistoryItemType: "Action" })).AlarmHistoryItems;
    await soon(actions).toHaveLength(1);
    expect((await actions())?.[0]?.HistorySummary).toContain("does not have authorization to access the SNS topic encryption key");
  });

  test("invalid input gets AWS's errors", async () => {
    await expect(alarm("wrong", { DatapointsToAlarm: 4 })).rejects.toMatchObject({ name: "ValidationException" });
    await expect(alarm("wrong", { Period: 45 })).rejects.toMatchObject({ name: "ValidationException" });
    await expect(alarm("wrong", { Period: 86_400, EvaluationPeriods: 8, DatapointsToAlarm: 8 })).rejects.toMatchObject({
      name: "ValidationException",
    });
    await expect(alarm("wrong", { AlarmActions: ["topic"] })).rejects.toMatchObject({ name: "ValidationException" });
    await expect(cloudwatch.deleteAlarms({ AlarmNames: ["nobody"] })).rejects.toMatchObject({ name: "ResourceNotFound" });
  });
});
