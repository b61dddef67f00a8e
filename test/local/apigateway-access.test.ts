import { APIGateway } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { STS } from "@aws-sdk/client-sts";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
let iam: IAM;
let logs: CloudWatchLogs;
let restApiId: string;
const trust = (service: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }] });
const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const uri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:who:live/invocations";

beforeAll(async () => {
  aws = await localAws();
  [gateway, iam, logs] = [aws.client(APIGateway), aws.client(IAM), aws.client(CloudWatchLogs)];
  const lambda = aws.client(Lambda);
  await iam.createRole({ RoleName: "runner", AssumeRolePolicyDocument: trust("lambda.amazonaws.com") });
  const source =
    "export const handler = async (e) => { console.log('seen'); return { statusCode: 200, body: JSON.stringify(e.requestContext.identity) } }";
  await lambda.createFunction({
    FunctionName: "who",
    Role: role("runner"),
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Publish: true,
    Code: { ZipFile: await functionZip({ "index.mjs": source }) },
  });
  await lambda.createAlias({ FunctionName: "who", Name: "live", FunctionVersion: "1" });
  restApiId = (await gateway.createRestApi({ name: "Access", endpointConfiguration: { types: ["REGIONAL"] } })).id as string;
  const root = (await gateway.getResources({ restApiId })).items?.[0]?.id as string;
  for (const [pathPart, authorizationType] of [
    ["open", "NONE"],
    ["signed", "AWS_IAM"],
  ] as const) {
    const { id } = await gateway.createResource({ restApiId, parentId: root, pathPart });
    const method = { restApiId, resourceId: id as string, httpMethod: "GET" };
    await gateway.putMethod({ ...method, authorizationType });
    await gateway.putIntegration({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri });
  }
  const { id: deploymentId } = await gateway.createDeployment({ restApiId });
  await gateway.createStage({ restApiId, stageName: "prod", deploymentId: deploymentId as string });
  await lambda.addPermission({
    FunctionName: "who",
    Qualifier: "live",
    StatementId: "api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/*/GET/*`,
  });
});
afterAll(() => aws.close());

