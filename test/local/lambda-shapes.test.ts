import { chmodSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as documented from "../support/documented-events.ts";
import { removeFolder } from "../support/folders.ts";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let url: string;
let apiId: string;
const folder = mkdtempSync(join(tmpdir(), "lambda-shapes-"));
// Where the tests run as root, functions run as an unprivileged user.
chmodSync(folder, 0o777);
const file = join(folder, "events");
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:witness";
/** Records every event with its trace id. Answers as an authorizer when asked for one, otherwise as an integration. */
const WITNESS = `
import { appendFileSync } from "node:fs";
export const handler = async (event, context) => {
  const trace = process.env._X_AMZN_TRACE_ID;
  appendFileSync(${JSON.stringify(file)}, JSON.stringify({ event, trace, requestId: context.awsRequestId }) + "\\n");
  if (!event.methodArn) return { statusCode: 200, body: JSON.stringify({ event, trace }) };
  const Statement = [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: event.methodArn }];
  return { principalId: "anna", policyDocument: { Version: "2012-10-17", Statement }, context: { count: 1, vip: true, name: "Anna" } };
};`;
interface Seen {
  // biome-ignore lint/suspicious/noExplicitAny: events of every kind.
  readonly event: any;
  readonly trace: string;
  readonly requestId: string;
}
const seen = (): Seen[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : [];

const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${ARN}/invocations`;
const proxy = { type: "aws_proxy", httpMethod: "POST", uri };
const authorizer = (type: string, more: object = {}) => ({
  type: "apiKey",
  name: "X-Token",
  in: "header",
  "x-amazon-apigateway-authtype": "custom",
  "x-amazon-apigateway-authorizer": { type, authorizerUri: uri, authorizerResultTtlInSeconds: 0, ...more },
});
const guarded = (...names: string[]) => ({
  operationId: "readGuarded",
  security: [Object.fromEntries(names.map((name) => [name, []]))],
  "x-amazon-apigateway-integration": proxy,
});
const DOCUMENT = {
  openapi: "3.0.1",
  info: { title: "Shapes", version: "1" },
  paths: {
    "/bare": { get: { "x-amazon-apigateway-integration": proxy } },
    "/full/{id}": { post: { "x-amazon-apigateway-integration": proxy } },
    "/signed": { get: { security: [{ sigv4: [] }], "x-amazon-apigateway-integration": proxy } },
    "/token": { get: guarded("token", "api_key") },
    "/request/{id}": { get: guarded("request") },
  },
  components: {
    securitySchemes: {
      sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
      api_key: { type: "apiKey", name: "x-api-key", in: "header" },
      token: authorizer("token"),
      request: authorizer("request", { identitySource: "method.request.header.X-Token" }),
    },
  },
};

beforeAll(async () => {
  aws = await localAws();
  const [gateway, lambda] = [aws.client(APIGateway), aws.client(Lambda)];
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument });
  await lambda.createFunction({
    FunctionName: "witness",
    Role: "arn:aws:iam::000000000000:role/runner",
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Code: { ZipFile: await functionZip({ "index.mjs": WITNESS }) },
  });
  for (const service of ["apigateway", "s3", "sns"]) {
    const Principal = `${service}.amazonaws.com`;
    await lambda.addPermission({ FunctionName: "witness", StatementId: service, Action: "lambda:InvokeFunction", Principal });
  }
  apiId = (await gateway.importRestApi({ body: Buffer.from(JSON.stringify(DOCUMENT)), failOnWarnings: true })).id as string;
  await gateway.createDeployment({ restApiId: apiId, stageName: "prod", variables: { colour: "red" } });
  url = `${aws.url}/restapis/${apiId}/prod/_user_request_`;
});
afterAll(async () => {
  await aws.close();
  removeFolder(folder);
});

const expectShape = (event: unknown, wanted: object) => expect(documented.shapeOf(event, wanted)).toEqual(wanted);
async function eventOf(path: string, init: RequestInit = {}) {
  const response = await fetch(url + path, init);
  const text = await response.text();
  expect([response.status, text]).toEqual([200, expect.any(String)]);
  return JSON.parse(text) as Seen;
}

test("a REST API calls its function with event format 1.0, with and without a body, and forwards the trace id", async () => {
  const { event, trace } = await eventOf("/full/7?q=1", { method: "POST", body: "text", headers: { "user-agent": "tester" } });
  expectShape(event, documented.PROXY);
  expect(event.headers["X-Amzn-Trace-Id"]).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  expect(trace).toContain(event.headers["X-Amzn-Trace-Id"]);
  const given = "Root=1-5759e988-bd862e3fe1be46a994272793";
  const bare = await eventOf("/bare", { headers: { "X-Amzn-Trace-Id": given } });
  expectShape(bare.event, documented.BARE_PROXY);
  expect(bare.trace).toContain(given);
});

test("the event of a signed request holds its caller", async () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "mine" };
  const signer = new SignatureV4({ service: "execute-api", region: "us-east-1", credentials, sha256: Sha256 });
  const { pathname, host, hostname } = new URL(`${url}/signed`);
  const { headers } = await signer.sign({ method: "GET", protocol: "http:", hostname, path: pathname, headers: { host } });
  const { host: _, ...rest } = headers;
  const { event } = await eventOf("/signed", { headers: rest });
  expectShape(event, documented.SIGNED_PROXY);
  expect(event.requestContext.identity).toMatchObject({ accessKey: "AKIDEXAMPLE", userArn: "arn:aws:iam::000000000000:root" });
  expect(event.headers).not.toHaveProperty("Authorization");
});

test("authorizers get AWS's events, and their context reaches the function", async () => {
  const gateway = aws.client(APIGateway);
  const key = await gateway.createApiKey({ name: "k", enabled: true });
  const plan = await gateway.createUsagePlan({ name: "p", apiStages: [{ apiId, stage: "prod" }] });
  await gateway.createUsagePlanKey({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" });
  const { event } = await eventOf("/token", { headers: { "x-token": "t", "x-api-key": key.value as string } });
  expectShape(event, documented.AUTHORIZED_PROXY);
  expect(event.requestContext.authorizer).toMatchObject({ principalId: "anna", count: "1", vip: "true", name: "Anna" });
  await eventOf("/request/7?q=1", { headers: { "x-token": "t" } });
  const asked = seen().filter((one) => one.event.methodArn);
  expect(asked.map((one) => one.event.type)).toEqual(["TOKEN", "REQUEST"]);
  expectShape(asked[0]?.event, documented.TOKEN);
  expectShape(asked[1]?.event, documented.REQUEST);
  // The authorizer's call has the same trace id as the integration's.
  const traceIds = seen()
    .filter((one) => /^\/request/.test(one.event.path ?? ""))
    .map((one) => one.trace);
  expect(new Set(traceIds).size).toBe(1);
});

test("a bucket's events reach a function that permits S3, as records of version 2.1, for keys that match the filter", async () => {
  const s3 = aws.client(S3);
  const Bucket = "witnessed";
  await s3.createBucket({ Bucket });
  await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Enabled" } });
  const configure = (LambdaFunctionArn: string) =>
    s3.putBucketNotificationConfiguration({
      Bucket,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            Id: "mine",
            LambdaFunctionArn,
            Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
            Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "in/" }] } },
          },
        ],
      },
    });
  await expect(configure(ARN.replace("witness", "nobody"))).rejects.toMatchObject({ name: "InvalidArgument" });
  await configure(ARN);
  await s3.putObject({ Bucket, Key: "other", Body: "x" });
  const { ETag, VersionId } = await s3.putObject({ Bucket, Key: "in/a b+ü", Body: "hello" });
  await s3.deleteObject({ Bucket, Key: "in/a b+ü" });
  const told = () => seen().filter((one) => one.event.Records?.[0]?.eventSource === "aws:s3");
  await expect.poll(() => told().length, { timeout: 10_000 }).toBe(2);
  const created = told().find((one) => one.event.Records[0].eventName === "ObjectCreated:Put")?.event;
  expectShape(created, documented.S3);
  expect(created.Records[0]).toMatchObject({
    eventVersion: "2.1",
    awsRegion: "us-east-1",
    s3: { configurationId: "mine", bucket: { name: Bucket, arn: `arn:aws:s3:::${Bucket}` } },
  });
  expect(created.Records[0].s3.object).toMatchObject({
    key: "in/a+b%2B%C3%BC",
    size: 5,
    eTag: ETag?.replaceAll('"', ""),
    versionId: VersionId,
  });
  const removed = told().find((one) => one.event.Records[0].eventName === "ObjectRemoved:DeleteMarkerCreated")?.event;
  expect(removed.Records[0].s3.object.key).toBe("in/a+b%2B%C3%BC");
  expect(removed.Records[0].s3.object.sequencer > created.Records[0].s3.object.sequencer).toBe(true);
});

test("a topic calls its function with one record that holds attributes and subject", async () => {
  const sns = aws.client(SNS);
  const { TopicArn } = await sns.createTopic({ Name: "witnessed" });
  await sns.subscribe({ TopicArn, Protocol: "lambda", Endpoint: ARN });
  const MessageAttributes = { kind: { DataType: "String", StringValue: "a" }, raw: { DataType: "Binary", BinaryValue: Buffer.from([1]) } };
  await sns.publish({ TopicArn, Subject: "S", Message: "full", MessageAttributes });
  await sns.publish({ TopicArn, Message: "bare" });
  const told = (text: string) => seen().find((one) => one.event.Records?.[0]?.Sns?.Message === text)?.event;
  await expect.poll(() => told("full") !== undefined && told("bare") !== undefined, { timeout: 10_000 }).toBe(true);
  expectShape(told("full"), documented.SNS);
  expect(told("full").Records[0].Sns.MessageAttributes).toEqual({
    kind: { Type: "String", Value: "a" },
    raw: { Type: "Binary", Value: "AQ==" },
  });
  expect(told("bare").Records[0].Sns).toMatchObject({ Subject: null, MessageAttributes: {} });
});
