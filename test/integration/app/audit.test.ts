import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CONTROLS } from "../../../src/app/audit/controls.ts";
import { type App, openApp } from "../../../src/app.ts";
import { buildFunctions } from "../../../src/artifacts/build.ts";
import { sarifOf } from "../../../src/cli/render/sarif.ts";
import { deriveConfig } from "../../../src/config/derive.ts";
import { settingsSchema } from "../../../src/config/schema.ts";
import { virtualClock } from "../../../src/local/core/clock.ts";
import { faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";
import { sarifErrors } from "../../support/sarif.ts";

/** A production stack on the local AWS. Each case opens it in one way outside of fleetlogix. */
const clock = virtualClock();
const faults = faultPlan();
const artifacts = buildFunctions(["verify-delivery", "calculate-eta", "route-deviation"]);
const REGION = "us-east-1";
const ACCOUNT = "000000000000";
const Bucket = `fleetlogix-data-${ACCOUNT}-${REGION}`;
const TableName = "FleetLogix_Alerts";
const FunctionName = "fleetlogix-calculate-eta";
const RoleName = "fleetlogix-calculate-eta-role";
const TopicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:fleetlogix-alerts`;
const DBInstanceIdentifier = "fleetlogix-db";
const how = { adopt: false, allowDataLoss: [], wait: true };

let aws: Awaited<ReturnType<typeof localAws>>;
let app: App;
const open = (hardening: "production" | "development") =>
  openApp(deriveConfig(settingsSchema.parse({ hardening })), {
    endpoint: aws.url,
    local: true,
    concurrency: 8,
    signal: new AbortController().signal,
    clock,
    artifacts: () => artifacts,
  });
beforeAll(async () => {
  aws = await localAws({ clock, faults });
  app = await open("production");
  expect((await app.apply({ part: "all" }, how, () => {})).error).toBeUndefined();
}, 240_000);
afterAll(() => aws.close());

type Input = Record<string, unknown>;
const behind = (service: string, operation: string, input: Input) => aws.env.dispatch(service, operation, input, { region: REGION });
const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
const database = (change: Input) => behind("rds", "ModifyDBInstance", { DBInstanceIdentifier, ApplyImmediately: true, ...change });
const parameter = (ParameterName: string, ParameterValue: string) =>
  behind("rds", "ModifyDBParameterGroup", {
    DBParameterGroupName: "fleetlogix-db-postgres17",
    Parameters: [{ ParameterName, ParameterValue, ApplyMethod: "immediate" }],
  });
const topic = (AttributeName: string, AttributeValue: string) =>
  behind("sns", "SetTopicAttributes", { TopicArn, AttributeName, AttributeValue });
const topicTls = {
  Effect: "Deny",
  Principal: "*",
  Action: "sns:Publish",
  Resource: TopicArn,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};
const bucketTls = {
  ...{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`] },
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};
const both = (deny: object, allow: object) => JSON.stringify({ Version: "2012-10-17", Statement: [deny, { Effect: "Allow", ...allow }] });
const stage = async (path: string, value: string) => {
  const { items } = await behind("apigateway", "GetRestApis", {});
  const restApiId = (items as { id: string }[])[0]?.id;
  return behind("apigateway", "UpdateStage", { restApiId, stageName: "prod", patchOperations: [{ op: "replace", path, value }] });
};
const group = async () => {
  const { SecurityGroups } = await behind("ec2", "DescribeSecurityGroups", {
    Filters: [{ Name: "group-name", Values: ["fleetlogix-db-access"] }],
  });
  return (SecurityGroups as { GroupId: string }[])[0]?.GroupId;
};
const ingress = async (CidrIp: string) =>
  behind("ec2", "AuthorizeSecurityGroupIngress", {
    GroupId: await group(),
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp }] }],
  });
let policies = 0;
const inline = (statement: object) =>
  behind("iam", "PutRolePolicy", { RoleName, PolicyName: `extra-${++policies}`, PolicyDocument: policy(statement) });

