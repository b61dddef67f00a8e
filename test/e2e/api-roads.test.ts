import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

/** The rules for real roads, clocks and phones, each tested through the deployed API. */
let api: Deployed;
beforeAll(async () => {
  // A longer timeout than by default, because the machine may be busy.
  api = await deploy({ functions: { timeoutSeconds: 25 }, alerts: { timeZone: "America/Bogota", language: "es" } });
  await api.call("PUT", "/route/R", { waypoints: [BOGOTA, NORTH] });
});
afterAll(() => api?.close());

const BOGOTA = { lat: 4.711, lon: -74.0721 };
const NORTH = { lat: 5.711, lon: -74.0721 };
/** A position about this many km west of route R. */
const west = (km: number) => ({ lat: 5.2, lon: -74.0721 - km / 110.7336 });
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
/** Seconds from now. */
const now = (second: number) => new Date(Date.now() + second * 1000).toISOString();
const post = async (path: string, body: object) => (await api.call("POST", path, body)).body;
const get = async (path: string) => (await api.call("GET", path)).body;

test("a fix with a clock far ahead gets its time of receipt, is marked, and does not block later fixes", async () => {
  for (const wrong of ["9999-12-31T23:59:59Z", now(3600)]) {
    const id = `clock-${wrong.slice(0, 4)}`;
    expect(await post("/vehicle", { vehicle_id: id, position: BOGOTA, recorded_at: wrong })).toMatchObject({
      applied: true,
      time_source: "server",
    });
    const next = await post("/vehicle", { vehicle_id: id, position: BOGOTA, recorded_at: now(1) });
    expect(next).toMatchObject({ applied: true, time_source: "client" });
    expect(Date.parse((await get(`/vehicle/${id}`)).recorded_at)).toBeLessThan(Date.now() + 120_000);
    expect(await post("/delivery", { delivery_id: id, status: "in_transit", occurred_at: wrong })).toMatchObject({ time_source: "server" });
    expect(await post("/delivery", { delivery_id: id, status: "delivered", occurred_at: now(1) })).toMatchObject({ applied: true });
    expect(await post("/route", { vehicle_id: `${id}-r`, position: west(0), route_id: "R", recorded_at: wrong })).toMatchObject({
      time_source: "server",
    });
    expect(await post("/route", { vehicle_id: `${id}-r`, position: west(0.01), route_id: "R", recorded_at: now(1) })).toMatchObject({
      applied: true,
    });
  }
  expect(await post("/delivery", { delivery_id: "near", status: "pending", occurred_at: now(100) })).toMatchObject({
    time_source: "client",
  });
  expect(await post("/delivery", { delivery_id: "near", status: "assigned" })).toMatchObject({ applied: true, time_source: "server" });
});

test("an event_id identifies an event of its delivery or vehicle, independent of time", async () => {
  const one = { delivery_id: "B1", status: "delivered", event_id: "1", occurred_at: at(0) };
  expect(await post("/delivery", one)).toMatchObject({ applied: true });
  expect(await post("/delivery", { ...one, delivery_id: "B2" })).toMatchObject({ applied: true, duplicate: false });
  await post("/delivery", { delivery_id: "B1", status: "returned", event_id: "2", occurred_at: at(300) });
  expect(await post("/delivery", { ...one, occurred_at: at(360) })).toMatchObject({
    status: "returned",
    applied: false,
    duplicate: true,
    reason: null,
  });
  expect(await api.rawKeys("-B1-1.json")).toHaveLength(1);
  expect(await api.call("POST", "/delivery", { ...one, status: "failed", occurred_at: at(400) })).toMatchObject({ status: 409 });
});

/** Valid ids: the names of the members of every object, and random ones. */
const inherited = Object.getOwnPropertyNames(Object.prototype);
const character = fc.constantFrom(..."abcXYZ019_.:-");
const ids = fc.oneof(
  fc.constantFrom(...inherited, "prototype"),
  fc.string({ unit: character, minLength: 1, maxLength: 64 }).filter((id) => id !== "." && id !== ".."),
);

test("every operation accepts every valid id", async () => {
  const seen = new Set<string>();
  const works = fc.asyncProperty(ids, async (id) => {
    // The generator may repeat an id, whose vehicle then has a state already.
    if (seen.has(id)) return;
    seen.add(id);
    expect((await api.call("PUT", `/route/${id}`, { waypoints: [BOGOTA, NORTH] })).status).toBe(200);
    expect((await get(`/route/${id}`)).route_id).toBe(id);
    const fix = { vehicle_id: id, route_id: id, event_id: id };
    const told = async (event_id: string, km: number, second: number) =>
      (await post("/route", { ...fix, event_id, position: west(km), recorded_at: at(second) })).alert?.state;
    expect([await told(id, 3, 0), await told("x2", 3, 10), await told("x3", 0, 200)]).toEqual(["open", "open", "closed"]);
    expect(await post("/vehicle", { ...fix, position: west(0), recorded_at: at(201) })).toMatchObject({
      applied: true,
      distance_method: "route",
    });
    expect((await get(`/vehicle/${id}`)).progress).toMatchObject({ route_id: id });
    const update = { delivery_id: id, driver_id: id, tracking_number: id, event_id: id, status: "delivered", occurred_at: at(0) };
    expect(await post("/delivery", update)).toMatchObject({ applied: true, tracking_number: id });
    expect((await get(`/delivery?driver_id=${id}`)).deliveries).toMatchObject([{ delivery_id: id }]);
    expect((await get(`/vehicle/${id}/alerts`)).alerts).toHaveLength(1);
  });
  const first = [...inherited, "prototype"].map((id) => [id] as [string]);
  await fc.assert(works, { numRuns: first.length + 15, examples: first, seed: 1 });
}, 120_000);

