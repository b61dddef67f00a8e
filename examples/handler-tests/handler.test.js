import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { startLocalAws } from "fleetlogix/local";

let local;
let dynamodb;
let handler;
before(async () => {
  local = await startLocalAws();
  // The handler's own client reads these variables when it is imported.
  Object.assign(process.env, local.environment, { ORDERS_TABLE: "orders" });
  ({ handler } = await import("./handler.js"));
  dynamodb = new DynamoDBClient(local.clientOptions);
});
after(async () => {
  dynamodb.destroy();
  await local.stop();
});
beforeEach(async () => {
  await local.reset();
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "orders",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
});

const order = { body: JSON.stringify({ id: "O-1", customer: "Ana" }) };
const stored = async () => (await dynamodb.send(new ScanCommand({ TableName: "orders" }))).Items;

test("an order is stored", async () => {
  assert.deepEqual(await handler(order), { statusCode: 201 });
  assert.deepEqual(await stored(), [{ id: { S: "O-1" }, customer: { S: "Ana" } }]);
});

test("the same order twice is stored once", async () => {
  await handler(order);
  assert.deepEqual(await handler(order), { statusCode: 200 });
  assert.equal((await stored()).length, 1);
});

test("an order whose answer is lost is stored once", async () => {
  await local.faults.add([{ service: "dynamodb", operation: "PutItem", fault: { kind: "lose" } }]);
  // The SDK tries again, and finds that its first call took effect.
  assert.deepEqual(await handler(order), { statusCode: 200 });
  assert.equal((await stored()).length, 1);
  assert.deepEqual(
    local.faults
      .calls()
      .filter(({ operation }) => operation === "PutItem")
      .map(({ outcome, effect }) => [outcome, effect]),
    [
      ["cut", true],
      ["refused", false],
    ],
  );
});

test("an order that DynamoDB refuses for its rate is stored by a retry", async () => {
  await local.faults.add([{ service: "dynamodb", operation: "PutItem", times: 2, fault: { kind: "throttle" } }]);
  assert.deepEqual(await handler(order), { statusCode: 201 });
});
