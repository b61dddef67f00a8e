import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, type MeasuredFix, mayBeAside } from "../../../handlers/route-deviation/episode.ts";
import { lease, settle } from "../../../handlers/route-deviation/outbox.ts";
import { type Alert, EMPTY, type Fleet, type Message } from "../../../handlers/route-deviation/state.ts";
import { toItem } from "../../../handlers/shared/attributes.ts";
import { identify } from "../../../handlers/shared/identity.ts";

const START = Date.UTC(2026, 2, 1, 10, 0, 0);
const RULES = { renotifyMs: 15 * 60_000 };
const THRESHOLD = 2;

interface Step {
  readonly second: number;
  readonly deviationKm: number;
  readonly routeId?: string | undefined;
  readonly eventId?: string | undefined;
}

let invocations = 0;
function measured({ second, deviationKm, routeId = "R", eventId }: Step): MeasuredFix {
  const time = new Date(START + second * 1000).toISOString();
  return {
    event: identify(
      {
        operation: "POST /route",
        eventId: eventId ?? `e${second}`,
        time,
        content: { deviationKm, routeId },
        invocation: `i${++invocations}`,
      },
      new Date(START),
    ),
    vehicleId: "V",
    routeId,
    driverId: "C",
    position: { lat: 4, lon: -74 },
    deviationKm,
    thresholdKm: THRESHOLD,
  };
}

const take = (state: Fleet, step: Step) => {
  const fix = measured(step);
  return decide(state, fix, RULES, { openingTime: fix.event.at, nowMs: START });
};
const takeAll = (steps: readonly Step[], from: Fleet = EMPTY) => steps.reduce((state, step) => take(state, step).state, from);
const types = (state: Fleet) => state.outbox.map((message) => message.type);
const openOf = (state: Fleet) => Object.values(state.routes).filter((track) => track.alert?.state === "open");

/** What one invocation does after its fix: send under a lease, settle. */
function deliver(state: Fleet, isUp: boolean, sink: Message[], nowMs = START): Fleet {
  const leased = lease(state, "sender", nowMs, nowMs + 10_000);
  const sent = isUp ? leased.messages : [];
  sink.push(...sent);
  return settle(leased.state, leased.messages, new Set(sent.map((message) => message.id)), new Date(nowMs).toISOString()).state;
}

test("the first deviated fix opens an episode with one message", () => {
  const { outcome, alert, alertChanged, state } = take(EMPTY, { second: 0, deviationKm: 3 });
  expect(outcome).toBe("applied");
  expect(alertChanged).toBe(true);
  expect(alert).toMatchObject({ state: "open", deviation_km: 3, max_deviation_km: 3, threshold_km: 2, route_id: "R", driver_id: "C" });
  expect(alert?.expires_at).toBe(START / 1000 + 90 * 86_400);
  expect(types(state)).toEqual(["ROUTE_DEVIATION"]);
});

test("exactly on the threshold is not deviated", () => {
  expect(take(EMPTY, { second: 0, deviationKm: 2 })).toMatchObject({ alert: undefined, alertChanged: false });
});

test("further deviated fixes raise the maximum and send nothing", () => {
  const first = deliver(takeAll([{ second: 0, deviationKm: 3 }]), true, []);
  const second = take(first, { second: 60, deviationKm: 4 });
  expect(second.alert).toMatchObject({ state: "open", deviation_km: 3, max_deviation_km: 4 });
  expect(second.alertChanged).toBe(true);
  expect(second.state.outbox).toEqual([]);
  const third = take(second.state, { second: 120, deviationKm: 3.5 });
  expect(third.alert?.max_deviation_km).toBe(4);
  expect(third.alertChanged).toBe(false);
});

test("another message after renotifyMinutes, or when the deviation has doubled since the last one", () => {
  const open = deliver(takeAll([{ second: 0, deviationKm: 3 }]), true, []);
  expect(types(take(open, { second: 899, deviationKm: 3 }).state)).toEqual([]);
  expect(types(take(open, { second: 900, deviationKm: 3 }).state)).toEqual(["ROUTE_DEVIATION"]);
  expect(types(take(open, { second: 10, deviationKm: 5.999 }).state)).toEqual([]);
  const doubled = deliver(take(open, { second: 10, deviationKm: 6 }).state, true, []);
  expect(doubled.routes.R?.alert).toMatchObject({ told_deviation_km: 6 });
  expect(types(take(doubled, { second: 20, deviationKm: 11 }).state)).toEqual([]);
  expect(types(take(doubled, { second: 20, deviationKm: 12 }).state)).toEqual(["ROUTE_DEVIATION"]);
  // Between threshold and 80 % the episode stays open in silence, however long.
  expect(types(take(open, { second: 5000, deviationKm: 1.9 }).state)).toEqual([]);
});

