import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, decideAmong, settle, type ToldFix, tell, toAnswer, type VehicleRecord } from "../../../handlers/calculate-eta/domain.ts";
import type { VehicleFix } from "../../../handlers/contract/schemas.ts";
import { distanceKm, type Position } from "../../../handlers/shared/geodesy.ts";
import { identify } from "../../../handlers/shared/identity.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const BOGOTA = { lat: 4.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

let invocations = 0;
function toldOf(fix: VehicleFix, route?: readonly Position[]): ToldFix {
  const { event_id: eventId, recorded_at: time, ...content } = fix;
  const event = identify({ operation: "POST /vehicle", eventId, time, content, invocation: `i${++invocations}` }, NOW);
  return tell(event, fix, route);
}
const send = (stored: VehicleRecord | undefined, fix: VehicleFix, route?: readonly Position[]) => decide(stored, "V", toldOf(fix, route));
const sendAll = (fixes: readonly VehicleFix[]) =>
  fixes.reduce<VehicleRecord | undefined>((stored, fix) => send(stored, fix).record, undefined);
const fixAt = (second: number, more: Partial<VehicleFix> = {}): VehicleFix => ({
  vehicle_id: "V",
  position: BOGOTA,
  recorded_at: at(second),
  event_id: `f${second}`,
  ...more,
});

/** Distinct times: of two fixes with the same time the first to arrive stands, so there the order does matter. */
const fixes = fc
  .uniqueArray(
    fc.record(
      {
        recorded_at: fc.integer({ min: 0, max: 1800 }).map(at),
        position: fc.record({ lat: fc.double({ min: 4, max: 4.1, noNaN: true }), lon: fc.double({ min: -74, max: -73.9, noNaN: true }) }),
        speed_kmh: fc.integer({ min: 0, max: 120 }),
        average_speed_kmh: fc.integer({ min: 0, max: 120 }),
        destination: fc.constant(BOGOTA),
      },
      { requiredKeys: ["recorded_at", "position"] },
    ),
    { minLength: 1, maxLength: 14, selector: (one) => one.recorded_at },
  )
  .map((list) => list.map((one, index): VehicleFix => ({ vehicle_id: "V", event_id: `e${index}`, ...one })));

test("any order and any repetition of the same fixes ends in the same state, average and ETA included", () => {
  const scrambled = fixes.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
  );
  fc.assert(
    fc.property(scrambled, ([list, shuffled, again]) => {
      expect({ ...sendAll([...shuffled, ...again]), invocation: "" }).toEqual({ ...sendAll(list), invocation: "" });
    }),
    { numRuns: 2000 },
  );
});

test("fixes decided about together end in the same state, and each is answered as if it had come in its time", () => {
  const split = fixes.chain((list) => fc.tuple(fc.shuffledSubarray(list, { minLength: list.length }), fc.nat({ max: list.length - 1 })));
  fc.assert(
    fc.property(split, ([list, cut]) => {
      const stored = sendAll(list.slice(0, cut));
      const waiting = list.slice(cut).map((fix) => toldOf(fix));
      const together = settle(stored, "V", waiting);
      expect({ ...together, invocation: "" }).toEqual({ ...sendAll(list), invocation: "" });
      for (const told of waiting) expect(decideAmong(stored, "V", told, waiting).record).toEqual(together);
      const newest = [...waiting].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0] as ToldFix;
      const isNews = stored === undefined || newest.at > stored.recorded_at;
      expect(decideAmong(stored, "V", newest, waiting)).toMatchObject({ outcome: isNews ? "applied" : "late", changed: true });
    }),
  );
});

test("distance: given goes before route, route before great circle", () => {
  const route = [BOGOTA, { lat: 5.711, lon: -74.0721 }];
  const all = fixAt(0, { remaining_distance_km: 12.5, destination: { lat: 6, lon: -74 } });
  expect(send(undefined, all, route).arrival).toMatchObject({ remaining_distance_km: 12.5, distance_method: "given" });
  const { remaining_distance_km: _, ...some } = all;
  expect(send(undefined, some, route).arrival).toMatchObject({ remaining_distance_km: 111.195, distance_method: "route" });
  expect(send(undefined, some).arrival).toMatchObject({
    remaining_distance_km: Math.round(distanceKm(BOGOTA, { lat: 6, lon: -74 }) * 1000) / 1000,
    distance_method: "great_circle",
  });
});

