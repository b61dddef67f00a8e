import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const ROLE = "arn:aws:iam::000000000000:role/runner";
const ARN = "arn:aws:lambda:us-east-1:000000000000:function";
let aws: Awaited<ReturnType<typeof localAws>>;
let lambda: Lambda;
let one: Uint8Array;
let two: Uint8Array;
beforeAll(async () => {
  aws = await localAws();
  lambda = aws.client(Lambda);
  await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: TRUST });
  one = await functionZip({ "index.mjs": "export const handler = async () => 1" });
  two = await functionZip({ "index.mjs": "export const handler = async () => 2" });
});
afterAll(() => aws.close());
const base = (FunctionName: string) =>
  ({ FunctionName, Role: ROLE, Runtime: "nodejs24.x", Handler: "index.handler", Code: { ZipFile: one } }) as const;

test("after a change of the KMS key the variables still need the old key until they are sent again", async () => {
  const kms = aws.client(KMS);
  const [old, next] = await Promise.all([kms.createKey({}), kms.createKey({})]);
  const FunctionName = "keyed";
  const [KeyId, KMSKeyArn] = [old.KeyMetadata?.KeyId, next.KeyMetadata?.Arn];
  const Environment = { Variables: { TABLE: "x" } };
  await lambda.createFunction({ ...base(FunctionName), KMSKeyArn: old.KeyMetadata?.Arn, Environment });
  await lambda.updateFunctionConfiguration({ FunctionName, KMSKeyArn });
  await kms.disableKey({ KeyId });
  await expect(lambda.invoke({ FunctionName })).rejects.toMatchObject({ name: "KMSDisabledException", $metadata: { httpStatusCode: 502 } });
  await lambda.updateFunctionConfiguration({ FunctionName, KMSKeyArn, Environment });
  expect((await lambda.invoke({ FunctionName })).StatusCode).toBe(200);
});

