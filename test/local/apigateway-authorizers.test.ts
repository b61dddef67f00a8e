import { APIGateway } from "@aws-sdk/client-api-gateway";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
let restApiId: string;
const uriOf = (name: string) =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`;
const proxy = { type: "aws_proxy", httpMethod: "POST", uri: uriOf("echo") };
const ECHO = "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer) });";
const GUARD = `
let calls = 0;
export const handler = async (event) => {
  const who = event.authorizationToken ?? event.headers["X-Who"];
  if (who === "unknown") throw new Error("Unauthorized");
  if (who === "broken") throw new Error("database away");
  if (who === "shapeless") return { principalId: "x" };
  const answer = (Effect, Resource, context) =>
    ({ principalId: who, policyDocument: { Version: "2012-10-17", Statement: [{ Effect, Action: "execute-api:Invoke", Resource }] }, context });
  if (who === "nested") return answer("Allow", "*", { list: [1] });
  if (who === "denied") return answer("Deny", "*");
  if (who === "elsewhere") return answer("Allow", "arn:aws:execute-api:us-east-1:000000000000:other/*");
  const { type, methodArn, resource, httpMethod, pathParameters, queryStringParameters, authorizationToken } = event;
  return answer("Allow", event.methodArn.replace(/\\/prod\\/.*/, "/prod/*"), {
    calls: ++calls, vip: true, seen: JSON.stringify({ type, methodArn, resource, httpMethod, pathParameters, queryStringParameters, authorizationToken }),
  });
};`;
const scheme = (type: string, more: object) => ({
  type: "apiKey",
  name: "X-Token",
  in: "header",
  "x-amazon-apigateway-authtype": "custom",
  "x-amazon-apigateway-authorizer": { type, authorizerUri: uriOf("guard"), ...more },
});
const guarded = (name: string) => ({ get: { security: [{ [name]: [] }], "x-amazon-apigateway-integration": proxy } });

beforeAll(async () => {
  aws = await localAws();
  gateway = aws.client(APIGateway);
  const lambda = aws.client(Lambda);
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  await aws
    .client(IAM)
    .createRole({ RoleName: "runner", AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }) });
  for (const [FunctionName, source] of [
    ["echo", ECHO],
    ["guard", GUARD],
  ] as const)
    await lambda.createFunction({
      FunctionName,
      Role: "arn:aws:iam::000000000000:role/runner",
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Code: { ZipFile: await functionZip({ "index.mjs": source }) },
    });
  const document = {
    openapi: "3.0.1",
    info: { title: "Guarded", version: "1" },
    paths: { "/token": guarded("token"), "/other": guarded("token"), "/request/{id}": guarded("request") },
    components: {
      securitySchemes: {
        token: scheme("token", { identityValidationExpression: "[a-z]+" }),
        request: scheme("request", {
          identitySource: "method.request.header.X-Who, method.request.querystring.q",
          authorizerResultTtlInSeconds: 0,
        }),
      },
    },
  };
  restApiId = (await gateway.importRestApi({ body: Buffer.from(JSON.stringify(document)), failOnWarnings: true })).id as string;
  const source = `arn:aws:execute-api:us-east-1:000000000000:${restApiId}`;
  for (const [FunctionName, SourceArn] of [
    ["echo", `${source}/*/*/*`],
    ["guard", `${source}/authorizers/*`],
  ] as const)
    await lambda.addPermission({
      FunctionName,
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn,
    });
  await gateway.createDeployment({ restApiId, stageName: "prod" });
});
afterAll(() => aws.close());

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${aws.url}/restapis/${restApiId}/prod/_user_request_${path}`, { headers });
  return { status: response.status, type: response.headers.get("x-amzn-errortype"), body: JSON.parse(await response.text()) };
};

test("a TOKEN authorizer allows callers by its policy; its context reaches the function as strings and is cached for the stage", async () => {
  const { status, body } = await get("/token", { "x-token": "anna" });
  expect(status).toBe(200);
  expect(body).toEqual({ principalId: "anna", integrationLatency: expect.any(Number), vip: "true", calls: "1", seen: expect.any(String) });
  expect(JSON.parse(body.seen)).toEqual({
    type: "TOKEN",
    methodArn: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/prod/GET/token`,
    authorizationToken: "anna",
  });
  expect((await get("/other", { "x-token": "anna" })).body).toMatchObject({ calls: "1", integrationLatency: 0 });
  await gateway.flushStageAuthorizersCache({ restApiId, stageName: "prod" });
  expect((await get("/token", { "x-token": "anna" })).body.calls).toBe("2");
});

test("a missing, malformed, unknown or denied token gets AWS's error; a broken authorizer gives the caller no reason", async () => {
  const answers = {
    none: [401, "UnauthorizedException", { message: "Unauthorized" }],
    "NOT OK": [401, "UnauthorizedException", { message: "Unauthorized" }],
    unknown: [401, "UnauthorizedException", { message: "Unauthorized" }],
    denied: [
      403,
      "AccessDeniedException",
      { Message: "User is not authorized to access this resource with an explicit deny in an identity-based policy" },
    ],
    elsewhere: [403, "AccessDeniedException", { Message: "User is not authorized to access this resource" }],
    broken: [500, "AuthorizerFailureException", { message: null }],
    shapeless: [500, "AuthorizerConfigurationException", { message: null }],
    nested: [500, "AuthorizerConfigurationException", { message: null }],
  };
  for (const [token, expected] of Object.entries(answers)) {
    const { status, type, body } = await get("/token", token === "none" ? {} : { "x-token": token });
    expect([token, status, type, body]).toEqual([token, ...expected]);
  }
});

test("a REQUEST authorizer gets the request, needs every identity source, and is called each time without a TTL", async () => {
  expect((await get("/request/7", { "X-Who": "bo" })).status).toBe(401);
  expect((await get("/request/7?q=1")).status).toBe(401);
  const first = (await get("/request/7?q=1", { "X-Who": "bo" })).body;
  expect(JSON.parse(first.seen)).toEqual({
    type: "REQUEST",
    methodArn: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/prod/GET/request/7`,
    resource: "/request/{id}",
    httpMethod: "GET",
    pathParameters: { id: "7" },
    queryStringParameters: { q: "1" },
  });
  expect(Number((await get("/request/7?q=1", { "X-Who": "bo" })).body.calls)).toBe(Number(first.calls) + 1);
});

test("authorizers are validated on creation; Cognito authorizers are refused by name", async () => {
  const make = (more: object) =>
    gateway.createAuthorizer({ restApiId, name: "new", type: "TOKEN", authorizerUri: uriOf("guard"), ...more });
  await expect(make({ type: "COGNITO_USER_POOLS", providerARNs: ["x"] })).rejects.toMatchObject({
    name: "NotImplemented",
    message: "The local AWS has no Cognito user pools: authorizer 'new'. It supports Lambda authorizers (TOKEN, REQUEST).",
  });
  for (const wrong of [{}, { identitySource: "method.request.querystring.q" }, { type: "REQUEST" }, { authorizerUri: "arn:aws:lambda:x" }])
    await expect(make(wrong)).rejects.toMatchObject({ name: "BadRequestException" });
  const made = await make({ identitySource: "method.request.header.A" });
  expect(made).toMatchObject({ authType: "custom", authorizerResultTtlInSeconds: 300 });
  await gateway.deleteAuthorizer({ restApiId, authorizerId: made.id });
  const used = (await gateway.getAuthorizers({ restApiId })).items?.[0]?.id as string;
  await expect(gateway.deleteAuthorizer({ restApiId, authorizerId: used })).rejects.toMatchObject({ name: "ConflictException" });
});