test("it closes at the first fix within 80 % of the threshold, with one message, and the next deviation is another episode", () => {
  const open = deliver(takeAll([{ second: 0, deviationKm: 3 }]), true, []);
  expect(take(open, { second: 10, deviationKm: 1.601 }).alert?.state).toBe("open");
  const closed = take(open, { second: 10, deviationKm: 1.6 });
  expect(closed.alert).toMatchObject({ state: "closed", closed_at: "2026-03-01T10:00:10.000Z" });
  expect(types(closed.state)).toEqual(["ROUTE_DEVIATION_CLEARED"]);
  const after = take(closed.state, { second: 20, deviationKm: 0 });
  expect(after).toMatchObject({ alert: undefined, alertChanged: false });
  const again = take(after.state, { second: 30, deviationKm: 3 });
  expect(again.alert?.alert_id).not.toBe(closed.alert?.alert_id);
});

test("a fix older than the last one processed changes nothing; the same fix again is a duplicate with the same alert", () => {
  const closed = takeAll([
    { second: 0, deviationKm: 3 },
    { second: 60, deviationKm: 0 },
  ]);
  const late = take(closed, { second: 30, deviationKm: 9 });
  expect(late).toMatchObject({ outcome: "late", alert: undefined, alertChanged: false });
  expect(late.state).toBe(closed);
  const twice = take(closed, { second: 60, deviationKm: 0 });
  expect(twice).toMatchObject({ outcome: "duplicate", alert: { state: "closed" } });
  expect(twice.state).toBe(closed);
  expect(take(closed, { second: 60, deviationKm: 5 }).outcome).toBe("reused");
});

test("a fix of the same time as the last one is not older: it counts, and each of them once", () => {
  const first = take(EMPTY, { second: 0, deviationKm: 3, eventId: "a" });
  const second = take(first.state, { second: 0, deviationKm: 4, eventId: "b" });
  expect(second).toMatchObject({ outcome: "applied", alert: { state: "open", max_deviation_km: 4 } });
  expect(take(second.state, { second: 0, deviationKm: 3, eventId: "a" })).toMatchObject({ outcome: "duplicate", state: second.state });
  expect(take(second.state, { second: 0, deviationKm: 9, eventId: "a" }).outcome).toBe("reused");
  const later = take(second.state, { second: 1, deviationKm: 3 });
  expect(later.state.routes.R?.twins).toEqual([]);
  expect(take(later.state, { second: 0, deviationKm: 3, eventId: "a" }).outcome).toBe("late");
});

test("a vehicle has one episode for each route", () => {
  const state = takeAll([
    { second: 0, deviationKm: 3, routeId: "A" },
    { second: 1, deviationKm: 3, routeId: "B" },
    { second: 2, deviationKm: 0, routeId: "A" },
  ]);
  expect(openOf(state).map((track) => track.alert?.route_id)).toEqual(["B"]);
});

test("routes long unused are forgotten, open ones and those with unsent messages are not, and an old fix opens nothing again", () => {
  const routes = Array.from({ length: 10 }, (_, i) => ({ second: 10 + i, deviationKm: 0, routeId: `R${i}` }));
  const state = takeAll([{ second: 0, deviationKm: 3, routeId: "OPEN" }, ...routes]);
  expect(Object.keys(state.routes).sort()).toEqual(["OPEN", "R6", "R7", "R8", "R9"]);
  expect(take(state, { second: 12, deviationKm: 9, routeId: "R1", eventId: "old" }).outcome).toBe("late");
  expect(take(state, { second: 30, deviationKm: 9, routeId: "R1" }).outcome).toBe("applied");
});

const LONG = "x".repeat(60);
/** A vehicle with the longest names, on its `i`th route. */
const abandoned = (i: number): Step => ({ second: i * 60, deviationKm: 3, routeId: `${LONG}${i}`, eventId: `${LONG}${i}` });
const bytesOf = (state: Fleet) => JSON.stringify(toItem(state)).length;

test("a vehicle that leaves route after route for good keeps a bounded item, and its newest episodes go on", () => {
  let state = EMPTY;
  for (let i = 0; i < 400; i++) state = deliver(take(state, abandoned(i)).state, true, []);
  expect(Object.keys(state.routes)).toHaveLength(13);
  const next = take(state, { ...abandoned(390), second: 400 * 60, deviationKm: 4, eventId: "next" });
  expect(next.alert).toEqual({ ...state.routes[`${LONG}390`]?.alert, max_deviation_km: 4 });
  // A late fix of a route that was put aside opens nothing.
  expect(take(state, { ...abandoned(10), eventId: "late" })).toMatchObject({ outcome: "late", alert: undefined });
});

