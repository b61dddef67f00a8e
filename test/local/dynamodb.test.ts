import {
  type AttributeDefinition,
  type CreateTableCommandInput,
  DynamoDB,
  type GlobalSecondaryIndexUpdate,
} from "@aws-sdk/client-dynamodb";
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

test("tags are added, replaced, removed, and read in one page", async () => {
  const name = await table();
  const ResourceArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
  await db.tagResource({ ResourceArn, Tags: Array.from({ length: 42 }, (_, i) => ({ Key: `k${i}`, Value: "a" })) });
  await db.tagResource({ ResourceArn, Tags: [{ Key: "k0", Value: "b" }] });
  await db.untagResource({ ResourceArn, TagKeys: ["k41", "none"] });
  const { Tags, NextToken } = await db.listTagsOfResource({ ResourceArn });
  expect(Tags).toHaveLength(41);
  expect(Tags).toContainEqual({ Key: "k0", Value: "b" });
  expect(NextToken).toBeUndefined();
  const refused = { name: "ValidationException" };
  await expect(db.tagResource({ ResourceArn, Tags: [] })).rejects.toMatchObject(refused);
  const tenMore = Array.from({ length: 10 }, (_, i) => ({ Key: `more${i}`, Value: "a" }));
  await expect(db.tagResource({ ResourceArn, Tags: tenMore })).rejects.toMatchObject(refused);
  await expect(db.tagResource({ ResourceArn: "no-arn", Tags: tenMore })).rejects.toMatchObject(refused);
  await expect(db.listTagsOfResource({ ResourceArn: `${ResourceArn}-none` })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("the answers of a new table, of its change and of its end differ from DescribeTable as on AWS", async () => {
  const TableName = `table-${++count}`;
  const warm = { ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 5_000 };
  const keyed = (IndexName: string) => ({
    IndexName,
    KeySchema: [{ AttributeName: "driver", KeyType: "HASH" as const }],
    Projection: { ProjectionType: "ALL" as const },
  });
  const { TableDescription: created } = await db.createTable({
    ...hashTable(TableName),
    AttributeDefinitions: [
      { AttributeName: "id", AttributeType: "S" },
      { AttributeName: "driver", AttributeType: "S" },
    ],
    GlobalSecondaryIndexes: [keyed("plain"), { ...keyed("warm"), WarmThroughput: warm }],
    SSESpecification: { Enabled: true },
  });
  expect(created?.WarmThroughput).toBeUndefined();
  expect(created?.BillingModeSummary).toEqual({ BillingMode: "PAY_PER_REQUEST" });
  expect(created?.GlobalSecondaryIndexes?.map((index) => index.WarmThroughput)).toEqual([undefined, { ...warm, Status: "UPDATING" }]);
  const { Table } = await db.describeTable({ TableName });
  expect(Table?.BillingModeSummary?.LastUpdateToPayPerRequestDateTime).toBeInstanceOf(Date);
  const usual = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: "ACTIVE" };
  expect(Table?.WarmThroughput).toEqual(usual);
  expect(Table?.GlobalSecondaryIndexes?.map((index) => index.WarmThroughput)).toEqual([usual, { ...warm, Status: "ACTIVE" }]);
  const { TableDescription: changed } = await db.updateTable({ TableName, SSESpecification: { Enabled: false } });
  expect(changed?.SSEDescription).toMatchObject({
    Status: "UPDATING",
    SSEType: "KMS",
    KMSMasterKeyArn: Table?.SSEDescription?.KMSMasterKeyArn,
  });
  expect((await db.describeTable({ TableName })).Table?.SSEDescription).toBeUndefined();
  const { TableDescription: deleted } = await db.deleteTable({ TableName });
  expect(deleted).toMatchObject({ TableStatus: "DELETING" });
  expect(deleted?.WarmThroughput).toBeUndefined();
});

test("warm throughput is the requested one, else the provisioned one", async () => {
  const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 6 };
  const provisioned = { BillingMode: "PROVISIONED", ProvisionedThroughput } as const;
  const described = async (more: Partial<CreateTableCommandInput>) =>
    (await db.describeTable({ TableName: await table({ ...provisioned, ...more }) })).Table?.WarmThroughput;
  expect(await described({})).toEqual({ ReadUnitsPerSecond: 5, WriteUnitsPerSecond: 6, Status: "ACTIVE" });
  const WarmThroughput = { ReadUnitsPerSecond: 1_000, WriteUnitsPerSecond: 1_200 };
  expect(await described({ WarmThroughput })).toEqual({ ...WarmThroughput, Status: "ACTIVE" });
});

test("an item without its key does not match the schema in a batch", async () => {
  const RequestItems = { [await table()]: [{ PutRequest: { Item: { other: S("x") } } }] };
  const message = "The provided key element does not match the schema";
  await expect(db.batchWriteItem({ RequestItems })).rejects.toMatchObject({ name: "ValidationException", message });
});

test("a table's name has only AWS's characters", async () => {
  const message =
    "1 validation error detected: Value 'a@b' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
  await expect(db.createTable(hashTable("a@b"))).rejects.toMatchObject({ name: "ValidationException", message });
});

test("one update of an index is one of create, update and delete", async () => {
  const Create: NonNullable<GlobalSecondaryIndexUpdate["Create"]> = {
    IndexName: "by-driver",
    KeySchema: [{ AttributeName: "driver", KeyType: "HASH" }],
    Projection: { ProjectionType: "ALL" },
  };
  const AttributeDefinitions: AttributeDefinition[] = [{ AttributeName: "driver", AttributeType: "S" }];
  const both = {
    TableName: await table(),
    AttributeDefinitions,
    GlobalSecondaryIndexUpdates: [{ Create, Delete: { IndexName: "other" } }],
  };
  await expect(db.updateTable(both)).rejects.toMatchObject({
    name: "ValidationException",
    message: expect.stringContaining("Only one of"),
  });
});

test("a scan of a whole on-demand table costs a read of each of its four partitions", async () => {
  const TableName = await table();
  await db.putItem({ TableName, Item: { id: S("a") } });
  const scan = { TableName, ReturnConsumedCapacity: "TOTAL" } as const;
  expect((await db.scan(scan)).ConsumedCapacity?.CapacityUnits).toBe(2);
  expect((await db.scan({ ...scan, ConsistentRead: true })).ConsumedCapacity?.CapacityUnits).toBe(4);
  expect((await db.scan({ ...scan, Limit: 1 })).ConsumedCapacity?.CapacityUnits).toBe(0.5);
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
