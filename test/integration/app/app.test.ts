import { RDS } from "@aws-sdk/client-rds";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, type AppOptions, openApp } from "../../../src/app.ts";
import { LOCK_KEY } from "../../../src/aws/lock.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { EngineEvent } from "../../../src/engine/events.ts";
import { localAws } from "../../support/local-aws.ts";

const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const how = { adopt: false, allowDataLoss: [], wait: true };
const all = { part: "all" } as const;
let aws: Awaited<ReturnType<typeof localAws>>;
let app: App;
const calls: string[] = [];
const writes = () => calls.splice(0).filter((operation) => !/:(Get|List|Describe|Head|Filter|Scan)/.test(operation));
const open = (options: Partial<AppOptions> = {}) =>
  openApp(config, {
    endpoint: aws.url,
    local: true,
    concurrency: 8,
    signal: new AbortController().signal,
    onCall: (operation) => calls.push(operation),
    ...options,
  });

beforeAll(async () => {
  aws = await localAws();
  app = await open();
});
afterAll(() => aws.close());

test("--allow-data-loss accepts known ids only", async () => {
  const spelt = { ...how, allowDataLoss: ["database.main", "database"] };
  const refusal = {
    code: "USAGE",
    exit: 2,
    message: expect.stringContaining('"database"'),
    detail: { hint: expect.stringContaining("bucket.data") },
  };
  for (const act of [() => app.plan(all, spelt), () => app.apply(all, spelt, () => {})]) await expect(act()).rejects.toMatchObject(refusal);
  expect(writes()).toEqual([]);
});

