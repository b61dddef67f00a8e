import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

/** Planned routes, deviations and alerts through the deployed API. */
let api: Deployed;
beforeAll(async () => {
  api = await deploy({ api: { rateLimit: 1000, burstLimit: 2000 } });
  await api.call("PUT", "/route/R", { waypoints: ROAD, threshold_km: 10 });
});
afterAll(() => api?.close());

const ROAD = [
  { lat: 0, lon: 0 },
  { lat: 0, lon: 1 },
];
const KM = 1 / 111.195;
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
/** A fix so many kilometres beside the middle of the road. */
const fix = (vehicle_id: string, second: number, km: number, more: object = {}) =>
  api.call("POST", "/route", { vehicle_id, route_id: "R", position: { lat: km * KM, lon: 0.5 }, recorded_at: at(second), ...more });

test("a planned route is stored whole and read back", async () => {
  const put = await api.call("PUT", "/route/two", { name: "Equator", waypoints: ROAD });
  const route = { route_id: "two", name: "Equator", waypoint_count: 2, length_km: 111.195, threshold_km: null };
  expect(put).toMatchObject({ status: 200, body: route });
  expect((await api.call("GET", "/route/two")).body).toEqual({ ...put.body, waypoints: ROAD });
});

test("the nearest point lies on a segment; the threshold is the call's, else the route's, else the configured one", async () => {
  const { body } = await fix("V", 0, 5);
  expect(body).toMatchObject({ deviation_km: 5, threshold_km: 10, is_deviated: false, alert: null, applied: true, duplicate: false });
  expect(body.nearest_point).toEqual({ lat: 0, lon: 0.5 });
  expect((await fix("V", 1, 5, { threshold_km: 6 })).body).toMatchObject({ threshold_km: 6 });
  const carried = await fix("V", 2, 1, { route_id: undefined, planned_route: ROAD });
  expect(carried.body).toMatchObject({ route_id: null, threshold_km: 2, is_deviated: false });
});

test("an episode opens once, tells of a doubling, closes within 80 % and leaves older fixes alone", async () => {
  const opened = (await fix("E", 10, 11)).body;
  expect(opened).toMatchObject({ is_deviated: true, alert: { state: "open", notified: true } });
  const { alert_id } = opened.alert;
  expect((await fix("E", 20, 15)).body.alert).toEqual({ alert_id, state: "open", notified: false });
  expect((await fix("E", 30, 23)).body.alert).toEqual({ alert_id, state: "open", notified: true });
  expect((await fix("E", 40, 9)).body).toMatchObject({ is_deviated: false, alert: { alert_id, state: "open", notified: false } });
  expect((await fix("E", 15, 1)).body).toMatchObject({ deviation_km: 1, applied: false });
  expect((await fix("E", 50, 7.9)).body.alert).toEqual({ alert_id, state: "closed", notified: true });
  expect(await api.alertItems("E")).toMatchObject([{ alert_id, state: "closed", max_deviation_km: 23, closed_at: at(50) }]);
  expect(api.published("E").map(({ machines }) => machines.type)).toEqual([
    "ROUTE_DEVIATION",
    "ROUTE_DEVIATION",
    "ROUTE_DEVIATION_CLEARED",
  ]);
});

test("two fixes at once open one episode", async () => {
  await Promise.all([fix("T", 1, 12, { event_id: "t1" }), fix("T", 1, 12, { event_id: "t2" })]);
  expect(await api.alertItems("T")).toHaveLength(1);
});

test("alerts come newest first, page by page", async () => {
  for (const second of [0, 20, 40]) {
    await fix("P", second, 12);
    await fix("P", second + 10, 1);
  }
  const first = (await api.call("GET", "/vehicle/P/alerts?limit=2")).body;
  expect(first.alerts.map((alert: { timestamp: string }) => alert.timestamp)).toEqual([at(40), at(20)]);
  const rest = (await api.call("GET", `/vehicle/P/alerts?limit=2&cursor=${first.next}`)).body;
  expect(rest).toMatchObject({ alerts: [{ timestamp: at(0) }], next: null });
  expect((await api.call("GET", "/vehicle/P/alerts?limit=101")).status).toBe(400);
});
