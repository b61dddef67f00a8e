import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, routeKey } from "../../../handlers/route-deviation/episode.ts";
import type { MeasuredFix } from "../../../handlers/route-deviation/fix.ts";
import { lease, recordSent } from "../../../handlers/route-deviation/outbox.ts";
import { fromRecord, toRecord, type VehicleItem } from "../../../handlers/route-deviation/record.ts";
import { type Alert, type DeviationState, EMPTY, type Message } from "../../../handlers/route-deviation/state.ts";
import { fromItem, toItem } from "../../../handlers/shared/attributes.ts";
import { identify } from "../../../handlers/shared/identity.ts";

const START = Date.UTC(2026, 2, 1, 10, 0, 0);
const NOW = START + 7_200_000;
const TRACKING = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
const THRESHOLD = 2;

interface Step {
  readonly second: number;
  readonly deviationKm: number;
  readonly route?: string;
  readonly eventId?: string;
  readonly position?: { readonly lat: number; readonly lon: number };
}
interface Rules {
  readonly confirmFixes?: number;
}

function measured({ second, deviationKm, route = "R", eventId, position = { lat: 4, lon: -74 } }: Step): MeasuredFix {
  const time = new Date(START + second * 1000).toISOString();
  const claims = { operation: "POST /route", eventId: eventId ?? `e${second}`, time, content: { deviationKm, route }, invocation: "i" };
  return {
    event: identify(claims, new Date(NOW)),
    vehicleId: "V",
    routeId: route,
    routeKey: route,
    driverId: "C",
    position,
    deviationKm,
    thresholdKm: THRESHOLD,
  };
}

const take = (state: DeviationState, step: Step, { confirmFixes = 1 }: Rules = {}, nowMs = NOW) =>
  decide(state, measured(step), { rules: { renotifyMs: 15 * 60_000, confirmFixes }, tracking: TRACKING, nowMs });
/** The state after it was stored in an item and read. */
const stored = (state: DeviationState) => fromRecord(fromItem<VehicleItem>(toItem({ deviation: toRecord(state, "w") }))).state;
const takeAll = (steps: readonly Step[], from: DeviationState = EMPTY, rules: Rules = {}) =>
  steps.reduce((state, step) => stored(take(state, step, rules).state), from);
const types = (state: DeviationState) => state.outbox.map((message) => message.type);

/** The work of one invocation after its fix: it sends messages under a lease and stores the result. */
function deliver(state: DeviationState, isUp: boolean, sink: Message[], nowMs = NOW): DeviationState {
  const leased = lease(state, "sender", nowMs, nowMs + 10_000);
  const sent = isUp ? leased.messages : [];
  sink.push(...sent);
  return recordSent(leased.state, leased.messages, new Set(sent.map((message) => message.id)), new Date(nowMs).toISOString()).state;
}

test("the first deviated fix opens an episode with one message; it closes within 80 % of the threshold with one more", () => {
  const opened = take(EMPTY, { second: 0, deviationKm: 3 });
  expect(opened).toMatchObject({ outcome: "applied", alert: { state: "open", deviation_km: 3, timestamp: "2026-03-01T10:00:00.000Z" } });
  expect(opened.alert).not.toHaveProperty("expires_at");
  const near = takeAll([{ second: 10, deviationKm: 1.7 }], opened.state);
  expect(near.alert?.state).toBe("open");
  const closed = take(near, { second: 20, deviationKm: 1.6 });
  expect(closed.alert).toMatchObject({ state: "closed", close_reason: "back_on_route", expires_at: (START + 20_000) / 1000 + 90 * 86_400 });
  expect(types(closed.state)).toEqual(["ROUTE_DEVIATION", "ROUTE_DEVIATION_CLEARED"]);
});

test("with confirmFixes an episode opens after that many deviated fixes in a row; a fix on the route resets the count", () => {
  const rules = { confirmFixes: 3 };
  const off = (second: number) => ({ second, deviationKm: 3 });
  const two = takeAll([off(0), off(10)], EMPTY, rules);
  expect([two.alert, types(two)]).toEqual([undefined, []]);
  expect(take(two, off(20), rules).alert).toMatchObject({ state: "open", timestamp: new Date(START + 20_000).toISOString() });
  expect(takeAll([{ second: 20, deviationKm: 0 }, off(30), off(40)], two, rules).alert).toBeUndefined();
});