test("the first plan names every resource with its ARN and writes nothing", async () => {
  const { resources } = await app.plan(all, how);
  expect(new Set(resources.map((r) => r.decision.action))).toEqual(new Set(["create"]));
  expect(resources.find((r) => r.id === "table.deliveries")).toMatchObject({
    name: "FleetLogix_Deliveries_Status",
    arn: "arn:aws:dynamodb:us-east-1:000000000000:table/FleetLogix_Deliveries_Status",
  });
  expect(writes()).toEqual([]);
});
test("a bucket of the stack in another region stops the run; with --adopt the stack is created here", async () => {
  const Bucket = "fleetlogix-data-000000000000-eu-west-1";
  const s3 = new S3({
    region: "eu-west-1",
    endpoint: aws.url,
    forcePathStyle: true,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  const others = [`${Bucket}-staging`, "fleetlogix-data-111111111111-eu-west-1"];
  for (const name of others) await s3.createBucket({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } });
  expect((await app.plan(all, how)).resources.find((r) => r.id === "bucket.data")?.decision.action).toBe("create");
  await s3.createBucket({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } });
  const refusal = { code: "WRONG_PLACE", exit: 4, detail: { hint: expect.stringContaining("--region eu-west-1") } };
  for (const part of ["all", "data"] as const) {
    await expect(app.plan({ part }, how)).rejects.toMatchObject(refusal);
    await expect(app.apply({ part }, how, () => {})).rejects.toMatchObject(refusal);
  }
  writes();
  expect((await app.plan(all, { ...how, adopt: true })).resources.find((r) => r.id === "bucket.data")?.decision.action).toBe("create");
  for (const name of [Bucket, ...others]) await s3.deleteBucket({ Bucket: name });
  s3.destroy();
  writes();
});
test("roles are global: a run in another region refuses the stack's roles and changes none", async () => {
  const elsewhere = await openApp(
    { ...config, region: "eu-west-1" },
    { endpoint: aws.url, local: true, concurrency: 8, signal: new AbortController().signal },
  );
  const functions = { part: "functions" } as const;
  await elsewhere.apply(functions, how, () => {});
  writes();
  const refusal = await app.apply(all, how, () => {}).catch((error) => error);
  expect(refusal).toMatchObject({ code: "WRONG_PLACE", exit: 4, detail: { hint: expect.stringContaining("--region eu-west-1") } });
  for (const name of Object.keys(config.functions.names)) expect(refusal.message).toContain(`fleetlogix-${name}-role`);
  await expect(app.apply({ part: "data" }, how, () => {})).rejects.toMatchObject({ code: "WRONG_PLACE" });
  const down = await app.teardown({ deleteData: true, skipFinalSnapshot: true, wait: true }, () => {});
  expect(down.resources.map(({ id, decision }) => [id, decision.action])).toEqual(
    Object.keys(config.functions.names).map((name) => [`role.${name}`, "refuse"]),
  );
  expect(writes()).toEqual([]);
  expect((await app.status()).find((r) => r.id === "role.calculate-eta")).toMatchObject({ state: "in eu-west-1", healthy: false });
  const again = await elsewhere.apply(functions, how, () => {});
  expect(new Set(again.resources.map((r) => r.decision.action))).toEqual(new Set(["keep"]));
  expect((await elsewhere.teardown({ deleteData: true, skipFinalSnapshot: true, wait: true }, () => {})).ok).toBe(true);
});
test("before anything exists, outputs are null and a function cannot be called", async () => {
  expect(await app.outputs({ secrets: true })).toMatchObject({ api_url: null, api_key: null, bucket: null, database: null });
  await expect(app.invoke("verify-delivery", "{}")).rejects.toMatchObject({ code: "NOT_DEPLOYED" });
  await expect(app.logs(["verify-delivery"], { sinceMs: 1_000, follow: false })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: "NOT_DEPLOYED",
  });
});
test("one command creates the stack, and a second finds nothing to do", async () => {
  const events: EngineEvent[] = [];
  const result = await app.apply(all, how, (event) => events.push(event));
  expect(result.error).toBeUndefined();
  expect(new Set(result.resources.map((r) => r.status))).toEqual(new Set(["done"]));
  expect(writes()).toContain("apigateway:CreateDeployment");
  const again = await app.apply(all, how, () => {});
  expect([again.ok, writes()]).toEqual([true, []]);
  expect((await app.status()).filter((r) => !r.healthy)).toEqual([]);
});
test("a status reads each table, function, stage, database and bucket once", async () => {
  calls.splice(0);
  await Promise.all([app.status(), app.lockHolder()]);
  const times = (operation: string) => calls.filter((call) => call === operation).length;
  expect(times("s3:HeadBucket")).toBe(1);
  expect(times("dynamodb:DescribeTable")).toBe(4);
  expect(times("rds:DescribeDBInstances")).toBe(1);
  expect(times("apigateway:GetStage")).toBe(1);
  // The other read of a function is that of the version that callers use.
  expect([times("lambda:GetFunction"), times("lambda:GetFunctionConfiguration")]).toEqual([3, 3]);
  calls.splice(0);
});
test("a teardown of a plan that was just made does not look at the stack again", async () => {
  const options = { deleteData: false, skipFinalSnapshot: true, wait: true, orphansOnly: true };
  const plan = await app.planTeardown(options);
  const planning = calls.splice(0).length;
  expect((await app.teardown({ ...options, plan }, () => {})).ok).toBe(true);
  expect(calls.splice(0)).toEqual([]);
  await app.teardown(options, () => {});
  expect(calls.splice(0).length).toBeGreaterThan(planning / 2);
});
test("outputs contain the addresses; secrets only on request, and they are never printed", async () => {
  const open = await app.outputs({ secrets: true });
  expect(open).toMatchObject({
    api_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/restapis\/\w+\/prod\/_user_request_$/),
    bucket: "fleetlogix-data-000000000000-us-east-1",
    tables: { routes: "FleetLogix_Routes_Waypoints" },
    topic_arn: "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts",
    functions: { "calculate-eta": { name: "fleetlogix-calculate-eta", version: "1" } },
    database: { identifier: "fleetlogix-db", status: "available", name: "fleetlogix", username: "fleetlogix_admin" },
  });
  const key = open.api_key?.reveal() ?? "";
  const answer = await fetch(`${open.api_url}/delivery/D-1`, { headers: { "x-api-key": key } });
  expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([404, "DELIVERY_NOT_FOUND"]);
  expect(key.length).toBeGreaterThan(10);
  expect(JSON.stringify(open)).not.toContain(key);
  expect((await app.outputs({ secrets: false })).api_key).toBeNull();
});
test("one output reads only its own resources, and the others are null", async () => {
  calls.length = 0;
  const { api_url, bucket, database } = await app.outputs({ secrets: false, only: ["api_url"] });
  expect([api_url?.startsWith("http"), bucket, database]).toEqual([true, null, null]);
  expect(new Set(calls.splice(0).map((operation) => operation.split(":")[0]))).toEqual(new Set(["apigateway"]));
  await app.outputs({ secrets: false, only: ["bucket"] });
  expect(new Set(calls.splice(0).map((operation) => operation.split(":")[0]))).toEqual(new Set(["s3"]));
});
test("a function is called as deployed, and its lines are in the logs", async () => {
  const result = await app.invoke("verify-delivery", "{}");
  expect(result).toMatchObject({ status: 200, version: "1" });
  expect(result.logTail).toContain("lambda_request_id");
  const lines = [];
  for await (const line of app.logs(["verify-delivery", "calculate-eta"], { sinceMs: 60_000, follow: false })) lines.push(line);
  expect(lines.map((line) => line.function)).toContain("verify-delivery");
  expect(lines.map((l) => l.timestamp)).toEqual(lines.map((l) => l.timestamp).toSorted((a, b) => a - b));
});
test("doctor finds nothing wrong", async () => {
  expect((await app.doctor()).filter((finding) => !finding.ok)).toEqual([]);
});
test("while another run holds the lock nothing is changed; the lock can be removed", async () => {
  const sns = aws.client(SNS);
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts";
  await sns.deleteTopic({ TopicArn });
  const held = { host: "elsewhere", pid: 1, user: "ada", command: "up", since: Date.now(), until: Date.now() + 600_000 };
  const bucket = "fleetlogix-data-000000000000-us-east-1";
  await aws.client(S3, { forcePathStyle: true }).putObject({ Bucket: bucket, Key: LOCK_KEY, Body: JSON.stringify(held) });
  writes();
  await expect(app.apply(all, how, () => {})).rejects.toMatchObject({ code: "LOCKED", message: expect.stringContaining("ada") });
  expect(writes().filter((operation) => operation !== "s3:PutObject")).toEqual([]);
  await app.forceUnlock();
  expect((await app.apply(all, how, () => {})).ok).toBe(true);
});
test("a foreign resource with our name stops the run before any write; teardown does not delete it", async () => {
  const sns = aws.client(SNS);
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts";
  await sns.deleteTopic({ TopicArn });
  await sns.createTopic({ Name: "fleetlogix-alerts" });
  writes();
  await expect(app.apply(all, how, () => {})).rejects.toMatchObject({ code: "OWNER_FOREIGN", exit: 4 });
  expect(writes()).toEqual([]);
  const down = await app.teardown({ deleteData: false, skipFinalSnapshot: true, wait: true }, () => {});
  const of = (id: string) => down.resources.find((r) => r.id === id)?.decision.action;
  expect([of("topic.alerts"), of("bucket.data"), of("database.main"), of("api.rest")]).toEqual(["refuse", "retain", "retain", "delete"]);
  expect((await sns.listTopics({})).Topics).toHaveLength(1);
  await sns.deleteTopic({ TopicArn });
});
test("a new run finds the kept resources; after --delete-data only resources of the account remain", async () => {
  expect((await app.apply(all, how, () => {})).ok).toBe(true);
  const planned = await app.planTeardown({ deleteData: true, skipFinalSnapshot: false, wait: true });
  expect(planned.resources.find((r) => r.id === "database.main")).toMatchObject({ inventory: expect.stringContaining("PostgreSQL 17") });
  expect(planned.resources.find((r) => r.id === "database.main")?.inventory).toMatch(/leaves a final snapshot$/);
  const gone = { deleteData: true, skipFinalSnapshot: false, wait: true };
  const stale = { ...gone, confirmed: new Set(planned.resources.map((r) => r.id).filter((id) => id !== "table.alerts")) };
  writes();
  await expect(app.teardown(stale, () => {})).rejects.toMatchObject({
    code: "CONFIRMATION_MISSING",
    message: expect.stringContaining("delete table.alerts (FleetLogix_Alerts)"),
  });
  expect(writes()).toEqual([]);
  const down = await app.teardown(gone, () => {});
  expect(down.error).toBeUndefined();
  const { DBSnapshots = [] } = await aws.client(RDS).describeDBSnapshots({});
  expect(DBSnapshots.map((s) => s.DBSnapshotIdentifier)).toEqual([down.resources.find((r) => r.id === "database.main")?.finalSnapshot]);
  expect((await app.status()).filter((r) => r.state !== "absent").map((r) => r.id)).toEqual(["api.account"]);
});
test("a run that is interrupted before its beginning starts nothing", async () => {
  const stop = new AbortController();
  const other = await open({ signal: stop.signal });
  stop.abort();
  writes();
  await expect(other.apply(all, how, () => {})).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(writes()).toEqual([]);
});
test("a stopped local AWS and another server at its address get different errors at once", async () => {
  await expect(open({ endpoint: "http://127.0.0.1:1" })).rejects.toMatchObject({
    code: "ENDPOINT_UNREACHABLE",
    detail: { hint: expect.stringContaining("fleetlogix local start") },
  });
  await expect(open({ endpoint: "https://sts.amazonaws.com" })).rejects.toMatchObject({ code: "LOCAL_REFUSED" });
});
