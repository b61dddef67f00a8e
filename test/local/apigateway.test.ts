import { APIGateway } from "@aws-sdk/client-api-gateway";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
let apiId: string;
let url: string;
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const SOURCE = `
export const handler = async (event) => {
  const mode = event.queryStringParameters?.mode;
  if (mode === "throw") throw new Error("no");
  if (mode === "shape") return { status: 200 };
  if (mode === "body") return { statusCode: 200, body: { a: 1 } };
  if (mode === "slow") await new Promise((r) => setTimeout(r, 3000));
  if (mode === "binary") return { statusCode: 200, headers: { "Content-Type": "image/png" }, body: Buffer.from([1, 2, 255]).toString("base64"), isBase64Encoded: true };
  if (mode === "cookies") return { statusCode: "201", headers: { "X-Single": 7, Date: "mine" }, multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] }, body: "plain" };
  return { statusCode: 200, body: JSON.stringify(event) };
};`;

const proxy = {
  type: "aws_proxy",
  httpMethod: "POST",
  uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`,
};
const DOCUMENT = {
  openapi: "3.0.1",
  info: { title: "Fleet", version: "1" },
  "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
  "x-amazon-apigateway-request-validator": "all",
  "x-amazon-apigateway-binary-media-types": ["image/*"],
  "x-amazon-apigateway-gateway-responses": {
    DEFAULT_4XX: { responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" } },
    BAD_REQUEST_BODY: {
      statusCode: 400,
      responseTemplates: {
        "application/json":
          '{"error":{"message":$context.error.messageString,"details":"$context.error.validationErrorString","id":"$context.requestId"}}',
      },
    },
  },
  paths: {
    "/echo": { get: { "x-amazon-apigateway-integration": proxy }, head: { "x-amazon-apigateway-integration": proxy } },
    "/echo/{id}": {
      get: { parameters: [{ name: "id", in: "path", required: true }], "x-amazon-apigateway-integration": proxy },
    },
    "/files/{rest+}": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": proxy } },
    "/files/fixed": { get: { "x-amazon-apigateway-integration": proxy } },
    "/search": {
      get: {
        parameters: [
          { name: "q", in: "query", required: true },
          { name: "X-Who", in: "header", required: true },
        ],
        "x-amazon-apigateway-integration": proxy,
      },
    },
    "/things": {
      post: {
        requestBody: { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
        "x-amazon-apigateway-integration": proxy,
      },
      options: {
        responses: { "204": { description: "preflight", headers: { "Access-Control-Allow-Origin": { schema: { type: "string" } } } } },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": '{"statusCode": 204}' },
          responses: {
            default: {
              statusCode: "204",
              responseParameters: { "method.response.header.Access-Control-Allow-Origin": "'https://a.example'" },
            },
          },
        },
      },
    },
    "/origins": {
      options: {
        responses: { "204": { description: "preflight" } },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": '{"statusCode": 204}' },
          responses: {
            default: {
              statusCode: "204",
              responseParameters: { "method.response.header.Vary": "'Origin'" },
              responseTemplates: {
                "application/json": `#set($origin = $input.params().header.get("Origin"))#if(!$origin)#set($origin = $input.params().header.get("origin"))#end
#set($allowed = ["https://a.example","https://b.example"])
#if($allowed.contains($origin))#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end`,
              },
            },
          },
        },
      },
    },
    "/keyed": { get: { security: [{ api_key: [] }], "x-amazon-apigateway-integration": proxy } },
    "/signed": { get: { security: [{ sigv4: [] }], "x-amazon-apigateway-integration": proxy } },
    "/forbidden": {
      get: { "x-amazon-apigateway-integration": { ...proxy, uri: proxy.uri.replace(":echo/", ":private/") } },
    },
  },
  components: {
    schemas: {
      Position: { type: "object", required: ["lat"], properties: { lat: { type: "number", minimum: -90, maximum: 90 } } },
      Thing: {
        type: "object",
        additionalProperties: false,
        required: ["id", "kind"],
        properties: { id: { type: "string" }, kind: { enum: ["a", "b"] }, position: { $ref: "#/components/schemas/Position" } },
      },
    },
    securitySchemes: {
      api_key: { type: "apiKey", name: "x-api-key", in: "header" },
      sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
    },
  },
};

