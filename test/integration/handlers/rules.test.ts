import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, startFleet } from "./fleet.ts";

let fleet: Fleet;
/** For many calls at once: it tries again what takes longer than a call may, as the deployed functions do. */
let busy: Fleet;
beforeAll(async () => {
  [fleet, busy] = await Promise.all([startFleet(), startFleet({ maxAttempts: 3 })]);
  for (const one of [fleet, busy]) await one.putRoute("R", { waypoints: [BOGOTA, { lat: 5.711, lon: -74.0721 }], name: "north" });
});
afterAll(() => Promise.all([fleet?.close(), busy?.close()]));

const BOGOTA = { lat: 4.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
/** Many calls at once, all of them answered 200. They get more time: here clients, functions and the local AWS share one thread. */
async function crowd(calls: () => readonly Promise<{ readonly status: number }>[]): Promise<void> {
  busy.time.remainingMs = 45_000;
  const replies = await Promise.all(calls());
  busy.time.remainingMs = 10_000;
  expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => 200));
}
/** A position about this many km west of route R. */
const west = (km: number) => ({ lat: 5.2, lon: -74.0721 - km / 110.7336 });

test("a delivery is updated from its first status to delivered", async () => {
  const first = { delivery_id: 7, status: "in_transit", occurred_at: "2026-03-01T10:00:00Z", event_id: "e1", tracking_number: "T-7" };
  const started = await fleet.post("delivery", first);
  expect(started).toMatchObject({
    status: 200,
    body: { delivery_id: "7", applied: true, duplicate: false, is_completed: false, delivered_at: null },
  });
  expect(await fleet.raw(started.body.raw_key)).toMatchObject({ event_id: "e1", route: "POST /delivery", payload: first });
  const done = await fleet.post("delivery", { delivery_id: "7", status: "delivered", occurred_at: "2026-03-01T11:00:00Z", event_id: "e2" });
  const state = {
    delivery_id: "7",
    status: "delivered",
    is_completed: true,
    delivered_at: "2026-03-01T11:00:00Z",
    tracking_number: "T-7",
    updated_at: "2026-03-01T11:00:00Z",
  };
  const receipt = { applied: true, reason: null, duplicate: false, time_source: "client" };
  expect(done.body).toEqual({ ...state, ...receipt, raw_key: expect.stringMatching(/-7-e2\.json$/) });
  expect((await fleet.get("delivery", "7")).body).toMatchObject({ ...state, event_id: "e2", notes: null });
  expect((await fleet.post("delivery", first)).body).toMatchObject({ ...state, applied: false, duplicate: true });
  expect(await fleet.rawKeys("-e1.json")).toHaveLength(1);
  expect(await fleet.post("delivery", { ...first, status: "failed" })).toMatchObject({
    status: 409,
    body: { error: { code: "EVENT_ID_REUSED" } },
  });
  expect(await fleet.item("deliveries", "7")).toMatchObject({ ...state, updated_at: "2026-03-01T11:00:00.000Z", event_id: "e2" });
  expect(await fleet.get("delivery", "none")).toMatchObject({ status: 404, body: { error: { code: "DELIVERY_NOT_FOUND" } } });
});

test("the retry of an update with an id and no time is recognized after a newer update", async () => {
  const first = { delivery_id: "timeless", status: "in_transit", event_id: "tl-1" };
  await fleet.post("delivery", first);
  fleet.time.now = new Date(fleet.time.now.getTime() + 5_000);
  await fleet.post("delivery", { delivery_id: "timeless", status: "delivered", event_id: "tl-2" });
  fleet.time.now = new Date(fleet.time.now.getTime() + 5_000);
  expect((await fleet.post("delivery", first)).body).toMatchObject({ status: "delivered", applied: false, duplicate: true });
  expect(await fleet.rawKeys("-tl-1.json")).toHaveLength(1);
});

test("an equal update without id and time that follows at once is a retry", async () => {
  const update = { delivery_id: "bare", status: "assigned" };
  const first = await fleet.post("delivery", update);
  fleet.time.now = new Date(fleet.time.now.getTime() + 2_000);
  expect((await fleet.post("delivery", update)).body).toEqual({ ...first.body, applied: false, duplicate: true });
});

