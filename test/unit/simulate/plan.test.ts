import { describe, expect, test } from "vitest";
import type { Position } from "../../../handlers/shared/geodesy.ts";
import { judgeFix } from "../../../handlers/tracking/plausibility.ts";
import { advance, type ProgressState, remainingOf } from "../../../handlers/tracking/progress.ts";
import { prepareRoute } from "../../../handlers/tracking/route-line.ts";
import type { Track } from "../../../handlers/tracking/track.ts";
import type { Event, Trip } from "../../../src/simulate/messages.ts";
import { expectedFixes } from "../../../src/simulate/model.ts";
import { UPDATE_PATTERNS } from "../../../src/simulate/parcels.ts";
import { makePlan } from "../../../src/simulate/plan.ts";

const BEGAN_MS = 1_790_000_000_000;
/** Time of receipt of events with a wrong time. */
const RECEIVED_MS = BEGAN_MS + 3_600_000;
const SETTINGS = { vehicles: 20, minutes: 1, interval: 2, seed: 1, rate: 40 };
const RULES = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
const SEEDS = [1, 2, 3, 4, 5];

const eventsOf = (trip: Trip, path: string): readonly Event[] =>
  trip.messages
    .filter((message) => message.path === path)
    .flatMap(({ events }) => [...events].sort((a, b) => (a.ms ?? Number.POSITIVE_INFINITY) - (b.ms ?? Number.POSITIVE_INFINITY)));

test("the same seed gives the same messages, another seed gives others", () => {
  expect(makePlan(SETTINGS, BEGAN_MS)).toEqual(makePlan(SETTINGS, BEGAN_MS));
  expect(makePlan({ ...SETTINGS, seed: 2 }, BEGAN_MS)).not.toEqual(makePlan(SETTINGS, BEGAN_MS));
});

test.each([
  ["a minute", SETTINGS],
  ["few calls", { ...SETTINGS, vehicles: 8, minutes: 0.05, interval: 0.1 }],
  ["ten minutes", { ...SETTINGS, vehicles: 2, minutes: 10 }],
  ["rare fixes", { ...SETTINGS, vehicles: 2, interval: 600 }],
])("times reach the present as the sending does, and only a wrong clock is ahead of it (%s)", (_, settings) => {
  const { trips, steps, stepMs } = makePlan(settings, BEGAN_MS);
  for (const { messages } of trips) {
    for (const { step, events, path } of messages) {
      const sentMs = BEGAN_MS + step * stepMs;
      for (const event of events) {
        const ms = Date.parse(String(event.body.recorded_at ?? event.body.occurred_at));
        if (event.ms === undefined) expect(ms).toBeGreaterThan(sentMs + 86_400_000);
        else expect(ms).toBeLessThan(sentMs);
        expect(Number.isInteger(event.ms ?? 0)).toBe(true);
      }
      // The default of silentAfterMinutes, and one lost or late fix.
      const newest = Math.max(...events.map(({ ms = sentMs }) => ms));
      if (path === "/vehicle" && stepMs < 10_000) expect(newest).toBeGreaterThan(sentMs - 15 * 60_000);
      if (path === "/vehicle" && step === steps - 1 && stepMs < 10_000) expect(newest).toBeGreaterThan(sentMs - 5 * 60_000);
    }
  }
});