beforeAll(async () => {
  aws = await localAws();
  gateway = aws.client(APIGateway);
  const lambda = aws.client(Lambda);
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const { Role } = await aws.client(IAM).createRole({
    RoleName: "runner",
    AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
  });
  const ZipFile = await functionZip({ "index.mjs": SOURCE });
  for (const FunctionName of ["echo", "private"])
    await lambda.createFunction({
      FunctionName,
      Role: Role?.Arn,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Timeout: 30,
      Code: { ZipFile },
    });
  const made = await gateway.importRestApi({ body: Buffer.from(JSON.stringify(DOCUMENT)), failOnWarnings: true });
  apiId = made.id as string;
  await lambda.addPermission({
    FunctionName: "echo",
    StatementId: "api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${apiId}/*/*/*`,
  });
  await gateway.createDeployment({ restApiId: apiId, stageName: "prod", variables: { colour: "red" } });
  url = `${aws.url}/restapis/${apiId}/prod/_user_request_`;
});
afterAll(() => aws.close());

const get = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(url + path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
};
const post = (path: string, body: unknown) =>
  get(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

describe("events and responses", () => {
  test("the proxy event has the shape of format 1.0", async () => {
    const { status, headers, json } = await get("/echo/a%3A1?x=1&x=2&y=b+c", { headers: { "X-Mine": "here", "user-agent": "tester" } });
    const event = json();
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("x-amzn-requestid")).toBe(event.requestContext.requestId);
    expect(headers.get("x-amz-apigw-id")).toBe(event.requestContext.extendedRequestId);
    expect(event).toMatchObject({
      resource: "/echo/{id}",
      path: "/echo/a%3A1",
      httpMethod: "GET",
      queryStringParameters: { x: "2", y: "b c" },
      multiValueQueryStringParameters: { x: ["1", "2"], y: ["b c"] },
      pathParameters: { id: "a%3A1" },
      stageVariables: { colour: "red" },
      body: null,
      isBase64Encoded: false,
      requestContext: {
        resourcePath: "/echo/{id}",
        httpMethod: "GET",
        path: "/prod/echo/a%3A1",
        stage: "prod",
        apiId,
        accountId: "000000000000",
        protocol: "HTTP/1.1",
        domainPrefix: apiId,
        domainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
        requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        requestTimeEpoch: expect.any(Number),
        deploymentId: expect.any(String),
        identity: { sourceIp: "127.0.0.1", userAgent: "tester", accessKey: null, userArn: null },
      },
    });
    expect(event.headers).toMatchObject({ "X-Mine": "here", "User-Agent": "tester", "X-Forwarded-Proto": "http" });
    expect(event.multiValueHeaders["X-Mine"]).toEqual(["here"]);
    expect(await get("/echo").then((bare) => bare.json())).toMatchObject({
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: null,
    });
  });

  test("fixed segments win over variables, and variables over greedy ones", async () => {
    expect((await get("/files/fixed")).json().resource).toBe("/files/fixed");
    const deep = (await get("/files/a/b/c", { method: "DELETE" })).json();
    expect(deep).toMatchObject({ resource: "/files/{rest+}", httpMethod: "DELETE", pathParameters: { rest: "a/b/c" } });
    expect((await get("/echo/")).json().resource).toBe("/echo");
  });

  test("an unknown path, verb, stage or API gets AWS's error", async () => {
    for (const path of ["/nowhere", "/echo/a/b", "/"]) {
      const { status, text, headers } = await get(path);
      expect([status, text]).toEqual([403, '{"message":"Missing Authentication Token"}']);
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
    }
    expect((await get("/echo", { method: "POST" })).status).toBe(403);
    for (const place of [`${apiId}/other`, "unknown/prod"]) {
      const response = await fetch(`${aws.url}/restapis/${place}/_user_request_/echo`);
      expect([response.status, await response.text()]).toEqual([403, '{"message":"Forbidden"}']);
    }
  });

  test("responses keep status, headers and bodies; HEAD has no body", async () => {
    const { status, headers, text } = await get("/echo?mode=cookies");
    expect([status, text, headers.get("x-single"), headers.getSetCookie()]).toEqual([201, "plain", "7", ["a=1", "b=2"]]);
    expect(headers.get("x-amzn-remapped-date")).toBe("mine");
    const head = await get("/echo", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  test("binary bodies are decoded in requests and responses", async () => {
    const response = await fetch(`${url}/echo?mode=binary`, { headers: { accept: "image/png" } });
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 2, 255]);
    expect((await get("/echo?mode=binary")).text).toBe("AQL/");
    const sent = await get("/files/x", { method: "POST", headers: { "content-type": "image/png" }, body: new Uint8Array([1, 2, 255]) });
    expect(sent.json()).toMatchObject({ body: "AQL/", isBase64Encoded: true });
  });

  test("a failing function gives 502; a function that API Gateway may not call gives 500", async () => {
    for (const mode of ["throw", "shape", "body"]) {
      const { status, text } = await get(`/echo?mode=${mode}`);
      expect([mode, status, text]).toEqual([mode, 502, '{"message":"Internal server error"}']);
    }
    const { status, text } = await get("/forbidden");
    expect([status, text]).toEqual([500, '{"message":"Internal server error"}']);
  });

  test("a body above 10 MB gets 413", async () => {
    const { status, json } = await get("/files/x", { method: "POST", body: "x".repeat(10_485_761) });
    expect(status).toBe(413);
    expect(json()).toMatchObject({ message: "HTTP content length exceeded 10485760 bytes." });
  });

  test("a mock integration answers a preflight", async () => {
    const { status, headers, text } = await get("/things", { method: "OPTIONS" });
    expect([status, text, headers.get("access-control-allow-origin")]).toEqual([204, "", "https://a.example"]);
  });
});

test("a mapping template selects the allowed origin", async () => {
  const allowed = async (Origin: string) =>
    (await get("/origins", { method: "OPTIONS", headers: { Origin } })).headers.get("access-control-allow-origin");
  expect([await allowed("https://b.example"), await allowed("https://evil.example")]).toEqual(["https://b.example", null]);
});

describe("validation", () => {
  test("a missing required parameter gets 400", async () => {
    const { status, json } = await get("/search");
    expect([status, json()]).toEqual([400, { message: "Missing required request parameters: [q, X-Who]" }]);
    expect((await get("/search?q=1", { headers: { "x-who": "me" } })).status).toBe(200);
  });

  test("an invalid body gets AWS's message in the API's own gateway response", async () => {
    const { status, json, headers } = await post("/things", { extra: 1, position: { lat: 91 } });
    expect(status).toBe(400);
    expect(json().error).toEqual({
      message: "Invalid request body",
      details:
        '[object has missing required properties (["id","kind"]), object instance has properties which are not allowed by the schema: ["extra"], numeric instance is greater than the required maximum (maximum: 90, found: 91)]',
      id: headers.get("x-amzn-requestid"),
    });
    for (const bad of ["", "{", "[]", '{"id":1,"kind":"a"}', '{"id":"x","kind":"c"}'])
      expect((await post("/things", bad)).status).toBe(400);
    expect((await post("/things", { id: "x", kind: "a", position: { lat: 90 } })).status).toBe(200);
  });
});

test("a deployment is a snapshot of the API", async () => {
  const { items } = await gateway.getResources({ restApiId: apiId, limit: 500 });
  const parentId = items?.find((resource) => resource.path === "/")?.id as string;
  const { id: resourceId } = await gateway.createResource({ restApiId: apiId, parentId, pathPart: "later" });
  const method = { restApiId: apiId, resourceId: resourceId as string, httpMethod: "GET" };
  await gateway.putMethod({ ...method, authorizationType: "NONE" });
  await expect(gateway.createDeployment({ restApiId: apiId, stageName: "prod" })).rejects.toMatchObject({
    name: "BadRequestException",
    message: "No integration defined for method",
  });
  await gateway.putIntegration({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri: proxy.uri });
  expect((await get("/later")).status).toBe(403);
  await gateway.createDeployment({ restApiId: apiId, stageName: "prod" });
  expect((await get("/later")).json().resource).toBe("/later");
});

describe("keys and limits", () => {
  test("a key is valid only in a usage plan with this stage; quota and throttle give 429", async () => {
    const withKey = (value: string) => get("/keyed", { headers: { "X-Api-Key": value } });
    const key = await gateway.createApiKey({ name: "phone", enabled: true });
    const value = key.value as string;
    expect([(await get("/keyed")).text, (await withKey(value)).status]).toEqual(['{"message":"Forbidden"}', 403]);
    const plan = await gateway.createUsagePlan({ name: "plan", apiStages: [{ apiId, stage: "prod" }], quota: { limit: 3, period: "DAY" } });
    await gateway.createUsagePlanKey({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" });
    const event = (await withKey(value)).json();
    expect(event.requestContext.identity).toMatchObject({ apiKey: value, apiKeyId: key.id });
    expect([(await withKey(value)).status, (await withKey(value)).status]).toEqual([200, 200]);
    const over = await withKey(value);
    expect([over.status, over.text]).toEqual([429, '{"message":"Limit Exceeded"}']);
    const today = new Date().toISOString().slice(0, 10);
    expect((await gateway.getUsage({ usagePlanId: plan.id, startDate: today, endDate: today })).items).toEqual({
      [key.id as string]: [[3, 0]],
    });
    const patch = (path: string, text?: string) =>
      gateway.updateUsagePlan({
        usagePlanId: plan.id,
        patchOperations: [{ op: text ? "replace" : "remove", path, ...(text ? { value: text } : {}) }],
      });
    await patch("/quota");
    await patch("/throttle/rateLimit", "0.001");
    await patch("/throttle/burstLimit", "1");
    expect([(await withKey(value)).status, (await withKey(value)).text]).toEqual([200, '{"message":"Too Many Requests"}']);
    await gateway.updateApiKey({ apiKey: key.id, patchOperations: [{ op: "replace", path: "/enabled", value: "false" }] });
    expect((await withKey(value)).status).toBe(403);
  });

  test("a stage's throttle applies to each method", async () => {
    await gateway.createStage({
      restApiId: apiId,
      stageName: "tight",
      deploymentId: (await gateway.getStage({ restApiId: apiId, stageName: "prod" })).deploymentId,
    });
    const patchOperations = [
      { op: "replace" as const, path: "/*/*/throttling/rateLimit", value: "0.001" },
      { op: "replace" as const, path: "/*/*/throttling/burstLimit", value: "2" },
      { op: "replace" as const, path: "/~1echo~1{id}/GET/throttling/burstLimit", value: "0" },
    ];
    await gateway.updateStage({ restApiId: apiId, stageName: "tight", patchOperations });
    const at = async (path: string) => (await fetch(`${aws.url}/_aws/execute-api/${apiId}/tight${path}`)).status;
    expect([await at("/echo"), await at("/echo"), await at("/echo")]).toEqual([200, 200, 429]);
    expect(await at("/files/fixed")).toBe(200);
    expect(await at("/echo/1")).toBe(429);
  });

  test("an integration that exceeds its timeout gives 504", async () => {
    const { items } = await gateway.getResources({ restApiId: apiId, limit: 500 });
    const resourceId = items?.find((resource) => resource.path === "/echo")?.id as string;
    const patchOperations = [{ op: "replace" as const, path: "/timeoutInMillis", value: "300" }];
    await gateway.updateIntegration({ restApiId: apiId, resourceId, httpMethod: "GET", patchOperations });
    await gateway.createDeployment({ restApiId: apiId, stageName: "prod" });
    const { status, text } = await get("/echo?mode=slow");
    expect([status, text]).toEqual([504, '{"message":"Endpoint request timed out"}']);
  });
});
