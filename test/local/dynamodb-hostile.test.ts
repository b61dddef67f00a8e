import { type AttributeValue, DynamoDB } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let db: DynamoDB;
const TableName = "items";
beforeAll(async () => {
  aws = await localAws();
  db = aws.client(DynamoDB);
  await db.createTable({
    TableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  await db.putItem({ TableName, Item: { id: { S: "a" }, n: { N: "3" }, l: { L: [{ N: "1" }] }, m: { M: { x: { S: "y" } } } } });
});
afterAll(() => aws.close());

/** A request as any program could send it. */
async function raw(operation: string, body: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(aws.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}
const check = (ConditionExpression: string) => db.deleteItem({ TableName, Key: { id: { S: "none" } }, ConditionExpression });

test("long and deep expressions have AWS's limits", async () => {
  const nested = (depth: number) => `a < b ${"or (a < b ".repeat(depth)}${")".repeat(depth)}`;
  await expect(check(nested(149))).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
  await expect(check("not not a < b")).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
  for (const [expression, reason] of [
    [nested(151), "too many operators"],
    [`${"(".repeat(14)}a < b${")".repeat(14)}`, "redundant parentheses"],
    ["(".repeat(4_096), "Invalid ConditionExpression"],
    ["not ".repeat(1_000), "too many operators"],
    [`a < ${"size(".repeat(800)}b${")".repeat(800)}`, "Invalid ConditionExpression"],
    [`a < ${"b".repeat(4_093)}`, "Expression size has exceeded the maximum allowed size; expression size: 4097"],
  ] as const)
    await expect(check(expression)).rejects.toMatchObject({ name: "ValidationException", message: expect.stringContaining(reason) });
});

test("every random request is answered, and none breaks the server", async () => {
  const piece = fc.constantFrom(
    ..."a n l m id #a #b :a :b :c ( ) [ ] , . + - = <> < <= and or not in between set remove add delete size contains".split(" "),
    ..."begins_with attribute_exists attribute_type if_not_exists list_append 0 1 999999999999 \u0000 é _ select l[0] m.x".split(" "),
  );
  const expression = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(" "));
  const number = fc.oneof(
    fc.float().map(String),
    fc.string({ maxLength: 6 }),
    fc.constantFrom("+3", "1e125", "1e-130", "1e999999999999", "-0"),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.record({ N: number }),
      fc.record({ S: fc.string() }),
      fc.record({ B: fc.base64String() }),
      fc.record({ SS: fc.array(fc.string(), { maxLength: 3 }) }),
      fc.record({ NS: fc.array(number, { maxLength: 3 }) }),
      fc.record({ L: fc.array(tie("value"), { maxLength: 3 }) }),
      fc.record({ M: fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("value"), { maxKeys: 3 }) }),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  }));
  const request = fc.record({
    operation: fc.constantFrom("PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchGetItem", "TransactWriteItems"),
    body: fc.record(
      {
        TableName: fc.oneof(fc.constant(TableName), fc.constant(TableName), fc.jsonValue({ maxDepth: 1 })),
        Key: fc.constant({ id: { S: "a" } }),
        Item: fc.dictionary(fc.string(), value, { maxKeys: 3 }).map((rest) => ({ id: { S: "fuzz" }, ...rest })),
        ConditionExpression: expression,
        UpdateExpression: expression,
        FilterExpression: expression,
        KeyConditionExpression: fc.oneof(fc.constant("id = :a"), expression),
        ProjectionExpression: expression,
        ExpressionAttributeNames: fc.constant({ "#a": "a", "#b": "m" }),
        ExpressionAttributeValues: fc.record({ ":a": fc.oneof(fc.constant({ S: "a" }), value), ":b": value }, { requiredKeys: [] }),
        Expected: fc.jsonValue({ maxDepth: 3 }),
        TransactItems: fc.jsonValue({ maxDepth: 3 }),
        RequestItems: fc.jsonValue({ maxDepth: 3 }),
        ReturnValues: fc.constantFrom("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_NEW", "X"),
        Limit: fc.oneof(fc.integer(), fc.constant(1)),
      },
      { requiredKeys: ["TableName"] },
    ),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ operation, body }) => {
      const { status, text } = await raw(operation, JSON.stringify(body));
      expect({ status, text, body }).toMatchObject({ status: expect.toSatisfy((code: number) => code === 200 || code === 400) });
    }),
    { numRuns: 400 },
  );
  expect((await db.getItem({ TableName, Key: { id: { S: "a" } } })).$metadata.httpStatusCode).toBe(200);
}, 120_000);

test("a request above AWS's limit is refused by its length, before it is read", async () => {
  const { status, text } = await raw("PutItem", `{"TableName":"${TableName}","Item":{"id":{"S":"${"x".repeat(16 * 1024 * 1024)}"}}}`);
  expect({ status, text }).toMatchObject({ status: 413, text: expect.stringContaining("RequestEntityTooLargeException") });
});

test("other requests are answered while expensive ones run", async () => {
  for (let i = 0; i < 50; i++) {
    const Item: Record<string, AttributeValue> = {
      id: { S: `big-${i}` },
      text: { S: "x".repeat(10_000) },
      l: { L: Array(500).fill({ N: "1" }) },
    };
    await db.putItem({ TableName, Item });
  }
  const filter = Array.from({ length: 100 }, (_, i) => `contains(l, :v${i % 20})`).join(" or ");
  const ExpressionAttributeValues = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`:v${i}`, { L: [{ N: String(i) }] }]));
  const hostile: Promise<unknown>[] = [
    db.scan({ TableName, FilterExpression: filter, ExpressionAttributeValues }),
    raw("PutItem", `{"TableName":"${TableName}","Item":{"id":{"S":"l"},"l":{"L":[${Array(40_000).fill('{"N":"1"}').join(",")}]}}}`),
    raw("PutItem", `{"TableName":"${TableName}","Item":${"[".repeat(500_000)}`),
    raw("GetItem", `{"TableName":"${TableName}","Key":${'{"M":'.repeat(100_000)}1${"}".repeat(100_000)}}`),
  ];
  let running = true;
  const all = Promise.allSettled(hostile).then(() => {
    running = false;
  });
  let answered = 0;
  let longest = 0;
  while (running) {
    const began = performance.now();
    await fetch(`${aws.url}/_local/health`);
    longest = Math.max(longest, performance.now() - began);
    answered++;
  }
  await all;
  process.stdout.write(`longest wait of another request: ${Math.round(longest)} ms over ${answered} requests\n`);
  expect(answered).toBeGreaterThan(1);
}, 60_000);