test("one implausible fix opens no episode, blocks no later fix and moves no vehicle", async () => {
  const fix = (second: number, position: object, more: object = {}) =>
    post("/route", { vehicle_id: "out", route_id: "R", position, recorded_at: at(second), ...more });
  await fix(0, west(0));
  expect(await fix(10, { lat: 0, lon: 0 })).toMatchObject({ applied: false, reason: "implausible", alert: null, is_deviated: true });
  expect(await fix(20, west(3.3))).toMatchObject({ applied: false, reason: "implausible", alert: null });
  expect(await fix(25, west(0.1), { accuracy_m: 500 })).toMatchObject({ applied: false, reason: "implausible" });
  expect(await fix(30, west(0))).toMatchObject({ applied: true, alert: null });
  expect(await fix(200, west(2.2))).toMatchObject({ alert: { state: "open", notified: true } });
  await fix(210, { lat: 0, lon: 0 });
  expect(await fix(400, west(10))).toMatchObject({ alert: { notified: true } });
  expect((await api.alertItems("out"))[0]?.max_deviation_km).toBeCloseTo(10, 1);
  await post("/vehicle", { vehicle_id: "out", position: { lat: 5.2, lon: -74.16 }, recorded_at: at(410) });
  expect(await post("/vehicle", { vehicle_id: "out", position: { lat: -74.07, lon: 5.2 }, recorded_at: at(420) })).toMatchObject({
    reason: "implausible",
  });
});

test("a vehicle shows its newest position from either call", async () => {
  await post("/vehicle", { vehicle_id: "both", position: west(0), destination: NORTH, recorded_at: at(0) });
  await post("/route", { vehicle_id: "both", route_id: "R", position: west(1), recorded_at: at(600) });
  expect(await get("/vehicle/both")).toMatchObject({ recorded_at: at(600), position: west(1), route_id: "R", progress: { route_id: "R" } });
});

test("vehicles are listed by state in pages; a silent one has no arrival time", async () => {
  await post("/vehicle", { vehicle_id: "alive", position: BOGOTA, remaining_distance_km: 10 });
  expect(await get("/vehicle/alive")).toMatchObject({ state: "moving", silent: false, eta_reason: null });
  const seen: { vehicle_id: string; state: string }[] = [];
  for (let cursor = ""; cursor !== "end"; ) {
    const page = await get(`/vehicle?state=silent&limit=3${cursor}`);
    seen.push(...page.vehicles);
    cursor = page.next === null ? "end" : `&cursor=${page.next}`;
  }
  expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(["silent"]));
  expect(seen.map(({ vehicle_id }) => vehicle_id)).toContain("both");
  expect(new Set(seen.map(({ vehicle_id }) => vehicle_id)).size).toBe(seen.length);
  expect((await get("/vehicle?state=moving&limit=200")).vehicles.map((one: { vehicle_id: string }) => one.vehicle_id)).toContain("alive");
  expect(await api.call("GET", "/vehicle?state=lost")).toMatchObject({ status: 400 });
});

test("deliveries are listed by driver, status and time in pages, newest first", async () => {
  for (let i = 0; i < 5; i++)
    await post("/delivery", { delivery_id: `L${i}`, driver_id: "C-L", status: i === 4 ? "failed" : "assigned", occurred_at: at(i * 60) });
  const ids = ({ deliveries }: { deliveries: { delivery_id: string }[] }) => deliveries.map((one) => one.delivery_id);
  const first = await get("/delivery?driver_id=C-L&limit=2");
  expect(ids(first)).toEqual(["L4", "L3"]);
  expect(ids(await get(`/delivery?driver_id=C-L&limit=2&cursor=${first.next}`))).toEqual(["L2", "L1"]);
  expect(ids(await get(`/delivery?driver_id=C-L&from=${at(60)}&to=${at(180)}`))).toEqual(["L3", "L2", "L1"]);
  expect(ids(await get("/delivery?status=failed"))).toContain("L4");
  for (const query of ["", "?driver_id=C-L&status=failed", `?status=failed&cursor=${first.next}`, "?driver_id=C-L&limit=101"])
    expect(await api.call("GET", `/delivery${query}`)).toMatchObject({ status: 400 });
});

