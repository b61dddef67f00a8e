import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { APIGateway, type PutIntegrationCommandInput } from "@aws-sdk/client-api-gateway";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
let backend: Server;
let origin: string;
let restApiId: string;
const requestedPaths: string[] = [];
const uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:sum/invocations";
const SUM = `
export const handler = async (event) => {
  if (event.fail) throw new Error(event.fail);
  return { sum: event.numbers?.reduce((a, b) => a + b, 0), given: event };
};`;

/** An HTTP endpoint that echoes the request. Some paths make it fail, redirect or compress. */
function startBackend(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://backend");
    requestedPaths.push(url.pathname);
    if (url.pathname === "/hang") return;
    if (url.pathname === "/cut") return void request.socket.destroy();
    if (url.pathname === "/png") return void response.writeHead(200, { "content-type": "image/png" }).end(Buffer.from([0, 255, 1]));
    if (url.pathname === "/gzip") return void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("packed"));
    if (url.pathname === "/away") return void response.writeHead(302, { location: "/elsewhere" }).end();
    const status = Number(url.searchParams.get("status") ?? 200);
    response.writeHead(status, { "content-type": "application/json", server: "backend", "set-cookie": ["a=1", "b=2"], "x-version": "7" });
    const body = Buffer.concat(chunks).toString();
    response.end(JSON.stringify({ verb: request.method, url: request.url, headers: request.headers, body }));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const integrated = (integration: object, more: object = {}) => ({
  responses: { 200: { description: "" }, 404: { description: "" }, 422: { description: "" } },
  ...more,
  "x-amazon-apigateway-integration": integration,
});
const template = (text: string) => ({ "application/json": text });
function document() {
  const proxy = { type: "http_proxy", httpMethod: "ANY" };
  const http = { type: "http", httpMethod: "POST", uri: `${origin}/things/{id}?fixed=1` };
  const byTemplates = {
    ...http,
    requestParameters: {
      "integration.request.path.id": "method.request.path.id",
      "integration.request.querystring.q": "method.request.querystring.status",
      "integration.request.querystring.status": "method.request.querystring.status",
      "integration.request.header.X-From-Body": "method.request.body.who.name",
      "integration.request.header.X-Stage": "stageVariables.colour",
      "integration.request.header.X-Static": "'fixed'",
      "integration.request.header.X-Method": "context.httpMethod",
    },
    requestTemplates: template(
      `#set($context.requestOverride.header.X-Override = "set")#set($body = $input.path('$'))
{"first":$input.json('$.list[0]'),"n":$body.list.size(),"q":"$input.params('status')"}`,
    ),
    responses: {
      default: {
        statusCode: "200",
        responseParameters: {
          "method.response.header.X-Version": "integration.response.header.X-Version",
          "method.response.header.X-Verb": "integration.response.body.verb",
          "method.response.header.Server": "integration.response.header.Server",
        },
        responseTemplates: template(
          `#set($seen = $util.parseJson($input.path('$.body')))
{"sent":$seen.first.a,"n":$seen.n,"url":"$input.path('$.url')","headers":$input.json('$.headers')}`,
        ),
      },
      "4\\d{2}": {
        statusCode: "404",
        responseTemplates: template(`#set($context.responseOverride.status = 410){"gone":"$input.path('$.url')"}`),
      },
    },
  };
  const custom = {
    type: "aws",
    httpMethod: "POST",
    uri,
    requestTemplates: template(`{"numbers":$input.json('$.n'),"fail":"$util.escapeJavaScript($input.params('fail'))"}`),
    responses: {
      default: { statusCode: "200", responseTemplates: template("$input.json('$.sum')") },
      "Invalid.*": { statusCode: "422", responseTemplates: template(`{"why":"$input.path('$.errorMessage')"}`) },
    },
  };
  return {
    openapi: "3.0.1",
    info: { title: "Integrations", version: "1" },
    "x-amazon-apigateway-binary-media-types": ["image/*"],
    paths: {
      "/pass/{rest+}": {
        "x-amazon-apigateway-any-method": integrated({
          ...proxy,
          uri: `${origin}/{rest}`,
          timeoutInMillis: 300,
          requestParameters: {
            "integration.request.path.rest": "method.request.path.rest",
            "integration.request.header.X-Added": "'yes'",
          },
        }),
      },
      "/where": { get: integrated({ ...proxy, uri: `http://$\{stageVariables.host}/x` }) },
      "/closed": { get: integrated({ ...proxy, uri: "http://127.0.0.1:1/" }) },
      "/things/{id}": { post: integrated(byTemplates) },
      "/bare": { get: integrated(http) },
      "/sum": { post: integrated(custom) },
      "/strict": { post: integrated({ ...custom, passthroughBehavior: "never" }) },
      "/raw": { post: integrated({ type: "aws", httpMethod: "POST", uri, responses: { default: { statusCode: "200" } } }) },
      "/later": {
        post: integrated({
          type: "aws",
          httpMethod: "POST",
          uri,
          requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "'Event'" },
          responses: { default: { statusCode: "202" } },
        }),
      },
    },
  };
}

