import type { StateChange } from "./alarm-state.ts";
import { recordAction } from "./alarm-state.ts";
import type { AlarmDocument, CloudWatchState } from "./state.ts";

const SERVICE = "cloudwatch.amazonaws.com";
const ACTIONS = { ALARM: "AlarmActions", OK: "OKActions", INSUFFICIENT_DATA: "InsufficientDataActions" } as const;
/** Region → its name in AWS's messages. */
const REGIONS: Readonly<Record<string, string>> = {
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-2": "US West (Oregon)",
  "eu-west-1": "EU (Ireland)",
  "eu-central-1": "EU (Frankfurt)",
  "sa-east-1": "South America (Sao Paulo)",
};

/** Runs the actions of an alarm's new state (topics, functions). A failed action is recorded in the alarm's history, as on AWS. */
export async function runActions(state: CloudWatchState, { before, after }: StateChange): Promise<void> {
  const { settings } = after;
  if (before.state === after.state || settings.ActionsEnabled === false) return;
  for (const arn of settings[ACTIONS[after.state]] ?? []) {
    try {
      await runAction(state, arn, before, after);
      recordAction(state, after, `Successfully executed action ${arn}`, { actionState: "Succeeded", stateUpdateTimestamp: after.stateAt });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      recordAction(state, after, `Failed to execute action ${arn}. Received error: "${why}"`, { actionState: "Failed", error: why });
      state.env.log(`alarm ${after.name}: action ${arn} failed: ${why}`);
    }
  }
}

async function runAction(state: CloudWatchState, arn: string, before: AlarmDocument, after: AlarmDocument): Promise<void> {
  const { env } = state;
  const from = {
    principal: { type: "service", service: SERVICE, sourceArn: after.arn },
    region: arn.split(":")[3] ?? after.region,
  } as const;
  const message = messageOf(env.account, before, after);
  if (arn.includes(":sns:")) {
    await assertKeyUsable(state, arn, after);
    const Subject = `${after.state}: "${after.name}" in ${regionOf(after.region)}`.slice(0, 100);
    await env.dispatch("sns", "Publish", { TopicArn: arn, Subject, Message: JSON.stringify(message) }, from);
  } else if (arn.includes(":lambda:")) {
    const Payload = Buffer.from(JSON.stringify(message));
    await env.dispatch("lambda", "Invoke", { FunctionName: arn, InvocationType: "Event", Payload }, from);
  } else throw new Error(`the local AWS runs actions on topics and functions only`);
}

/** Throws when CloudWatch may not use the topic's KMS key. The AWS managed key of SNS admits no other service. */
async function assertKeyUsable({ env }: CloudWatchState, topicArn: string, alarm: AlarmDocument): Promise<void> {
  const region = topicArn.split(":")[3] ?? alarm.region;
  const { Attributes = {} } = await env.dispatch("sns", "GetTopicAttributes", { TopicArn: topicArn }, { region });
  const key = (Attributes as Record<string, string>).KmsMasterKeyId;
  if (!key) return;
  const refused = new Error("CloudWatch Alarms does not have authorization to access the SNS topic encryption key.");
  if (key === "alias/aws/sns") throw refused;
  const { KeyMetadata } = await env.dispatch("kms", "DescribeKey", { KeyId: key }, { region });
  const { Policy } = await env.dispatch("kms", "GetKeyPolicy", { KeyId: KeyMetadata.KeyId, PolicyName: "default" }, { region });
  const principal = { type: "service", service: SERVICE, sourceArn: alarm.arn } as const;
  const may = (action: string) => env.decide(principal, { action, resource: KeyMetadata.Arn, policy: Policy }).allowed;
  if (!may("kms:Decrypt") || !may("kms:GenerateDataKey")) throw refused;
}

const regionOf = (region: string): string => REGIONS[region] ?? region;
const time = (at: number): string => new Date(at).toISOString().replace("Z", "+0000");

function messageOf(account: string, before: AlarmDocument, after: AlarmDocument): object {
  const { settings } = after;
  return {
    AlarmName: after.name,
    AlarmDescription: settings.AlarmDescription ?? null,
    AWSAccountId: account,
    AlarmConfigurationUpdatedTimestamp: time(after.configuredAt),
    NewStateValue: after.state,
    NewStateReason: after.reason,
    StateChangeTime: time(after.stateAt),
    Region: regionOf(after.region),
    AlarmArn: after.arn,
    OldStateValue: before.state,
    OKActions: settings.OKActions ?? [],
    AlarmActions: settings.AlarmActions ?? [],
    InsufficientDataActions: settings.InsufficientDataActions ?? [],
    Trigger: {
      MetricName: settings.MetricName,
      Namespace: settings.Namespace,
      ...(settings.Statistic
        ? { StatisticType: "Statistic", Statistic: settings.Statistic.toUpperCase() }
        : { StatisticType: "ExtendedStatistic", ExtendedStatistic: settings.ExtendedStatistic }),
      Unit: settings.Unit ?? null,
      Dimensions: (settings.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name })),
      Period: settings.Period,
      EvaluationPeriods: settings.EvaluationPeriods,
      ...(settings.DatapointsToAlarm !== undefined && { DatapointsToAlarm: settings.DatapointsToAlarm }),
      ComparisonOperator: settings.ComparisonOperator,
      Threshold: settings.Threshold,
      TreatMissingData: settings.TreatMissingData ?? "missing",
      EvaluateLowSampleCountPercentile: settings.EvaluateLowSampleCountPercentile ?? "",
    },
  };
}
