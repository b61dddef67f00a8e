import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type AttributeValue, DeleteItemCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Call, caller, drive } from "../../src/simulate/drive.ts";
import { expectedFixes } from "../../src/simulate/model.ts";
import { makePlan, type Plan } from "../../src/simulate/plan.ts";
import { newTally } from "../../src/simulate/report.ts";
import { differencesOf } from "../../src/simulate/verify.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** Answers of `GET /vehicle` by state, for the vehicles of this plan. */
async function statesOf(call: Call, plan: Plan): Promise<Record<string, number>> {
  const ids = new Set(plan.trips.map(({ vehicleId }) => vehicleId));
  const { body } = await call("GET", "/vehicle?limit=100");
  const vehicles = (body.vehicles as { vehicle_id: string; state: string }[]).filter((one) => ids.has(one.vehicle_id));
  const counts: Record<string, number> = { moving: 0, stopped: 0, silent: 0 };
  for (const { state } of vehicles) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const SETTINGS = { vehicles: 8, minutes: 0.05, interval: 0.1, seed: 7, rate: 40 };
let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy();
}, 120_000);
afterAll(() => deployed?.close());

test("a simulated fleet leaves the state that the model expects, and a changed state is found", async () => {
  const { url, key, outputs } = deployed;
  const { signal } = new AbortController();
  const beganMs = Date.now();
  const [plan, tally] = [makePlan(SETTINGS, beganMs), newTally()];
  const call = caller({ url, key, rate: plan.rate, signal }, tally);
  let isDriving = true;
  const driven = drive(plan, call, tally, signal).finally(() => {
    isDriving = false;
  });
  const seen = [];
  while (isDriving) {
    seen.push(await statesOf(call, plan));
    await sleep(500);
  }
  await driven;
  expect(seen.filter(({ silent }) => silent !== 0)).toEqual([]);
  expect(seen.filter(({ moving = 0 }) => moving > 0).length).toBeGreaterThan(0);
  expect((await statesOf(call, plan)).moving).toBeGreaterThan(0);
  expect(tally.errors).toEqual([]);
  expect(tally.accepted + tally.refused).toBe(tally.sent);
  for (const counted of ["late", "final", "duplicates", "implausible", "adjusted", "refused", "batches"] as const) {
    expect(tally[counted]).toBeGreaterThan(0);
  }
  const states = plan.trips.flatMap((trip) => expectedFixes(trip).episodes);
  expect(new Set(states.map(({ reason }) => reason))).toEqual(new Set(["back_on_route", "route_changed"]));
  const differences = () => differencesOf(plan, call, { beganMs });
  expect(await differences()).toEqual([]);

  const trip = plan.trips[0];
  const deliveryId = trip?.parcels[0]?.deliveryId ?? "";
  await tamper(outputs.tables.deliveries, { delivery_id: { S: deliveryId } }, "status", { S: "failed" });
  expect(await differences()).toContain(`delivery ${deliveryId} status: is "failed", expected "delivered"`);
  const [alert] = await deployed.alertItems(trip?.vehicleId ?? "");
  const alertKey = { vehicle_id: { S: trip?.vehicleId ?? "" }, timestamp: { S: String(alert?.timestamp) } };
  await tamper(outputs.tables.alerts, alertKey, "close_reason", { S: "route_changed" });
  expect(await differences()).toContain(
    `vehicle ${trip?.vehicleId} alerts: is "closed (route_changed)", expected "closed (back_on_route)"`,
  );
  await deployed.aws
    .client(DynamoDBClient)
    .send(new DeleteItemCommand({ TableName: outputs.tables.vehicles ?? "", Key: { vehicle_id: { S: plan.trips[1]?.vehicleId ?? "" } } }));
  expect((await differences()).filter((line) => line.startsWith(`vehicle ${plan.trips[1]?.vehicleId}`))).toHaveLength(3);
}, 240_000);

/** Sets one attribute of one item, behind the API's back. */
async function tamper(
  table: string | null | undefined,
  key: Record<string, AttributeValue>,
  name: string,
  value: AttributeValue,
): Promise<void> {
  await deployed.aws.client(DynamoDBClient).send(
    new UpdateItemCommand({
      TableName: table ?? "",
      Key: key,
      UpdateExpression: "SET #n = :v",
      ExpressionAttributeNames: { "#n": name },
      ExpressionAttributeValues: { ":v": value },
    }),
  );
}

test("the command simulates, verifies and reports in one document, and its output does not contain the key", async () => {
  const words = "simulate --vehicles 3 --minutes 0.1 --interval 0.2 --seed 3 --json".split(" ");
  const environment = { PATH: process.env.PATH, FLEETLOGIX_LOCAL: "1", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const child = spawn(process.execPath, [resolve("bin/fleetlogix.js"), ...words, "--endpoint-url", deployed.aws.url], {
    cwd: tmpdir(),
    env: environment,
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(JSON.parse(stdout)).toMatchObject({ command: "simulate", ok: true, vehicles: 3, errors: 0, differences: [], error: null });
  expect(child.exitCode).toBe(0);
  const { accepted, refused, sent } = JSON.parse(stdout);
  expect(accepted + refused).toBe(sent);
  expect(stdout + stderr).not.toContain(deployed.key);
}, 120_000);
