import { APIGateway } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { Lambda } from "@aws-sdk/client-lambda";
import { paginateDescribeDBParameters, RDS, waitUntilDBInstanceAvailable } from "@aws-sdk/client-rds";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";
import { RECORDED, type RecordedError, recorded } from "./player.ts";

/** Compares the local AWS with recorded answers of AWS: the same members, the same texts. */
let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
let lambda: Lambda;
let s3: S3;
let restApiId: string;
let deploymentId: string;
let usagePlanId: string;
const Bucket = "recorded";
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
beforeAll(async () => {
  aws = await localAws();
  gateway = aws.client(APIGateway);
  lambda = aws.client(Lambda);
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket });
  await aws.client(IAM).createRole({ RoleName: "r", AssumeRolePolicyDocument: TRUST, Tags: [{ Key: "test", Value: "value" }] });
  await lambda.createFunction({
    FunctionName: "f",
    Role: "arn:aws:iam::000000000000:role/r",
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Code: { ZipFile: await functionZip({ "index.mjs": "export const handler = async () => 1;" }) },
    LoggingConfig: { LogFormat: "JSON" },
    Environment: { Variables: {} },
  });
  ({ id: restApiId = "" } = await gateway.createRestApi({ name: "a", endpointConfiguration: { types: ["REGIONAL"] } }));
  const document = {
    openapi: "3.0.1",
    info: { title: "a", version: "1.0" },
    paths: { "/p": { get: { responses: { "200": { description: "OK" } }, "x-amazon-apigateway-integration": { type: "mock" } } } },
  };
  await gateway.putRestApi({ restApiId, mode: "overwrite", body: new TextEncoder().encode(JSON.stringify(document)) });
  ({ id: deploymentId = "" } = await gateway.createDeployment({ restApiId }));
  await gateway.createStage({ restApiId, stageName: "dev", deploymentId, tracingEnabled: true });
  ({ id: usagePlanId = "" } = await gateway.createUsagePlan({
    name: "p",
    description: "d",
    apiStages: [{ apiId: restApiId, stage: "dev" }],
  }));
});
afterAll(() => aws.close());

/** Members of maps and lists of names are data, not members. */
const MAPS = new Set(["tags", "Tags", "methodSettings", "resourceMethods", "Variables", "variables"]);
function membersOf(value: unknown, path = ""): readonly string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => membersOf(item, `${path}[]`)))];
  if (typeof value !== "object" || value === null || value instanceof Date) return [path];
  const entries = Object.entries(value).filter(([key, item]) => key !== "$metadata" && item !== undefined);
  return entries.flatMap(([key, item]) => (MAPS.has(key) ? [`${path}.${key}`] : membersOf(item, `${path}.${key}`)));
}

