import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda, waitUntilFunctionUpdatedV2 } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { Change } from "../../../src/engine/contract.ts";
import { localAws } from "../../support/local-aws.ts";

/** Changes of people and other teams to a finished stack. Each is found, named, and repaired or reported. */
const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const how = { adopt: false, allowDataLoss: [], wait: true };
const all = { part: "all" } as const;
const FunctionName = "fleetlogix-calculate-eta";
const Bucket = "fleetlogix-data-000000000000-us-east-1";
const TopicArn = "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts";
let aws: Awaited<ReturnType<typeof localAws>>;
let app: App;
let lambda: Lambda;
const open = (region = "us-east-1", local = true, environment = "dev") =>
  openApp({ ...config, region, environment }, { endpoint: aws.url, local, concurrency: 8, signal: new AbortController().signal });
const bringUp = async () => {
  const { ok, error } = await app.apply(all, how, () => {});
  expect({ ok, error }).toEqual({ ok: true, error: undefined });
};
async function decisionOn(id: string) {
  return (await app.plan(all, how)).resources.find((r) => r.id === id)?.decision;
}
const changesOf = async (id: string): Promise<readonly Change[]> => {
  const decision = await decisionOn(id);
  return decision && "changes" in decision ? decision.changes : [];
};
const LONG = 240_000;

beforeAll(async () => {
  aws = await localAws();
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  app = await open();
  lambda = aws.client(Lambda);
  await bringUp();
}, LONG);
afterAll(() => aws.close());

test("an alias on $LATEST or with weights is set to one published version", {
  timeout: LONG,
}, async () => {
  const { FunctionVersion } = await lambda.getAlias({ FunctionName, Name: "live" });
  await lambda.updateAlias({ FunctionName, Name: "live", FunctionVersion: "$LATEST" });
  expect(await changesOf("function.calculate-eta")).toEqual([{ path: "published", from: "version $LATEST", to: "what is deployed" }]);
  await bringUp();
  expect(await lambda.getAlias({ FunctionName, Name: "live" })).toMatchObject({ FunctionVersion });
  await lambda.updateFunctionConfiguration({ FunctionName, MemorySize: 512 });
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 30 }, { FunctionName });
  const { Version = "" } = await lambda.publishVersion({ FunctionName });
  await lambda.updateAlias({
    FunctionName,
    Name: "live",
    FunctionVersion,
    RoutingConfig: { AdditionalVersionWeights: { [Version]: 0.2 } },
  });
  expect(await changesOf("function.calculate-eta")).toContainEqual(
    expect.objectContaining({ path: "published", from: `version ${FunctionVersion}, 20 % version ${Version}` }),
  );
  await bringUp();
  expect((await lambda.getAlias({ FunctionName, Name: "live" })).RoutingConfig).toBeUndefined();
  expect(await decisionOn("function.calculate-eta")).toEqual({ action: "keep" });
});

test("a recreated role is assigned to its function again", { timeout: LONG }, async () => {
  const iam = aws.client(IAM);
  const RoleName = "fleetlogix-calculate-eta-role";
  await iam.deleteRolePolicy({ RoleName, PolicyName: "fleetlogix" });
  await iam.deleteRole({ RoleName });
  expect((await changesOf("function.calculate-eta")).map((c) => c.path)).toEqual(["roleId"]);
  const { RevisionId } = await lambda.getFunctionConfiguration({ FunctionName });
  await bringUp();
  expect((await lambda.getFunctionConfiguration({ FunctionName })).RevisionId).not.toBe(RevisionId);
  expect(await decisionOn("function.calculate-eta")).toEqual({ action: "keep" });
});

test("a function that somebody stopped is not healthy and stays stopped", async () => {
  await lambda.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 0 });
  expect((await app.status()).find((r) => r.id === "function.calculate-eta")).toMatchObject({
    state: "Active",
    healthy: false,
    trouble: expect.stringContaining(`stopped: reserved concurrency 0`),
  });
  const note = expect.stringContaining(`aws lambda delete-function-concurrency --function-name ${FunctionName}`);
  expect(await decisionOn("function.calculate-eta")).toEqual({ action: "keep", notes: [note] });
  expect((await app.doctor()).find((f) => f.message.includes("stopped"))).toMatchObject({ ok: false, severity: "warning", fix: note });
  await lambda.deleteFunctionConcurrency({ FunctionName });
  expect(await decisionOn("function.calculate-eta")).toEqual({ action: "keep" });
});

