import { type CreateTableCommandInput, DynamoDB } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let db: DynamoDB;
beforeAll(async () => {
  aws = await localAws();
  db = aws.client(DynamoDB);
});
afterAll(() => aws.close());

const S = (text: string) => ({ S: text });
const hashTable = (TableName: string, more: Partial<CreateTableCommandInput> = {}): CreateTableCommandInput => ({
  TableName,
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  BillingMode: "PAY_PER_REQUEST",
  ...more,
});
let count = 0;
/** A new table with the string key `id`. */
async function table(more: Partial<CreateTableCommandInput> = {}): Promise<string> {
  const name = `table-${++count}`;
  await db.createTable(hashTable(name, more));
  return name;
}

test("a table is described as AWS describes an on-demand table", async () => {
  const name = await table({
    Tags: [{ Key: "fleetlogix:stack", Value: "FleetLogix/dev" }],
    SSESpecification: { Enabled: true, SSEType: "KMS" },
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  });
  const { Table } = await db.describeTable({ TableName: name });
  expect(Table).toMatchObject({
    TableName: name,
    TableStatus: "ACTIVE",
    TableArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 },
    WarmThroughput: { ReadUnitsPerSecond: 12000, WriteUnitsPerSecond: 4000, Status: "ACTIVE" },
    SSEDescription: { Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: expect.stringMatching(/^arn:aws:kms:us-east-1:0{12}:key\//) },
    DeletionProtectionEnabled: false,
    ItemCount: 0,
  });
  expect(Table?.TableId).toMatch(/^[0-9a-f-]{36}$/);
  expect(Table?.CreationDateTime).toBeInstanceOf(Date);
  expect(Table?.LatestStreamArn).toBe(`${Table?.TableArn}/stream/${Table?.LatestStreamLabel}`);
  await expect(db.createTable(hashTable(name))).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: `Table already exists: ${name}`,
  });
  expect((await db.listTagsOfResource({ ResourceArn: Table?.TableArn })).Tags).toEqual([
    { Key: "fleetlogix:stack", Value: "FleetLogix/dev" },
  ]);
});

test("tags are added, replaced, removed and paged by ten", async () => {
  const name = await table();
  const ResourceArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
  await db.tagResource({ ResourceArn, Tags: Array.from({ length: 12 }, (_, i) => ({ Key: `k${i}`, Value: "a" })) });
  await db.tagResource({ ResourceArn, Tags: [{ Key: "k0", Value: "b" }] });
  await db.untagResource({ ResourceArn, TagKeys: ["k11", "none"] });
  const first = await db.listTagsOfResource({ ResourceArn });
  const second = await db.listTagsOfResource({ ResourceArn, NextToken: first.NextToken });
  expect(first.Tags).toHaveLength(10);
  expect([...(first.Tags ?? []), ...(second.Tags ?? [])]).toContainEqual({ Key: "k0", Value: "b" });
  expect(second).toMatchObject({ Tags: [{ Key: "k10", Value: "a" }] });
  await expect(db.listTagsOfResource({ ResourceArn: `${ResourceArn}-none` })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("a protected table is not deleted; an unprotected one is deleted with its items", async () => {
  const name = await table({ DeletionProtectionEnabled: true });
  await db.putItem({ TableName: name, Item: { id: S("a") } });
  await expect(db.deleteTable({ TableName: name })).rejects.toMatchObject({
    name: "ValidationException",
    message: "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
  });
  await db.updateTable({ TableName: name, DeletionProtectionEnabled: false });
  expect((await db.deleteTable({ TableName: name })).TableDescription?.TableStatus).toBe("DELETING");
  await expect(db.describeTable({ TableName: name })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `Requested resource not found: Table: ${name} not found`,
  });
  await db.createTable(hashTable(name));
  expect(await db.scan({ TableName: name })).toMatchObject({ Count: 0, Items: [] });
});

test("expiry and point-in-time recovery settings answer as AWS does", async () => {
  const name = await table();
  expect((await db.describeTimeToLive({ TableName: name })).TimeToLiveDescription).toEqual({ TimeToLiveStatus: "DISABLED" });
  const enable = { TableName: name, TimeToLiveSpecification: { Enabled: true, AttributeName: "expires_at" } };
  await db.updateTimeToLive(enable);
  await expect(db.updateTimeToLive(enable)).rejects.toMatchObject({
    name: "ValidationException",
    message: "TimeToLive is already enabled",
  });
  expect((await db.describeTimeToLive({ TableName: name })).TimeToLiveDescription).toEqual({
    TimeToLiveStatus: "ENABLED",
    AttributeName: "expires_at",
  });
  const before = await db.describeContinuousBackups({ TableName: name });
  expect(before.ContinuousBackupsDescription).toEqual({
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
  });
  const after = await db.updateContinuousBackups({
    TableName: name,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  expect(after.ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toMatchObject({
    PointInTimeRecoveryStatus: "ENABLED",
    RecoveryPeriodInDays: 35,
  });
  await expect(db.describeContinuousBackups({ TableName: "no-such" })).rejects.toMatchObject({ name: "TableNotFoundException" });
});

test("a new index is filled from the existing items, follows the writes, and can be deleted", async () => {
  const name = await table();
  for (const id of ["a", "b", "c"]) await db.putItem({ TableName: name, Item: { id: S(id), ...(id !== "c" && { driver: S("d1") }) } });
  const index = {
    IndexName: "by-driver",
    KeySchema: [{ AttributeName: "driver", KeyType: "HASH" as const }],
    Projection: { ProjectionType: "KEYS_ONLY" as const },
  };
  await db.updateTable({
    TableName: name,
    AttributeDefinitions: [
      { AttributeName: "id", AttributeType: "S" },
      { AttributeName: "driver", AttributeType: "S" },
    ],
    GlobalSecondaryIndexUpdates: [{ Create: index }],
  });
  const ofDriver = () =>
    db.query({
      TableName: name,
      IndexName: "by-driver",
      KeyConditionExpression: "driver = :d",
      ExpressionAttributeValues: { ":d": S("d1") },
    });
  const ids = async () => ((await ofDriver()).Items ?? []).map((item) => item.id?.S).sort();
  expect(await ids()).toEqual(["a", "b"]);
  await db.updateItem({ TableName: name, Key: { id: S("a") }, UpdateExpression: "REMOVE driver" });
  await db.putItem({ TableName: name, Item: { id: S("d"), driver: S("d1") } });
  expect(await ids()).toEqual(["b", "d"]);
  expect((await db.describeTable({ TableName: name })).Table?.GlobalSecondaryIndexes).toMatchObject([
    { IndexName: "by-driver", IndexStatus: "ACTIVE", ItemCount: 2 },
  ]);
  await db.updateTable({ TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-driver" } }] });
  await expect(ofDriver()).rejects.toMatchObject({ name: "ValidationException" });
  expect((await db.describeTable({ TableName: name })).Table?.AttributeDefinitions).toEqual([{ AttributeName: "id", AttributeType: "S" }]);
});

test("tables with the same name in two regions are separate", async () => {
  const name = await table();
  const elsewhere = new DynamoDB({
    region: "eu-west-1",
    endpoint: aws.url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
  expect((await elsewhere.listTables({})).TableNames).toEqual([]);
  await elsewhere.createTable(hashTable(name));
  await elsewhere.putItem({ TableName: name, Item: { id: S("there") } });
  expect((await db.scan({ TableName: name })).Count).toBe(0);
  expect((await db.listTables({ Limit: 1 })).LastEvaluatedTableName).toBeDefined();
});
