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

test("a fix with every field is answered, stored and copied", async () => {
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
  const raw_key = "raw-data/vehicles/year=2026/month=03/day=01/20260301T000000000Z-V-gps:1.json";
  const first = await post(fix);
  expect(first).toEqual({ ...arrival, applied: true, reason: null, duplicate: false, time_source: "client", raw_key });
  expect(await post(fix)).toEqual({ ...first, applied: false, duplicate: true });
  const silent = { state: "silent", silent: true, eta: null, eta_minutes: null, eta_reason: "silent" };
  const state = { ...arrival, ...silent, position: HERE, speed_kmh: 38, route_id: "R", delivery_id: "D" };
  expect((await api.call("GET", "/vehicle/V")).body).toMatchObject(state);
  expect((await api.items("vehicles", { vehicle_id: "V" }))[0]).toMatchObject({ position: HERE, average_speed_kmh: 45, eta: arrival.eta });
  expect(await api.raw(raw_key)).toMatchObject({ event_id: "gps:1", route: "POST /vehicle", payload: fix });
  expect((await api.call("POST", "/vehicle", { ...fix, speed_kmh: 39 })).status).toBe(409);
});

test("the remaining distance is the given one, else along the route, else the great circle, else none", async () => {
  const all = { vehicle_id: "distance", route_id: "R", destination: NORTH, remaining_distance_km: 12.5, average_speed_kmh: 50 };
  const { remaining_distance_km: _, ...planned } = all;
  const { route_id: __, ...direct } = planned;
  const { destination: ___, ...nowhere } = direct;
  expect(await post(all)).toMatchObject({ remaining_distance_km: 12.5, distance_method: "given", eta_minutes: 15 });
  expect(await post({ ...all, remaining_distance_km: 12.3456 })).toMatchObject({ remaining_distance_km: 12.346 });
  expect(await post(planned)).toMatchObject({ remaining_distance_km: 111.195, distance_method: "route", eta_minutes: 133.4 });
  // Near the route the distance counts from the nearest point to the end. Beyond the threshold the way back to the route is added.
  const beside = { ...planned, vehicle_id: "beside", position: { lat: 5.211, lon: -74.08 } };
  expect(await post(beside)).toMatchObject({ distance_method: "route", remaining_distance_km: expect.closeTo(55.6, 1) });
  const far = { ...planned, vehicle_id: "far", position: { lat: 5.211, lon: -74.5 } };
  expect(await post(far)).toMatchObject({ distance_method: "off_route", remaining_distance_km: expect.closeTo(55.6 + 47.4, 0) });
  const unknown = { applied: true, eta: null, eta_reason: "route_not_found", remaining_distance_km: null };
  expect(await post({ ...planned, route_id: "unknown" })).toMatchObject(unknown);
  expect(await post(direct)).toMatchObject({ remaining_distance_km: 111.195, distance_method: "great_circle" });
  const none = { remaining_distance_km: null, distance_method: null, eta: null, eta_minutes: null, eta_reason: "no_destination" };
  expect(await post(nowhere)).toMatchObject(none);
});

test("the average speed is the given one, else that of the last minutes, else 60 km/h; below 1 km/h the vehicle is stopped", async () => {
  const fix = { vehicle_id: "speed", remaining_distance_km: 30 };
  expect(await post({ ...fix, recorded_at: at(0) })).toMatchObject({ average_speed_kmh: 60, speed_source: "default", eta: at(1800) });
  expect(await post({ ...fix, recorded_at: at(30), average_speed_kmh: 90 })).toMatchObject({ speed_source: "given", eta: at(30 + 1200) });
  const standing = await post({ ...fix, recorded_at: at(40), average_speed_kmh: 0.9 });
  expect(standing).toMatchObject({ eta: null, eta_minutes: null, eta_reason: "stopped", remaining_distance_km: 30 });
  expect(await post({ ...fix, recorded_at: at(50), average_speed_kmh: 1 })).toMatchObject({ eta_minutes: 1800, eta_reason: null });
  expect(await post({ ...fix, recorded_at: at(1200) })).toMatchObject({ eta: null, eta_reason: "stopped" });
});

test("the last fix is the newest by its own time, independent of arrival; with equal times the greater id", async () => {
  const fix = { vehicle_id: "late", remaining_distance_km: 10, average_speed_kmh: 60 };
  const near = { lat: HERE.lat + 0.0005, lon: HERE.lon };
  await post({ ...fix, recorded_at: at(60), event_id: "m" });
  expect(await post({ ...fix, recorded_at: at(30) })).toMatchObject({
    recorded_at: at(30),
    applied: false,
    reason: "late",
    duplicate: false,
  });
  expect(await post({ ...fix, recorded_at: at(60), position: near, event_id: "a" })).toMatchObject({ applied: false, reason: "late" });
  expect((await api.call("GET", "/vehicle/late")).body).toMatchObject({ recorded_at: at(60), position: HERE });
  expect(await post({ ...fix, recorded_at: at(60), position: near, event_id: "z" })).toMatchObject({ applied: true });
  expect((await api.call("GET", "/vehicle/late")).body).toMatchObject({ recorded_at: at(60), position: near });
});
