import { describe, expect, test } from "vitest";
import { type AnyKind, declare } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import {
  apigatewayApiKey,
  apigatewayRestApi,
  apigatewayStage,
  apigatewayUsagePlan,
  dynamodbTable,
  iamRole,
  kmsKey,
  lambdaFunction,
  logsGroup,
  rdsInstance,
  rdsParameterGroup,
  s3Bucket,
  snsTopic,
} from "../../src/resources/index.ts";
import { makeRig, TAGS } from "../contract/rig.ts";
import { type RecordedAnswers, recorded, startPlayer } from "./player.ts";

/**
 * Each kind reads recorded answers of AWS and finds only the real differences. Answers that were not recorded (tags, absent parts) are
 * the smallest ones that the service's model allows.
 */
interface Case {
  readonly kind: AnyKind;
  readonly about: string;
  readonly id: unknown;
  readonly spec: unknown;
  readonly answers: RecordedAnswers;
  /** Paths of the differences between the desired state and the recorded one; none: they are equal. */
  readonly differs?: readonly string[];
}
const LIST = Object.entries(TAGS).map(([Key, Value]) => ({ Key, Value }));
type Loose = Record<string, unknown>;
const at = <T = Loose>(value: Loose, key: string): T => value[key] as T;

const stage = recorded("apigateway:GetStage", "loggingLevel");
const plan = recorded("apigateway:CreateUsagePlan", "throttle, quota, tags");
const keys = recorded("apigateway:GetUsagePlanKeys");
const table = at(recorded("dynamodb:DescribeTable"), "Table");
const role = at(recorded("iam:GetRole", "tags"), "Role");
const group = at<Loose[]>(recorded("logs:DescribeLogGroups"), "logGroups")[0] as Loose;
const key = at(recorded("kms:DescribeKey"), "KeyMetadata");
const fn = recorded("lambda:GetFunction");
const instance = at<Loose[]>(recorded("rds:DescribeDBInstances"), "DBInstances")[0] as Loose;
const byDefault = at<Loose[]>(recorded("rds:DescribeDBInstances", "postgres 17"), "DBInstances")[0] as Loose;
const parameters = at<Loose[]>(recorded("rds:DescribeDBParameters"), "Parameters");
const topic = at(recorded("sns:GetTopicAttributes"), "Attributes");
const api = at<Loose[]>(recorded("apigateway:GetRestApis", "items carry tags"), "items")[0] as Loose;
const POLICY = { Version: "2012-10-17" as const, Statement: [{ Effect: "Allow" as const, Action: "s3:GetObject", Resource: "*" }] };

const database = {
  name: "test",
  username: "fleet",
  engineVersion: "9.6",
  instanceClass: "db.t2.micro",
  storageGb: 5,
  backupRetentionDays: 7,
  publiclyAccessible: true,
  multiAz: false,
  deletionProtection: false,
  port: undefined,
  securityGroup: "group",
  parameterGroup: "parameter-group",
  monitoringRoleArn: undefined,
};
/** Attributes that a database of 2017 did not have. */
const SINCE = ["encrypted", "storageType", "iamAuth", "performanceInsights", "logExports", "copyTagsToSnapshot", "certificateAuthority"];
const instanceAnswers = (more: Loose): RecordedAnswers => ({
  "rds:DescribeDBInstances": {
    DBInstances: [
      { ...instance, DBInstanceIdentifier: "it", MasterUsername: "fleet", MasterUserSecret: { SecretArn: "s" }, TagList: LIST, ...more },
    ],
  },
});

