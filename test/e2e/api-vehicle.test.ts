import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

let api: Deployed;
beforeAll(async () => {
  api = await deploy();
  await api.call("PUT", "/route/R", { waypoints: [HERE, NORTH] });
});
afterAll(() => api?.close());

const HERE = { lat: 4.711, lon: -74.0721 };
const NORTH = { lat: 5.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
const post = async (body: object) => (await api.call("POST", "/vehicle", { position: HERE, ...body })).body;

test("a fix with every field, its answer, its state and its copy", async () => {
  const fix = {
    vehicle_id: "V",
    position: HERE,
    recorded_at: "2026-03-01T00:00:00Z",
    event_id: "gps:1",
    speed_kmh: 38,
    average_speed_kmh: 45,
    destination: NORTH,
    remaining_distance_km: 30,
    route_id: "R",
    delivery_id: "D",
  };
  const arrival = {
    vehicle_id: "V",
    recorded_at: "2026-03-01T00:00:00Z",
    remaining_distance_km: 30,
    distance_method: "given",
    average_speed_kmh: 45,
    speed_source: "given",
    eta: "2026-03-01T00:40:00.000Z",
    eta_minutes: 40,
    eta_reason: null,
  };
  const raw_key = "raw-data/vehicles/year=2026/month=03/day=01/20260301T000000000Z-gps:1.json";
  const first = await post(fix);
  expect(first).toEqual({ ...arrival, applied: true, duplicate: false, raw_key });
  expect(await post(fix)).toEqual({ ...first, applied: false, duplicate: true });
  const state = { ...arrival, position: HERE, speed_kmh: 38, route_id: "R", delivery_id: "D" };
  expect((await api.call("GET", "/vehicle/V")).body).toEqual(state);
  expect((await api.items("vehicles", { vehicle_id: "V" }))[0]).toMatchObject({ position: HERE, average_speed_kmh: 45, eta: arrival.eta });
  expect(await api.raw(raw_key)).toMatchObject({ event_id: "gps:1", route: "POST /vehicle", payload: fix });
  expect((await api.call("POST", "/vehicle", { ...fix, speed_kmh: 39 })).status).toBe(409);
});

test("remaining distance: given, else along the route, else the great circle, else none", async () => {
  const all = { vehicle_id: "distance", route_id: "R", destination: NORTH, remaining_distance_km: 12.5, average_speed_kmh: 50 };
  const { remaining_distance_km: _, ...planned } = all;
  const { route_id: __, ...direct } = planned;
  const { destination: ___, ...nowhere } = direct;
  expect(await post(all)).toMatchObject({ remaining_distance_km: 12.5, distance_method: "given", eta_minutes: 15 });
  expect(await post({ ...all, remaining_distance_km: 12.3456 })).toMatchObject({ remaining_distance_km: 12.346 });
  expect(await post(planned)).toMatchObject({ remaining_distance_km: 111.195, distance_method: "route", eta_minutes: 133.4 });
  // Beside the road: from the nearest point of the route to its end.
  const halfway = await post({ ...planned, position: { lat: 5.211, lon: -74.1 } });
  expect(halfway).toMatchObject({ distance_method: "route", remaining_distance_km: expect.closeTo(55.6, 1) });
  expect(await post({ ...planned, route_id: "unknown" })).toMatchObject({ distance_method: "great_circle" });
  expect(await post(direct)).toMatchObject({ remaining_distance_km: 111.195, distance_method: "great_circle" });
  expect(await post(nowhere)).toMatchObject({
    remaining_distance_km: null,
    distance_method: null,
    eta: null,
    eta_minutes: null,
    eta_reason: "no_destination",
  });
});

test("average speed: given, else tracked over the recent fixes, else 60 km/h; below 1 km/h it stands", async () => {
  const fix = { vehicle_id: "speed", remaining_distance_km: 30 };
  expect(await post({ ...fix, recorded_at: at(0) })).toMatchObject({ average_speed_kmh: 60, speed_source: "default", eta: at(1800) });
  expect(await post({ ...fix, recorded_at: at(10), speed_kmh: 40 })).toMatchObject({ average_speed_kmh: 40, speed_source: "tracked" });
  expect(await post({ ...fix, recorded_at: at(20), speed_kmh: 80 })).toMatchObject({ average_speed_kmh: 60, eta_minutes: 30 });
  expect(await post({ ...fix, recorded_at: at(30), average_speed_kmh: 90 })).toMatchObject({ speed_source: "given", eta: at(30 + 1200) });
  const standing = await post({ ...fix, recorded_at: at(40), average_speed_kmh: 0.9 });
  expect(standing).toMatchObject({ eta: null, eta_minutes: null, eta_reason: "stopped", remaining_distance_km: 30 });
  expect(await post({ ...fix, recorded_at: at(50), average_speed_kmh: 1 })).toMatchObject({ eta_minutes: 1800, eta_reason: null });
});

test("the last fix is the newest by its own time, whenever it arrives; a second one of that time changes nothing", async () => {
  const fix = { vehicle_id: "late", remaining_distance_km: 10, average_speed_kmh: 60 };
  await post({ ...fix, recorded_at: at(60) });
  expect(await post({ ...fix, recorded_at: at(30) })).toMatchObject({ recorded_at: at(30), applied: false, duplicate: false });
  expect(await post({ ...fix, recorded_at: at(60), position: NORTH, event_id: "other" })).toMatchObject({
    applied: false,
    duplicate: false,
  });
  expect((await api.call("GET", "/vehicle/late")).body).toMatchObject({ recorded_at: at(60), position: HERE });
  expect(await post({ ...fix, recorded_at: at(61), position: NORTH })).toMatchObject({ applied: true });
  expect((await api.call("GET", "/vehicle/late")).body).toMatchObject({ recorded_at: at(61), position: NORTH });
});