test("the ids of a vehicle's events count from 1 and repeat only when an event is sent again", () => {
  for (const { messages } of makePlan(SETTINGS, BEGAN_MS).trips) {
    const ids = messages
      .flatMap(({ events }) => events)
      .filter(({ kind }) => kind !== "repeated" && kind !== "reused")
      .map(({ body }) => body.event_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain(1);
  }
});

describe.each([1, 3, 10, 40])("with %d vehicles", (vehicles) => {
  test("every pattern of updates and every kind of fault occurs", () => {
    const { trips } = makePlan({ ...SETTINGS, vehicles, minutes: 2 }, BEGAN_MS);
    const answers = trips.flatMap((trip) => [...expectedFixes(trip).answers.values()]);
    const messages = trips.flatMap((trip) => trip.messages);
    const updates = messages.filter(({ path }) => path === "/delivery").flatMap(({ events }) => events);
    expect(trips.flatMap(({ parcels }) => parcels).length).toBeGreaterThanOrEqual(Math.max(vehicles, UPDATE_PATTERNS.length));
    expect(updates.some(({ body }) => body.correction === true)).toBe(true);
    for (const status of [400, 409]) expect(answers.some((one) => one.status === status)).toBe(true);
    for (const reason of ["implausible", "final"] as const) expect(answers.some((one) => one.reasons.includes(reason))).toBe(true);
    expect(answers.some((one) => one.duplicate)).toBe(true);
    expect(answers.some((one) => one.reasons[0] === "late" && one.reasons.length === 1)).toBe(true);
    expect(messages.some(({ path, copies }) => path === "/vehicle" && copies === 2)).toBe(true);
    expect(answers.some((one) => one.clock === "server")).toBe(true);
    for (const path of ["/vehicle", "/route", "/delivery"]) {
      expect(messages.some((message) => message.isBatch && message.path === path)).toBe(true);
    }
    const places = messages
      .flatMap(({ events }) => events)
      .flatMap(({ kind, body }) => (kind === "implausible" ? [body.position as Position] : []));
    expect(places).toContainEqual({ lat: 0, lon: 0 });
    expect(places.some(({ lat }) => lat < -60)).toBe(true);
  });
});

test.each(SEEDS)("a vehicle can drive to all valid fixes and to no implausible one (seed %d)", (seed) => {
  for (const trip of makePlan({ ...SETTINGS, seed }, BEGAN_MS).trips) {
    for (const path of ["/vehicle", "/route"]) {
      let track: Track | undefined;
      for (const event of eventsOf(trip, path)) {
        if (event.kind === "repeated" || event.kind === "reused" || event.kind === "invalid") continue;
        const { position, accuracy_m: accuracyM } = event.body as { position: Position; accuracy_m: number };
        const judgement = judgeFix(track, { atMs: event.ms ?? RECEIVED_MS, position, accuracyM }, RULES);
        track = judgement.track;
        expect([event.body.event_id, judgement.verdict]).toEqual([
          event.body.event_id,
          event.kind === "implausible" ? "implausible" : "good",
        ]);
      }
    }
  }
});

test.each(SEEDS)("the remaining distance is measured along the route (seed %d)", (seed) => {
  for (const trip of makePlan({ ...SETTINGS, seed, minutes: 2 }, BEGAN_MS).trips.filter(({ remainingKm }) => remainingKm !== undefined)) {
    const route = trip.plannings[0]?.route ?? trip.road;
    const line = prepareRoute(route.waypoints);
    const rules = { maxSpeedKmh: 200, thresholdKm: 1 };
    let state: ProgressState | undefined;
    let km = Number.NaN;
    let newestMs = 0;
    for (const { kind, ms = RECEIVED_MS, body } of eventsOf(trip, "/vehicle")) {
      if (kind !== "counts" || ms <= newestMs) continue;
      newestMs = ms;
      const step = advance(line, "R", state, { atMs: ms, position: body.position as Position, accuracyM: 8 }, rules);
      state = step.state;
      km = remainingOf(line, step.position, rules).km;
    }
    expect(Math.abs(km - (trip.remainingKm as number))).toBeLessThan(0.4);
  }
});

test("an excursion gives an episode, another route ends one, and a replanned route gives none", () => {
  const { trips } = makePlan(SETTINGS, BEGAN_MS);
  const [excursion, round, replanned, other] = trips.map((trip) => expectedFixes(trip).episodes);
  expect(excursion?.at(-1)).toEqual({ state: "closed", reason: "back_on_route" });
  expect(round).toEqual([]);
  expect(replanned).toEqual([]);
  expect(other).toEqual([{ state: "closed", reason: "route_changed" }]);
});

test("two fixes that confirm a deviation open one episode; a single fix opens none", () => {
  const plan = makePlan({ ...SETTINGS, confirmFixes: 2 }, BEGAN_MS);
  expect(expectedFixes(plan.trips[0] as Trip).episodes).toEqual([{ state: "closed", reason: "back_on_route" }]);
});
