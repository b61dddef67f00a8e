import { afterAll, beforeAll, expect, test } from "vitest";
import { declare } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { dynamodbTable, rdsInstance, s3Bucket, snsSubscription, snsTopic } from "../../src/resources/index.ts";
import { makeRig, type Rig } from "./rig.ts";

let aws: LocalAws;
let rig: Rig;
beforeAll(async () => {
  const clock = virtualClock();
  aws = await startLocalAws({ clock, settings: { databases: "none" } });
  rig = makeRig({ endpoint: aws.url, clock });
});
afterAll(async () => {
  rig.close();
  await aws.close();
});
const none = { Version: "2012-10-17" as const, Statement: [] };
const denyAll = (Resource: string) => ({
  ...none,
  Statement: [
    {
      Effect: "Deny" as const,
      Principal: "*" as const,
      Action: "s3:PutObject",
      Resource,
      Condition: { Bool: { "aws:SecureTransport": "x" } },
    },
  ],
});

test("a bucket with versions, delete markers and an open upload is counted, and is emptied only with --delete-data", async () => {
  const Bucket = "fleetlogix-full";
  const bucket = declare(s3Bucket, "bucket.data", {
    identity: () => ({ name: Bucket }),
    spec: () => ({
      policy: denyAll(`arn:aws:s3:::${Bucket}/*`),
      archive: { prefix: "raw-archive/", afterDays: 90 },
      noncurrentExpireDays: 30,
    }),
  });
  expect((await rig.up([bucket])).error).toBeUndefined();
  const s3 = await rig.world.s3();
  for (let i = 0; i < 12; i++) await s3.putObject({ Bucket, Key: `raw-data/${i % 4}`, Body: "0123456789" });
  await s3.deleteObject({ Bucket, Key: "raw-data/0" });
  await s3.createMultipartUpload({ Bucket, Key: "raw-data/half" });

  const observation = await s3Bucket.read({ name: Bucket }, rig.ctx);
  if (observation.state === "absent") throw new Error("absent");
  expect(await s3Bucket.inventory?.({ name: Bucket }, observation.live, rig.ctx)).toMatchObject({
    items: 13,
    bytes: 120,
    text: "13 object versions, 120 B",
  });

  rig.writes();
  expect((await rig.down([bucket], { deleteData: false })).resources[0]?.decision.action).toBe("retain");
  expect(rig.writes()).toEqual([]);
  expect((await rig.down([bucket], { deleteData: true })).error).toBeUndefined();
  await expect(s3Bucket.read({ name: Bucket }, rig.ctx)).rejects.toMatchObject({ name: "NotFound" });
});

test("a protected table is deleted in two steps, and its items are counted", async () => {
  const id = { name: "FleetLogix_Protected" };
  const table = declare(dynamodbTable, "table.x", {
    identity: () => id,
    spec: () => ({ key: { hash: "id" }, indexes: [], deletionProtection: true }),
  });
  expect((await rig.up([table])).error).toBeUndefined();
  const dynamodb = await rig.world.dynamodb();
  for (const n of ["1", "2", "3"]) await dynamodb.putItem({ TableName: id.name, Item: { id: { S: n } } });
  const observation = await dynamodbTable.read(id, rig.ctx);
  if (observation.state === "absent") throw new Error("absent");
  expect(await dynamodbTable.inventory?.(id, observation.live, rig.ctx)).toMatchObject({ items: 3, text: "3 items" });
  rig.writes();
  expect((await rig.down([table], { deleteData: true })).error).toBeUndefined();
  expect(rig.writes()).toEqual(["dynamodb:UpdateTable", "dynamodb:DeleteTable"]);
});

const KEY = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000";
test("a protected database with a customer key is deleted in two steps and leaves the named snapshot", async () => {
  const identifier = "fleetlogix-protected";
  const { GroupId = "" } = await (await rig.world.ec2()).createSecurityGroup({ GroupName: identifier, Description: "a case" });
  const rds = await rig.world.rds();
  await rds.createDBParameterGroup({ DBParameterGroupName: identifier, DBParameterGroupFamily: "postgres17", Description: "a case" });
  const database = declare(rdsInstance, "database.main", {
    identity: () => ({ identifier }),
    spec: () => ({
      name: "fleetlogix",
      username: "fleetlogix_admin",
      engineVersion: "17",
      instanceClass: "db.t4g.micro",
      storageGb: 20,
      backupRetentionDays: 7,
      publiclyAccessible: false,
      multiAz: true,
      deletionProtection: true,
      port: undefined,
      securityGroup: GroupId,
      parameterGroup: identifier,
      monitoringRoleArn: undefined,
      kmsKey: KEY,
    }),
  });
  expect((await rig.up([database])).error).toBeUndefined();
  const [created] = (await rds.describeDBInstances({ DBInstanceIdentifier: identifier })).DBInstances ?? [];
  const secret = await (await rig.world.secretsmanager()).describeSecret({ SecretId: created?.MasterUserSecret?.SecretArn });
  expect([created?.KmsKeyId, created?.PerformanceInsightsKMSKeyId, secret.KmsKeyId]).toEqual([KEY, KEY, KEY]);
  rig.writes();
  expect((await rig.down([database], { deleteData: true, finalSnapshot: "fleetlogix-last" })).error).toBeUndefined();
  expect(rig.writes()).toEqual(["rds:ModifyDBInstance", "rds:DeleteDBInstance"]);
  const { DBSnapshots = [] } = await rds.describeDBSnapshots({ DBInstanceIdentifier: identifier });
  expect(DBSnapshots.map((s) => s.DBSnapshotIdentifier)).toContain("fleetlogix-last");
});

test("an unconfirmed subscription does not delay the teardown of its topic", async () => {
  const topicArn = `arn:aws:sns:us-east-1:${rig.place.account}:fleetlogix-unheard`;
  const topic = declare(snsTopic, "topic.alerts", {
    identity: () => ({ name: "fleetlogix-unheard" }),
    spec: () => ({
      kmsKey: "alias/aws/sns",
      policy: {
        ...none,
        Statement: [{ Effect: "Allow" as const, Principal: { AWS: rig.place.account }, Action: "sns:Publish", Resource: topicArn }],
      },
    }),
  });
  const mail = declare(snsSubscription, "subscription.email:1", {
    needs: { topic },
    identity: (from) => from.topic && { topicArn: from.topic.arn, protocol: "email", endpoint: "ops@example.com" },
    spec: () => ({}),
  });
  expect((await rig.up([topic, mail])).error).toBeUndefined();
  rig.writes();
  expect((await rig.down([topic, mail], { deleteData: false })).error).toBeUndefined();
  expect(rig.writes()).toEqual(["sns:DeleteTopic"]);
});
