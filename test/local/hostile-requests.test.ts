import { APIGateway } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";
import { type RawRequest, sendRaw, signedFor } from "../support/raw-request.ts";

/** No request can stop the local AWS from answering others. */
let aws: Awaited<ReturnType<typeof localAws>>;
const complaints: string[] = [];
beforeAll(async () => {
  aws = await localAws({ log: (line) => complaints.push(line) });
});
afterAll(() => aws.close());

const send = (sent: RawRequest) => sendRaw(aws.url, sent);

/** The longest uninterrupted processor time, in ms, during this work. Time that other programs take is not counted. */
async function longestPause(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let before = process.cpuUsage();
  let at = performance.now();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, Math.min((user + system) / 1000, performance.now() - at));
    before = process.cpuUsage();
    at = performance.now();
  }, 5);
  await work().finally(() => clearInterval(timer));
  return longest;
}
/**
 * Hostile input would take minutes. The limit includes the client and the loading of code, which run in the same process;
 * pauses.test.ts measures the server alone.
 */
const MOST_MS = 1_000;
/** Reading and refusing a body took 16 to 55 ms, including the client. */
const MOST_MS_OF_BODIES = 250;

test("bodies above a service's limit are refused by their length", async () => {
  const long = Buffer.alloc(17 * 1024 * 1024, "[");
  const target = (name: string) => ({ "x-amz-target": name });
  const pause = await longestPause(async () => {
    for (const [service, headers] of [
      ["dynamodb", target("DynamoDB_20120810.PutItem")],
      ["kms", target("TrentService.CreateKey")],
      ["sns", {}],
      ["iam", {}],
    ] as const)
      expect((await send({ headers: { ...signedFor(service), ...headers }, body: long })).status).toBe(413);
  });
  expect(pause).toBeLessThan(MOST_MS_OF_BODIES);
});

test("deeply nested input and names of prototypes do no harm", async () => {
  const deep = (open: string, close: string, n: number) => open.repeat(n) + close.repeat(n);
  const json = { ...signedFor("dynamodb"), "x-amz-target": "DynamoDB_20120810.PutItem" };
  const forms = ["A.__proto__.b=1&__proto__.x=2&constructor.prototype.y=3", `${"a.".repeat(200_000)}=1`, "Tags.member.999999999.Key=a"];
  const pause = await longestPause(async () => {
    const item = `{"TableName":"t-t","Item":{"a":${deep('{"L":[', "]}", 100_000)}}}`;
    expect((await send({ headers: json, body: item })).status).toBe(400);
    for (const form of forms)
      expect((await send({ headers: signedFor("iam"), body: `Action=CreateRole&Version=2010-05-08&${form}` })).status).toBe(400);
    const xml = deep("<a>", "</a>", 100_000);
    const s3 = aws.client(S3, { forcePathStyle: true });
    await s3.createBucket({ Bucket: "deep" });
    for (const body of [xml, "<Tagging>", `<!DOCTYPE a [<!ENTITY b "c">]><Tagging>&b;</Tagging>`])
      expect((await send({ method: "PUT", path: "/deep?tagging", headers: signedFor("s3"), body })).status).toBeLessThan(500);
  });
  expect(({} as { b?: unknown }).b ?? ({} as { $?: unknown }).$ ?? ({} as { x?: unknown }).x).toBeUndefined();
  expect(pause).toBeLessThan(MOST_MS_OF_BODIES);
});

test("JSON with more values than a service reads is refused before it is parsed", async () => {
  const list = (open: string, one: string, megabytes: number) => open + one.repeat((megabytes * 1024 * 1024 - 1000) / one.length);
  const json = (service: string, target: string, body: string) => ({ headers: { ...signedFor(service), "x-amz-target": target }, body });
  const put = (body: string) => json("dynamodb", "DynamoDB_20120810.PutItem", body);
  const names = Array.from({ length: 800_000 }, (_, i) => `"${i}":{"S":""}`).join(",");
  const requests: RawRequest[] = [
    put(list(`{"TableName":"t-t","Item":{"l":{"L":[`, `{"S":""},`, 16)),
    put(`{"TableName":"t-t","Item":{${names}}}`),
    put(list("", "[", 16)),
    put(list("[", "{},", 16)),
    json("logs", "Logs_20140328.PutLogEvents", list(`{"logGroupName":"g","logStreamName":"s","logEvents":[`, "{},", 10)),
    json("kms", "TrentService.CreateKey", list(`{"Tags":[`, "{},", 2)),
    { path: "/2015-03-31/functions", headers: signedFor("lambda"), body: list(`{"Layers":[`, "{},", 60) },
  ];
  const pause = await longestPause(async () => {
    for (const request of requests)
      expect(await send(request)).toMatchObject({ status: 400, text: expect.stringContaining("more values than the local AWS reads") });
  });
  expect(pause).toBeLessThan(MOST_MS);
});