test("fifty concurrent updates of one delivery are all answered, and the newest one is stored", async () => {
  const updates = Array.from({ length: 50 }, (_, i) => ({
    delivery_id: "hot",
    status: i === 0 ? "delivered" : "in_transit",
    occurred_at: at(i === 0 ? 100 : i),
    event_id: `hot-${i}`,
  }));
  await crowd(() => updates.map((update) => busy.post("delivery", update)));
  expect((await busy.get("delivery", "hot")).body).toMatchObject({ status: "delivered", updated_at: at(100) });
});

test.each(["UpdateItem", "TransactWriteItems"])(
  "what another call writes between the reading and the writing (%s) is not overwritten",
  async (operation) => {
    const [name, key] = operation === "UpdateItem" ? (["delivery", "delivery_id"] as const) : (["route", "vehicle_id"] as const);
    const event = (second: number) => ({
      [key]: `between-${name}`,
      event_id: `${name}-${second}`,
      ...(name === "delivery"
        ? { status: second === 9 ? "delivered" : "in_transit", occurred_at: at(second) }
        : { route_id: "R", position: west(3), recorded_at: at(second) }),
    });
    const before = async () => void (await fleet.post(name, event(9)));
    fleet.faults.add({ service: "dynamodb", operation, fault: { kind: "hook", before } });
    expect((await fleet.post(name, event(1))).body).toMatchObject({ applied: false, duplicate: false });
    if (name === "delivery")
      expect((await fleet.get("delivery", "between-delivery")).body).toMatchObject({ status: "delivered", updated_at: at(9) });
    else expect(await fleet.alertItems("between-route")).toMatchObject([{ timestamp: at(9) }]);
  },
);

test("a fix gets its ETA along the route and keeps the attributes of the other function", async () => {
  await fleet.post("route", { vehicle_id: "V", route_id: "R", position: BOGOTA, recorded_at: at(0) });
  const known = {
    recorded_at: at(0),
    route_id: "R",
    remaining_distance_km: 111.195,
    state: "silent",
    silent: true,
    eta: null,
    eta_reason: "silent",
  };
  expect(await fleet.get("vehicle", "V")).toMatchObject({ status: 200, body: known });
  const fix = { vehicle_id: "V", position: BOGOTA, recorded_at: at(1), route_id: "R", average_speed_kmh: 50, event_id: "v1" };
  const reply = await fleet.post("vehicle", fix);
  expect(reply.body).toMatchObject({ remaining_distance_km: 111.195, distance_method: "route", eta_minutes: 133.4, applied: true });
  expect((await fleet.get("vehicle", "V")).body).toMatchObject({
    position: BOGOTA,
    recorded_at: at(1),
    route_id: "R",
    progress: { route_id: "R", along_km: 0, length_km: 111.195 },
  });
  expect((await fleet.item("vehicles", "V"))?.eta).toBe(reply.body.eta);
  expect((await fleet.post("vehicle", fix)).body).toEqual({ ...reply.body, applied: false, duplicate: true });
  expect(await fleet.item("vehicles", "V")).toMatchObject({
    deviation_version: 1,
    fix_version: 1,
    deviation: { last_fix: { route_id: "R" } },
  });
  expect(await fleet.get("vehicle", "none")).toMatchObject({ status: 404, body: { error: { code: "VEHICLE_NOT_FOUND" } } });
});

test("fifty concurrent fixes of one vehicle are all answered, and the newest is the last one", async () => {
  const fixes = Array.from({ length: 50 }, (_, i) => ({ vehicle_id: "hot", position: BOGOTA, recorded_at: at(i), event_id: `hv-${i}` }));
  await crowd(() => fixes.map((fix) => busy.post("vehicle", fix)));
  expect(await busy.item("vehicles", "hot")).toMatchObject({ event_id: "hv-49", recorded_at: at(49) });
});

