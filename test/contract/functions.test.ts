import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { declare } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { startLocalAws } from "../../src/local/index.ts";
import type { PolicyDocument } from "../../src/resources/index.ts";
import { iamRole, lambdaFunction, lambdaPermission } from "../../src/resources/index.ts";
import { functionZip } from "../support/function-zip.ts";
import { makeRig, type Rig } from "./rig.ts";
import { contractOf } from "./suite.ts";

const policy = (Action: string, Resource = "*"): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource }],
});
const trust = (account: string): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "lambda.amazonaws.com" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    },
  ],
});
const codeOf = async (text: string) => {
  const zip = await functionZip({ "index.mjs": `export const handler = async () => "${text}";` });
  return { zip, sha256: createHash("sha256").update(zip).digest("base64") };
};
const [ONE, TWO] = [await codeOf("one"), await codeOf("two")];

contractOf({
  kind: iamRole,
  prepare: async ({ place }, name) => ({
    id: { name },
    spec: { description: "a case", trust: trust(place.account), policy: policy("dynamodb:GetItem") },
  }),
  changes: {
    description: (spec) => ({ ...spec, description: "another" }),
    trust: (spec) => ({ ...spec, trust: trust("111122223333") }),
    policy: (spec) => ({ ...spec, policy: policy("dynamodb:PutItem") }),
  },
  drifts: {
    policy: async (rig, { name }) => (await rig.world.iam()).deleteRolePolicy({ RoleName: name, PolicyName: "fleetlogix" }),
    otherPolicies: async (rig, { name }) =>
      (await rig.world.iam()).putRolePolicy({
        RoleName: name,
        PolicyName: "extra",
        PolicyDocument: JSON.stringify(policy("s3:GetObject")),
      }),
    attachedPolicies: async (rig, { name }) =>
      (await rig.world.iam()).attachRolePolicy({ RoleName: name, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
  },
  foreign: async (rig, { name }, spec) =>
    (await rig.world.iam()).createRole({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(spec.trust) }),
});

const roleFor = async (rig: Rig, name: string): Promise<string> => {
  const AssumeRolePolicyDocument = JSON.stringify(trust(rig.place.account));
  const { Role } = await (await rig.world.iam()).createRole({ RoleName: name, AssumeRolePolicyDocument });
  return Role?.Arn ?? "";
};
const nextRole = (arn: string) => `${arn}-next`;
const functionSpec = async (rig: Rig, name: string) => ({
  description: "a case",
  roleArn: await roleFor(rig, name),
  runtime: "nodejs24.x" as const,
  architecture: "arm64" as "arm64" | "x86_64",
  handler: "index.handler",
  memoryMb: 256,
  timeoutSeconds: 10,
  environment: { TABLE: "x" } as Readonly<Record<string, string>>,
  logGroup: `/aws/lambda/${name}`,
  alias: "live",
  code: ONE as typeof ONE | undefined,
});

contractOf({
  kind: lambdaFunction,
  prepare: async (rig, name) => {
    await roleFor(rig, nextRole(name));
    return { id: { name }, spec: await functionSpec(rig, name) };
  },
  changes: {
    code: (spec) => ({ ...spec, code: TWO }),
    description: (spec) => ({ ...spec, description: "another" }),
    role: (spec) => ({ ...spec, roleArn: nextRole(spec.roleArn) }),
    handler: (spec) => ({ ...spec, handler: "index.next" }),
    memoryMb: (spec) => ({ ...spec, memoryMb: 512 }),
    timeoutSeconds: (spec) => ({ ...spec, timeoutSeconds: 20 }),
    environment: (spec) => ({ ...spec, environment: { TABLE: "y", MORE: "1" } }),
    architecture: (spec) => ({ ...spec, architecture: "x86_64" as const }),
    logging: (spec) => ({ ...spec, logGroup: "/aws/lambda/other" }),
    kmsKey: (spec) => ({ ...spec, kmsKey: "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000" }),
  },
  // The change, a new version, the alias; for a key also the policy of the role.
  calls: { code: 3, role: 3, handler: 3, memoryMb: 3, timeoutSeconds: 3, environment: 3, architecture: 3, logging: 3, kmsKey: 4 },
  // No version is published when the alias's version is already right.
  repairCalls: { published: 2 },
  drifts: {
    tracing: async (rig, { name }) =>
      (await rig.world.lambda()).updateFunctionConfiguration({ FunctionName: name, TracingConfig: { Mode: "PassThrough" } }),
    runtime: async (rig, { name }) => (await rig.world.lambda()).updateFunctionConfiguration({ FunctionName: name, Runtime: "nodejs22.x" }),
    environment: async (rig, { name }) =>
      (await rig.world.lambda()).updateFunctionConfiguration({ FunctionName: name, Environment: { Variables: {} } }),
    code: async (rig, { name }) => (await rig.world.lambda()).updateFunctionCode({ FunctionName: name, ZipFile: TWO.zip }),
    published: async (rig, { name }) => (await rig.world.lambda()).deleteAlias({ FunctionName: name, Name: "live" }),
  },
  foreign: async (rig, { name }, spec) =>
    (await rig.world.lambda()).createFunction({
      FunctionName: name,
      Role: spec.roleArn,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Architectures: ["arm64"],
      Code: { ZipFile: ONE.zip },
    }),
});

contractOf({
  kind: lambdaPermission,
  prepare: async (rig, name) => {
    const lambda = await rig.world.lambda();
    const { FunctionArn } = await lambda.createFunction({
      FunctionName: name,
      Role: await roleFor(rig, name),
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Code: { ZipFile: ONE.zip },
      Publish: true,
    });
    await lambda.createAlias({ FunctionName: name, Name: "live", FunctionVersion: "1" });
    const { region, account } = rig.place;
    return {
      id: { functionName: name, qualifier: "live", statementId: "fleetlogix-postDelivery" },
      spec: {
        aliasArn: `${FunctionArn?.replace(/:\d+$/, "")}:live`,
        service: "apigateway.amazonaws.com",
        sourceArn: `arn:aws:execute-api:${region}:${account}:api1/prod/POST/delivery`,
        sourceAccount: account,
      },
    };
  },
  changes: { statement: (spec) => ({ ...spec, sourceArn: spec.sourceArn.replace("api1", "api2") }) },
  // A statement is removed and added again.
  calls: { statement: 2 },
});

test("lambda.function: five old versions are kept, older ones are deleted, and the alias has the newest", async () => {
  const clock = virtualClock();
  const aws = await startLocalAws({ clock });
  const rig = makeRig({ endpoint: aws.url, clock });
  try {
    const spec = await functionSpec(rig, "fleetlogix-pruned");
    const id = { name: "fleetlogix-pruned" };
    for (let memoryMb = 128; memoryMb < 136; memoryMb++) {
      const outcome = await rig.up([declare(lambdaFunction, "it", { identity: () => id, spec: () => ({ ...spec, memoryMb }) })]);
      expect(outcome.error).toBeUndefined();
    }
    const { Versions = [] } = await (await rig.world.lambda()).listVersionsByFunction({ FunctionName: id.name });
    expect(Versions.map((v) => v.Version)).toEqual(["$LATEST", "3", "4", "5", "6", "7", "8"]);
    expect(await lambdaFunction.read(id, rig.ctx)).toMatchObject({ live: { alias: { version: "8" } } });
  } finally {
    rig.close();
    await aws.close();
  }
});

test("lambda.function: without bundled code the deployed code stays, and a missing function is an error", async () => {
  const clock = virtualClock();
  const aws = await startLocalAws({ clock });
  const rig = makeRig({ endpoint: aws.url, clock });
  try {
    const spec = await functionSpec(rig, "fleetlogix-bare");
    const node = (code: typeof ONE | undefined) => [
      declare(lambdaFunction, "it", { identity: () => ({ name: "fleetlogix-bare" }), spec: () => ({ ...spec, code }) }),
    ];
    expect((await rig.up(node(undefined))).error).toMatchObject({ code: "BUNDLE_FAILED" });
    expect((await rig.up(node(ONE))).error).toBeUndefined();
    expect((await rig.plan(node(undefined)))[0]?.decision).toEqual({ action: "keep" });
  } finally {
    rig.close();
    await aws.close();
  }
});