test("JSON counts its brackets and commas outside strings only", async () => {
  const secrets = aws.client(SecretsManager);
  const SecretString = JSON.stringify({ text: `${'[{,\\",'.repeat(7_000)}\\` });
  await secrets.createSecret({ Name: "marks", SecretString });
  expect((await secrets.getSecretValue({ SecretId: "marks" })).SecretString).toBe(SecretString);
  const logs = aws.client(CloudWatchLogs);
  await logs.createLogGroup({ logGroupName: "marks" });
  await logs.createLogStream({ logGroupName: "marks", logStreamName: "s" });
  const message = '"[{,:'.repeat(10);
  const logEvents = Array.from({ length: 10_000 }, () => ({ timestamp: Date.now(), message }));
  expect(await logs.putLogEvents({ logGroupName: "marks", logStreamName: "s", logEvents })).toMatchObject({
    nextSequenceToken: expect.anything(),
  });
});

test("XML of any form is read in one pass and within bounds", async () => {
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: "xml" });
  const { UploadId } = await s3.createMultipartUpload({ Bucket: "xml", Key: "k" });
  const filled = (open: string, one: string, close: string) => open + one.repeat((4_000_000 - open.length) / one.length) + close;
  const part = (i: number) => `<Part><PartNumber>${i}</PartNumber><ETag>&quot;${"0".repeat(32)}&quot;</ETag></Part>`;
  const parts = Array.from({ length: 10_000 }, (_, i) => part(i + 1)).join("");
  const hostile = [
    filled("", "<!DOCTYPE a>", "<Tagging/>"),
    filled("<Tagging>", "a", "</Tagging>"),
    filled("<Tagging>", "&", "</Tagging>"),
    filled("<Tagging>", "&amp;", "</Tagging>"),
    filled("<Tagging>", "<a/>", "</Tagging>"),
    filled("<Tagging", " a='1'", "></Tagging>"),
    filled("<Tagging", " ", "></Tagging>"),
    filled("<Tagging>", "\r", "</Tagging>"),
    filled("<Tagging>", "<!---->", "</Tagging>"),
    filled("<Tagging><TagSet>", "<Tag><Key>a</Key><Value>b</Value></Tag>", "</TagSet></Tagging>"),
  ];
  const pause = await longestPause(async () => {
    for (const body of hostile)
      expect((await send({ method: "PUT", path: "/xml?tagging", headers: signedFor("s3"), body })).status).toBeLessThan(500);
    const body = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
    expect((await send({ path: `/xml/k?uploadId=${UploadId}`, headers: signedFor("s3"), body })).text).toContain(
      "<Code>InvalidPart</Code>",
    );
    const keys = "<Object><Key>k</Key></Object>".repeat(100_000);
    expect((await send({ path: "/xml?delete", headers: signedFor("s3"), body: `<Delete>${keys}</Delete>` })).text).toContain(
      "MalformedXML",
    );
  });
  expect(pause).toBeLessThan(MOST_MS);
});