test("both functions write one vehicle concurrently and keep each other's attributes", async () => {
  const at10 = Array.from({ length: 10 }, (_, i) => i);
  await crowd(() => [
    ...at10.map((i) => busy.post("vehicle", { vehicle_id: "both", position: west(5), recorded_at: at(i), event_id: `b${i}` })),
    ...at10.map((i) => busy.post("route", { vehicle_id: "both", position: west(5), route_id: "R", recorded_at: at(i), event_id: `c${i}` })),
  ]);
  expect(await busy.item("vehicles", "both")).toMatchObject({ event_id: "b9", deviation: { last_fix: { event_id: "c9" } } });
  expect(await busy.alertItems("both")).toHaveLength(1);
});

test("routes are stored and answered as a whole", async () => {
  const route = await fleet.get("route", "R");
  expect(route.body).toMatchObject({ route_id: "R", name: "north", waypoint_count: 2, length_km: 111.195, threshold_km: null });
  expect(route.body.waypoints).toEqual([BOGOTA, { lat: 5.711, lon: -74.0721 }]);
  const long = Array.from({ length: 2000 }, (_, i) => ({ lat: i / 1000, lon: -74 }));
  expect((await fleet.putRoute("long", { waypoints: long, threshold_km: 0.5 })).body).toMatchObject({
    waypoint_count: 2000,
    threshold_km: 0.5,
  });
  expect((await fleet.get("route", "long")).body.waypoints).toEqual(long);
  expect(await fleet.get("route", "none")).toMatchObject({ status: 404, body: { error: { code: "ROUTE_NOT_FOUND" } } });
  expect(await fleet.post("route", { vehicle_id: "V", position: BOGOTA, route_id: "none" })).toMatchObject({
    status: 404,
    body: { error: { code: "ROUTE_NOT_FOUND" } },
  });
});

test("an episode from opening to closing is one item with its messages", async () => {
  const fix = (second: number, km: number) =>
    fleet.post("route", { vehicle_id: "E", driver_id: "C", route_id: "R", position: west(km), recorded_at: at(second) });
  const opened = await fix(0, 3);
  const alert_id = opened.body.alert.alert_id;
  expect(opened.body).toMatchObject({ is_deviated: true, threshold_km: 2, alert: { state: "open", notified: true }, applied: true });
  expect(opened.body.deviation_km).toBeCloseTo(3, 1);
  expect((await fix(120, 4)).body.alert).toEqual({ alert_id, state: "open", notified: false });
  expect((await fix(240, 6.5)).body.alert).toEqual({ alert_id, state: "open", notified: true });
  expect((await fix(60, 3.5)).body).toMatchObject({
    applied: false,
    reason: "late",
    duplicate: false,
    alert: { alert_id, notified: false },
  });
  expect((await fix(420, 1.8)).body).toMatchObject({ is_deviated: false, alert: { alert_id, state: "open", notified: false } });
  expect((await fix(480, 1)).body.alert).toEqual({ alert_id, state: "closed", notified: true });
  expect((await fix(540, 0)).body.alert).toBeNull();
  expect(fleet.published("E").map((message) => message.type)).toEqual(["ROUTE_DEVIATION", "ROUTE_DEVIATION", "ROUTE_DEVIATION_CLEARED"]);
  const [item, ...more] = await fleet.alertItems("E");
  expect(more).toEqual([]);
  expect(item).toMatchObject({
    timestamp: at(0),
    alert_id,
    type: "ROUTE_DEVIATION",
    state: "closed",
    route_id: "R",
    driver_id: "C",
    closed_at: at(480),
    close_reason: "back_on_route",
    notified_at: expect.any(String),
  });
  expect(item?.expires_at).toBe(Date.parse(at(480)) / 1000 + 90 * 86_400);
  expect(item?.max_deviation_km).toBeCloseTo(6.5, 1);
});