/** `ignored`: members that depend on the request and not on AWS. */
type Row = readonly [operation: string, about: string, ask: () => Promise<unknown>, beside?: readonly string[]];
const ROWS: readonly Row[] = [
  ["apigateway:GetRestApi", "untagged", () => gateway.getRestApi({ restApiId }), [".binaryMediaTypes[]", ".version"]],
  ["apigateway:GetRestApis", "items of untagged", () => gateway.getRestApis({}), [".items[].description", ".items[].version"]],
  ["apigateway:GetResources", "after import", () => gateway.getResources({ restApiId })],
  [
    "apigateway:GetStage",
    "loggingLevel",
    async () => ({ ...(await gateway.getStage({ restApiId, stageName: "dev" })) }),
    [".description", ".tags", ".variables"],
  ],
  ["apigateway:GetUsagePlan", "untagged", () => gateway.getUsagePlan({ usagePlanId })],
  ["apigateway:GetUsagePlans", "items of untagged", () => gateway.getUsagePlans({})],
  ["lambda:GetFunction", "JSON logging", () => lambda.getFunction({ FunctionName: "f" })],
  ["s3:GetBucketEncryption", "new bucket", () => s3.getBucketEncryption({ Bucket })],
  ["s3:GetBucketOwnershipControls", "new bucket", () => s3.getBucketOwnershipControls({ Bucket })],
  ["s3:GetPublicAccessBlock", "new bucket", () => s3.getPublicAccessBlock({ Bucket })],
  [
    "s3:GetBucketLifecycleConfiguration",
    "empty prefix",
    async () => {
      const rule = { ID: "wholebucket", Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 7 } };
      await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: [rule] } });
      return s3.getBucketLifecycleConfiguration({ Bucket });
    },
  ],
  [
    "dynamodb:DescribeTable",
    "on demand",
    async () => {
      const dynamodb = aws.client(DynamoDB);
      const TableName = "recorded";
      await dynamodb.createTable({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: ["a", "b"].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
        KeySchema: [{ AttributeName: "a", KeyType: "HASH" }],
        GlobalSecondaryIndexes: [
          { IndexName: "by-b", KeySchema: [{ AttributeName: "b", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" } },
        ],
      });
      return dynamodb.describeTable({ TableName });
    },
  ],
  ["iam:GetRole", "tags", () => aws.client(IAM).getRole({ RoleName: "r" })],
  [
    "kms:DescribeKey",
    "metadata",
    async () => {
      const kms = aws.client(KMS);
      return kms.describeKey({ KeyId: (await kms.createKey({})).KeyMetadata?.KeyId });
    },
  ],
  [
    "kms:GetKeyRotationStatus",
    "enabled",
    async () => {
      const kms = aws.client(KMS);
      const KeyId = (await kms.createKey({})).KeyMetadata?.KeyId;
      await kms.enableKeyRotation({ KeyId });
      return kms.getKeyRotationStatus({ KeyId });
    },
  ],
  [
    "logs:DescribeLogGroups",
    "arn with",
    async () => {
      const logs = aws.client(CloudWatchLogs);
      await logs.createLogGroup({
        logGroupName: "g",
        kmsKeyId: "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000",
      });
      return logs.describeLogGroups({ logGroupNamePrefix: "g" });
    },
  ],
  [
    "sns:GetTopicAttributes",
    "default policy",
    async () => {
      const sns = aws.client(SNS);
      return sns.getTopicAttributes({ TopicArn: (await sns.createTopic({ Name: "t" })).TopicArn });
    },
  ],
  [
    "rds:DescribeDBParameters",
    "without Source",
    async () => {
      const rds = aws.client(RDS);
      await rds.createDBParameterGroup({ DBParameterGroupName: "p", DBParameterGroupFamily: "postgres17", Description: "d" });
      const all = [];
      for await (const page of paginateDescribeDBParameters({ client: rds }, { DBParameterGroupName: "p" }))
        all.push(...(page.Parameters ?? []));
      return { Parameters: all, Marker: "m" };
    },
  ],
  [
    "rds:DescribeDBInstances",
    "postgres 17",
    async () => {
      const rds = aws.client(RDS);
      const created = {
        DBName: "test",
        MasterUsername: "fleet",
        MasterUserPassword: "Correct-Horse-7",
        Tags: [{ Key: "Stack", Value: "other" }],
      };
      await rds.createDBInstance({
        DBInstanceIdentifier: "it",
        DBInstanceClass: "db.t3.micro",
        Engine: "postgres",
        AllocatedStorage: 20,
        ...created,
      });
      await waitUntilDBInstanceAvailable({ client: rds, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { DBInstanceIdentifier: "it" });
      return rds.describeDBInstances({ DBInstanceIdentifier: "it" });
    },
  ],
];

describe("the local AWS answers with the members of AWS's recorded answers", () => {
  test.each(ROWS.map((row) => [`${row[0]} (${row[1]})`, row] as const))("%s", async (_name, [operation, about, call, ignored = []]) => {
    const [recordedMembers, localMembers] = [membersOf(recorded(operation, about)), membersOf(await call())];
    const only = (these: readonly string[], those: readonly string[]) =>
      these.filter((one) => !those.includes(one) && !ignored.includes(one));
    expect({ missing: only(recordedMembers, localMembers), more: only(localMembers, recordedMembers) }).toEqual({ missing: [], more: [] });
  });

  test("a parameter that is set to its family's default does not become the user's", async () => {
    const rds = aws.client(RDS);
    const DBParameterGroupName = "default-value";
    await rds.createDBParameterGroup({ DBParameterGroupName, DBParameterGroupFamily: "postgres17", Description: "d" });
    const set = (ParameterValue: string) =>
      rds.modifyDBParameterGroup({
        DBParameterGroupName,
        Parameters: [{ ParameterName: "rds.force_ssl", ParameterValue, ApplyMethod: "immediate" }],
      });
    const users = async () =>
      (await rds.describeDBParameters({ DBParameterGroupName, Source: "user" })).Parameters?.map((p) => p.ParameterName);
    await set("1");
    expect(await users()).toEqual([]);
    await set("0");
    expect(await users()).toEqual(["rds.force_ssl"]);
  });
});

describe("refusals have AWS's recorded texts", () => {
  const errorOf = (operation: string, about: string): RecordedError => {
    const found = [...RECORDED.answers, ...RECORDED.rules].find((one) => one.operation === operation && one.about.startsWith(about));
    if (!found?.error) throw new Error(`no error recorded of ${operation} ${about}`);
    return found.error;
  };
  const REFUSED: readonly (readonly [operation: string, about: string, ask: () => Promise<unknown>])[] = [
    ["apigateway:DeleteDeployment", "refused while", () => gateway.deleteDeployment({ restApiId, deploymentId })],
    [
      "apigateway:UpdateStage",
      "remove of a setting",
      () => gateway.updateStage({ restApiId, stageName: "dev", patchOperations: [{ op: "remove", path: "/*/*" }] }),
    ],
    ["lambda:RemovePermission", "no policy", () => lambda.removePermission({ FunctionName: "f", StatementId: "x" })],
    [
      "sns:CreateTopic",
      "again with other tags",
      async () => {
        const sns = aws.client(SNS);
        await sns.createTopic({ Name: "again", Tags: [{ Key: "a", Value: "1" }] });
        return sns.createTopic({ Name: "again", Tags: [{ Key: "a", Value: "2" }] });
      },
    ],
    [
      "logs:CreateLogGroup",
      "exists already",
      async () => {
        const logs = aws.client(CloudWatchLogs);
        await logs.createLogGroup({ logGroupName: "twice" });
        return logs.createLogGroup({ logGroupName: "twice" });
      },
    ],
    [
      "rds:ModifyDBParameterGroup",
      "immediate for a static",
      async () => {
        const rds = aws.client(RDS);
        await rds.createDBParameterGroup({ DBParameterGroupName: "static", DBParameterGroupFamily: "postgres17", Description: "d" });
        const Parameters = [{ ParameterName: "max_connections", ParameterValue: "50", ApplyMethod: "immediate" as const }];
        return rds.modifyDBParameterGroup({ DBParameterGroupName: "static", Parameters });
      },
    ],
    [
      "apigateway:UpdateAccount",
      "young role, first",
      () =>
        gateway.updateAccount({
          patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: "arn:aws:iam::000000000000:role/none" }],
        }),
    ],
  ];
  test.each(REFUSED)("%s (%s)", async (operation, about, call) => {
    const { code, message } = errorOf(operation, about);
    const plain = (text: string) => text.replace(/(Exception|Fault)$/, "");
    const error = (await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )) as Error | undefined;
    expect(plain(error?.name ?? "")).toBe(plain(code));
    expect(error?.message.trim()).toContain(message.trim());
  });
});