test("an open episode is notified again after renotifyMinutes, or when the deviation has doubled", () => {
  const state = takeAll([
    { second: 0, deviationKm: 2.2 },
    { second: 60, deviationKm: 4.3 },
    { second: 120, deviationKm: 4.4 },
    { second: 600, deviationKm: 8.7 },
    { second: 1020, deviationKm: 5 },
  ]);
  expect(state.outbox.map(({ deviation_km }) => deviation_km)).toEqual([5]);
  expect(state.alert).toMatchObject({ max_deviation_km: 8.7, last_message_deviation_km: 5 });
});

test("the episode of a vehicle that reports on another route is closed as route_changed, with one message", () => {
  const state = takeAll([{ second: 0, deviationKm: 5 }]);
  const changed = take(state, { second: 60, deviationKm: 0, route: "R2" });
  expect(changed).toMatchObject({ outcome: "applied", alert: undefined });
  expect(changed.changed).toMatchObject([{ state: "closed", close_reason: "route_changed", route_id: "R" }]);
  expect(changed.state.outbox.at(-1)).toMatchObject({ type: "ROUTE_DEVIATION_CLEARED", route_id: "R", close_reason: "route_changed" });
  const both = take(state, { second: 0, deviationKm: 5, route: "R2", eventId: "other" });
  expect(both.changed.map((alert) => [alert.route_id, alert.state])).toEqual([
    ["R", "closed"],
    ["R2", "open"],
  ]);
  expect(new Set(both.changed.map(({ timestamp }) => timestamp)).size).toBe(2);
});

test("a route in a call is a separate route", () => {
  const one = [
    { lat: 4, lon: -74 },
    { lat: 5, lon: -74 },
  ];
  const other = [
    { lat: 4, lon: -74 },
    { lat: 6, lon: -74 },
  ];
  expect(routeKey({ planned_route: one, route_id: undefined })).toBe(routeKey({ planned_route: [...one], route_id: undefined }));
  expect(routeKey({ planned_route: one, route_id: undefined })).not.toBe(routeKey({ planned_route: other, route_id: undefined }));
  expect(routeKey({ planned_route: one, route_id: "R" })).toBe("R");
});

test("an implausible fix opens, continues and closes no episode", () => {
  const zero = { position: { lat: 0, lon: 0 }, deviationKm: 8234 };
  const first = take(EMPTY, { second: 0, ...zero });
  expect(first).toMatchObject({ outcome: "implausible", changed: [], alert: undefined });
  const open = takeAll([{ second: 10, deviationKm: 2.2 }], stored(first.state));
  const wrong = take(open, { second: 20, ...zero });
  expect(wrong.state.alert).toEqual(open.alert);
  expect(take(wrong.state, { second: 30, deviationKm: 10 }).state.outbox).toMatchObject([{ deviation_km: 10 }]);
});

test("a late fix changes only the list of events; a repeated fix is a duplicate with the same alert", () => {
  const state = takeAll([{ second: 100, deviationKm: 3 }]);
  const late = take(state, { second: 50, deviationKm: 0 });
  expect(late).toMatchObject({ outcome: "late", changed: [], alert: { state: "open" } });
  expect(late.state.alert).toEqual(state.alert);
  expect(take(state, { second: 100, deviationKm: 3 })).toMatchObject({ outcome: "duplicate", alert: { state: "open" } });
  expect(take(state, { second: 100, deviationKm: 4 }).outcome).toBe("reused");
});

test("a stored time in the future makes no fix late", () => {
  const ahead = take(EMPTY, { second: 100, deviationKm: 0 }, {}, START).state;
  expect(take(ahead, { second: 30, deviationKm: 20 }, {}, START + 30_000)).toMatchObject({ outcome: "applied", alert: { state: "open" } });
});