test("alerts are listed in pages, newest first; an invented cursor is refused", async () => {
  for (let i = 0; i < 5; i++) {
    await fleet.post("route", { vehicle_id: "P", route_id: "R", position: west(3), recorded_at: at(i * 200) });
    await fleet.post("route", { vehicle_id: "P", route_id: "R", position: west(0), recorded_at: at(i * 200 + 100) });
  }
  const seen: string[] = [];
  let next: string | null = "";
  while (next !== null) {
    const page = await fleet.alerts("P", next === "" ? { limit: "2" } : { limit: "2", cursor: next });
    seen.push(...page.body.alerts.map((alert: { timestamp: string }) => alert.timestamp));
    next = page.body.next;
  }
  expect(seen).toEqual([at(800), at(600), at(400), at(200), at(0)]);
  expect((await fleet.alerts("P", { limit: "5" })).body.next).toBeNull();
  expect((await fleet.alerts("nobody")).body).toEqual({ alerts: [], next: null });
  for (const query of [{ cursor: "AAAA" }, { cursor: "%" }, { limit: "0" }, { limit: "101" }, { limit: "x" }]) {
    expect(await fleet.alerts("P", query as never)).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST" } } });
  }
});

test("twenty concurrent deviating fixes open one episode and send one message", async () => {
  const fixes = Array.from({ length: 20 }, (_, i) => ({
    vehicle_id: "once",
    route_id: "R",
    position: west(3),
    recorded_at: at(i),
    event_id: `once-${i}`,
  }));
  await crowd(() => fixes.map((fix) => busy.post("route", fix)));
  expect(await busy.alertItems("once")).toHaveLength(1);
  expect(busy.published("once")).toHaveLength(1);
});

test("leaving two routes at the same time makes two alerts", async () => {
  const carried = { vehicle_id: "two", position: west(3), recorded_at: at(0), planned_route: [BOGOTA, { lat: 5.711, lon: -74.0721 }] };
  const one = await fleet.post("route", { ...carried, route_id: "R" });
  const other = await fleet.post("route", carried);
  expect(other.body).toMatchObject({ route_id: null, alert: { state: "open", notified: true } });
  expect(other.body.alert.alert_id).not.toBe(one.body.alert.alert_id);
  expect((await fleet.alertItems("two")).map(({ state, close_reason }) => [state, close_reason])).toEqual([
    ["closed", "route_changed"],
    ["open", undefined],
  ]);
});

test("while one call sends a message another call does not send it", async () => {
  let finish = () => {};
  const sent = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    const before = () => {
      resolve();
      return sent;
    };
    fleet.faults.add({ service: "sns", operation: "Publish", fault: { kind: "hook", before } });
  });
  const fix = (second: number) => fleet.post("route", { vehicle_id: "L", route_id: "R", position: west(3), recorded_at: at(second) });
  const first = fix(0);
  await reached;
  expect((await fix(1)).body.alert).toMatchObject({ state: "open", notified: false });
  finish();
  expect((await first).body.alert).toMatchObject({ state: "open", notified: true });
  expect(fleet.published("L")).toHaveLength(1);
});

test("while SNS fails alerts are kept, and the next fix sends the missing messages, also of a closed alert", async () => {
  fleet.faults.add({ service: "sns", operation: "Publish", times: 2, fault: { kind: "fail", status: 500 } });
  const fix = (second: number, km: number) =>
    fleet.post("route", { vehicle_id: "S", route_id: "R", position: west(km), recorded_at: at(second), event_id: `s-${second}` });
  expect(await fix(0, 3)).toMatchObject({ status: 200, body: { applied: true, alert: { state: "open", notified: false } } });
  expect(await fix(120, 0)).toMatchObject({ status: 200, body: { applied: true, alert: { state: "closed", notified: false } } });
  expect(fleet.published("S")).toEqual([]);
  // A repeated fix.
  expect(await fix(120, 0)).toMatchObject({ status: 200, body: { duplicate: true, alert: { state: "closed", notified: true } } });
  expect(fleet.published("S").map((message) => message.type)).toEqual(["ROUTE_DEVIATION", "ROUTE_DEVIATION_CLEARED"]);
  expect((await fleet.alertItems("S"))[0]).toMatchObject({ state: "closed", notified_at: expect.any(String) });
});

test("nothing personal is logged", () => {
  const log = fleet.lines.join("\n");
  expect(log).not.toMatch(/"lat"|"lon"|-74\.|notes|driver/);
});