test("a new function has AWS's defaults", async () => {
  const made = await lambda.createFunction({ ...base("defaults"), Tags: { team: "a" } });
  expect(made).toMatchObject({
    FunctionArn: `${ARN}:defaults`,
    Version: "$LATEST",
    State: "Pending",
    Timeout: 3,
    MemorySize: 128,
    PackageType: "Zip",
    Architectures: ["x86_64"],
    EphemeralStorage: { Size: 512 },
    TracingConfig: { Mode: "PassThrough" },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/defaults" },
    LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+0000$/),
  });
  const read = await lambda.getFunction({ FunctionName: `${ARN}:defaults` });
  expect(read).toMatchObject({ Tags: { team: "a" }, Configuration: { CodeSha256: made.CodeSha256, LastUpdateStatus: "Successful" } });
  const zip = await fetch(read.Code?.Location as string);
  expect(new Uint8Array(await zip.arrayBuffer())).toEqual(new Uint8Array(one));
  await expect(lambda.createFunction(base("defaults"))).rejects.toMatchObject({
    name: "ResourceConflictException",
    message: "Function already exist: defaults",
  });
  await expect(lambda.getFunction({ FunctionName: "nobody" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `Function not found: ${ARN}:nobody`,
    $metadata: { httpStatusCode: 404 },
  });
  await expect(lambda.invoke({ FunctionName: "nobody" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `Function not found: ${ARN}:nobody:$LATEST`,
  });
});

test("values outside AWS's limits are refused", async () => {
  const refused = (input: object) => expect(lambda.createFunction({ ...base("bad"), ...input })).rejects;
  await refused({ Runtime: "nodejs20.x" }).toMatchObject({
    name: "InvalidParameterValueException",
    message: expect.stringContaining("no longer supported"),
  });
  await refused({ Runtime: "python3.13" }).toMatchObject({ message: expect.stringContaining("local AWS runs Node.js only") });
  await refused({ Timeout: 901 }).toMatchObject({ message: expect.stringContaining("less than or equal to 900") });
  await refused({ MemorySize: 64 }).toMatchObject({ message: expect.stringContaining("greater than or equal to 128") });
  await refused({ Environment: { Variables: { AWS_REGION: "x" } } }).toMatchObject({ message: expect.stringContaining("reserved keys") });
  await refused({ Environment: { Variables: { BIG: "x".repeat(5000) } } }).toMatchObject({ message: expect.stringContaining("4KB limit") });
  await refused({ Code: { ZipFile: Buffer.from("no zip") } }).toMatchObject({ message: expect.stringContaining("Could not unzip") });
  await refused({ Role: "arn:aws:iam::000000000000:role/nobody" }).toMatchObject({
    message: "The role defined for the function cannot be assumed by Lambda.",
  });
  await refused({ FunctionName: "x".repeat(65) }).toMatchObject({ name: "InvalidParameterValueException" });
});

test("a zip with a path outside its folder is refused", async () => {
  const good = Buffer.from(await functionZip({ "aa/evil.js": "1" }));
  const evil = Buffer.from(good.toString("latin1").replaceAll("aa/evil.js", "../evil.js"), "latin1");
  await expect(lambda.createFunction({ ...base("climber"), Code: { ZipFile: evil } })).rejects.toMatchObject({
    message: expect.stringContaining("Could not unzip"),
  });
});

test("a code update supports DryRun and RevisionId, and returns the hash", async () => {
  const made = await lambda.createFunction(base("coded"));
  const dry = await lambda.updateFunctionCode({ FunctionName: "coded", ZipFile: two, DryRun: true });
  expect(dry.CodeSha256).not.toBe(made.CodeSha256);
  expect((await lambda.getFunctionConfiguration({ FunctionName: "coded" })).CodeSha256).toBe(made.CodeSha256);
  await expect(lambda.updateFunctionCode({ FunctionName: "coded", ZipFile: two, RevisionId: "other" })).rejects.toMatchObject({
    name: "PreconditionFailedException",
  });
  const { RevisionId } = await lambda.getFunctionConfiguration({ FunctionName: "coded" });
  const changed = await lambda.updateFunctionCode({ FunctionName: "coded", ZipFile: two, RevisionId });
  expect(changed.CodeSha256).toBe(dry.CodeSha256);
  expect(changed.RevisionId).not.toBe(made.RevisionId);
});

test("versions are immutable and need a change; an alias selects a version", async () => {
  await lambda.createFunction(base("versioned"));
  const FunctionName = "versioned";
  expect((await lambda.publishVersion({ FunctionName })).Version).toBe("1");
  expect((await lambda.publishVersion({ FunctionName, Description: "again" })).Version).toBe("1");
  await lambda.createAlias({ FunctionName, Name: "live", FunctionVersion: "1" });
  await lambda.updateFunctionCode({ FunctionName, ZipFile: two });
  await expect(lambda.publishVersion({ FunctionName, CodeSha256: "wrong" })).rejects.toMatchObject({
    name: "InvalidParameterValueException",
  });
  expect((await lambda.publishVersion({ FunctionName })).Version).toBe("2");
  const run = async (Qualifier?: string) => {
    const { ExecutedVersion, Payload } = await lambda.invoke({ FunctionName, ...(Qualifier ? { Qualifier } : {}) });
    return [ExecutedVersion, Payload?.transformToString()];
  };
  expect(await run()).toEqual(["$LATEST", "2"]);
  expect(await run("live")).toEqual(["1", "1"]);
  await lambda.updateAlias({ FunctionName, Name: "live", FunctionVersion: "2", RoutingConfig: { AdditionalVersionWeights: { 1: 0 } } });
  expect(await run("live")).toEqual(["2", "2"]);
  expect((await lambda.listVersionsByFunction({ FunctionName })).Versions?.map(({ Version }) => Version)).toEqual(["$LATEST", "1", "2"]);
  await expect(lambda.deleteFunction({ FunctionName, Qualifier: "2" })).rejects.toMatchObject({ name: "ResourceConflictException" });
  await expect(lambda.createAlias({ FunctionName, Name: "live", FunctionVersion: "2" })).rejects.toMatchObject({
    message: `Alias already exists: ${ARN}:versioned:live`,
  });
  await lambda.deleteAlias({ FunctionName, Name: "live" });
  await lambda.deleteFunction({ FunctionName, Qualifier: "2" });
  await expect(lambda.getAlias({ FunctionName, Name: "live" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await lambda.deleteFunction({ FunctionName });
  await expect(lambda.listAliases({ FunctionName })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("an unchanged function gets no second version, also after a restart", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "fleetlogix-versions-"));
  const publish = async (prepare?: (lambda: Lambda) => Promise<unknown>): Promise<string | undefined> => {
    const server = await localAws({ dataDir });
    try {
      const client = server.client(Lambda);
      if (prepare) await server.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: TRUST });
      await prepare?.(client);
      return (await client.publishVersion({ FunctionName: "kept" })).Version;
    } finally {
      await server.close();
    }
  };
  expect(await publish((client) => client.createFunction(base("kept")))).toBe("1");
  expect(await publish()).toBe("1");
  rmSync(dataDir, { recursive: true });
});

test("resource policies belong to a qualifier", async () => {
  const FunctionName = "permitted";
  await lambda.createFunction({ ...base(FunctionName), Publish: true });
  await lambda.createAlias({ FunctionName, Name: "live", FunctionVersion: "1" });
  const SourceArn = "arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/x";
  const grant = { FunctionName, StatementId: "api", Action: "lambda:InvokeFunction", Principal: "apigateway.amazonaws.com", SourceArn };
  const { Statement } = await lambda.addPermission({ ...grant, Qualifier: "live" });
  expect(JSON.parse(Statement as string)).toEqual({
    Sid: "api",
    Effect: "Allow",
    Principal: { Service: "apigateway.amazonaws.com" },
    Action: "lambda:InvokeFunction",
    Resource: `${ARN}:permitted:live`,
    Condition: { ArnLike: { "AWS:SourceArn": SourceArn } },
  });
  await expect(lambda.addPermission({ ...grant, Qualifier: "live" })).rejects.toMatchObject({
    name: "ResourceConflictException",
    message: "The statement id (api) provided already exists. Please provide a new statement id, or remove the existing statement.",
  });
  await expect(lambda.getPolicy({ FunctionName })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The resource you requested does not exist.",
  });
  const { Policy, RevisionId } = await lambda.getPolicy({ FunctionName, Qualifier: "live" });
  expect(JSON.parse(Policy as string).Statement).toHaveLength(1);
  await expect(lambda.removePermission({ FunctionName, StatementId: "api", Qualifier: "live", RevisionId: "x" })).rejects.toMatchObject({
    name: "PreconditionFailedException",
  });
  const call = (sourceArn: string, qualifier?: string) =>
    aws.env.dispatch(
      "lambda",
      "Invoke",
      { FunctionName, Qualifier: qualifier },
      { principal: { type: "service", service: "apigateway.amazonaws.com", sourceArn } },
    );
  const from = "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/x";
  expect(await call(from, "live")).toMatchObject({ StatusCode: 200 });
  await expect(call(from)).rejects.toMatchObject({ code: "AccessDeniedException" });
  await expect(call(from.replace(":abc/", ":other/"), "live")).rejects.toMatchObject({ code: "AccessDeniedException" });
  await lambda.removePermission({ FunctionName, StatementId: "api", Qualifier: "live", RevisionId: RevisionId as string });
  await expect(call(from, "live")).rejects.toMatchObject({ code: "AccessDeniedException" });
});

test("tags and event configuration are stored; lists are paged", async () => {
  const FunctionName = "settings";
  const { FunctionArn } = await lambda.createFunction({ ...base(FunctionName), Tags: { a: "1" } });
  await lambda.tagResource({ Resource: FunctionArn as string, Tags: { b: "2" } });
  await lambda.untagResource({ Resource: FunctionArn as string, TagKeys: ["a"] });
  expect((await lambda.listTags({ Resource: FunctionArn as string })).Tags).toEqual({ b: "2" });
  await lambda.putFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 0 });
  const config = await lambda.getFunctionEventInvokeConfig({ FunctionName });
  expect(config).toMatchObject({ MaximumRetryAttempts: 0, FunctionArn: `${FunctionArn}:$LATEST`, LastModified: expect.any(Date) });
  expect((await lambda.getFunctionCodeSigningConfig({ FunctionName })).CodeSigningConfigArn).toBeUndefined();
  const names: unknown[] = [];
  for (let Marker: string | undefined; ; ) {
    const page = await lambda.listFunctions({ MaxItems: 2, ...(Marker ? { Marker } : {}) });
    names.push(...(page.Functions ?? []).map((fn) => fn.FunctionName));
    Marker = page.NextMarker;
    if (!Marker) break;
  }
  expect(names).toEqual([...names].sort());
  expect(names).toContain(FunctionName);
  expect((await lambda.getAccountSettings({})).AccountUsage?.FunctionCount).toBe(names.length);
});

