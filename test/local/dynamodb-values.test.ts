import { type AttributeValue, DynamoDB } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let db: DynamoDB;
const TableName = "values";
const Key = { id: { S: "a" } };
beforeAll(async () => {
  aws = await localAws();
  db = aws.client(DynamoDB);
  await db.createTable({
    TableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
});
afterAll(() => aws.close());

const finds = async (FilterExpression: string, values: Record<string, AttributeValue> = {}): Promise<boolean> => {
  const given = Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {};
  return (await db.scan({ TableName, FilterExpression, ...given })).Count === 1;
};

test("values with the same content are equal in any order of members", async () => {
  const Item: Record<string, AttributeValue> = {
    ...Key,
    trail: { L: [{ N: "1" }, { S: "x" }] },
    map: { M: { a: { S: "1" }, b: { N: "4" } } },
    flag: { BOOL: false },
    nested: { L: [{ NS: ["2", "1"] }] },
    raw_data: { B: Uint8Array.from([1, 2]) },
    n: { N: "3" },
  };
  await db.putItem({ TableName, Item });
  expect(await finds("trail = :v", { ":v": { L: [{ N: "1.0" }, { S: "x" }] } })).toBe(true);
  expect(await finds("trail = :v", { ":v": { L: [{ S: "x" }, { N: "1" }] } })).toBe(false);
  expect(await finds("nested = :v", { ":v": { L: [{ NS: ["1", "2"] }] } })).toBe(true);
  expect(await finds("flag = :v", { ":v": { BOOL: false } })).toBe(true);
  expect(await finds("contains(nested, :v)", { ":v": { NS: ["1", "2"] } })).toBe(true);
  expect(await finds("n IN (nowhere, :v)", { ":v": { N: "+3.00" } })).toBe(true);
  expect(await finds("begins_with(raw_data, :v)", { ":v": { B: Uint8Array.from([1]) } })).toBe(true);
  const same = { TableName, FilterExpression: "#m = :v", ExpressionAttributeNames: { "#m": "map" } };
  expect((await db.scan({ ...same, ExpressionAttributeValues: { ":v": { M: { b: { N: "4" }, a: { S: "1" } } } } })).Count).toBe(1);
});

test("a missing value equals no value and has no order", async () => {
  expect(await finds("u1 = u2")).toBe(false);
  expect(await finds("u1 <> u2")).toBe(true);
  expect(await finds("u1 < u2")).toBe(false);
});

test("names of JavaScript's own members are ordinary names", async () => {
  // The SDK drops members with such names.
  const ask = async (operation: string, body: string): Promise<string> => {
    const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    const headers = { "x-amz-target": `DynamoDB_20120810.${operation}`, authorization };
    return (await fetch(aws.url, { method: "POST", headers, body })).text();
  };
  const item = '{"id":{"S":"p"},"__proto__":{"S":"x"},"m":{"M":{"__proto__":{"S":"y"}}}}';
  await ask("PutItem", `{"TableName":"${TableName}","Item":${item}}`);
  const key = { TableName, Key: { id: { S: "p" } } };
  expect(JSON.stringify(JSON.parse(await ask("GetItem", JSON.stringify(key))))).toBe(`{"Item":${item}}`);
  await db.updateItem({
    ...key,
    UpdateExpression: "SET m.#c = :v",
    ExpressionAttributeNames: { "#c": "constructor" },
    ExpressionAttributeValues: { ":v": { S: "z" } },
  });
  expect(await ask("GetItem", JSON.stringify(key))).toContain('"M":{"__proto__":{"S":"y"},"constructor":{"S":"z"}}');
  expect(await finds("attribute_exists(toString)")).toBe(false);
});

test("numbers have one form, exact values and AWS's range", async () => {
  const update = (UpdateExpression: string, values: Record<string, string>) =>
    db.updateItem({
      TableName,
      Key: { id: { S: "n" } },
      UpdateExpression,
      ExpressionAttributeValues: Object.fromEntries(Object.entries(values).map(([name, N]) => [name, { N }])),
      ReturnValues: "UPDATED_NEW",
    });
  for (const [given, kept] of [
    ["+3", "3"],
    ["1e3", "1000"],
    ["-0.0", "0"],
    [".50", "0.5"],
    ["1E-5", "0.00001"],
  ] as const)
    expect((await update("SET n = :n", { ":n": given })).Attributes).toEqual({ n: { N: kept } });
  expect((await update("SET n = :a + :b", { ":a": "0.1", ":b": "0.2" })).Attributes).toEqual({ n: { N: "0.3" } });
  expect((await update("SET n = :a - :b", { ":a": "9007199254740993", ":b": "1" })).Attributes).toEqual({ n: { N: "9007199254740992" } });
  await expect(update("SET n = :a + :b", { ":a": "1e50", ":b": "1" })).rejects.toMatchObject({
    message: expect.stringContaining("overflow"),
  });
  await expect(update("SET n = :n", { ":n": "1e126" })).rejects.toMatchObject({ message: expect.stringContaining("overflow") });
  await expect(update("SET n = :n", { ":n": "1e-131" })).rejects.toMatchObject({ message: expect.stringContaining("underflow") });
});

test("an update that only removes creates no item; overlapping paths are refused", async () => {
  const gone = { TableName, Key: { id: { S: "gone" } } };
  await db.updateItem({ ...gone, UpdateExpression: "REMOVE b, m.x" });
  expect((await db.getItem(gone)).Item).toBeUndefined();
  const overlap = db.updateItem({ ...gone, UpdateExpression: "SET a.b = :v REMOVE a", ExpressionAttributeValues: { ":v": { N: "1" } } });
  await expect(overlap).rejects.toMatchObject({ message: expect.stringContaining("Two document paths overlap with each other") });
});

test("sort keys are sorted by value: numbers by size, strings by bytes", async () => {
  const create = (name: string, AttributeType: "N" | "S") =>
    db.createTable({
      TableName: name,
      AttributeDefinitions: [
        { AttributeName: "p", AttributeType: "S" },
        { AttributeName: "s", AttributeType },
      ],
      KeySchema: [
        { AttributeName: "p", KeyType: "HASH" },
        { AttributeName: "s", KeyType: "RANGE" },
      ],
      BillingMode: "PAY_PER_REQUEST",
    });
  const numbers = ["-1e100", "-20", "-3", "-0.5", "0", "1e-100", "0.5", "3", "20", "100", "1e100"];
  const texts = ["", "a", "a\u0000", "a\u0001", "aa", "b", "é", "\uffee", "😀"].slice(1);
  await create("by-number", "N");
  await create("by-text", "S");
  for (const N of numbers.toReversed()) await db.putItem({ TableName: "by-number", Item: { p: { S: "p" }, s: { N } } });
  for (const S of texts.toReversed()) await db.putItem({ TableName: "by-text", Item: { p: { S: "p" }, s: { S } } });
  const all = async (name: string) => {
    const asked = { TableName: name, KeyConditionExpression: "p = :p", ExpressionAttributeValues: { ":p": { S: "p" } } };
    return ((await db.query(asked)).Items ?? []).map((item) => item.s?.N ?? item.s?.S);
  };
  expect((await all("by-number")).map(Number)).toEqual(numbers.map(Number));
  expect(await all("by-text")).toEqual(texts);
});

test("the older ADD appends to a list, and refuses an attribute of another type", async () => {
  await db.putItem({ TableName, Item: { ...Key, list: { L: [{ N: "1" }] }, set: { SS: ["dog"] } } });
  const add = (name: string, Value: AttributeValue) =>
    db.updateItem({ TableName, Key, AttributeUpdates: { [name]: { Action: "ADD", Value } } });
  await add("list", { L: [{ S: "x" }] });
  await add("fresh", { L: [{ N: "7" }] });
  const { Item } = await db.getItem({ TableName, Key });
  expect(Item).toMatchObject({ list: { L: [{ N: "1" }, { S: "x" }] }, fresh: { L: [{ N: "7" }] } });
  const mismatch = { name: "ValidationException", message: "Type mismatch for attribute to update" };
  await expect(add("set", { L: [{ S: "cat" }] })).rejects.toMatchObject(mismatch);
  await expect(add("list", { N: "2" })).rejects.toMatchObject(mismatch);
});