test("speed: given goes before tracked, tracked before the default of 60 km/h", () => {
  const first = send(undefined, fixAt(0, { remaining_distance_km: 30 }));
  expect(first.arrival).toMatchObject({ average_speed_kmh: 60, speed_source: "default", eta: at(1800), eta_minutes: 30, eta_reason: null });
  const north = { lat: BOGOTA.lat + 0.009, lon: BOGOTA.lon };
  const moved = send(first.record, fixAt(60, { position: north, remaining_distance_km: 30 }));
  expect(moved.arrival.speed_source).toBe("tracked");
  expect(moved.arrival.average_speed_kmh).toBeCloseTo(distanceKm(BOGOTA, north) * 60, 2);
  const told = send(moved.record, fixAt(120, { position: north, speed_kmh: 40 }));
  expect(told.arrival.average_speed_kmh).toBeCloseTo((distanceKm(BOGOTA, north) * 60 + 40) / 2, 2);
  expect(send(told.record, fixAt(180, { average_speed_kmh: 20, remaining_distance_km: 10 })).arrival).toMatchObject({
    average_speed_kmh: 20,
    speed_source: "given",
    eta_minutes: 30,
    eta: at(180 + 1800),
  });
});

test("a vehicle that stands has no ETA, and one without destination has none either", () => {
  expect(send(undefined, fixAt(0, { average_speed_kmh: 0.9, remaining_distance_km: 5 })).arrival).toMatchObject({
    eta: null,
    eta_minutes: null,
    eta_reason: "stopped",
    remaining_distance_km: 5,
  });
  expect(send(undefined, fixAt(0, { average_speed_kmh: 1, remaining_distance_km: 1 })).arrival).toMatchObject({
    eta_minutes: 60,
    eta_reason: null,
  });
  expect(send(undefined, fixAt(0)).arrival).toMatchObject({
    eta: null,
    eta_reason: "no_destination",
    remaining_distance_km: null,
    distance_method: null,
  });
});

test("a late fix answers its own calculation and does not become the last fix", () => {
  const stored = sendAll([fixAt(0, { speed_kmh: 50 }), fixAt(600, { speed_kmh: 70, remaining_distance_km: 60 })]) as VehicleRecord;
  const late = send(stored, fixAt(300, { speed_kmh: 30, remaining_distance_km: 40 }));
  expect(late.outcome).toBe("late");
  expect(late.arrival).toMatchObject({ recorded_at: at(300), average_speed_kmh: 40, eta_minutes: 60 });
  expect(toAnswer(late.record)).toMatchObject({ recorded_at: at(600), remaining_distance_km: 60, average_speed_kmh: 50, eta_minutes: 72 });
});

test("of two fixes with the same time the first to arrive stands, average and all", () => {
  const first = sendAll([fixAt(0, { speed_kmh: 50 }), fixAt(60, { speed_kmh: 70, event_id: "z" })]) as VehicleRecord;
  for (const second of [0, 60]) {
    const tied = send(first, fixAt(second, { speed_kmh: 10, event_id: "a" }));
    expect(tied).toMatchObject({ outcome: "late", changed: false, arrival: { recorded_at: at(second) } });
    expect(tied.record).toBe(first);
  }
});

test("fixes older than a quarter of an hour say nothing about the speed", () => {
  const stored = sendAll([fixAt(0, { speed_kmh: 10 }), fixAt(1, { speed_kmh: 10 })]) as VehicleRecord;
  expect(send(stored, fixAt(1200, { speed_kmh: 80 })).arrival.average_speed_kmh).toBe(80);
});

test("a jump that no vehicle makes does not count as speed", () => {
  const stored = sendAll([fixAt(0, { speed_kmh: 40 })]) as VehicleRecord;
  expect(send(stored, fixAt(1, { position: { lat: 10, lon: -74 } })).arrival).toMatchObject({
    average_speed_kmh: 40,
    speed_source: "tracked",
  });
});

test("the same fix again is a duplicate with the same answer; its id with other content is refused", () => {
  const fix = fixAt(0, { speed_kmh: 50, remaining_distance_km: 10 });
  const first = send(undefined, fix);
  expect(send(first.record, fix)).toEqual({ outcome: "duplicate", arrival: first.arrival, record: first.record, changed: false });
  expect(send(first.record, { ...fix, speed_kmh: 51 }).outcome).toBe("reused");
});