/** By control: a change that opens it. */
const BREAKS: Readonly<Record<string, () => Promise<unknown>>> = {
  "s3.public-access-block": () => behind("s3", "DeletePublicAccessBlock", { Bucket }),
  "s3.no-acls": () =>
    behind("s3", "PutBucketOwnershipControls", { Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] } }),
  "s3.tls-only": () => behind("s3", "DeleteBucketPolicy", { Bucket }),
  "s3.no-foreign-access": () =>
    behind("s3", "PutBucketPolicy", {
      Bucket,
      Policy: both(bucketTls, {
        Principal: { AWS: "arn:aws:iam::123456789012:root" },
        Action: "s3:GetObject",
        Resource: `arn:aws:s3:::${Bucket}/*`,
      }),
    }),
  "s3.versioning": () => behind("s3", "PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  "s3.lifecycle": () => behind("s3", "DeleteBucketLifecycle", { Bucket }),
  "s3.events": () => behind("s3", "PutBucketNotificationConfiguration", { Bucket, NotificationConfiguration: {} }),
  "s3.access-log": () => behind("s3", "PutBucketLogging", { Bucket, BucketLoggingStatus: {} }),
  "dynamodb.on-demand": () =>
    behind("dynamodb", "UpdateTable", {
      TableName: "FleetLogix_Routes_Waypoints",
      BillingMode: "PROVISIONED",
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    }),
  "dynamodb.recovery": () =>
    behind("dynamodb", "UpdateContinuousBackups", { TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false } }),
  "dynamodb.deletion-protection": () => behind("dynamodb", "UpdateTable", { TableName, DeletionProtectionEnabled: false }),
  "rds.tls": () => parameter("rds.force_ssl", "0"),
  "rds.query-logging": () => parameter("log_statement", "none"),
  "rds.backups": () => database({ BackupRetentionPeriod: 1 }),
  "rds.not-public": () => database({ PubliclyAccessible: true }),
  "rds.deletion-protection": () => database({ DeletionProtection: false }),
  "rds.multi-az": () => database({ MultiAZ: false }),
  "rds.monitoring": () => database({ MonitoringInterval: 0 }),
  "rds.iam": () => database({ EnableIAMDatabaseAuthentication: false }),
  "rds.copy-tags": () => database({ CopyTagsToSnapshot: false }),
  "rds.minor-upgrades": () => database({ AutoMinorVersionUpgrade: false }),
  "rds.events": () => behind("rds", "DeleteEventSubscription", { SubscriptionName: "fleetlogix-db-instance-events" }),
  "sns.not-public": () => topic("Policy", both(topicTls, { Principal: { AWS: "*" }, Action: "sns:Publish", Resource: TopicArn })),
  "sns.tls-only": () =>
    topic("Policy", policy({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: "sns:Publish", Resource: TopicArn })),
  "sns.subscriptions-tls": () => behind("sns", "Subscribe", { TopicArn, Protocol: "http", Endpoint: "http://127.0.0.1:9/" }),
  "iam.no-administrator": () => behind("iam", "AttachRolePolicy", { RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
  "iam.no-service-wildcard": () => inline({ Action: "s3:*", Resource: "arn:aws:s3:::one/*" }),
  "iam.no-escalation": () => inline({ Action: "iam:PassRole", Resource: "arn:aws:iam::*:role/x" }),
  "iam.resources": () => inline({ Action: "s3:GetObject", Resource: "*" }),
  "iam.no-decrypt-everywhere": () => inline({ Action: "kms:Decrypt", Resource: "*" }),
  "iam.trust": () =>
    behind("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument: policy({ Principal: { AWS: "*" }, Action: "sts:AssumeRole" }) }),
  "lambda.callers": () =>
    behind("lambda", "AddPermission", {
      FunctionName,
      Qualifier: "live",
      StatementId: "open",
      Action: "lambda:InvokeFunction",
      Principal: "*",
    }),
  "api.execution-logs": () => stage("/*/*/logging/loglevel", "OFF"),
  "api.no-body-logs": () => stage("/*/*/logging/dataTrace", "true"),
  "api.tracing": () => stage("/tracingEnabled", "false"),
  "api.throttling": () => stage("/*/*/throttling/rateLimit", "9000"),
  "api.no-secrets": () => stage("/variables/door", "open"),
  "api.firewall": async () => {
    const { items } = await behind("apigateway", "GetRestApis", {});
    const ResourceArn = `arn:aws:apigateway:${REGION}::/restapis/${(items as { id: string }[])[0]?.id}/stages/prod`;
    return behind("wafv2", "DisassociateWebACL", { ResourceArn });
  },
  "cloudwatch.retention": () => behind("logs", "PutRetentionPolicy", { logGroupName: `/aws/lambda/${FunctionName}`, retentionInDays: 7 }),
  "cloudwatch.alarm-actions": () => behind("cloudwatch", "DisableAlarmActions", { AlarmNames: ["fleetlogix-api-errors"] }),
  "ec2.not-open": () => ingress("0.0.0.0/0"),
  "ec2.no-public-address": () => ingress("203.0.113.9/32"),
  "kms.rotation": async () => {
    const { KeyMetadata } = await behind("kms", "DescribeKey", { KeyId: "alias/fleetlogix" });
    return behind("kms", "DisableKeyRotation", { KeyId: (KeyMetadata as { KeyId: string }).KeyId });
  },
};
const failing = async () => (await app.audit()).controls.filter(({ status }) => status === "fail").map(({ id }) => id);
/** Controls about foreign subscriptions and statements, which `up` does not remove. */
const THEIRS = ["lambda.callers", "sns.subscriptions-tls"];
/** An unconfirmed subscription is deleted only with its topic, which `up` creates again. */
async function dropped(SubscriptionArn: string): Promise<void> {
  if (SubscriptionArn.startsWith("arn:")) return void (await behind("sns", "Unsubscribe", { SubscriptionArn }));
  await behind("sns", "DeleteTopic", { TopicArn });
  await app.apply({ part: "data" }, how, () => {});
}

test("a new production stack fails no control, and every declined control has a reason", async () => {
  const found = await app.audit();
  expect(found.controls.filter(({ status }) => status === "fail")).toEqual([]);
  expect(found.ok).toBe(true);
  expect(found.controls.map(({ id }) => id)).toEqual(CONTROLS.map(({ id }) => id));
  for (const { status, reason, id } of found.controls)
    if (status === "declined") expect([id, reason]).toEqual([id, expect.stringMatching(/\w{3}/)]);
});

/** These overwrite the change of another case, so they run after `up` has repaired the first. */
const SECOND = ["s3.no-foreign-access", "sns.tls-only"];
const FIRST = Object.keys(BREAKS).filter((id) => !SECOND.includes(id));

describe.each([FIRST, SECOND])("one after the other behind its back: %s, …", (...round) => {
  const ids = round.flat();
  const opened: string[] = [];
  test.each(ids)("%s: exactly this control fails beside those before", async (id) => {
    await BREAKS[id]?.();
    opened.push(id);
    const audit = await app.audit();
    const failed = audit.controls.filter(({ status }) => status === "fail");
    expect(failed.map((row) => row.id).toSorted()).toEqual(opened.toSorted());
    expect(audit.ok).toBe(!failed.some(({ severity }) => severity === "critical" || severity === "high"));
  });

  test("up corrects everything except foreign resources, and the audit still reports those", async () => {
    expect((await app.apply({ part: "all" }, how, () => {})).error).toBeUndefined();
    expect((await failing()).toSorted()).toEqual(opened.filter((id) => THEIRS.includes(id)).toSorted());
    if (opened.includes("lambda.callers"))
      await behind("lambda", "RemovePermission", { FunctionName, Qualifier: "live", StatementId: "open" });
    const { Subscriptions } = await behind("sns", "ListSubscriptionsByTopic", { TopicArn });
    for (const { SubscriptionArn, Endpoint } of Subscriptions as { SubscriptionArn: string; Endpoint: string }[])
      if (Endpoint.startsWith("http://")) await dropped(SubscriptionArn);
  }, 120_000);
});

// biome-ignore lint/suspicious/noExplicitAny: answers of forty operations, each changed in one place.
type Answer = any;
type Shown = readonly [service: string, operation: string, change: (answer: Answer) => void, also?: readonly string[]];
const EVERYBODY = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };
const OPEN = JSON.stringify({ Version: "2012-10-17", Statement: [EVERYBODY] });
const instance = (change: (one: Answer) => void, ...also: readonly string[]): Shown => [
  "rds",
  "DescribeDBInstances",
  ({ DBInstances }) => DBInstances.forEach(change),
  also,
];
const fn = (change: object): Shown => ["lambda", "GetFunctionConfiguration", (answer) => Object.assign(answer, change)];
const rules = (change: (rule: Answer) => void): Shown => [
  "s3",
  "GetBucketEncryption",
  (answer) => answer.ServerSideEncryptionConfiguration.Rules.forEach(change),
];
const groups = (change: (group: Answer) => void, ...also: readonly string[]): Shown => [
  "ec2",
  "DescribeSecurityGroups",
  (answer) => answer.SecurityGroups.forEach(change),
  also,
];
/** By control: a changed answer that shows it open, where no call can open it alone. */
const SHOWN: Readonly<Record<string, Shown>> = {
  "s3.encryption": rules((rule) => Object.assign(rule, { BucketKeyEnabled: false })),
  "s3.customer-key": rules((rule) => delete rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID),
  "dynamodb.encryption": ["dynamodb", "DescribeTable", ({ Table }) => Object.assign(Table.SSEDescription, { SSEType: "AES256" })],
  "dynamodb.customer-key": [
    "dynamodb",
    "DescribeTable",
    ({ Table }) => Object.assign(Table.SSEDescription, { KMSMasterKeyArn: "another" }),
  ],
  "dynamodb.tagged": ["dynamodb", "ListTagsOfResource", (answer) => Object.assign(answer, { Tags: [] })],
  "rds.encryption": instance((one) => Object.assign(one, { StorageEncrypted: false })),
  "rds.insights-key": instance((one) => Object.assign(one, { PerformanceInsightsKMSKeyId: "another" })),
  "rds.insights": instance((one) => Object.assign(one, { PerformanceInsightsEnabled: false })),
  "rds.certificate": instance((one) => Object.assign(one, { CACertificateIdentifier: "rds-ca-2019" })),
  "rds.administrator": instance((one) => Object.assign(one, { MasterUsername: "postgres" })),
  "rds.managed-password": instance(
    (one) => delete one.MasterUserSecret,
    ...["secrets.customer-key", "secrets.not-public", "secrets.rotation", "secrets.tagged"],
  ),
  "rds.logs": instance((one) => Object.assign(one, { EnabledCloudwatchLogsExports: ["upgrade"] })),
  "rds.in-vpc": instance((one) => delete one.DBSubnetGroup),
  "rds.tagged": instance((one) => Object.assign(one, { TagList: [] })),
  "rds.supported": ["rds", "DescribeDBEngineVersions", (answer) => Object.assign(answer, { DBEngineVersions: [] })],
  // AWS shares no encrypted snapshot with everybody, and the stack's are encrypted.
  "rds.snapshots-private": [
    "rds",
    "DescribeDBSnapshotAttributes",
    ({ DBSnapshotAttributesResult: { DBSnapshotAttributes } }) => DBSnapshotAttributes[0].AttributeValues.push("all"),
  ],
  "sns.encryption": ["sns", "GetTopicAttributes", ({ Attributes }) => delete Attributes.KmsMasterKeyId, ["sns.customer-key"]],
  "sns.customer-key": ["sns", "GetTopicAttributes", ({ Attributes }) => Object.assign(Attributes, { KmsMasterKeyId: "alias/aws/sns" })],
  "sns.tagged": ["sns", "ListTagsForResource", (answer) => Object.assign(answer, { Tags: [] })],
  "sns.dead-letters": [
    "sns",
    "ListSubscriptionsByTopic",
    (answer) =>
      Object.assign(answer, {
        Subscriptions: [{ Protocol: "https", SubscriptionArn: `${TopicArn}:1`, Endpoint: "https://x.test", TopicArn }],
      }),
  ],
  "iam.simple": [
    "iam",
    "GetRolePolicy",
    (answer) =>
      Object.assign(answer, {
        PolicyDocument: JSON.stringify({
          Statement: Array.from({ length: 26 }, (_, n) => ({
            ...EVERYBODY,
            Principal: undefined,
            Action: "s3:GetObject",
            Resource: `arn:aws:s3:::b/${n}`,
          })),
        }),
      }),
  ],
  "iam.tagged": ["iam", "GetRole", ({ Role }) => Object.assign(Role, { Tags: [] })],
  "lambda.runtime": fn({ Runtime: "nodejs16.x" }),
  "lambda.no-secrets": fn({ Environment: { Variables: { DB_PASSWORD: "hush" } } }),
  "lambda.tracing": fn({ TracingConfig: { Mode: "PassThrough" } }),
  "lambda.logging": fn({ LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/x" } }),
  "lambda.limits": fn({ Timeout: 900 }),
  "lambda.no-layers": fn({ Layers: [{ Arn: "arn:aws:lambda:us-east-1:123456789012:layer:x:1" }] }),
  "lambda.customer-key": fn({ KMSKeyArn: "another" }),
  "lambda.tagged": ["lambda", "GetFunction", (answer) => Object.assign(answer, { Tags: {} })],
  "api.access-logs": ["apigateway", "GetStage", (stage) => Object.assign(stage.accessLogSettings, { format: "$context.requestId" })],
  "api.cache": ["apigateway", "GetStage", (stage) => Object.assign(stage, { cacheClusterEnabled: true })],
  "api.validation": [
    "apigateway",
    "GetResources",
    ({ items }) => {
      for (const { resourceMethods = {} } of items)
        for (const method of Object.values(resourceMethods) as Answer[]) delete method.requestValidatorId;
    },
  ],
  "api.usage-plan": ["apigateway", "GetUsagePlans", ({ items }) => items.forEach((plan: Answer) => void delete plan.quota)],
  "cloudwatch.customer-key": ["logs", "DescribeLogGroups", ({ logGroups }) => logGroups.forEach((one: Answer) => void delete one.kmsKeyId)],
  "cloudwatch.not-public": [
    "logs",
    "DescribeResourcePolicies",
    (answer) => Object.assign(answer, { resourcePolicies: [{ policyName: "x", policyDocument: OPEN }] }),
  ],
  "ec2.narrow": groups(
    (group) => group.IpPermissions.push({ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "203.0.112.0/20" }] }),
    "ec2.no-public-address",
  ),
  "ec2.no-egress": groups((group) =>
    Object.assign(group, { IpPermissionsEgress: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] }),
  ),
  "ec2.described": groups((group) => Object.assign(group, { Tags: [] })),
  "secrets.rotation": ["secretsmanager", "DescribeSecret", (answer) => Object.assign(answer, { RotationEnabled: false })],
  "secrets.customer-key": ["secretsmanager", "DescribeSecret", (answer) => Object.assign(answer, { KmsKeyId: "another" })],
  "secrets.tagged": ["secretsmanager", "DescribeSecret", (answer) => Object.assign(answer, { Tags: [] })],
  "secrets.not-public": ["secretsmanager", "GetResourcePolicy", (answer) => Object.assign(answer, { ResourcePolicy: OPEN })],
  "kms.not-public": ["kms", "GetKeyPolicy", (answer) => Object.assign(answer, { Policy: OPEN })],
  "kms.enabled": ["kms", "DescribeKey", ({ KeyMetadata }) => Object.assign(KeyMetadata, { KeyState: "Disabled" })],
};
/** Controls that cannot be opened outside of fleetlogix, with the reason. */
const NEVER: Readonly<Record<string, string>> = {
  "s3.name": "a bucket's name never changes; the configuration's own name is the user's wish",
  "rds.private-subnets": "RDS moves no instance within its VPC; a plan with private subnets is in test/contract/production.test.ts",
  "dynamodb.no-foreign-access": "the local AWS keeps no policies of tables",
};

