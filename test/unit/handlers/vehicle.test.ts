import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, type PreparedRoute, type ReportedFix, type VehicleState } from "../../../handlers/calculate-eta/domain.ts";
import { fromRecord, toRecord, type VehicleRecord } from "../../../handlers/calculate-eta/record.ts";
import type { VehicleFix } from "../../../handlers/contract/schemas.ts";
import { fromItem, toItem } from "../../../handlers/shared/attributes.ts";
import { identify } from "../../../handlers/shared/identity.ts";
import { prepareRoute } from "../../../handlers/tracking/route-line.ts";

const rules = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
const NOW = new Date("2026-03-01T12:00:00.000Z");
const NEW: VehicleState = { vehicle_id: "V", memory: [] };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
/** Metres east of a place in Bogotá. */
const east = (metres: number) => ({ lat: 4.7, lon: -74.1 + metres / 110_820 });

function send(state: VehicleState, fix: Partial<VehicleFix>, route?: ReportedFix["route"], now = NOW) {
  const { event_id: eventId, recorded_at: time, ...content } = fix;
  const event = identify({ operation: "POST /vehicle", eventId, time, content, invocation: "i" }, now);
  return decide(state, { event, fix: { vehicle_id: "V", position: east(0), ...fix }, route }, { rules, nowMs: now.getTime() });
}
const stored = (state: VehicleState): VehicleState =>
  fromRecord("V", fromItem<VehicleRecord>(toItem({ vehicle_id: "V", ...toRecord(state, [], "w") })), rules).state;
const drive = (fixes: readonly Partial<VehicleFix>[]) => fixes.reduce((state, fix) => stored(send(state, fix).state), NEW);

test("the same fixes of a window lead to the same state, in any order and with repetitions", () => {
  const fixes = Array.from({ length: 10 }, (_, i) => ({
    position: east(i * 150),
    recorded_at: at(i * 20),
    event_id: `e${i}`,
    remaining_distance_km: 5,
  }));
  const settled = ({ memory, ...state }: VehicleState) => state;
  fc.assert(
    fc.property(fc.shuffledSubarray([...fixes, ...fixes.slice(0, 4)], { minLength: 14 }), (list) => {
      expect(settled(drive(list))).toEqual(settled(drive(fixes)));
    }),
    { numRuns: 100 },
  );
});

test("a red light of 45 seconds hardly changes the arrival and is no stop", () => {
  const arrivals: (number | null)[] = [];
  let state = NEW;
  let metres = 0;
  for (let second = 0; second < 900; second += 5) {
    const isRed = second >= 700 && second < 745;
    if (!isRed) metres += (40 / 3.6) * 5;
    const decision = send(state, { position: east(metres), recorded_at: at(second), speed_kmh: isRed ? 0 : 40, remaining_distance_km: 10 });
    state = stored(decision.state);
    if (second >= 690) arrivals.push(decision.arrival.eta_minutes);
  }
  expect(arrivals).not.toContain(null);
  for (const minutes of arrivals as number[]) expect(minutes).toBeLessThan(18);
});

test("a vehicle with noise at one place, or with one fix in twenty minutes, is stopped", () => {
  const wobble = Array.from({ length: 60 }, (_, i) => ({
    position: east((i % 2) * 3),
    recorded_at: at(i * 10),
    remaining_distance_km: 10,
  }));
  expect(drive(wobble).newest).toMatchObject({ stopped: true, eta_reason: "stopped" });
  const asleep = [0, 1200, 2400].map((second) => ({ recorded_at: at(second), remaining_distance_km: 10 }));
  expect(drive(asleep).newest).toMatchObject({ stopped: true, eta_reason: "stopped" });
});