test("expressions that take exponential time are stopped", async () => {
  const logs = aws.client(CloudWatchLogs);
  await logs.createLogGroup({ logGroupName: "g" });
  await logs.createLogStream({ logGroupName: "g", logStreamName: "s" });
  const message = `${"a".repeat(60)}!`;
  await logs.putLogEvents({ logGroupName: "g", logStreamName: "s", logEvents: [{ timestamp: Date.now(), message }] });
  const iam = aws.client(IAM);
  const document = (Resource: string) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource }] });
  const pause = await longestPause(async () => {
    await expect(logs.filterLogEvents({ logGroupName: "g", filterPattern: "%(a+)+$%" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await iam.createRole({
      RoleName: "r",
      AssumeRolePolicyDocument: document("").replace('"Resource":""', '"Principal":{"AWS":"*"}').replace("s3:GetObject", "sts:AssumeRole"),
    });
    await iam.putRolePolicy({ RoleName: "r", PolicyName: "p", PolicyDocument: document(`arn:aws:s3:::${"*a".repeat(400)}b`) });
    const decided = aws.env.decide(
      {
        type: "role",
        arn: "arn:aws:sts::000000000000:assumed-role/r/s",
        roleArn: "arn:aws:iam::000000000000:role/r",
        roleName: "r",
        session: "s",
      },
      { action: "s3:GetObject", resource: `arn:aws:s3:::${"a".repeat(1000)}` },
    );
    expect(decided.allowed).toBe(false);
  });
  expect(pause).toBeLessThan(MOST_MS);
});

test("endless mapping templates and patterns of models are stopped", async () => {
  const gateway = aws.client(APIGateway);
  const template = "#foreach($i in [1..3000])#foreach($j in [1..3000])$i#end#end";
  const document = {
    openapi: "3.0.1",
    info: { title: "a", version: "1" },
    "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: false } },
    components: { schemas: { M: { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } } } },
    paths: {
      "/loop": { get: { "x-amazon-apigateway-integration": { type: "mock", requestTemplates: { "application/json": template } } } },
      "/model": {
        post: {
          "x-amazon-apigateway-request-validator": "all",
          requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/M" } } } },
          "x-amazon-apigateway-integration": { type: "mock", requestTemplates: { "application/json": '{"statusCode": 200}' } },
        },
      },
    },
  };
  const { id } = await gateway.importRestApi({ body: new TextEncoder().encode(JSON.stringify(document)) });
  await gateway.createDeployment({ restApiId: id, stageName: "prod" });
  const base = `/restapis/${id}/prod/_user_request_`;
  const pause = await longestPause(async () => {
    expect((await send({ method: "GET", path: `${base}/loop`, headers: {} })).status).toBe(500);
    const body = JSON.stringify({ a: `${"a".repeat(60)}!` });
    expect((await send({ path: `${base}/model`, headers: { "content-type": "application/json" }, body })).status).toBe(400);
  });
  expect(pause).toBeLessThan(MOST_MS);
});

test("an OpenAPI document with thousands of paths is imported in one pass", async () => {
  const gateway = aws.client(APIGateway);
  const item = { get: { "x-amazon-apigateway-integration": { type: "mock" } } };
  const paths = (path: (i: number) => string) => Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [path(i), item]));
  const document = (given: object) =>
    new TextEncoder().encode(JSON.stringify({ openapi: "3.0.1", info: { title: "a", version: "1" }, paths: given }));
  const flat = document(paths((i) => `/p${i}`));
  const tree = document({ ...paths((i) => `/a${i % 50}/b${i % 60}/c${i}`), [`/${"a/".repeat(1_000)}`]: item });
  const pause = await longestPause(async () => {
    const { id: restApiId } = await gateway.importRestApi({ body: flat });
    await gateway.putRestApi({ restApiId, body: tree });
    const { items } = await gateway.getResources({ restApiId, limit: 500 });
    expect(items).toHaveLength(500);
  });
  expect(pause).toBeLessThan(MOST_MS);
});

test("a filter policy on __proto__ matches no message and breaks nothing", async () => {
  const sns = aws.client(SNS);
  const { TopicArn } = await sns.createTopic({ Name: "t" });
  const subscribe = (Endpoint: string, FilterPolicy: string) =>
    sns.subscribe({ TopicArn, Protocol: "sms", Endpoint, Attributes: { FilterPolicy } });
  await subscribe("+15550001", '{"__proto__":["a"]}');
  await subscribe("+15550002", '{"k":["v"]}');
  await expect(subscribe("+15550003", `${'{"a":'.repeat(50_000)}["b"]${"}".repeat(50_000)}`)).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  await sns.publish({ TopicArn, Message: "m", MessageAttributes: { k: { DataType: "String", StringValue: "v" } } });
  const mail = async () => ((await (await fetch(`${aws.url}/_local/mail`)).json()) as { to: string }[]).map(({ to }) => to);
  await expect.poll(mail).toEqual(["+15550002"]);
});

test("a line break in a header is answered with the caller's error", async () => {
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: "lines" });
  await s3.putObject({ Bucket: "lines", Key: "k", Body: "x" });
  const path = "/lines/k?response-content-type=text/html%0d%0aX-Evil:%201";
  expect(await send({ method: "GET", path, headers: signedFor("s3") })).toMatchObject({
    status: 400,
    text: expect.stringContaining("InvalidArgument"),
  });
});

test("none of these requests caused an internal error", () => {
  expect(complaints.filter((line) => line.startsWith("bug"))).toEqual([]);
});