test("messages that fail are sent later, each opening and closing at least once", () => {
  const step = fc.record({ deviationKm: fc.constantFrom(0, 1.8, 3, 7), isUp: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const published: Message[] = [];
      const alerts = new Map<string, Alert>();
      let state: DeviationState = EMPTY;
      for (const [i, { deviationKm, isUp }] of steps.entries()) {
        const decision = take(state, { second: i * 10, deviationKm });
        for (const alert of decision.changed) alerts.set(alert.alert_id, alert);
        state = stored(deliver(decision.state, isUp, published));
      }
      state = deliver(state, true, published);
      expect(state.outbox).toEqual([]);
      for (const alert of alerts.values()) {
        const of = published.filter((message) => message.alert_id === alert.alert_id).map(({ type }) => type);
        expect(of).toContain("ROUTE_DEVIATION");
        expect(of.includes("ROUTE_DEVIATION_CLEARED")).toBe(alert.state === "closed");
      }
    }),
    { numRuns: 200 },
  );
});

test("items of the previous version are read: the present route, pending messages, and open episodes of earlier routes", () => {
  const alert = (route_id: string, state: "open" | "closed") => ({
    alert_id: `alert-${route_id}`,
    timestamp: "2026-03-01T09:00:00.000Z",
    state,
    route_id,
    deviation_km: 3,
    max_deviation_km: 3,
    threshold_km: 2,
    position: { lat: 4, lon: -74 },
    expires_at: 1,
    told_ms: START - 3_600_000,
    told_deviation_km: 3,
  });
  const last = (id: string, second: number) => ({
    id,
    at: new Date(START + second * 1000).toISOString(),
    fingerprint: "0011223344556677",
    invocation: "i",
    answered_alert: true,
  });
  const item = {
    deviation: {
      routes: {
        R: { last: last("a", 0), twins: [], recent_events: [], alert: alert("R", "open") },
        OLD: { last: last("b", -600), twins: [], recent_events: [], alert: alert("OLD", "open") },
      },
      outbox: [],
      last_fix: { position: { lat: 4, lon: -74 }, recorded_at: new Date(START).toISOString(), event_id: "a", route_id: "R" },
    },
  } as unknown as VehicleItem;
  const { state, old } = fromRecord(item);
  expect(old).toBe(true);
  const next = take(state, { second: 60, deviationKm: 0.5 });
  expect(next.changed.map((one) => [one.route_id, one.state, one.close_reason])).toEqual([
    ["OLD", "closed", "route_changed"],
    ["R", "closed", "back_on_route"],
  ]);
  expect(take(state, { second: -30, deviationKm: 0 }).outcome).toBe("late");
});

test("an open episode keeps the time and deviation of its last message that an earlier version stored under other names", () => {
  const { last_message_ms, last_message_deviation_km, ...alert } = takeAll([{ second: 0, deviationKm: 3 }]).alert as Alert;
  const earlier = { ...alert, told_ms: START + 600_000, told_deviation_km: 5 };
  const record = { ...toRecord(takeAll([{ second: 600, deviationKm: 5 }]), "w"), alert: earlier };
  const { state } = fromRecord(fromItem<VehicleItem>(toItem({ deviation: record })));
  const pending = types(state).length;
  expect(types(take(state, { second: 1200, deviationKm: 9.9 }).state)).toHaveLength(pending);
  expect(take(state, { second: 1200, deviationKm: 10 }).changed).toMatchObject([{ last_message_deviation_km: 10 }]);
  expect(take(state, { second: 1500, deviationKm: 3 }).changed).toMatchObject([{ last_message_ms: START + 1_500_000 }]);
  expect(toRecord(state, "w")).not.toMatchObject({ alert: { told_ms: expect.anything() } });
});

test("a vehicle's part of the item takes a few kilobytes", () => {
  const steps = Array.from({ length: 300 }, (_, i) => ({
    second: i * 10,
    deviationKm: i % 7 === 0 ? 5 : 0,
    position: { lat: 4 + i / 10_000, lon: -74 },
  }));
  const sent: Message[] = [];
  const state = steps.reduce((before, step) => stored(deliver(take(before, step).state, true, sent)), EMPTY);
  expect(JSON.stringify(toRecord(state, "w")).length).toBeLessThan(4_500);
});