beforeAll(async () => {
  [aws, backend] = await Promise.all([localAws(), startBackend()]);
  origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  gateway = aws.client(APIGateway);
  const lambda = aws.client(Lambda);
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument });
  await lambda.createFunction({
    FunctionName: "sum",
    Role: "arn:aws:iam::000000000000:role/runner",
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Code: { ZipFile: await functionZip({ "index.mjs": SUM }) },
  });
  const allowed = { StatementId: "api", Action: "lambda:InvokeFunction", Principal: "apigateway.amazonaws.com" };
  await lambda.addPermission({ FunctionName: "sum", ...allowed });
  restApiId = (await gateway.importRestApi({ body: Buffer.from(JSON.stringify(document())), failOnWarnings: true })).id as string;
  await gateway.createDeployment({ restApiId, stageName: "prod", variables: { colour: "red", host: "example.com" } });
});
afterAll(async () => {
  backend.closeAllConnections();
  backend.close();
  await aws.close();
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${aws.url}/restapis/${restApiId}/prod/_user_request_${path}`, { redirect: "manual", ...init });
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });

test("HTTP_PROXY forwards the whole request and response; redirects and compressed bodies stay unchanged", async () => {
  const response = await ask("/pass/a/b?x=1&x=2&status=418", { method: "PUT", headers: { "X-Mine": "here" }, body: "text" });
  const { verb, url, headers, body } = (await response.json()) as Record<string, unknown>;
  expect([response.status, verb, url, body]).toEqual([418, "PUT", "/a/b?x=1&x=2&status=418", "text"]);
  expect(headers).toMatchObject({
    "x-mine": "here",
    "x-added": "yes",
    host: new URL(origin).host,
    "x-amzn-apigateway-api-id": restApiId,
    "x-forwarded-for": "127.0.0.1",
    "x-amzn-trace-id": expect.stringMatching(/^Root=1-/),
  });
  expect(response.headers.get("x-amzn-remapped-server")).toBe("backend");
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect((await ask("/pass/away")).headers.get("location")).toBe("/elsewhere");
  expect(await (await ask("/pass/gzip")).text()).toBe("packed");
  expect(requestedPaths).not.toContain("/elsewhere");
});

test("a caller that accepts a binary type gets bytes; others get base64", async () => {
  const bytes = async (accept: string) => Buffer.from(await (await ask("/pass/png", { headers: { accept } })).arrayBuffer());
  expect(await bytes("image/png")).toEqual(Buffer.from([0, 255, 1]));
  expect((await bytes("text/plain")).toString()).toBe("AP8B");
});

test("an endpoint that hangs, resets the connection, is unreachable or is on another machine gives AWS's errors", async () => {
  const said = async (path: string) => {
    const response = await ask(path);
    return [response.status, await response.json()];
  };
  expect(await said("/pass/hang")).toEqual([504, { message: "Endpoint request timed out" }]);
  expect(await said("/pass/cut")).toEqual([504, { message: "Network error communicating with endpoint" }]);
  expect(await said("/closed")).toEqual([504, { message: "Network error communicating with endpoint" }]);
  expect(await said("/where")).toEqual([500, { message: "Internal server error" }]);
});

test("HTTP sends and returns only what mappings and templates name", async () => {
  const response = await post("/things/7?status=201&other=1", { list: [{ a: 1 }, 2], who: { name: "anna" } }, { "x-secret": "no" });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-version")).toBe("7");
  expect(response.headers.get("x-verb")).toBe("POST");
  expect(response.headers.get("x-amzn-remapped-server")).toBe("backend");
  const { sent, n, url, headers } = (await response.json()) as Record<string, unknown>;
  expect([sent, n, url]).toEqual([1, 2, "/things/7?fixed=1&q=201&status=201"]);
  expect(headers).toMatchObject({
    "x-from-body": "anna",
    "x-stage": "red",
    "x-static": "fixed",
    "x-method": "POST",
    "x-override": "set",
    "user-agent": `AmazonAPIGateway_${restApiId}`,
  });
  expect(headers).not.toHaveProperty("x-secret");
  const gone = await post("/things/7?status=404", { list: [] });
  expect([gone.status, await gone.json()]).toEqual([410, { gone: "/things/7?fixed=1&q=404&status=404" }]);
  expect((await ask("/bare")).status).toBe(500);
});

test("AWS calls a function with a template; the error message selects the integration response", async () => {
  const said = async (response: Response) => [response.status, await response.json()];
  expect(await said(await post("/sum", { n: [1, 2, 3] }))).toEqual([200, 6]);
  expect(await said(await post("/sum?fail=Invalid%20order", { n: [] }))).toEqual([422, { why: "Invalid order" }]);
  expect((await post("/sum?fail=other", { n: [] })).status).toBe(200);
  expect(await said(await post("/raw", { n: 1 }))).toEqual([200, { given: { n: 1 } }]);
  expect(await said(await ask("/raw", { method: "POST" }))).toEqual([200, { given: {} }]);
  const bad = await ask("/raw", { method: "POST", body: "no json" });
  expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining("Could not parse request body into json")]);
  expect((await ask("/strict", { method: "POST", headers: { "content-type": "text/csv" }, body: "1,2" })).status).toBe(415);
  const later = await post("/later", { n: 1 });
  expect([later.status, await later.text()]).toEqual([202, ""]);
});

test("an unsupported integration is refused by name when it is put", async () => {
  const { items } = await gateway.getResources({ restApiId, limit: 500 });
  const resourceId = items?.find(({ path }) => path === "/bare")?.id as string;
  const put = (more: Partial<PutIntegrationCommandInput>) =>
    gateway.putIntegration({ restApiId, resourceId, httpMethod: "GET", integrationHttpMethod: "POST", type: "HTTP_PROXY", ...more });
  const cases: [Partial<PutIntegrationCommandInput>, string, RegExp][] = [
    [{ uri: "https://example.com/x" }, "NotImplemented", /endpoints of this machine only .*: https:\/\/example.com\/x\.$/],
    [{ uri: "http://127.0.0.1.example.com/x" }, "NotImplemented", /of this machine only/],
    [{ uri: `http://10.0.0.1/$\{stageVariables.path}` }, "NotImplemented", /of this machine only/],
    [{ uri: origin, connectionType: "VPC_LINK", connectionId: "x" }, "NotImplemented", /has no VPC links/],
    [{ type: "AWS", uri: "arn:aws:apigateway:us-east-1:sns:action/Publish" }, "NotImplemented", /Lambda functions only/],
    [{ type: "AWS", uri, credentials: "arn:aws:iam::*:user/*" }, "NotImplemented", /caller's credentials/],
    [{ type: "AWS_PROXY", uri: "arn:aws:apigateway:us-east-1:s3:path/b" }, "BadRequestException", /only supports Lambda/],
    [{ uri: "ftp://x" }, "BadRequestException", /Invalid HTTP endpoint/],
  ];
  for (const [more, name, message] of cases)
    await expect(put(more), JSON.stringify(more)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  await expect(put({ uri: "http://localhost:8080/{x}" })).resolves.toMatchObject({ type: "HTTP_PROXY" });
  const foreign = document();
  Object.assign(foreign.paths["/where"], { get: integrated({ type: "http", httpMethod: "GET", uri: "http://example.com" }) });
  await expect(gateway.importRestApi({ body: Buffer.from(JSON.stringify(foreign)) })).rejects.toMatchObject({ name: "NotImplemented" });
});
