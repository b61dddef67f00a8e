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
const N = (number: number | string) => ({ N: String(number) });
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

test("items keep every type, empty strings, binary, sets and 38 digits", async () => {
  const name = await table();
  const Item = {
    id: S("a"),
    empty: S(""),
    digits: N("12345678901234567890123456789012345678"),
    tiny: N("0.000000000000000000000000000000000000001"),
    bytes: { B: Uint8Array.from([0, 255, 7]) },
    byteSet: { BS: [Uint8Array.from([1]), Uint8Array.from([2, 3])] },
    names: { SS: ["x", "y"] },
    numbers: { NS: ["1", "2.5"] },
    list: { L: [S("a"), { M: { B: { B: Uint8Array.from([9]) }, L: { L: [{ NULL: true }] } } }] },
    flag: { BOOL: false },
  };
  await db.putItem({ TableName: name, Item });
  const read = await db.getItem({ TableName: name, Key: { id: S("a") }, ConsistentRead: true });
  expect(read.Item).toEqual(Item);
  await expect(db.putItem({ TableName: name, Item: { id: S("a"), n: N(`1${"2".repeat(38)}`) } })).rejects.toMatchObject({
    name: "ValidationException",
    message: "Attempting to store more than 38 significant digits in a Number",
  });
  await expect(db.putItem({ TableName: name, Item: { id: S("") } })).rejects.toMatchObject({ name: "ValidationException" });
});

test("the limit of 400 KB counts bytes, not characters", async () => {
  const name = await table();
  const room = 400 * 1024 - "id".length - "a".length - "text".length;
  await db.putItem({ TableName: name, Item: { id: S("a"), text: S("x".repeat(room)) } });
  const refusal = { name: "ValidationException", message: "Item size has exceeded the maximum allowed size" };
  await expect(db.putItem({ TableName: name, Item: { id: S("a"), text: S("x".repeat(room + 1)) } })).rejects.toMatchObject(refusal);
  await expect(db.putItem({ TableName: name, Item: { id: S("b"), text: S("é".repeat(room - 1)) } })).rejects.toMatchObject(refusal);
  const update = db.updateItem({
    TableName: name,
    Key: { id: S("a") },
    UpdateExpression: "SET more = :m",
    ExpressionAttributeValues: { ":m": S("more") },
  });
  await expect(update).rejects.toMatchObject({ message: "Item size to update has exceeded the maximum allowed size" });
  expect((await db.getItem({ TableName: name, Key: { id: S("b") } })).Item).toBeUndefined();
});

test("update expressions support functions, nested paths, sets, numbers and removals, and read the state before the update", async () => {
  const name = await table();
  const Key = { id: S("a") };
  await db.putItem({
    TableName: name,
    Item: { ...Key, trail: { L: ["a", "b", "c", "d"].map(S) }, doc: { M: { part: { M: { n: N(1) } } } }, tags: { SS: ["x", "y"] } },
  });
  const { Attributes } = await db.updateItem({
    TableName: name,
    Key,
    UpdateExpression:
      "SET doc.part.n = doc.part.n + :one, fresh = if_not_exists(fresh, :zero), entries = list_append(if_not_exists(entries, :none), :entry) REMOVE trail[0], trail[1] ADD hits :one, tags :more DELETE gone :more",
    ExpressionAttributeValues: {
      ":one": N(1),
      ":zero": N(0),
      ":none": { L: [] },
      ":entry": { L: [S("e")] },
      ":more": { SS: ["z"] },
    },
    ReturnValues: "ALL_NEW",
  });
  expect(Attributes).toEqual({
    ...Key,
    trail: { L: [S("c"), S("d")] },
    doc: { M: { part: { M: { n: N(2) } } } },
    fresh: N(0),
    entries: { L: [S("e")] },
    hits: N(1),
    tags: { SS: ["x", "y", "z"] },
  });
  const invalid = db.updateItem({
    TableName: name,
    Key,
    UpdateExpression: "SET nothing.x = :v",
    ExpressionAttributeValues: { ":v": N(1) },
  });
  await expect(invalid).rejects.toMatchObject({
    name: "ValidationException",
    message: "The document path provided in the update expression is invalid for update",
  });
});

