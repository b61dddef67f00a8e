import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

let api: Deployed;
beforeAll(async () => {
  api = await deploy();
});
afterAll(() => api?.close());

const HERE = { lat: 4.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
const post = async (body: object) => (await api.call("POST", "/delivery", body)).body;

test("a delivery update with every field is answered, stored, and copied under the date of the event", async () => {
  const update = {
    delivery_id: "D-1",
    status: "delivered",
    occurred_at: "2026-02-28T23:59:59Z",
    event_id: "phone-1:7",
    tracking_number: "FLX-1",
    driver_id: "C-44",
    vehicle_id: "V-17",
    route_id: "R-1",
    position: HERE,
    recipient_signature: true,
    notes: "with the neighbour",
  };
  const state = {
    delivery_id: "D-1",
    status: "delivered",
    is_completed: true,
    delivered_at: "2026-02-28T23:59:59Z",
    tracking_number: "FLX-1",
    updated_at: "2026-02-28T23:59:59Z",
  };
  const raw_key = "raw-data/deliveries/year=2026/month=02/day=28/20260228T235959000Z-D-1-phone-1:7.json";
  expect(await post(update)).toEqual({ ...state, applied: true, reason: null, duplicate: false, time_source: "client", raw_key });
  const { occurred_at, ...known } = update;
  expect((await api.call("GET", "/delivery/D-1")).body).toEqual({ ...known, ...state, recipient_name: null, scheduled_at: null });
  const [item] = await api.items("deliveries", { delivery_id: "D-1" });
  expect(item).toMatchObject({ ...update, is_completed: true, delivered_at: update.occurred_at, updated_at: "2026-02-28T23:59:59.000Z" });
  expect(await api.raw(raw_key)).toEqual({
    event_id: "phone-1:7",
    received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    request_id: expect.any(String),
    route: "POST /delivery",
    payload: update,
  });
});

test("an update without a time gets the time of its receipt", async () => {
  const before = Date.now();
  const answer = await post({ delivery_id: "now", status: "assigned" });
  expect(Date.parse(answer.updated_at)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(answer.updated_at)).toBeLessThanOrEqual(Date.now());
  expect(answer).toMatchObject({ is_completed: false, delivered_at: null, tracking_number: null, applied: true });
});

test("a late update does not overwrite a newer one; in the same second the later status is stored", async () => {
  const first = { delivery_id: "late", status: "in_transit", occurred_at: at(30), event_id: "z" };
  await post(first);
  const older = await post({ ...first, status: "pending", occurred_at: at(10), event_id: "older", driver_id: "C" });
  expect(older).toMatchObject({ status: "in_transit", updated_at: at(30), applied: false, reason: "late", duplicate: false });
  expect((await api.call("GET", "/delivery/late")).body).toMatchObject({ driver_id: "C" });
  const equal = await post({ ...first, status: "delivered", event_id: "a" });
  expect(equal).toMatchObject({ status: "delivered", applied: true, reason: null, delivered_at: at(30) });
  expect(await post({ ...first, occurred_at: at(40), event_id: "zz" })).toMatchObject({
    status: "delivered",
    applied: false,
    reason: "final",
  });
  // A late update is stored too: each one has its raw copy.
  expect(await api.rawKeys("-late-")).toHaveLength(4);
});

test("a repeated event changes nothing and makes no second copy; its id with other content is refused", async () => {
  const update = { delivery_id: "twice", status: "in_transit", occurred_at: at(5), event_id: "twice-1" };
  const first = await post(update);
  expect(await post(update)).toEqual({ ...first, applied: false, duplicate: true });
  await post({ ...update, status: "delivered", occurred_at: at(6), event_id: "twice-2" });
  expect(await post(update)).toMatchObject({ status: "delivered", applied: false, duplicate: true });
  expect(await api.rawKeys("-twice-1.json")).toHaveLength(1);
  expect(await api.call("POST", "/delivery", { ...update, status: "failed" })).toMatchObject({
    status: 409,
    body: { error: { code: "EVENT_ID_REUSED" } },
  });
});

test("without an event_id the payload identifies the event", async () => {
  const update = { delivery_id: "derived", status: "failed", occurred_at: at(1), notes: "closed" };
  const first = await post(update);
  expect(first).toMatchObject({ applied: true, raw_key: expect.stringMatching(/-[0-9a-f]{32}\.json$/) });
  const { notes, ...rest } = update;
  expect(await post({ notes, ...rest })).toEqual({ ...first, applied: false, duplicate: true });
  expect((await post({ ...update, notes: "shut" })).raw_key).not.toBe(first.raw_key);
});

test("only the status `delivered` may have delivered_at", async () => {
  await post({ delivery_id: "back", status: "delivered", occurred_at: at(1) });
  expect(await post({ delivery_id: "back", status: "returned", occurred_at: at(2) })).toMatchObject({
    is_completed: false,
    delivered_at: null,
  });
  expect((await api.items("deliveries", { delivery_id: "back" }))[0]).not.toHaveProperty("delivered_at");
});