test("with AWS's delays a new role cannot be assumed, and functions are Pending and InProgress", async () => {
  const clock = virtualClock();
  const slow = await localAws({ clock, settings: { realism: true } });
  try {
    const client = slow.client(Lambda);
    await slow.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: TRUST });
    await expect(client.createFunction(base("slow"))).rejects.toMatchObject({
      message: "The role defined for the function cannot be assumed by Lambda.",
    });
    clock.advance(10_000);
    expect(await client.createFunction(base("slow"))).toMatchObject({ State: "Pending" });
    const text = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    await expect(client.invoke({ FunctionName: "slow" })).rejects.toMatchObject({ name: "ResourceConflictException", message: text });
    await expect(client.publishVersion({ FunctionName: "slow" })).rejects.toMatchObject({ name: "ResourceConflictException" });
    clock.advance(5_000);
    const updated = await client.updateFunctionCode({ FunctionName: "slow", ZipFile: two });
    expect(updated).toMatchObject({ State: "Active", LastUpdateStatus: "InProgress" });
    await expect(client.updateFunctionConfiguration({ FunctionName: "slow", Timeout: 5 })).rejects.toMatchObject({
      message: `The operation cannot be performed at this time. An update is in progress for resource: ${ARN}:slow`,
    });
    expect((await client.invoke({ FunctionName: "slow" })).Payload?.transformToString()).toBe("1");
    clock.advance(5_000);
    expect((await client.getFunctionConfiguration({ FunctionName: "slow" })).LastUpdateStatus).toBe("Successful");
    expect((await client.invoke({ FunctionName: "slow" })).Payload?.transformToString()).toBe("2");
  } finally {
    await slow.close();
  }
});
