import { APIGateway } from "@aws-sdk/client-api-gateway";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SNS } from "@aws-sdk/client-sns";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDynamoDB } from "../../handlers/shared/aws/dynamodb.ts";
import { openBucket } from "../../handlers/shared/aws/s3.ts";
import { localAws } from "../support/local-aws.ts";

/** Every name is returned unchanged, because no name has a special meaning for the server. */
let aws: Awaited<ReturnType<typeof localAws>>;
let api: ReturnType<typeof clients>;
const clients = () => ({
  dynamodb: aws.client(DynamoDB),
  s3: aws.client(S3, { forcePathStyle: true }),
  sns: aws.client(SNS),
  iam: aws.client(IAM),
  gateway: aws.client(APIGateway),
  logs: aws.client(CloudWatchLogs),
  secrets: aws.client(SecretsManager),
  cloudwatch: aws.client(CloudWatch),
});

const signal = new AbortController().signal;
/** The functions' own clients, because the SDK drops an attribute with the name `__proto__`. */
function functions() {
  const env = { AWS_ENDPOINT_URL: aws.url, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  return { dynamodb: makeDynamoDB(env), bucket: openBucket("names", env) };
}

beforeAll(async () => {
  aws = await localAws();
  api = clients();
  const key = { AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }], BillingMode: "PAY_PER_REQUEST" as const };
  await api.dynamodb.createTable({ TableName: "names", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }], ...key });
  await api.s3.createBucket({ Bucket: "names" });
});
afterAll(() => aws.close());

const OF_EVERY_OBJECT = Object.getOwnPropertyNames(Object.prototype).filter((name) => /^\w+$/.test(name));
const legal = fc.oneof(
  fc.constantFrom(...OF_EVERY_OBJECT, "prototype", "then", "toJSON", "length"),
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,30}$/),
);
const forAll = (check: (name: string) => Promise<void>) =>
  fc.assert(fc.asyncProperty(legal, check), { numRuns: 40, examples: OF_EVERY_OBJECT.map((name) => [name]) });
/** An object with this own member, for any name. */
const only = <T>(name: string, value: T): Record<string, T> => Object.fromEntries([[name, value]]);

test("DynamoDB keeps any name in keys, attributes, maps and placeholders", () => {
  const { dynamodb } = functions();
  return forAll(async (name) => {
    const attribute = name === "id" ? "other" : name;
    const item = { id: { S: name }, ...only(attribute, { M: only(name, { S: "kept" }) }) };
    const key = { TableName: "names", Key: { id: { S: name } } };
    await dynamodb("PutItem", { TableName: "names", Item: item }, signal);
    expect(JSON.stringify((await dynamodb("GetItem", key, signal)).Item)).toBe(JSON.stringify(item));
    await dynamodb(
      "UpdateItem",
      {
        ...key,
        UpdateExpression: "SET #attribute.#member = :new",
        ConditionExpression: "#attribute.#member = :kept",
        ExpressionAttributeNames: { "#attribute": attribute, "#member": name },
        ExpressionAttributeValues: { ":new": { S: "new" }, ":kept": { S: "kept" } },
      },
      signal,
    );
    const { Item: updated = {} } = await dynamodb("GetItem", key, signal);
    expect(JSON.stringify(updated)).toBe(JSON.stringify(item).replace("kept", "new"));
  });
});

test("S3 keeps any name in keys, metadata and tags", () => {
  const { bucket } = functions();
  return forAll(async (name) => {
    const object = { Bucket: "names", Key: name };
    await api.s3.deleteObject(object);
    await bucket.putIfAbsent({ key: name, contentType: "text/plain", body: name, metadata: only(name.toLowerCase(), "value") }, signal);
    expect([...(await bucket.metadataOf(name, signal))]).toEqual([[name.toLowerCase(), "value"]]);
    expect(await (await api.s3.getObject(object)).Body?.transformToString()).toBe(name);
    await api.s3.putObjectTagging({ ...object, Tagging: { TagSet: [{ Key: name, Value: "1" }] } });
    expect((await api.s3.getObjectTagging(object)).TagSet).toEqual([{ Key: name, Value: "1" }]);
    expect((await api.s3.listObjectsV2({ Bucket: "names", Prefix: name })).Contents?.map(({ Key }) => Key)).toContain(name);
  });
});