const address = (path: string) => new URL(`${aws.url}/restapis/${restApiId}/prod/_user_request_${path}`);
interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}
async function signed(path: string, credentials: Keys, query: Record<string, string> = {}): Promise<Response> {
  const url = address(path);
  const signer = new SignatureV4({ service: "execute-api", region: "us-east-1", credentials: credentials as never, sha256: Sha256 });
  const { headers } = await signer.sign({
    method: "GET",
    protocol: "http:",
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { host: url.host },
  });
  url.search = new URLSearchParams(query).toString();
  return fetch(url, { headers });
}
async function sessionOf(name: string, statement?: object): Promise<Keys> {
  await iam.createRole({
    RoleName: name,
    AssumeRolePolicyDocument: policy({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" }),
  });
  if (statement) await iam.putRolePolicy({ RoleName: name, PolicyName: "p", PolicyDocument: policy(statement) });
  const { Credentials } = await aws.client(STS).assumeRole({ RoleArn: role(name), RoleSessionName: "test" });
  return {
    accessKeyId: Credentials?.AccessKeyId as string,
    secretAccessKey: Credentials?.SecretAccessKey as string,
    sessionToken: Credentials?.SessionToken,
  };
}

test("IAM authorization allows a permitted caller with a valid signature", async () => {
  const bare = await fetch(address("/signed"));
  expect([bare.status, await bare.text()]).toEqual([403, '{"message":"Missing Authentication Token"}']);
  const allowed = await sessionOf("caller", {
    Effect: "Allow",
    Action: "execute-api:Invoke",
    Resource: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/prod/GET/signed`,
  });
  const response = await signed("/signed", allowed, { "a b": "c/d", z: "1" });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    accessKey: allowed.accessKeyId,
    accountId: "000000000000",
    userArn: "arn:aws:sts::000000000000:assumed-role/caller/test",
  });
  const forged = await signed("/signed", { ...allowed, secretAccessKey: "wrong" });
  expect([forged.status, forged.headers.get("x-amzn-errortype")]).toEqual([403, "InvalidSignatureException"]);
  const denied = await signed("/signed", await sessionOf("stranger"));
  expect(denied.status).toBe(403);
  expect(((await denied.json()) as { Message: string }).Message).toMatch(
    /assumed-role\/stranger\/test is not authorized to perform: execute-api:Invoke/,
  );
  expect((await signed("/signed", { accessKeyId: "test", secretAccessKey: "test" })).status).toBe(200);
});

test("the API's resource policy allows and denies callers", async () => {
  const deny = { Effect: "Deny", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/prod/GET/open" };
  const allow = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
  const put = async (value?: string) => {
    await gateway.updateRestApi({
      restApiId,
      patchOperations: [{ op: value ? "replace" : "remove", path: "/policy", ...(value ? { value } : {}) }],
    });
    await gateway.createDeployment({ restApiId, stageName: "prod" });
  };
  expect((await fetch(address("/open"))).status).toBe(200);
  await put(policy(allow, deny));
  expect((await fetch(address("/open"))).status).toBe(403);
  await put();
  expect((await fetch(address("/open"))).status).toBe(200);
});

test("logging needs the account's role; each request is then one log line", async () => {
  const group = "/aws/apigateway/access";
  await logs.createLogGroup({ logGroupName: group });
  const format =
    '{"id":"$context.requestId","path":"$context.resourcePath","status":$context.status,"key":"$context.identity.apiKeyId","latency":$context.responseLatency,"backend":"$context.integrationStatus"}';
  const patchOperations = [
    { op: "replace" as const, path: "/accessLogSettings/destinationArn", value: `arn:aws:logs:us-east-1:000000000000:log-group:${group}` },
    { op: "replace" as const, path: "/accessLogSettings/format", value: format },
  ];
  await expect(gateway.updateStage({ restApiId, stageName: "prod", patchOperations })).rejects.toMatchObject({
    name: "BadRequestException",
    message: "CloudWatch Logs role ARN must be set in account settings to enable logging",
  });
  const setRole = (name: string) =>
    gateway.updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: role(name) }] });
  await expect(setRole("runner")).rejects.toMatchObject({ message: expect.stringContaining("required permissions") });
  await iam.createRole({ RoleName: "gateway-logs", AssumeRolePolicyDocument: trust("apigateway.amazonaws.com") });
  await iam.putRolePolicy({
    RoleName: "gateway-logs",
    PolicyName: "p",
    PolicyDocument: policy({ Effect: "Allow", Action: "logs:*", Resource: "*" }),
  });
  expect(await setRole("gateway-logs")).toMatchObject({ cloudwatchRoleArn: role("gateway-logs"), throttleSettings: { rateLimit: 10_000 } });
  await gateway.updateStage({ restApiId, stageName: "prod", patchOperations });
  const good = await fetch(address("/open"));
  const bad = await fetch(address("/nowhere"));
  const read = async () => (await logs.filterLogEvents({ logGroupName: group })).events ?? [];
  while ((await read()).length < 2) await new Promise((done) => setTimeout(done, 20));
  const lines = (await read()).map(({ message }) => JSON.parse(message as string));
  expect(lines).toEqual([
    { id: good.headers.get("x-amzn-requestid"), path: "/open", status: 200, key: "-", latency: expect.any(Number), backend: "200" },
    { id: bad.headers.get("x-amzn-requestid"), path: "-", status: 403, key: "-", latency: expect.any(Number), backend: "-" },
  ]);
});

test("a function writes its log only if its role permits it", async () => {
  const groups = async () => (await logs.describeLogGroups({ logGroupNamePrefix: "/aws/lambda/who" })).logGroups?.length;
  expect(await groups()).toBe(0);
  await iam.putRolePolicy({
    RoleName: "runner",
    PolicyName: "p",
    PolicyDocument: policy({ Effect: "Allow", Action: "logs:*", Resource: "*" }),
  });
  await fetch(address("/open"));
  const read = async () => ((await groups()) ? ((await logs.filterLogEvents({ logGroupName: "/aws/lambda/who" })).events ?? []) : []);
  while (!(await read()).some(({ message }) => message?.startsWith("REPORT"))) await new Promise((done) => setTimeout(done, 20));
  const messages = (await read()).map(({ message }) => message ?? "");
  expect(messages.map((message) => /START|seen|END|REPORT/.exec(message)?.[0])).toEqual(["START", "seen", "END", "REPORT"]);
});
