import { request } from "node:http";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** Requests that are accepted: those of programs on this machine, and those of web pages only where a user allowed them. */
let aws: Awaited<ReturnType<typeof localAws>>;
let api = "";
const APP = "https://app.example";
beforeAll(async () => {
  aws = await localAws({ settings: { hosts: ["10.0.2.2"] } });
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: "kept" });
  await s3.putObject({ Bucket: "kept", Key: "k", Body: "<script>1</script>", ContentType: "text/html" });
  await aws.client(SNS).createTopic({ Name: "t" });
  api = await corsApi();
});
afterAll(() => aws.close());

/** An API whose preflight allows pages of APP. */
async function corsApi(): Promise<string> {
  const gateway = aws.client(APIGateway);
  const mock = (header?: string) => ({
    responses: { "200": { description: "", headers: { "Access-Control-Allow-Origin": { schema: { type: "string" } } } } },
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": '{"statusCode": 200}' },
      responses: {
        default: {
          statusCode: "200",
          ...(header ? { responseParameters: { "method.response.header.Access-Control-Allow-Origin": `'${header}'` } } : {}),
        },
      },
    },
  });
  const paths = { "/open": { get: mock(APP), post: mock(APP), options: mock(APP) }, "/closed": { get: mock() } };
  const body = new TextEncoder().encode(JSON.stringify({ openapi: "3.0.1", info: { title: "a", version: "1" }, paths }));
  const { id } = await gateway.importRestApi({ body });
  await gateway.createDeployment({ restApiId: id, stageName: "prod" });
  return `/restapis/${id}/prod/_user_request_`;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
