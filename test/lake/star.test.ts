import { afterAll, beforeAll, expect, test } from "vitest";
import { STAR } from "../../src/stack/star-schema.ts";
import { type LakeStack, lakeStack, rawCopy } from "./stack.ts";

let stack: LakeStack;
const DAY = "2026-03-01";
const at = (minutes: number): string => new Date(Date.parse(`${DAY}T06:00:00.000Z`) + minutes * 60_000).toISOString();
const STATUSES = ["assigned", "in_transit", "delivered", "failed"] as const;

/** The sent events: 24 deliveries with up to three updates each, two driving vehicles, and alerts on three routes. */
const updates = Array.from({ length: 24 }, (_, d) =>
  STATUSES.slice(0, 1 + (d % 3)).map((status, step) => ({
    id: `D-${d}`,
    status: d % 7 === 0 && step === 2 ? "failed" : status,
    minute: d + step * 20,
  })),
).flat();
const scheduled = (id: string): number => (Number(id.slice(2)) % 2 === 0 ? 120 : 45);
const track = [1, 2].flatMap((v) =>
  Array.from({ length: 30 }, (_, i) => ({ vehicle: `V-${v}`, minute: i, lat: 4.6 + i * 0.005 * v, lon: -74.1 })),
);
const alerts = Array.from({ length: 9 }, (_, i) => ({
  id: `A-${i}`,
  route: `R-${i % 3 === 0 ? 1 : (i % 2) + 1}`,
  minute: i * 10,
  max: 2 + i,
}));

beforeAll(async () => {
  stack = await lakeStack();
  for (const [i, { id, status, minute }] of updates.entries()) {
    const payload = { delivery_id: id, status, driver_id: `DR-${i % 4}`, scheduled_at: at(scheduled(id)) };
    const copy = rawCopy({ area: "deliveries", at: at(minute), eventId: `u${i}`, payload });
    await stack.put(copy.key, copy.body);
    // The phone sent the event twice, with different times.
    if (i % 5 === 0) await stack.put(copy.key.replace("000Z-", "001Z-"), copy.body);
  }
  for (const [i, { vehicle, minute, lat, lon }] of track.entries()) {
    const copy = rawCopy({ area: "vehicles", at: at(minute), eventId: `f${i}`, payload: { vehicle_id: vehicle, position: { lat, lon } } });
    await stack.put(copy.key, copy.body);
  }
  await putAlerts();
  await stack.app.lake.compact({ date: DAY }, () => {});
  expect(await stack.keys("raw-data/")).toEqual([]);
});
afterAll(() => stack.close());

async function putAlerts(): Promise<void> {
  const { DynamoDB } = await import("@aws-sdk/client-dynamodb");
  const dynamodb = stack.aws.client(DynamoDB);
  for (const { id, route, minute, max } of alerts) {
    const Item = {
      vehicle_id: "V-1",
      timestamp: at(minute),
      alert_id: id,
      type: "ROUTE_DEVIATION",
      state: "closed",
      route_id: route,
      closed_at: at(minute + 6),
    };
    const strings = Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, { S: value }]));
    await dynamodb.putItem({ TableName: "FleetLogix_Alerts", Item: { ...strings, max_deviation_km: { N: String(max) } } });
  }
}
/** Runs a query on the star's tables over the lake. */
const rowsOf = async (question: string) => {
  const tables = STAR.filter(({ table }) => question.includes(table)).map(({ table, select }) => `${table} AS (${select("")})`);
  return (await stack.app.lake.query(`WITH ${tables.join(", ")} ${question}`)).rows;
};

/** Computed from the sent events, without SQL. */
const last = new Map(updates.map((update) => [update.id, update]));

test("deliveries by day and status", async () => {
  const expected = new Map<string, number>();
  for (const { status } of last.values()) expected.set(status, (expected.get(status) ?? 0) + 1);
  const rows = await rowsOf("SELECT date_day, status, count(*) FROM fact_deliveries GROUP BY 1, 2 ORDER BY 2");
  expect(rows).toEqual([...expected].toSorted().map(([status, n]) => [DAY, status, n]));
});

test("on-time rate", async () => {
  const delivered = [...last.values()].filter(({ status }) => status === "delivered");
  const onTime = delivered.filter(({ id, minute }) => minute <= scheduled(id));
  expect(onTime.length).toBeGreaterThan(0);
  expect(onTime.length).toBeLessThan(delivered.length);
  const rows = await rowsOf("SELECT count(*) FILTER (WHERE on_time), count(on_time) FROM fact_deliveries");
  expect(rows).toEqual([[onTime.length, delivered.length]]);
});

test("kilometres and average speed by vehicle", async () => {
  const rows = await rowsOf(
    "SELECT vehicle_id, sum(driven_km), sum(driven_km) * 3600 / sum(driven_seconds) FROM fact_fixes GROUP BY 1 ORDER BY 1",
  );
  // Along a meridian the distance is the angle times the Earth's radius.
  const km = (v: number) => ((29 * 0.005 * v * Math.PI) / 180) * 6371.0088;
  for (const [i, v] of [1, 2].entries()) {
    expect(rows[i]?.[0]).toBe(`V-${v}`);
    expect(rows[i]?.[1]).toBeCloseTo(km(v), 6);
    expect(rows[i]?.[2]).toBeCloseTo((km(v) / 29) * 60, 6);
  }
});

test("deviations by route", async () => {
  const rows = await rowsOf("SELECT route_id, count(*), max(max_deviation_km), avg(minutes) FROM fact_alerts GROUP BY 1 ORDER BY 1");
  const expected = ["R-1", "R-2"].map((route) => {
    const on = alerts.filter((alert) => alert.route === route);
    return [route, on.length, Math.max(...on.map(({ max }) => max)), 6];
  });
  expect(rows).toEqual(expected);
});

test("dimensions hold each vehicle, driver and day once", async () => {
  expect(await rowsOf("SELECT vehicle_id FROM dim_vehicle ORDER BY 1")).toEqual([["V-1"], ["V-2"]]);
  expect(await rowsOf("SELECT count(*) FROM dim_driver")).toEqual([[4]]);
  // The 1st of March 2026 is a Sunday.
  expect(await rowsOf("SELECT date_day, month_number, weekday_number FROM dim_date")).toEqual([[DAY, 3, 7]]);
});