test("the episode of a route that was put aside goes on from its alert, and ends with it", () => {
  const aside = take(EMPTY, abandoned(10)).alert;
  let state = EMPTY;
  for (let i = 0; i < 30; i++) state = deliver(take(state, abandoned(i)).state, true, []);
  expect(mayBeAside(state, abandoned(10).routeId)).toBe(true);
  expect([mayBeAside(state, abandoned(29).routeId), mayBeAside(take(EMPTY, abandoned(0)).state, "R")]).toEqual([false, false]);
  const back = (deviationKm: number, second: number) => {
    const fix = measured({ ...abandoned(10), second, deviationKm, eventId: "back" });
    return decide(state, fix, RULES, { openingTime: fix.event.at, nowMs: START, aside });
  };
  const soon = 15 * 60;
  expect(back(4, 30 * 60)).toMatchObject({ outcome: "applied", alert: { alert_id: aside?.alert_id, state: "open", max_deviation_km: 4 } });
  expect(types(back(4, 30 * 60).state)).toEqual(["ROUTE_DEVIATION"]);
  expect(back(1, 30 * 60).alert).toEqual({ ...aside, state: "closed", closed_at: "2026-03-01T10:30:00.000Z" });
  expect(types(back(1, 30 * 60).state)).toEqual(["ROUTE_DEVIATION_CLEARED"]);
  expect(back(1, soon)).toMatchObject({ outcome: "late", alert: aside });
});

test("an event without a time that was told twice at once counts once, whatever came between", () => {
  const told = (eventId: string, second: number, deviationKm: number) => {
    const receivedAt = new Date(START + second * 1000);
    const event = identify(
      { operation: "POST /route", eventId, time: undefined, content: deviationKm, invocation: `i${++invocations}` },
      receivedAt,
    );
    return { ...measured({ second, deviationKm }), event };
  };
  const around = { openingTime: "2026-03-01T10:00:00.000Z", nowMs: START };
  const opened = decide(EMPTY, told("a", 0, 3), RULES, around);
  const closed = decide(opened.state, told("b", 1, 0), RULES, around).state;
  expect(decide(closed, told("a", 2, 3), RULES, around)).toMatchObject({ outcome: "duplicate", state: closed, alert: undefined });
  expect(decide(closed, told("a", 2, 4), RULES, around).outcome).toBe("reused");
});

test("80 % of a threshold is within, whatever binary fractions make of it", () => {
  const at = (deviationKm: number, second: number) => ({ ...measured({ second, deviationKm }), thresholdKm: 0.7 });
  const circumstances = { openingTime: "2026-03-01T10:00:00.000Z", nowMs: START };
  const open = decide(EMPTY, at(0.701, 0), RULES, circumstances).state;
  expect(decide(open, at(0.561, 1), RULES, circumstances).alert?.state).toBe("open");
  expect(decide(open, at(0.56, 1), RULES, circumstances).alert?.state).toBe("closed");
});

test("an alert lives for 90 days, and one reported long after it opened is not gone before it is read", () => {
  const days = (nowMs: number) => {
    const { alert } = decide(EMPTY, measured({ second: 0, deviationKm: 3 }), RULES, { openingTime: "2026-03-01T10:00:00.000Z", nowMs });
    return ((alert?.expires_at ?? 0) * 1000 - START) / 86_400_000;
  };
  expect([0, 60, 61, 365].map((late) => days(START + late * 86_400_000))).toEqual([90, 90, 151, 455]);
});

test("however long SNS refuses, the item stays far below 400 KB; what is given up is said, the newest messages are not", () => {
  let state = EMPTY;
  const givenUp: Message[] = [];
  for (let i = 0; i < 500; i++) {
    const decision = take(state, { ...abandoned(i), routeId: `${LONG}${i % 40}`, deviationKm: i % 80 < 40 ? 3 : 0 });
    state = deliver(decision.state, false, []);
    givenUp.push(...decision.givenUp);
  }
  expect(state.outbox).toHaveLength(100);
  expect(bytesOf(state)).toBeLessThan(200_000);
  expect(new Set([...givenUp, ...state.outbox].map((message) => message.id)).size).toBe(givenUp.length + 100);
  expect(Date.parse(givenUp.at(-1)?.timestamp ?? "")).toBeLessThan(Date.parse(state.outbox[0]?.timestamp ?? ""));
});