test("foreign statements and rules are named before they are removed", { timeout: LONG }, async () => {
  const s3 = aws.client(S3, { forcePathStyle: true });
  const { Policy = "" } = await s3.getBucketPolicy({ Bucket });
  const policy = JSON.parse(Policy);
  policy.Statement.push({
    Sid: "DataTeamRead",
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::000000000000:root" },
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
  });
  await s3.putBucketPolicy({ Bucket, Policy: JSON.stringify(policy) });
  const { Rules = [] } = await s3.getBucketLifecycleConfiguration({ Bucket });
  const rule = { ID: "ICMU-security-team", Status: "Enabled" as const, Filter: { Prefix: "tmp/" }, Expiration: { Days: 1 } };
  await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: [...Rules, rule] } });
  await aws.client(SNS).addPermission({ TopicArn, Label: "other", AWSAccountId: ["000000000000"], ActionName: ["Publish"] });
  const removed = (path: string, what: string) => ({ path, from: expect.stringContaining(`${what} (not ours)`), to: "removed" });
  expect(await changesOf("bucket.data")).toEqual([
    removed("policy.DataTeamRead", "statement DataTeamRead"),
    removed("lifecycle.ICMU-security-team", "rule ICMU-security-team"),
  ]);
  expect((await changesOf("bucket.data"))[0]?.from).toContain("s3:GetObject");
  expect(await changesOf("topic.alerts")).toEqual([removed("policy.other", "statement other")]);
  await bringUp();
  expect(await changesOf("bucket.data")).toEqual([]);
  expect(await changesOf("topic.alerts")).toEqual([]);
});

test("a statement that allows every account to call a function gets a warning; another foreign one is listed", async () => {
  const statement = { FunctionName, Action: "lambda:InvokeFunction" };
  await lambda.addPermission({ ...statement, Qualifier: "live", StatementId: "public", Principal: "*" });
  await lambda.addPermission({ ...statement, StatementId: "partner", Principal: "111111111111" });
  expect(await decisionOn("function.calculate-eta")).toEqual({
    action: "keep",
    notes: [
      expect.stringContaining("Statement partner of its policy is not ours"),
      expect.stringMatching(/Every account may call it: statement public .*remove-permission .* --statement-id public --qualifier live/),
    ],
  });
});

test("the same stack has no changes with --endpoint-url instead of --local", { timeout: LONG }, async () => {
  const byAddress = await open("us-east-1", false);
  const { resources } = await byAddress.plan(all, how);
  expect(resources.filter((r) => r.decision.action !== "keep").map((r) => [r.id, r.decision])).toEqual([]);
});

test("roles of an existing stack are not adopted even with --adopt; a second region works with its own environment", {
  timeout: LONG,
}, async () => {
  const elsewhere = await open("eu-west-1");
  const adopt = { ...how, adopt: true };
  for (const part of ["all", "data", "functions"] as const) {
    const refusal = await elsewhere.apply({ part }, adopt, () => {}).catch((error) => error);
    expect(refusal).toMatchObject({ code: "WRONG_PLACE", exit: 4 });
    expect(refusal.detail.hint).toContain("`--region us-east-1`");
    expect(refusal.detail.hint).toContain("`--env eu-west-1`");
  }
  expect((await app.plan(all, how)).resources.filter((r) => r.decision.action !== "keep")).toEqual([]);
});

test("a security group in a rule of another group fails without waiting, with the holder and the fix", {
  timeout: LONG,
}, async () => {
  const ec2 = aws.client(EC2);
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ GroupNames: ["fleetlogix-db-access"] });
  const ours = SecurityGroups[0]?.GroupId ?? "";
  const { GroupId = "" } = await ec2.createSecurityGroup({ GroupName: "other", Description: "of others", VpcId: SecurityGroups[0]?.VpcId });
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: ours }] }];
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions });
  const down = await app.teardown({ deleteData: true, skipFinalSnapshot: true, wait: true }, () => {});
  const failed = down.resources.find((r) => r.status === "failed");
  expect(failed).toMatchObject({
    id: "network.database",
    error: { code: "RESOURCE_HELD", message: expect.stringContaining(`${GroupId} (other)`) },
  });
  const command = /--ip-permissions '([^']+)'/.exec(failed?.error?.hint ?? "")?.[1] ?? "";
  await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: JSON.parse(command) });
  expect(await app.teardown({ deleteData: true, skipFinalSnapshot: true, wait: true }, () => {})).toMatchObject({ ok: true });
});
