import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { caller, drive } from "../../src/simulate/drive.ts";
import { expectedOf, makePlan } from "../../src/simulate/plan.ts";
import { newTally } from "../../src/simulate/report.ts";
import { differencesOf } from "../../src/simulate/verify.ts";
import { type Deployed, deploy } from "./deployed.ts";

const SETTINGS = { vehicles: 8, minutes: 0.05, interval: 0.1, seed: 7, rate: 40 };
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
  const call = caller({ url, key, rate: plan.rate, signal }, tally);
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

test("the command drives, verifies, and says so in one document; the key is in none of it", async () => {
  const words = "simulate --local --vehicles 3 --minutes 0.1 --interval 0.2 --seed 3 --json".split(" ");
  const environment = { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const child = spawn(process.execPath, [resolve("bin/fleetlogix.js"), ...words, "--endpoint-url", deployed.aws.url], {
    cwd: tmpdir(),
    env: environment,
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(JSON.parse(stdout)).toMatchObject({ command: "simulate", ok: true, vehicles: 3, errors: 0, differences: [], error: null });
  expect(child.exitCode).toBe(0);
  expect(JSON.parse(stdout).accepted).toBe(JSON.parse(stdout).sent);
  expect(stdout + stderr).not.toContain(deployed.key);
}, 120_000);