test("open alerts of the fleet are listed and silent vehicles are marked; mail is in Spanish and local time", async () => {
  await post("/route", { vehicle_id: "fleet-1", route_id: "R", position: west(4), recorded_at: at(0) });
  await post("/route", { vehicle_id: "fleet-2", route_id: "R", position: west(4) });
  const { alerts } = await get("/alert?state=open&limit=100");
  const mine = alerts.filter((one: { vehicle_id: string }) => one.vehicle_id.startsWith("fleet-"));
  expect(mine).toMatchObject([
    { vehicle_id: "fleet-2", state: "open", silent: false, closed_at: null },
    { vehicle_id: "fleet-1", state: "open", silent: true },
  ]);
  expect((await api.alertItems("fleet-1"))[0]).not.toHaveProperty("expires_at");
  expect((await get("/alert?limit=100")).alerts.map((one: { state: string }) => one.state)).toContain("closed");
  expect((await get("/alert?state=closed&limit=1")).alerts).toMatchObject([{ state: "closed", silent: false }]);
  const [told] = api.published("fleet-1");
  expect(told?.email).toMatch(/El vehículo fleet-1 está a [\d,]+ km de la ruta R\.[\s\S]*2026-03-01 05:00 GMT-5[\s\S]*openstreetmap/);
  expect(told?.sms).toMatch(/2026-03-01 05:00 GMT-5 https:/);
});

test("a batch is processed in order of time and answered in the order sent; an invalid event does not affect others", async () => {
  const fix = (second: number, km: number) => ({
    vehicle_id: "batch",
    route_id: "R",
    position: west(km),
    recorded_at: at(second),
    event_id: `b${second}`,
  });
  // Newest first, as some phones send.
  const offline = [fix(1200, 0), fix(1000, 4), fix(800, 6), fix(600, 3), fix(0, 0)];
  const answer = await post("/route", { events: [...offline, { vehicle_id: "batch" }, { ...fix(1, 0), route_id: "nowhere" }] });
  expect(answer).toMatchObject({ accepted: 5, failed: 2 });
  expect(answer.results.map(({ status }: { status: number }) => status)).toEqual([200, 200, 200, 200, 200, 400, 404]);
  expect(answer.results[0]).toMatchObject({ recorded_at: at(1200), alert: { state: "closed" } });
  expect(answer.results[5]).toMatchObject({ error: { code: "INVALID_REQUEST" } });
  expect(await api.alertItems("batch")).toMatchObject([{ state: "closed", max_deviation_km: expect.closeTo(6, 1) }]);
  const again = await post("/route", { events: offline });
  expect(again.results.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual(offline.map(() => true));
  const updates = ["b", "a"].map((event_id) => ({ delivery_id: "batch", status: "delivered", occurred_at: at(0), event_id }));
  const both = await post("/delivery", { events: [...updates, updates[0]] });
  expect(both.results.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual([false, false, true]);
  expect(both.results).toMatchObject(Array(3).fill({ status: 200, delivery_status: "delivered" }));
});

test("five hundred fixes of one vehicle take few writes", async () => {
  const events = Array.from({ length: 500 }, (_, i) => ({
    vehicle_id: "long",
    position: { lat: 4.7 + i * 0.0005, lon: -74.0721 },
    recorded_at: at(i * 10),
    event_id: `long-${i}`,
    route_id: "R",
  }));
  const before = api.faults.calls().length;
  const answer = await post("/vehicle", { events });
  expect(answer).toMatchObject({ accepted: 500, failed: 0 });
  const writes = api.faults
    .calls()
    .slice(before)
    .filter((one) => one.service === "dynamodb" && /Update|Put|Write/.test(String(one.operation)));
  expect(writes.length).toBeLessThanOrEqual(30);
  expect(await get("/vehicle/long")).toMatchObject({ recorded_at: at(4990) });
  expect((await api.rawKeys("-long-long-")).length).toBe(500);
}, 120_000);

test("null, small letters, offsets and a byte order mark are accepted; gzip and other charsets get a clear error", async () => {
  const body = {
    vehicle_id: "app",
    position: BOGOTA,
    recorded_at: "2026-03-01t05:00:00-05:00",
    speed_kmh: -1,
    route_id: null,
    heading_deg: -1,
    extra: { app: "2.1" },
  };
  const first = await post("/vehicle", body);
  expect(first).toMatchObject({ applied: true, recorded_at: "2026-03-01T10:00:00.000Z" });
  expect(await api.raw(first.raw_key)).toMatchObject({ payload: body });
  const marked = await api.call("POST", "/delivery", undefined, {
    text: `\ufeff${JSON.stringify({ delivery_id: "bom", status: "pending" })}`,
  });
  expect(marked).toMatchObject({ status: 200 });
  for (const headers of [{ "content-encoding": "gzip" }, { "content-type": "application/json; charset=utf-16" }]) {
    const refused = await api.call("POST", "/delivery", { delivery_id: "z", status: "pending" }, { headers });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST", message: expect.stringContaining("UTF-8") } } });
  }
  expect(await api.call("GET", "/delivery/bom?verbose=1")).toMatchObject({
    status: 400,
    body: { error: { details: [{ path: "verbose" }] } },
  });
});