const CASES: readonly Case[] = [
  {
    kind: rdsInstance,
    about: "a database with the defaults of AWS",
    id: { identifier: "it" },
    spec: database,
    answers: instanceAnswers({}),
    differs: SINCE,
  },
  {
    kind: rdsInstance,
    about: "a database whose storage and version have grown",
    id: { identifier: "it" },
    spec: database,
    answers: instanceAnswers({ AllocatedStorage: 44, EngineVersion: "18.1" }),
    differs: SINCE,
  },
  {
    kind: rdsInstance,
    about: "a database of today with the defaults of RDS",
    id: { identifier: "it" },
    spec: { ...database, engineVersion: "17", instanceClass: "db.t3.micro", storageGb: 20, publiclyAccessible: false },
    answers: { "rds:DescribeDBInstances": { DBInstances: [{ ...byDefault, TagList: LIST }] } },
    differs: [
      ...["encrypted", "storageType", "backupRetentionDays", "iamAuth", "performanceInsights", "logExports", "copyTagsToSnapshot"],
      ...["managedPassword", "parameterGroup"],
    ],
  },
  {
    kind: rdsParameterGroup,
    about: "a parameter that equals the family's default shows as set by the system",
    id: { name: "it" },
    spec: { family: "postgres9.6", description: "", parameters: { "rds.force_ssl": "0" } },
    answers: {
      "rds:DescribeDBParameterGroups": {
        DBParameterGroups: [{ DBParameterGroupName: "it", DBParameterGroupFamily: "postgres9.6", DBParameterGroupArn: "arn" }],
      },
      "rds:DescribeDBParameters": { Parameters: parameters },
      "rds:ListTagsForResource": { TagList: LIST },
    },
  },
  {
    kind: apigatewayStage,
    about: "settings that AWS adds to ours are no difference",
    id: { apiId: "a", stage: "local" },
    spec: { document: "aaaa", rateLimit: 10_000, burstLimit: 5_000, accessLog: "arn:log", logLevel: "ERROR" },
    answers: {
      "apigateway:GetStage": { ...stage, tags: TAGS, variables: {} },
      "apigateway:GetDeployments": {
        items: [{ id: at<string>(stage, "deploymentId"), description: "document aaaa", createdDate: "2025-11-25T12:00:00.000Z" }],
      },
      "apigateway:GetStages": { item: [{ ...stage, tags: TAGS }] },
    },
    // Recorded with another log, or none, and with bodies logged.
    differs: ["bodyLogging", "accessLog", "accessLogFormat"],
  },
  {
    kind: apigatewayUsagePlan,
    about: "numbers come back as a float and integers; keys carry their values",
    id: { name: at<string>(plan, "name") },
    spec: {
      description: at(plan, "description"),
      apiId: at<Loose[]>(plan, "apiStages")[0]?.apiId,
      stage: "dev",
      keyId: at<Loose[]>(keys, "items")[0]?.id,
      rateLimit: 2,
      burstLimit: 1,
      dailyQuota: 10,
    },
    answers: { "apigateway:GetUsagePlans": { items: [{ ...plan, tags: TAGS }] }, "apigateway:GetUsagePlanKeys": keys },
  },
  {
    kind: apigatewayApiKey,
    about: "a list without tags: the tags of the key are read before it counts as foreign",
    id: { name: "name1" },
    spec: { description: "phones" },
    answers: {
      "apigateway:GetApiKeys": recorded("apigateway:GetApiKeys"),
      "apigateway:GetApiKey": { id: "id1", name: "name1", enabled: true, description: "phones", stageKeys: [], tags: TAGS },
    },
  },
  {
    kind: apigatewayRestApi,
    about: "an API of the list",
    id: { name: at<string>(api, "name") },
    spec: { document: { info: { description: "" } }, hash: undefined, methods: {} },
    answers: {
      "apigateway:GetRestApis": {
        items: [
          { ...api, tags: TAGS, endpointConfiguration: at(recorded("apigateway:CreateRestApi", "REGIONAL"), "endpointConfiguration") },
        ],
      },
      "apigateway:GetResources": { items: [{ id: "r", path: "/" }] },
    },
  },
  {
    kind: dynamodbTable,
    about: "a table on demand: phantom throughput is no difference",
    id: { name: "t" },
    spec: { key: { hash: "TID" }, indexes: [], deletionProtection: false },
    answers: {
      "dynamodb:DescribeTable": { Table: table },
      "dynamodb:DescribeContinuousBackups": recorded("dynamodb:DescribeContinuousBackups"),
      "dynamodb:DescribeTimeToLive": { TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" } },
      "dynamodb:ListTagsOfResource": { Tags: LIST },
    },
    // Recorded with AWS's own encryption.
    differs: ["encryption"],
  },
  {
    kind: iamRole,
    about: "a policy comes back URL-encoded",
    id: { name: "r" },
    spec: {
      description: undefined,
      trust: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
      policy: {
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Action: "apigatway:PUT",
          Resource: "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Faaeeieije",
        },
      },
    },
    answers: {
      "iam:GetRole": { Role: { ...role, Tags: LIST } },
      "iam:GetRolePolicy": recorded("iam:GetRolePolicy"),
      "iam:ListRolePolicies": { PolicyNames: ["fleetlogix"], IsTruncated: false },
      "iam:ListAttachedRolePolicies": { AttachedPolicies: [], IsTruncated: false },
    },
  },
  {
    kind: kmsKey,
    about: "a key with rotation",
    id: { alias: "alias/it" },
    spec: { description: at(key, "Description"), policy: POLICY },
    answers: {
      "kms:ListAliases": { Aliases: [{ AliasName: "alias/it", TargetKeyId: at(key, "KeyId") }], Truncated: false },
      "kms:ListKeys": { Keys: [], Truncated: false },
      "kms:DescribeKey": { KeyMetadata: key },
      "kms:ListResourceTags": { Tags: LIST.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })), Truncated: false },
      "kms:GetKeyPolicy": { Policy: JSON.stringify(POLICY), PolicyName: "default" },
      "kms:GetKeyRotationStatus": recorded("kms:GetKeyRotationStatus"),
    },
  },
  {
    kind: logsGroup,
    about: "a group with a key",
    id: { name: at<string>(group, "logGroupName") },
    spec: { retentionDays: undefined, kmsKey: at(group, "kmsKeyId") },
    answers: { "logs:DescribeLogGroups": { logGroups: [group] }, "logs:ListTagsForResource": { tags: TAGS } },
  },
  {
    kind: snsTopic,
    about: "the default policy, encrypted with nothing",
    id: { name: "t" },
    spec: { kmsKey: undefined, policy: JSON.parse(at<string>(topic, "Policy")) },
    answers: { "sns:GetTopicAttributes": { Attributes: topic }, "sns:ListTagsForResource": { Tags: LIST } },
  },
  {
    kind: lambdaFunction,
    about: "a function with JSON logs and no alias yet",
    id: { name: "f" },
    spec: {
      description: "",
      roleArn: at(at(fn, "Configuration"), "Role"),
      runtime: "python3.12",
      architecture: "x86_64",
      handler: "handler.handler",
      memoryMb: 256,
      timeoutSeconds: 5,
      environment: {},
      logGroup: "/aws/lambda/function-name1",
      alias: "live",
      code: undefined,
    },
    answers: {
      "lambda:GetFunction": { ...fn, Tags: TAGS },
      "lambda:ListAliases": { Aliases: [] },
      "lambda:ListVersionsByFunction": recorded("lambda:ListVersionsByFunction"),
      "lambda:GetFunctionConcurrency": {},
      "lambda:GetPolicy": "ResourceNotFoundException",
      "iam:GetRolePolicy": "NoSuchEntity",
    },
    // Recorded without tracing, and with more of the system's own lines.
    differs: ["tracing", "logging", "published"],
  },
  {
    kind: s3Bucket,
    about: "a new bucket: owner enforced, closed, encrypted by S3 itself",
    id: { name: "b" },
    spec: { policy: POLICY, archive: { prefix: "a/", afterDays: 90 }, noncurrentExpireDays: 30 },
    answers: {
      "s3:HeadBucket": {},
      "s3:GetBucketTagging": { TagSet: LIST },
      "s3:GetPublicAccessBlock": recorded("s3:GetPublicAccessBlock"),
      "s3:GetBucketOwnershipControls": recorded("s3:GetBucketOwnershipControls"),
      "s3:GetBucketEncryption": recorded("s3:GetBucketEncryption", "aws:kms without a key"),
      "s3:GetBucketVersioning": { Status: "Enabled" },
      "s3:GetBucketPolicy": { Policy: JSON.stringify(POLICY) },
      "s3:GetBucketLifecycleConfiguration": recorded("s3:GetBucketLifecycleConfiguration", "empty prefix"),
      "s3:GetBucketNotificationConfiguration": { EventBridgeConfiguration: {} },
      "s3:GetBucketLogging": {},
    },
    // Recorded with a foreign rule, and without ours.
    differs: ["lifecycle.aborted-uploads", "lifecycle.archive", "lifecycle.noncurrent-versions", "lifecycle.wholebucket"],
  },
];