test("SNS keeps any name in topics, tags, message attributes and filters", () =>
  forAll(async (name) => {
    const { TopicArn = "" } = await api.sns.createTopic({ Name: name, Tags: [{ Key: name, Value: "1" }] });
    const { SubscriptionArn = "" } = await api.sns.subscribe({
      TopicArn,
      Protocol: "sms",
      Endpoint: "+573001112233",
      Attributes: { FilterPolicy: JSON.stringify(only(name, ["yes"])) },
      ReturnSubscriptionArn: true,
    });
    const { Attributes = {} } = await api.sns.getSubscriptionAttributes({ SubscriptionArn });
    expect(Object.entries(JSON.parse(Attributes.FilterPolicy ?? ""))).toEqual([[name, ["yes"]]]);
    const attributes = only(name, { DataType: "String", StringValue: "yes" });
    await api.sns.publish({ TopicArn, Message: "m", MessageAttributes: attributes });
    expect((await api.sns.listTagsForResource({ ResourceArn: TopicArn })).Tags).toEqual([{ Key: name, Value: "1" }]);
    await api.sns.deleteTopic({ TopicArn });
  }));

test("IAM keeps any name in roles, policies and tags", () =>
  forAll(async (name) => {
    await api.iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust, Tags: [{ Key: name, Value: "1" }] });
    await api.iam.putRolePolicy({ RoleName: name, PolicyName: name, PolicyDocument: allowed });
    expect((await api.iam.listRolePolicies({ RoleName: name })).PolicyNames).toEqual([name]);
    expect((await api.iam.listRoleTags({ RoleName: name })).Tags).toEqual([{ Key: name, Value: "1" }]);
    await api.iam.deleteRolePolicy({ RoleName: name, PolicyName: name });
    await api.iam.deleteRole({ RoleName: name });
    await expect(api.iam.getRole({ RoleName: name })).rejects.toMatchObject({ name: "NoSuchEntityException" });
  }));
const allowed = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] });
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

test("API Gateway keeps any name in paths, stage variables, tags and keys", async () => {
  const { id: restApiId = "" } = await api.gateway.createRestApi({ name: "names" });
  const root = (await api.gateway.getResources({ restApiId })).items?.[0]?.id ?? "";
  await api.gateway.putMethod({ restApiId, resourceId: root, httpMethod: "GET", authorizationType: "NONE" });
  await api.gateway.putIntegration({ restApiId, resourceId: root, httpMethod: "GET", type: "MOCK" });
  const { id: deploymentId = "" } = await api.gateway.createDeployment({ restApiId });
  const made = new Set<string>();
  await forAll(async (name) => {
    if (made.has(name)) return;
    made.add(name);
    const { id: resourceId, path } = await api.gateway.createResource({ restApiId, parentId: root, pathPart: name });
    expect(path).toBe(`/${name}`);
    await api.gateway.deleteResource({ restApiId, resourceId });
    const stage = await api.gateway.createStage({
      restApiId,
      deploymentId,
      stageName: name,
      variables: only(name, "v"),
      tags: only(name, "t"),
    });
    expect([Object.entries(stage.variables ?? {}), Object.entries(stage.tags ?? {})]).toEqual([[[name, "v"]], [[name, "t"]]]);
    await api.gateway.deleteStage({ restApiId, stageName: name });
    const { id: apiKey } = await api.gateway.createApiKey({ name });
    expect((await api.gateway.getApiKey({ apiKey })).name).toBe(name);
    await api.gateway.deleteApiKey({ apiKey });
  });
});

test("CloudWatch and its logs keep any name in groups, streams and dimensions", () =>
  forAll(async (name) => {
    await api.logs.createLogGroup({ logGroupName: name, tags: only(name, "1") });
    await api.logs.createLogStream({ logGroupName: name, logStreamName: name });
    const logEvents = [{ timestamp: Date.now(), message: JSON.stringify(only(name, "yes")) }];
    await api.logs.putLogEvents({ logGroupName: name, logStreamName: name, logEvents });
    const { events } = await api.logs.filterLogEvents({ logGroupName: name, filterPattern: `{ $.${name} = "yes" }` });
    expect(events?.map(({ message }) => message)).toEqual([logEvents[0]?.message]);
    await api.logs.deleteLogGroup({ logGroupName: name });
    const metric = { MetricName: name, Dimensions: [{ Name: name, Value: name }] };
    await api.cloudwatch.putMetricData({ Namespace: name, MetricData: [{ ...metric, Value: 1 }] });
    expect((await api.cloudwatch.listMetrics({ Namespace: name })).Metrics).toEqual([{ Namespace: name, ...metric }]);
  }));

test("Secrets Manager keeps any name in names and tags", () =>
  forAll(async (name) => {
    await api.secrets.createSecret({ Name: name, SecretString: JSON.stringify(only(name, "1")), Tags: [{ Key: name, Value: "1" }] });
    expect((await api.secrets.getSecretValue({ SecretId: name })).SecretString).toBe(JSON.stringify(only(name, "1")));
    expect((await api.secrets.describeSecret({ SecretId: name })).Tags).toEqual([{ Key: name, Value: "1" }]);
    await api.secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true });
  }));