/** Sends a request as a browser does. Node's `fetch` does not allow these headers. */
function ask(
  path: string,
  { method = "GET", headers = {}, body = "" }: Asked = {},
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request(aws.url + path, { method, headers: { host: `127.0.0.1:${aws.port}`, ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    sent.on("error", reject).end(body);
  });
}
const query = (service: string) =>
  `X-Amz-Credential=K/20261125/us-east-1/${service}/aws4_request&X-Amz-Date=${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}&X-Amz-Expires=604800`;
const CROSS = { origin: "https://evil.example", "sec-fetch-site": "cross-site", "content-type": "text/plain" };

describe("a page of another site", () => {
  const attempts: [string, string, Asked][] = [
    ["makes a role", `/?${query("iam")}`, { method: "POST", body: "Action=CreateRole&RoleName=evil&AssumeRolePolicyDocument=%7B%7D" }],
    ["makes a function", `/2015-03-31/functions?${query("lambda")}`, { method: "POST", body: "{}" }],
    ["runs a function", `/2015-03-31/functions/f/invocations?${query("lambda")}`, { method: "POST", body: "{}" }],
    ["empties a bucket", `/kept?delete&${query("s3")}`, { method: "POST", body: "<Delete><Object><Key>k</Key></Object></Delete>" }],
    ["reads an object", `/kept/k?${query("s3")}`, {}],
    ["makes a topic by address alone", `/?Action=CreateTopic&Name=evil&${query("sns")}`, {}],
    ["asks in advance", "/kept/k", { method: "OPTIONS", headers: { "access-control-request-method": "PUT" } }],
    ["reads the mail", "/_local/mail", {}],
    ["reads the databases", "/_local/databases", {}],
    ["reads the health", "/_local/health", {}],
    ["sets faults", "/_local/faults", { method: "POST", body: "[]" }],
  ];
  test.each(attempts)("that %s is refused", async (_, path, asked) => {
    for (const headers of [
      CROSS,
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "null" },
      { "sec-fetch-site": "new" },
    ]) {
      if (asked.method === "OPTIONS" && !("origin" in headers)) continue;
      expect((await ask(path, { ...asked, headers: { ...headers, ...asked.headers } })).status).toBe(403);
    }
  });

  test("may call a deployed API only when the API's preflight names the page", async () => {
    const from = (origin: string, more: object = {}) => ({ headers: { origin, "sec-fetch-site": "cross-site", ...more } });
    const preflight = { "access-control-request-method": "POST" };
    expect(await ask(`${api}/open`, { method: "OPTIONS", ...from(APP, preflight) })).toMatchObject({
      status: 200,
      headers: { "access-control-allow-origin": APP },
    });
    expect((await ask(`${api}/open`, { method: "POST", ...from(APP) })).status).toBe(200);
    expect((await ask(`${api}/open`, from(APP))).status).toBe(200);
    expect((await ask(`${api}/open`, { method: "POST", ...from("https://evil.example") })).status).toBe(403);
    expect((await ask(`${api}/closed`, from(APP))).status).toBe(403);
    expect((await ask(`${api}/open`, { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
  });

  test("may use a bucket only when the bucket's CORS rules name the page", async () => {
    const s3 = aws.client(S3, { forcePathStyle: true });
    const rule = {
      AllowedOrigins: ["https://*.example"],
      AllowedMethods: ["GET"],
      AllowedHeaders: ["x-*"],
      ExposeHeaders: ["ETag"],
      MaxAgeSeconds: 5,
    };
    await s3.putBucketCors({ Bucket: "kept", CORSConfiguration: { CORSRules: [rule] } });
    const link = `/kept/k?${query("s3")}`;
    expect(await ask(link, { headers: { origin: APP, "sec-fetch-site": "cross-site" } })).toMatchObject({
      status: 200,
      headers: { "access-control-allow-origin": APP, "access-control-expose-headers": "ETag" },
    });
    const asks = (method: string, wanted: string) =>
      ask(link, {
        method: "OPTIONS",
        headers: { origin: APP, "access-control-request-method": method, "access-control-request-headers": wanted },
      });
    expect(await asks("GET", "x-one, X-Two")).toMatchObject({
      status: 200,
      headers: { "access-control-allow-headers": "x-one, x-two", "access-control-max-age": "5" },
    });
    expect((await asks("GET", "y")).status).toBe(403);
    expect((await asks("PUT", "")).status).toBe(403);
    expect((await ask(link, { method: "PUT", headers: { origin: APP } })).status).toBe(403);
    await s3.deleteBucketCors({ Bucket: "kept" });
    expect((await ask(link, { headers: { origin: APP } })).status).toBe(403);
  });
});

describe("requests that are accepted", () => {
  test("a presigned link opens in the address bar, and scripts in the document do not run", async () => {
    const link = `/kept/k?${query("s3")}`;
    const bar = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const answer = await ask(link, { headers: bar });
    expect(answer).toMatchObject({ status: 200, text: "<script>1</script>", headers: { "content-security-policy": "sandbox" } });
    expect((await ask(link)).headers).not.toHaveProperty("content-security-policy");
  });

  test("the link of a confirmation mail works from any site", async () => {
    const sns = aws.client(SNS);
    const { TopicArn } = await sns.createTopic({ Name: "t" });
    await sns.subscribe({ TopicArn, Protocol: "email", Endpoint: "a@b.example" });
    const mails = JSON.parse((await ask("/_local/mail")).text) as { confirmUrl: string }[];
    const path = new URL(mails[0]?.confirmUrl ?? "");
    const opened = await ask(path.pathname + path.search, { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" } });
    expect([opened.status, opened.text]).toEqual([200, expect.stringContaining("ConfirmSubscriptionResult")]);
  });

  test("programs send no origin, or the server's own", async () => {
    expect((await ask("/_local/health")).status).toBe(200);
    expect((await ask("/_local/health", { headers: { origin: aws.url, "sec-fetch-site": "same-origin" } })).status).toBe(200);
    expect((await ask("/_local/health", { headers: { origin: `http://127.0.0.1:${aws.port + 1}` } })).status).toBe(403);
  });
});

test("a presigned URL with a key that was not issued here works only for S3's GET, HEAD and PUT", async () => {
  expect((await ask(`/kept/k?${query("s3")}`)).status).toBe(200);
  expect((await ask(`/kept/new?${query("s3")}`, { method: "PUT", body: "x" })).status).toBe(200);
  expect((await ask(`/kept/k?${query("s3")}`, { method: "HEAD" })).status).toBe(200);
  expect((await ask(`/kept/k?${query("s3")}`, { method: "DELETE" })).status).toBe(403);
  expect((await ask(`/kept?delete&${query("s3")}`, { method: "POST", body: "<Delete/>" })).status).toBe(403);
  expect((await ask(`/?Action=ListTopics&${query("sns")}`)).status).toBe(403);
  expect((await ask(`/?Action=ListRoles&${query("iam")}`, { method: "POST" })).status).toBe(403);
});

test("an additional host name works only for deployed APIs", async () => {
  const as = (host: string) => ({ headers: { host } });
  expect((await ask(`${api}/closed`, as("10.0.2.2:4566"))).status).toBe(200);
  expect((await ask(`${api}/closed`, as("10.0.2.2"))).status).toBe(200);
  expect((await ask(`${api}/closed`, as("10.0.2.3:4566"))).status).toBe(403);
  expect((await ask("/_local/health", as("10.0.2.2:4566"))).status).toBe(403);
  expect((await ask(`/kept/k?${query("s3")}`, as("10.0.2.2:4566"))).status).toBe(403);
});
