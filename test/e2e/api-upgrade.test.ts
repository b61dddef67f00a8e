import { DescribeTableCommand, DynamoDBClient, PutItemCommand, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toItem } from "../../handlers/shared/attributes.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** A stack of the version before: its tables have no indexes, and its items look as that version wrote them. */
let api: Deployed;
let dynamodb: DynamoDBClient;
beforeAll(async () => {
  api = await deploy();
  dynamodb = api.aws.client(DynamoDBClient);
  for (const table of ["deliveries", "alerts"] as const)
    for (const { IndexName } of (await describe(table)).GlobalSecondaryIndexes ?? [])
      await dynamodb.send(
        new UpdateTableCommand({ TableName: api.outputs.tables[table] ?? "", GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] }),
      );
});
afterAll(() => api?.close());

const HERE = { lat: 5.2, lon: -74.1 };
const describe = async (table: "deliveries" | "alerts") =>
  (await dynamodb.send(new DescribeTableCommand({ TableName: api.outputs.tables[table] ?? "" }))).Table ?? {};
const put = (table: "deliveries" | "alerts" | "vehicles", item: object) =>
  dynamodb.send(new PutItemCommand({ TableName: api.outputs.tables[table] ?? "", Item: toItem(item) }));

const DELIVERY = {
  delivery_id: "OLD",
  status: "delivered",
  is_completed: true,
  delivered_at: "2026-02-01T10:00:00Z",
  occurred_at: "2026-02-01T10:00:00Z",
  updated_at: "2026-02-01T10:00:00Z",
  updated_ms: Date.UTC(2026, 1, 1, 10),
  event_id: "old-1",
  event_fingerprint: "0011223344556677",
  invocation: "i",
  driver_id: "C-OLD",
  field_ms: { driver_id: Date.UTC(2026, 1, 1, 10) },
  recent_events: [],
  version: 3,
};
const ALERT = {
  vehicle_id: "OLD",
  timestamp: "2026-02-01T10:00:00.000Z",
  type: "ROUTE_DEVIATION",
  alert_id: "alert-old",
  state: "open",
  route_id: "R",
  deviation_km: 3,
  max_deviation_km: 3,
  threshold_km: 2,
  position: HERE,
  expires_at: 1_900_000_000,
  told_ms: Date.UTC(2026, 1, 1, 10),
  told_deviation_km: 3,
};

test("an older stack with data gets its indexes one after the other, and no table is replaced", async () => {
  await put("deliveries", DELIVERY);
  await put("alerts", ALERT);
  const before = { deliveries: (await describe("deliveries")).TableId, alerts: (await describe("alerts")).TableId };
  expect((await describe("deliveries")).GlobalSecondaryIndexes ?? []).toEqual([]);
  await api.change({});
  for (const [table, names] of [
    ["deliveries", ["by-driver", "by-status"]],
    ["alerts", ["by-type", "open"]],
  ] as const) {
    const now = await describe(table);
    expect(now.TableId).toBe(before[table]);
    expect((now.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index.IndexStatus]).toSorted()).toEqual(
      names.map((name) => [name, "ACTIVE"]),
    );
  }
});

test("items of the previous version are listed, read and updated", async () => {
  const known = { delivery_id: "OLD", status: "delivered", delivered_at: "2026-02-01T10:00:00Z", driver_id: "C-OLD" };
  expect((await api.call("GET", "/delivery?driver_id=C-OLD")).body.deliveries).toMatchObject([known]);
  expect((await api.call("GET", "/delivery/OLD")).body).toMatchObject(known);
  const late = { delivery_id: "OLD", status: "in_transit", occurred_at: "2026-02-01T11:00:00Z", notes: "n" };
  expect((await api.call("POST", "/delivery", late)).body).toMatchObject({ applied: false, reason: "final", status: "delivered" });
  expect((await api.call("GET", "/delivery/OLD")).body).toMatchObject({ ...known, notes: "n" });
});

test("an open alert of the previous version is in the fleet's list and no longer expires", async () => {
  expect((await api.call("GET", "/alert?state=open")).body.alerts).toMatchObject([{ alert_id: "alert-old", silent: true }]);
  expect((await api.alertItems("OLD"))[0]).not.toHaveProperty("expires_at");
});