describe("each kind understands recorded answers of AWS", () => {
  test.each(CASES.map((one) => [`${one.kind.kind}: ${one.about}`, one] as const))(
    "%s",
    async (_name, { kind, id, spec, answers, differs = [] }) => {
      const aws = await startPlayer(answers);
      const rig = makeRig({ endpoint: aws.url, clock: virtualClock() });
      try {
        const nodes = [declare(kind, "it", { identity: () => id, spec: () => spec })];
        // Without this option a difference that needs a new database is refused, and is not listed as a change.
        const decision = (await rig.plan(nodes, { allowDataLoss: new Set(["it"]) }))[0]?.decision;
        const changes = decision && "changes" in decision ? decision.changes : [];
        expect(
          [decision?.action === "create" || decision?.action === "refuse", ...new Set(changes.map(({ path }) => path))].toSorted(),
        ).toEqual([false, ...differs].toSorted());
      } finally {
        rig.close();
        await aws.close();
      }
    },
  );

  test("the plan reports a value that has grown, and the setting to write", async () => {
    const aws = await startPlayer(instanceAnswers({ AllocatedStorage: 44, EngineVersion: "18.1" }));
    const rig = makeRig({ endpoint: aws.url, clock: virtualClock() });
    const [planned] = await rig.plan([declare(rdsInstance, "it", { identity: () => ({ identifier: "it" }), spec: () => database })], {
      allowDataLoss: new Set(["it"]),
    });
    const notes = planned && "notes" in planned.decision ? planned.decision.notes : [];
    expect(notes).toEqual([expect.stringContaining('"storageGb": 44'), expect.stringContaining('"engineVersion": "18"')]);
    rig.close();
    await aws.close();
  });
});
