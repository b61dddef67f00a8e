import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { caller, drive } from "../../src/simulate/drive.ts";
import { expectedOf, makePlan } from "../../src/simulate/plan.ts";
import { newTally } from "../../src/simulate/report.ts";
import { differencesOf } from "../../src/simulate/verify.ts";
import { type Deployed, deploy } from "./deployed.ts";

const SETTINGS = { vehicles: 8, minutes: 0.05, interval: 0.1, seed: 7 };
let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy();
}, 120_000);
afterAll(() => deployed?.close());

test("the same seed plans the same messages", () => {
  expect(makePlan(SETTINGS, 1_790_000_000_000)).toEqual(makePlan(SETTINGS, 1_790_000_000_000));
  expect(makePlan({ ...SETTINGS, seed: 8 }, 1_790_000_000_000)).not.toEqual(makePlan(SETTINGS, 1_790_000_000_000));
});

test("a driven fleet leaves the state that the model expects, and a tampered state is found", async () => {
  const { url, key, aws, outputs } = deployed;
  const { signal } = new AbortController();
  const [plan, tally] = [makePlan(SETTINGS, Date.now()), newTally()];
  const call = caller({ url, key, signal }, tally);
  await drive(plan, call, tally, signal);
  expect(tally.errors).toEqual([]);
  expect(tally.accepted).toBe(tally.sent);
  expect(tally.duplicates).toBeGreaterThan(0);
  expect(tally.late).toBeGreaterThan(0);
  expect(plan.trips.flatMap((trip) => expectedOf(trip).episodes)).toContain("closed");
  expect(await differencesOf(plan, call)).toEqual([]);

  const deliveryId = plan.trips[0]?.deliveryId ?? "";
  await aws.client(DynamoDBClient).send(
    new UpdateItemCommand({
      TableName: outputs.tables.deliveries ?? "",
      Key: { delivery_id: { S: deliveryId } },
      UpdateExpression: "SET #s = :s",
      ExpressionAttributeNames: { "#s": "status" },
      ExpressionAttributeValues: { ":s": { S: "failed" } },
    }),
  );
  expect(await differencesOf(plan, call)).toEqual([`delivery ${deliveryId} status: is "failed", expected "delivered"`]);
}, 120_000);