const steps = fc.array(
  fc.record({
    second: fc.nat({ max: 4000 }),
    deviationKm: fc.constantFrom(0, 1.5, 1.7, 2, 2.5, 3, 6, 13),
    routeId: fc.constantFrom("A", "B"),
  }),
  { maxLength: 40 },
);

test("an episode opens once and closes once, whatever the order of the fixes; a repetition changes nothing", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const opened: string[] = [];
      const closed: string[] = [];
      let state = EMPTY;
      for (const [index, step] of list.entries()) {
        const before = state.routes[step.routeId]?.alert;
        const decision = take(state, { ...step, eventId: `e${index}` });
        const after = decision.state.routes[step.routeId]?.alert as Alert | undefined;
        if (after?.state === "open" && before?.alert_id !== after.alert_id) {
          expect(before?.state ?? "closed").toBe("closed");
          opened.push(after.alert_id);
        }
        if (after?.state === "closed" && before?.state === "open") closed.push(after.alert_id);
        state = decision.state;
        expect(take(state, { ...step, eventId: `e${index}` }).state).toBe(state);
      }
      expect(new Set(opened).size).toBe(opened.length);
      expect(new Set(closed).size).toBe(closed.length);
      expect(opened.length - closed.length).toBe(openOf(state).length);
      expect(openOf(state).length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 1000 },
  );
});

test("no message is lost while SNS comes and goes: every episode's opening and closing is sent by the first fix after", () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.boolean()), (list, weather) => {
      const sent: Message[] = [];
      const ordered = [...list].sort((a, b) => a.second - b.second);
      const episodes = new Map<string, Alert>();
      let state = EMPTY;
      for (const [index, step] of ordered.entries()) {
        const decision = take(state, { ...step, second: step.second + index / 100, eventId: `e${index}` });
        if (decision.alert !== undefined) episodes.set(decision.alert.alert_id, decision.alert);
        state = deliver(decision.state, Boolean(weather.next().value), sent);
      }
      while (state.outbox.length > 0) state = deliver(state, true, sent);
      for (const alert of episodes.values()) {
        const told = sent.filter((message) => message.alert_id === alert.alert_id).map((message) => message.type);
        expect(told[0]).toBe("ROUTE_DEVIATION");
        expect(told.filter((type) => type === "ROUTE_DEVIATION_CLEARED")).toHaveLength(alert.state === "closed" ? 1 : 0);
      }
      expect(new Set(sent.map((message) => message.id)).size).toBe(sent.length);
    }),
    { numRuns: 1000 },
  );
});

test("a message under lease is left to its holder until the lease runs out", () => {
  const { state } = take(EMPTY, { second: 0, deviationKm: 3 });
  const mine = lease(state, "me", START, START + 5_000);
  expect(mine.messages).toHaveLength(1);
  const others = lease(mine.state, "other", START + 4_999, START + 9_000);
  expect(others.messages).toEqual([]);
  expect(others.state).toBe(mine.state);
  expect(lease(mine.state, "other", START + 5_000, START + 9_000).messages).toHaveLength(1);
  // The write was sent twice because its first answer was lost: what it leased is still its own.
  expect(lease(mine.state, "me", START + 1, START + 9_000).messages).toHaveLength(1);
});

test("what was sent marks its alert as notified; what was not is free for the next fix", () => {
  const leased = lease(take(EMPTY, { second: 0, deviationKm: 3 }).state, "me", START, START + 5_000);
  const ids = new Set(leased.messages.map((message) => message.id));
  const sent = settle(leased.state, leased.messages, ids, "2026-03-01T10:00:01.000Z");
  expect(sent.alerts).toMatchObject([{ notified_at: "2026-03-01T10:00:01.000Z" }]);
  expect(sent.state.outbox).toEqual([]);
  const failed = settle(leased.state, leased.messages, new Set(), "2026-03-01T10:00:01.000Z");
  expect(failed.alerts).toEqual([]);
  expect(failed.state.outbox).toMatchObject([{ leased_until_ms: 0 }]);
});

test("a message that could not be sent gives way to a newer one about the same, so that the news is fresh and told once", () => {
  const sink: Message[] = [];
  const unsent = deliver(takeAll([{ second: 0, deviationKm: 3 }]), false, sink);
  const worse = take(unsent, { second: 10, deviationKm: 7 }).state;
  deliver(worse, true, sink);
  expect(sink).toMatchObject([{ type: "ROUTE_DEVIATION", deviation_km: 7 }]);
});
