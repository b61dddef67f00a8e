import { DynamoDB, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let db: DynamoDB;
let TableName: string;
beforeAll(async () => {
  aws = await localAws();
  db = aws.client(DynamoDB);
});
afterAll(() => aws.close());
let count = 0;
beforeEach(async () => {
  TableName = `accounts-${++count}`;
  await db.createTable({
    TableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
});

const S = (text: string) => ({ S: text });
const N = (number: number) => ({ N: String(number) });
const put = (id: string, n: number): TransactWriteItem => ({ Put: { TableName, Item: { id: S(id), n: N(n) } } });
const add = (id: string, by: number): TransactWriteItem => ({
  Update: {
    TableName,
    Key: { id: S(id) },
    UpdateExpression: "ADD n :by",
    ConditionExpression: "n >= :least",
    ExpressionAttributeValues: { ":by": N(by), ":least": N(Math.max(0, -by)) },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});
const value = async (id: string) => (await db.getItem({ TableName, Key: { id: S(id) } })).Item?.n?.N;

test("all parts take effect together", async () => {
  await db.transactWriteItems({ TransactItems: [put("a", 10), put("b", 0), put("c", 1)] });
  await db.transactWriteItems({
    TransactItems: [
      add("a", -4),
      add("b", 4),
      { Delete: { TableName, Key: { id: S("c") } } },
      { ConditionCheck: { TableName, Key: { id: S("none") }, ConditionExpression: "attribute_not_exists(id)" } },
    ],
  });
  const read = await db.transactGetItems({
    TransactItems: ["a", "b", "c"].map((id) => ({ Get: { TableName, Key: { id: S(id) } } })),
  });
  expect(read.Responses).toEqual([{ Item: { id: S("a"), n: N(6) } }, { Item: { id: S("b"), n: N(4) } }, {}]);
});

test("one failed condition cancels the transaction, with a reason for each part", async () => {
  await db.transactWriteItems({ TransactItems: [put("a", 1), put("b", 0)] });
  const refused = db.transactWriteItems({ TransactItems: [add("b", 4), add("a", -4), put("new", 1)] });
  await expect(refused).rejects.toMatchObject({
    name: "TransactionCanceledException",
    message: "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, None]",
    CancellationReasons: [
      { Code: "None" },
      { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: { id: S("a"), n: N(1) } },
      { Code: "None" },
    ],
  });
  expect([await value("a"), await value("b"), await value("new")]).toEqual(["1", "0", undefined]);
});

test("the reason of an invalid part is a ValidationError", async () => {
  await db.putItem({ TableName, Item: { id: S("a"), n: S("text") } });
  const wrong = { TableName, Key: { id: S("a") }, UpdateExpression: "ADD n :by", ExpressionAttributeValues: { ":by": N(1) } };
  await expect(db.transactWriteItems({ TransactItems: [put("b", 1), { Update: wrong }] })).rejects.toMatchObject({
    CancellationReasons: [{ Code: "None" }, { Code: "ValidationError" }],
  });
  expect(await value("b")).toBeUndefined();
});

test("a token makes a repeated transaction take effect once; with other content it is refused", async () => {
  await db.putItem({ TableName, Item: { id: S("a"), n: N(0) } });
  const ClientRequestToken = "once-only";
  await db.transactWriteItems({ TransactItems: [add("a", 5)], ClientRequestToken });
  await db.transactWriteItems({ TransactItems: [add("a", 5)], ClientRequestToken });
  expect(await value("a")).toBe("5");
  await expect(db.transactWriteItems({ TransactItems: [add("a", 6)], ClientRequestToken })).rejects.toMatchObject({
    name: "IdempotentParameterMismatchException",
  });
});

test("a transaction with two parts for one item, without parts, or with more than a hundred is refused", async () => {
  await expect(db.transactWriteItems({ TransactItems: [put("a", 1), add("a", 1)] })).rejects.toMatchObject({
    name: "ValidationException",
    message: "Transaction request cannot include multiple operations on one item",
  });
  const many = Array.from({ length: 101 }, (_, i) => put(`i${i}`, i));
  await expect(db.transactWriteItems({ TransactItems: many })).rejects.toMatchObject({ name: "ValidationException" });
  await expect(db.transactWriteItems({ TransactItems: [] })).rejects.toMatchObject({ name: "ValidationException" });
});

test("concurrent transactions and plain writes keep the sum of all accounts", async () => {
  const ids = ["a", "b", "c", "d"];
  await db.transactWriteItems({ TransactItems: ids.map((id) => put(id, 25)) });
  const move = async (i: number): Promise<void> => {
    const [from, to] = [ids[i % 4] as string, ids[(i * 7 + 1) % 4] as string];
    if (from === to) return;
    await db.transactWriteItems({ TransactItems: [add(from, -3), add(to, 3)] }).catch((error: Error) => {
      if (error.name !== "TransactionCanceledException") throw error;
    });
  };
  const plain = (i: number) =>
    db.updateItem({
      TableName,
      Key: { id: S(ids[i % 4] as string) },
      UpdateExpression: "ADD n :one",
      ExpressionAttributeValues: { ":one": N(1) },
    });
  await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 3 ? move(i) : plain(i))));
  const sum = (await Promise.all(ids.map(value))).reduce((total, n) => total + Number(n), 0);
  expect(sum).toBe(100 + 20);
});