test("a manual snapshot is read, and fails no control while it is private or shared with one account", async () => {
  const DBSnapshotIdentifier = "before-the-move";
  await behind("rds", "CreateDBSnapshot", { DBInstanceIdentifier, DBSnapshotIdentifier });
  await vi.waitFor(async () => {
    const { DBSnapshots } = await behind("rds", "DescribeDBSnapshots", { DBSnapshotIdentifier });
    expect(DBSnapshots).toMatchObject([{ Status: "available" }]);
  });
  expect(await failing()).toEqual([]);
  const asked = { DBSnapshotIdentifier, AttributeName: "restore" };
  await behind("rds", "ModifyDBSnapshotAttribute", { ...asked, ValuesToAdd: ["123456789012"] });
  expect(await failing()).toEqual([]);
});

/** Changes a copy, because the local AWS answers with its stored objects. */
function changed(answer: Answer, change: (answer: Answer) => void): Answer {
  const copy = structuredClone(answer);
  change(copy);
  return copy;
}
test.each(Object.keys(SHOWN))("%s: an answer with public access fails exactly this control", async (id) => {
  const [service, operation, change, also = []] = SHOWN[id] as Shown;
  faults.clear();
  faults.add({
    service,
    operation,
    times: null,
    fault: { kind: "hook", after: (_call, output) => void Object.assign(output ?? {}, changed(output, change)) },
  });
  try {
    expect((await failing()).toSorted()).toEqual([id, ...also].toSorted());
  } finally {
    faults.clear();
  }
});