test("an implausible fix changes nothing, and the answer says so", () => {
  const state = drive([{ recorded_at: at(0), event_id: "a", remaining_distance_km: 5, average_speed_kmh: 30 }]);
  const wrong: Partial<VehicleFix>[] = [
    { position: { lat: 0, lon: 0 } },
    { position: east(3), accuracy_m: 201 },
    { position: east(3_000) },
    { position: { lat: -74.1, lon: 4.7 } },
  ];
  for (const [index, fix] of wrong.entries()) {
    const decision = send(state, { ...fix, recorded_at: at(10), event_id: `w${index}` });
    expect(decision).toMatchObject({ outcome: "implausible", arrival: { eta_minutes: 10, recorded_at: at(10) } });
    expect(decision.state.newest).toEqual(state.newest);
    expect(send(decision.state, { ...fix, recorded_at: at(10), event_id: `w${index}` }).outcome).toBe("duplicate");
  }
});

test("three consistent fixes move the vehicle from any state", () => {
  const there = [10, 20, 30].map((second, i) => ({ position: east(9_000 + i * 50), recorded_at: at(second), event_id: `t${i}` }));
  const outcomes: string[] = [];
  let state = drive([{ recorded_at: at(0), event_id: "a" }]);
  for (const fix of there) {
    const decision = send(state, fix);
    outcomes.push(decision.outcome);
    state = stored(decision.state);
  }
  expect(outcomes).toEqual(["implausible", "implausible", "applied"]);
});

test("a fix with an unknown route is kept; a destination without an average uses the default", () => {
  expect(send(NEW, { route_id: "X", recorded_at: at(0) }, "unknown")).toMatchObject({
    outcome: "applied",
    arrival: { eta: null, eta_reason: "route_not_found", remaining_distance_km: null },
  });
  expect(send(NEW, { recorded_at: at(0), destination: east(22_164) }).arrival).toMatchObject({
    distance_method: "great_circle",
    speed_source: "default",
  });
  expect(send(NEW, { recorded_at: at(0) }).arrival).toMatchObject({ eta: null, eta_reason: "no_destination" });
  expect(send(NEW, { recorded_at: at(0), remaining_distance_km: 5, average_speed_kmh: 0.5 }).arrival.eta_reason).toBe("stopped");
});

test("on a route out and back on one road, the way home is not measured as the way out", () => {
  const route: PreparedRoute = { line: prepareRoute([east(0), east(10_000), east(0)]), key: "R@1", thresholdKm: 2 };
  let state = NEW;
  const left: (number | null)[] = [];
  for (let metres = 0; metres <= 20_000; metres += 250) {
    const position = east(metres <= 10_000 ? metres : 20_000 - metres);
    const decision = send(state, { position, route_id: "R", recorded_at: at(metres / 12.5), event_id: `o${metres}` }, route);
    state = stored(decision.state);
    left.push(decision.arrival.remaining_distance_km);
  }
  expect(left[0]).toBeCloseTo(20, 0);
  expect(left[60]).toBeCloseTo(5, 0);
  expect(left.at(-1)).toBeCloseTo(0, 1);
  expect(state.newest?.progress).toMatchObject({ route_id: "R" });
});

test("a fix of 2099 in an item of the previous version makes no vehicle silent", () => {
  const old = {
    vehicle_id: "V",
    position: east(0),
    recorded_at: "2099-01-01T00:00:00Z",
    event_id: "old",
    invocation: "i",
    average_speed_kmh: 60,
    speed_source: "default",
    recent_fixes: [{ id: "old", at: "2099-01-01T00:00:00Z", fingerprint: "0011223344556677", position: east(0) }],
  } as unknown as VehicleRecord;
  const { state } = fromRecord("V", old, rules);
  expect(send(state, { position: east(10), recorded_at: at(0) })).toMatchObject({ outcome: "applied", state: { newest: { at: at(0) } } });
});

test("the item of a busy vehicle takes a few kilobytes", () => {
  const fixes = Array.from({ length: 200 }, (_, i) => ({
    position: east(i * 100),
    recorded_at: at(i * 10),
    event_id: `phone-1:${i}`,
    remaining_distance_km: 5,
  }));
  expect(JSON.stringify(toRecord(drive(fixes), [], "w")).length).toBeLessThan(4_500);
});