test("a failed condition changes nothing and returns the item when requested", async () => {
  const name = await table();
  const Item = { id: S("a"), position: { M: { lat: N(1), lon: N(2) } }, at: S("2026-01-02") };
  await db.putItem({ TableName: name, Item });
  const late = db.putItem({
    TableName: name,
    Item: { id: S("a"), at: S("2026-01-01") },
    ConditionExpression: "attribute_not_exists(id) OR #at < :at",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":at": S("2026-01-01") },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  await expect(late).rejects.toMatchObject({
    name: "ConditionalCheckFailedException",
    message: "The conditional request failed",
    Item,
  });
  const samePosition = {
    TableName: name,
    Key: { id: S("a") },
    ConditionExpression: "#p = :p",
    ExpressionAttributeNames: { "#p": "position" },
    ExpressionAttributeValues: { ":p": { M: { lon: N(2), lat: N(1) } } },
  };
  await db.deleteItem(samePosition);
  await expect(db.deleteItem(samePosition)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
});

test("exactly one of fifty simultaneous conditional writes succeeds in every round", async () => {
  const name = await table();
  const Key = { id: S("counter") };
  await db.putItem({ TableName: name, Item: { ...Key, n: N(0) } });
  for (let round = 0; round < 4; round++) {
    const attempt = (writer: number) =>
      db.updateItem({
        TableName: name,
        Key,
        UpdateExpression: "SET n = n + :one, winner = :me",
        ConditionExpression: "n = :seen",
        ExpressionAttributeValues: { ":one": N(1), ":seen": N(round), ":me": N(writer) },
      });
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, writer) => attempt(writer)));
    const winners = results.flatMap(({ status }, writer) => (status === "fulfilled" ? [writer] : []));
    const refusals = results.flatMap((result) => (result.status === "rejected" ? [(result.reason as Error).name] : []));
    expect(new Set(refusals)).toEqual(new Set(["ConditionalCheckFailedException"]));
    expect((await db.getItem({ TableName: name, Key })).Item).toEqual({ ...Key, n: N(round + 1), winner: N(winners[0] as number) });
    expect(winners).toHaveLength(1);
  }
});

test("queries support ranges, order, limits, pages, filters and projections; counts follow the writes", async () => {
  const name = "readings";
  await db.createTable({
    TableName: name,
    AttributeDefinitions: [
      { AttributeName: "vehicle", AttributeType: "S" },
      { AttributeName: "at", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "vehicle", KeyType: "HASH" },
      { AttributeName: "at", KeyType: "RANGE" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  });
  for (const at of [-5, 3, 20, 100])
    await db.putItem({ TableName: name, Item: { vehicle: S("v1"), at: N(at), even: { BOOL: at % 2 === 0 } } });
  await db.putItem({ TableName: name, Item: { vehicle: S("v2"), at: N(7) } });
  const ask = {
    TableName: name,
    KeyConditionExpression: "vehicle = :v AND #at >= :from",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":v": S("v1"), ":from": N(3) },
    ScanIndexForward: false,
    ProjectionExpression: "#at",
  };
  const first = await db.query({ ...ask, Limit: 2 });
  const second = await db.query({ ...ask, ExclusiveStartKey: first.LastEvaluatedKey });
  expect(first.Items).toEqual([{ at: N(100) }, { at: N(20) }]);
  expect(second.Items).toEqual([{ at: N(3) }]);
  expect(second.LastEvaluatedKey).toBeUndefined();
  const filtered = await db.scan({
    TableName: name,
    FilterExpression: "even = :yes",
    ExpressionAttributeValues: { ":yes": { BOOL: true } },
    Select: "COUNT",
  });
  expect(filtered).toMatchObject({ Count: 2, ScannedCount: 5 });
  expect((await db.describeTable({ TableName: name })).Table?.ItemCount).toBe(5);
  await db.deleteItem({ TableName: name, Key: { vehicle: S("v2"), at: N(7) } });
  expect((await db.describeTable({ TableName: name })).Table?.ItemCount).toBe(4);
});

test("batches write, delete and read; a batch with a duplicate key is refused", async () => {
  const name = await table();
  await db.batchWriteItem({ RequestItems: { [name]: ["a", "b"].map((id) => ({ PutRequest: { Item: { id: S(id) } } })) } });
  await db.batchWriteItem({ RequestItems: { [name]: [{ DeleteRequest: { Key: { id: S("a") } } }] } });
  const read = await db.batchGetItem({ RequestItems: { [name]: { Keys: [{ id: S("a") }, { id: S("b") }] } } });
  expect(read).toMatchObject({ Responses: { [name]: [{ id: S("b") }] }, UnprocessedKeys: {} });
  const twice = { [name]: ["x", "x"].map((id) => ({ PutRequest: { Item: { id: S(id) } } })) };
  await expect(db.batchWriteItem({ RequestItems: twice })).rejects.toMatchObject({
    message: "Provided list of item keys contains duplicates",
  });
  expect((await db.scan({ TableName: name })).Count).toBe(1);
});
