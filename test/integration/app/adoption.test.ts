import { APIGateway } from "@aws-sdk/client-api-gateway";
import { type CreateTableCommandInput, DynamoDB } from "@aws-sdk/client-dynamodb";
import { type CreateDBInstanceCommandInput, RDS } from "@aws-sdk/client-rds";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openApp, type Plan } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { type FaultRule, faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";

/** Resources of a fleet's own scripts, with the SDK's defaults, and the texts and actions of `up --adopt`. */
const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const how = { adopt: true, allowDataLoss: [] as string[], wait: true };
const all = { part: "all" } as const;
const LONG = 240_000;
const Bucket = "fleetlogix-data-000000000000-us-east-1";
const faults = faultPlan();
let aws: Awaited<ReturnType<typeof localAws>>;
beforeEach(async () => {
  faults.clear();
  aws = await localAws({ faults });
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
});
afterEach(() => aws.close());
const open = (changed: object = {}) =>
  openApp({ ...config, ...changed }, { endpoint: aws.url, local: true, concurrency: 8, signal: new AbortController().signal });

/** An instance of a manual create_db_instance call. Everything that the call does not name has RDS's default. */
const instance = (changed: Partial<CreateDBInstanceCommandInput> = {}) =>
  aws.client(RDS).createDBInstance({
    DBInstanceIdentifier: "fleetlogix-db",
    DBName: "fleetlogix",
    Engine: "postgres",
    DBInstanceClass: "db.t3.micro",
    MasterUsername: "fleetlogix_admin",
    MasterUserPassword: "Correct-Horse-7",
    AllocatedStorage: 20,
    StorageEncrypted: true,
    ...changed,
  });
const table = (TableName: string, hash: string, changed: Partial<CreateTableCommandInput> = {}) =>
  aws.client(DynamoDB).createTable({
    TableName,
    KeySchema: [{ AttributeName: hash, KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: hash, AttributeType: "S" }],
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
    ...changed,
  });
async function bucket() {
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket, ObjectOwnership: "ObjectWriter" });
  await s3.deletePublicAccessBlock({ Bucket });
  const Statement = [{ Sid: "PublicRead", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` }];
  await s3.putBucketPolicy({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
  const rule = { ID: "old-logs", Status: "Enabled" as const, Filter: { Prefix: "logs/" }, Expiration: { Days: 30 } };
  await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: [rule] } });
  await s3.putObject({ Bucket, Key: "raw/1.json", Body: "{}" });
  return s3;
}

const pathsOf = ({ resources }: Plan) =>
  Object.fromEntries(
    resources.map(({ id, decision }) => [id, "changes" in decision ? decision.changes.map((c) => c.path) : decision.action]),
  );
const own = (paths: unknown) => (paths as readonly string[]).filter((path) => !path.startsWith("tags."));
const writes = () =>
  faults
    .calls()
    .filter((call) => call.write)
    .map((call) => `${call.service}:${call.operation}`);

test("a foreign bucket, tables, topic, instance and API are adopted after each difference was planned", {
  timeout: LONG,
}, async () => {
  await instance({ BackupRetentionPeriod: 0, MultiAZ: true, PubliclyAccessible: false });
  await table("FleetLogix_Deliveries_Status", "delivery_id", {
    AttributeDefinitions: ["delivery_id", "driver_id", "updated_at"].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S" as const,
    })),
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-driver",
        KeySchema: [
          { AttributeName: "driver_id", KeyType: "HASH" },
          { AttributeName: "updated_at", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
        ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
      },
    ],
  });
  await table("FleetLogix_Routes_Waypoints", "route_id");
  await aws.client(DynamoDB).putItem({ TableName: "FleetLogix_Routes_Waypoints", Item: { route_id: { S: "R1" } } });
  await aws.client(SNS).createTopic({ Name: "fleetlogix-alerts" });
  await aws.client(APIGateway).createRestApi({ name: "FleetLogixAPI" });
  const s3 = await bucket();
  faults.clear();

  const app = await open();
  const plan = await app.plan(all, how);
  expect(writes()).toEqual([]);
  const found = pathsOf(plan);
  expect(own(found["database.main"])).toEqual([
    ...["instanceClass", "storageType", "backupRetentionDays", "publiclyAccessible", "multiAz", "securityGroups", "parameterGroup"],
    ...["iamAuth", "performanceInsights", "logExports", "copyTagsToSnapshot", "managedPassword"],
  ]);
  expect(plan.resources.find((r) => r.id === "database.main")?.decision).toMatchObject({
    changes: expect.arrayContaining([{ path: "securityGroups", from: [expect.any(String)], to: ["(known after network.database)"] }]),
    notes: [expect.stringContaining("extended support"), expect.stringContaining("the present one stops working")],
  });
  expect(own(found["bucket.data"])).toEqual([
    ...["publicAccessBlock", "ownership", "encryption", "versioning", "events", "policy.TlsOnly", "policy.PublicRead"],
    ...["lifecycle.archive", "lifecycle.noncurrent-versions", "lifecycle.aborted-uploads", "lifecycle.old-logs"],
  ]);
  expect(own(found["table.deliveries"])).toEqual([
    ...["billing", "encryption", "pointInTimeRecovery", "indexes.by-driver", "indexes.by-status"],
  ]);
  expect(own(found["table.routes"])).toEqual(["billing", "encryption", "pointInTimeRecovery"]);
  expect(own(found["topic.alerts"])).toEqual(["encryption", "policy.AccountOnly", "policy.TlsOnly", "policy.__default_statement_ID"]);
  expect(own(found["api.rest"])).toEqual(expect.arrayContaining(["endpoint", "document", "methods.POST /delivery"]));
  const { ok, error } = await app.apply(all, how, () => {});
  expect({ ok, error }).toEqual({ ok: true, error: undefined });
  const again = await app.plan(all, { ...how, adopt: false });
  expect(again.resources.filter((r) => r.decision.action !== "keep").map((r) => [r.id, r.decision])).toEqual([]);
  expect((await s3.getObject({ Bucket, Key: "raw/1.json" })).ETag).toBeDefined();
  expect(
    (await aws.client(DynamoDB).getItem({ TableName: "FleetLogix_Routes_Waypoints", Key: { route_id: { S: "R1" } } })).Item,
  ).toBeDefined();
});

/** Attributes that no call can change, and the configuration that keeps the data. */
test.each([
  [
    "storage that is not encrypted",
    () => instance({ StorageEncrypted: false }),
    /another "identifier" in "database"/,
    { database: { ...config.database, identifier: "fleetlogix-db2" } },
  ],
  [
    "another first database",
    () => instance({ DBName: "fleet" }),
    /"name": "fleet" in "database"/,
    { database: { ...config.database, name: "fleet" } },
  ],
  [
    "another first user",
    () => instance({ MasterUsername: "dba" }),
    /"username": "dba" in "database"/,
    { database: { ...config.database, username: "dba" } },
  ],
  [
    "a key of a number",
    () => table("FleetLogix_Routes_Waypoints", "route_id", { AttributeDefinitions: [{ AttributeName: "route_id", AttributeType: "N" }] }),
    /another name than "FleetLogix_Routes_Waypoints" in "tables"/,
    { tables: { ...config.tables, routes: "Routes2" } },
  ],
  [
    "a key of another name",
    () => table("FleetLogix_Alerts", "alert_id"),
    /another name than "FleetLogix_Alerts" in "tables"/,
    { tables: { ...config.tables, alerts: "Alerts2" } },
  ],
] as const)(
  "%s is refused before the first write; what the hint says to write keeps it",
  { timeout: LONG },
  async (_what, make, words, remedy) => {
    await make();
    await bucket();
    faults.clear();
    const refusal = await (await open()).apply(all, how, () => {}).catch((error) => error);
    expect(refusal).toMatchObject({ code: "DATA_PROTECTED", exit: 4, detail: { hint: expect.stringMatching(words) } });
    expect(refusal.detail.hint).toMatch(/`--allow-data-loss \S+` deletes .* with all its data\.$/);
    expect(writes()).toEqual([]);
    const { ok, error } = await (await open(remedy)).apply(all, how, () => {});
    expect({ ok, error }).toEqual({ ok: true, error: undefined });
    const deletions = writes().filter((call) => /:Delete(Table|DBInstance|Bucket)/.test(call));
    expect(deletions).toEqual([]);
  },
);

const shown = (change: (instance: Record<string, unknown>) => object): FaultRule => ({
  service: "rds",
  operation: "DescribeDBInstances",
  times: null,
  fault: {
    kind: "hook",
    after: (_call, output) => {
      for (const one of (output?.DBInstances ?? []) as Record<string, unknown>[]) Object.assign(one, change(one));
    },
  },
});
test("a version that RDS cannot upgrade to ours is refused before the first write", { timeout: LONG }, async () => {
  await instance();
  faults.clear();
  faults.add(shown(() => ({ EngineVersion: "9.6.24" })));
  faults.add({
    service: "rds",
    operation: "DescribeDBEngineVersions",
    times: null,
    fault: {
      kind: "hook",
      after({ input }, output) {
        if (input.EngineVersion === "9.6.24")
          Object.assign(output ?? {}, {
            DBEngineVersions: [{ EngineVersion: "9.6.24", ValidUpgradeTarget: [{ EngineVersion: "14.12" }] }],
          });
      },
    },
  });
  const refusal = await (await open()).apply(all, how, () => {}).catch((error) => error);
  expect(refusal).toMatchObject({
    code: "PREFLIGHT",
    message: expect.stringContaining("from PostgreSQL 9.6.24 to 17"),
    detail: { hint: expect.stringContaining(`"engineVersion": "14"`) },
  });
  expect(writes()).toEqual([]);
});

test("a database with full storage gets its new storage first, and the other changes afterwards", { timeout: LONG }, async () => {
  await instance();
  const begun = await (await open()).apply(all, how, () => {});
  expect(begun.error).toBeUndefined();
  await aws.client(RDS).modifyDBInstance({ DBInstanceIdentifier: "fleetlogix-db", BackupRetentionPeriod: 3, ApplyImmediately: true });
  faults.clear();
  // RDS refuses any other change of an instance whose storage is full.
  let full = true;
  faults.add(shown((one) => (full ? { DBInstanceStatus: "storage-full" } : one)));
  faults.add({
    service: "rds",
    operation: "ModifyDBInstance",
    times: null,
    fault: {
      kind: "hook",
      before({ input }) {
        const { DBInstanceIdentifier: _id, ApplyImmediately: _now, AllocatedStorage, ...others } = input;
        if (full && (AllocatedStorage === undefined || Object.values(others).some((value) => value !== undefined)))
          throw Object.assign(new Error("storage is full"), { name: "InvalidDBInstanceState" });
        full = false;
      },
    },
  });
  const stuck = await (await open()).apply(all, how, () => {});
  expect(stuck.error).toMatchObject({
    code: "SETTLE_FAILED",
    message: expect.stringContaining("storage-full"),
    detail: { hint: expect.stringContaining(`"storageGb": 22`) },
  });
  const raised = await (await open({ database: { ...config.database, storageGb: 22 } })).apply(all, how, () => {});
  expect({ ok: raised.ok, error: raised.error }).toEqual({ ok: true, error: undefined });
  const modified = faults.calls().filter((call) => call.operation === "ModifyDBInstance" && call.effect);
  expect(modified.map(({ input: { DBInstanceIdentifier: _id, ApplyImmediately: _now, ...rest } }) => rest)).toEqual([
    { AllocatedStorage: 22 },
    { BackupRetentionPeriod: 7 },
  ]);
});

test("a production plan names the settings that AWS cannot change on an existing instance", { timeout: LONG }, async () => {
  await instance();
  const app = await open({ hardening: "production", database: { ...config.database, publiclyAccessible: false } });
  const found = (await app.plan(all, how)).resources.find((r) => r.id === "database.main")?.decision;
  expect(found).toMatchObject({
    action: "update",
    notes: expect.arrayContaining([expect.stringContaining("AWS gives another key only to a copy of it")]),
  });
});