test("every control has a test that violates it", () => {
  const held = CONTROLS.filter((control) => control.class !== "declined").map(({ id }) => id);
  const tested = [...Object.keys(BREAKS), ...Object.keys(SHOWN), ...Object.keys(NEVER)];
  expect(tested.toSorted()).toEqual(held.toSorted());
});

test("as SARIF: a rule for each control, a result for each failure, declined ones suppressed with their reason", async () => {
  await BREAKS["s3.versioning"]?.();
  const audit = await app.audit();
  expect(sarifErrors(sarifOf(audit, "1.0.0"))).toEqual([]);
  const document = sarifOf(audit, "1.0.0") as {
    version: string;
    runs: { tool: { driver: { rules: { id: string }[] } }; results: { ruleId: string; ruleIndex: number; suppressions?: unknown[] }[] }[];
  };
  const [run] = document.runs;
  expect([document.version, run?.tool.driver.rules.map(({ id }) => id)]).toEqual(["2.1.0", CONTROLS.map(({ id }) => id)]);
  const open = run?.results.filter(({ suppressions }) => suppressions === undefined) ?? [];
  expect(open.map(({ ruleId, ruleIndex }) => [ruleId, CONTROLS[ruleIndex]?.id])).toEqual([["s3.versioning", "s3.versioning"]]);
  expect((run?.results.length ?? 0) - open.length).toBe(audit.summary.declined);
  await app.apply({ part: "all" }, how, () => {});
});

test("a development stack declines production controls, and a missing stack fails", async () => {
  expect((await app.teardown({ deleteData: true, skipFinalSnapshot: true, wait: true }, () => {})).error).toBeUndefined();
  expect((await app.audit()).ok).toBe(false);
  const development = await open("development");
  expect((await development.apply({ part: "all" }, how, () => {})).error).toBeUndefined();
  const audit = await development.audit();
  expect(audit.controls.filter(({ status }) => status === "fail")).toEqual([]);
  const prod = audit.controls.filter((control) => control.class === "prod");
  expect(new Set(prod.map(({ status }) => status))).toEqual(new Set(["declined"]));
}, 240_000);

test("docs/operations.md names every alarm", () => {
  const page = readFileSync("docs/operations.md", "utf8");
  for (const what of [
    "api-errors",
    "api-latency",
    "-errors",
    "-throttles",
    "-duration",
    "-reads-throttled",
    "database-cpu",
    "database-storage",
    "database-connections",
    "no-fix",
  ])
    expect(page).toContain(what);
});
