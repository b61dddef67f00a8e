import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, type Reply, startFleet } from "./fleet.ts";

/**
 * Every AWS call of a handler is broken once, in every way, and the client retries as a phone does: the same event until
 * it gets a 2xx. Afterwards the state must be what it would have been without the fault, and nothing may be lost.
 */
let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
  await fleet.putRoute("R", { waypoints: [BOGOTA, { lat: 5.711, lon: -74.0721 }] });
});
afterAll(() => fleet?.close());

const BOGOTA = { lat: 4.711, lon: -74.0721 };
const FAULTS = [
  { kind: "fail", status: 500 },
  { kind: "failAfter", status: 500 },
  { kind: "lose" },
  { kind: "cutBefore" },
  { kind: "throttle" },
  { kind: "deny" },
] as const;
const T0 = "2026-03-01T10:00:00Z";
const T1 = "2026-03-01T10:01:00Z";
const WEST = { lat: 5.2, lon: -74.1 };

interface Scenario {
  readonly name: "delivery" | "vehicle" | "route";
  readonly area: string;
  readonly event: (id: string) => Record<string, unknown>;
  /** State with what differs between runs taken out. */
  readonly state: (id: string) => Promise<unknown>;
}
const masked = (value: unknown, id: string) =>
  JSON.parse(
    JSON.stringify(value ?? null, (key, inner) =>
      typeof inner === "string" && /^2026-03-01T10:00:00\.?0*Z$/.test(inner)
        ? T0
        : /version|notified_at|events|writer/.test(key)
          ? undefined
          : inner,
    )
      .replaceAll(id, "ID")
      .replace(/alert-[0-9a-f]{32}/g, "ALERT"),
  );

const scenarios: readonly Scenario[] = [
  {
    name: "delivery",
    area: "deliveries",
    event: (id) => ({ delivery_id: id, status: "delivered", occurred_at: T0, event_id: id, notes: "at the door" }),
    state: (id) => fleet.item("deliveries", id),
  },
  {
    name: "vehicle",
    area: "vehicles",
    event: (id) => ({ vehicle_id: id, position: BOGOTA, route_id: "R", recorded_at: T0, event_id: id }),
    state: (id) => fleet.item("vehicles", id),
  },
  {
    name: "route",
    area: "routes",
    event: (id) => ({ vehicle_id: id, position: WEST, route_id: "R", recorded_at: T0, event_id: id }),
    state: async (id) => ({ vehicle: await fleet.item("vehicles", id), alerts: await fleet.alertItems(id) }),
  },
];

async function untilAccepted(
  name: Scenario["name"],
  first: Record<string, unknown>,
  isStampedAnew = false,
): Promise<{ reply: Reply; tries: number }> {
  for (let tries = 1; tries <= 3; tries++) {
    const stamp = { [name === "delivery" ? "occurred_at" : "recorded_at"]: `2026-03-01T10:00:0${tries}Z` };
    const reply = await fleet.post(name, tries > 1 && isStampedAnew ? { ...first, ...stamp } : first);
    if (reply.status === 200) return { reply, tries };
    expect([500, 503]).toContain(reply.status);
    if (reply.status === 503) expect(reply.headers["Retry-After"]).toBeDefined();
    expect(JSON.stringify(reply.body)).not.toMatch(/arn:|not authorized|dynamodb|table/i);
  }
  throw new Error("never accepted");
}

const cases = scenarios.flatMap((scenario) => FAULTS.map((fault) => [scenario.name, fault.kind, scenario, fault] as const));

test.each(cases)("POST /%s with %s at any one call", async (_, kind, scenario, fault) => {
  const calm = `calm-${scenario.name}-${kind}`;
  const before = fleet.faults.calls().length;
  expect((await fleet.post(scenario.name, scenario.event(calm))).status).toBe(200);
  const calls = fleet.faults.calls().length - before;
  expect(calls).toBeGreaterThan(2);
  const wanted = masked(await scenario.state(calm), calm);

  for (let nth = 1; nth <= calls; nth++) {
    const id = `x-${scenario.name}-${kind}-${nth}`;
    fleet.faults.add({ nth, times: 1, fault });
    // A phone's retry has a new time.
    const { tries } = await untilAccepted(scenario.name, scenario.event(id), true);
    expect(tries).toBeLessThanOrEqual(2);
    if (scenario.name === "route") {
      // A later call sends and cleans up the rest, after the sender's lease has ended.
      fleet.time.now = new Date(fleet.time.now.getTime() + 60_000);
      expect((await fleet.post("route", scenario.event(id))).status).toBe(200);
      expect(fleet.published(id).length).toBeGreaterThanOrEqual(1);
      expect(new Set(fleet.published(id).map((message) => message.alert_id)).size).toBe(1);
      expect((await fleet.alertItems(id))[0]).toHaveProperty("notified_at");
    }
    expect(masked(await scenario.state(id), id)).toEqual(wanted);
    expect(await fleet.rawKeys(`-${id}.json`)).toHaveLength(1);
    expect(fleet.faults.rules().every((rule) => rule.matched >= rule.nth)).toBe(true);
  }
});

test("the raw copy exists even if the tables never answer", async () => {
  fleet.faults.add({ service: "dynamodb", times: 2, fault: { kind: "fail", status: 500 } });
  expect((await fleet.post("delivery", { delivery_id: "lake", status: "failed", occurred_at: T1, event_id: "lake-1" })).status).toBe(503);
  expect(await fleet.rawKeys("-lake-1.json")).toHaveLength(1);
  expect(await fleet.item("deliveries", "lake")).toBeUndefined();
});

test("without the raw copy nothing is written and the call fails", async () => {
  fleet.faults.add({ service: "s3", operation: "PutObject", times: 1, fault: { kind: "fail", status: 503 } });
  expect((await fleet.post("delivery", { delivery_id: "nolake", status: "failed", occurred_at: T1, event_id: "nolake-1" })).status).toBe(
    503,
  );
  expect(await fleet.item("deliveries", "nolake")).toBeUndefined();
});

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  "POST /%s: an answer that is lost is asked for again by the SDK, and the call says what it did",
  async (_, scenario) => {
    const patient = await startFleet({ maxAttempts: 3 });
    try {
      await patient.putRoute("R", { waypoints: [BOGOTA, { lat: 5.711, lon: -74.0721 }] });
      const before = patient.faults.calls().length;
      await patient.post(scenario.name, scenario.event("calm"));
      const calls = patient.faults.calls().length - before;
      for (let nth = 1; nth <= calls; nth++) {
        patient.faults.add({ nth, times: 1, fault: { kind: "lose" } });
        const reply = await patient.post(scenario.name, scenario.event(`l-${nth}`));
        expect(reply).toMatchObject({ status: 200, body: { applied: true, duplicate: false } });
        if (scenario.name === "route") expect(reply.body.alert).toMatchObject({ state: "open", notified: true });
      }
    } finally {
      await patient.close();
    }
  },
);

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  "POST /%s: a call of ours that hangs is ended before the function's time is up, and the retry completes it",
  async (_, scenario) => {
    const before = fleet.faults.calls().length;
    await fleet.post(scenario.name, scenario.event(`calm-hang-${scenario.name}`));
    const calls = fleet.faults.calls().length - before;
    for (let nth = 1; nth <= calls; nth++) {
      const id = `hang-${scenario.name}-${nth}`;
      fleet.faults.add({ nth, times: 1, fault: { kind: "hang" } });
      fleet.time.remainingMs = 1_400;
      const hung = await fleet.post(scenario.name, scenario.event(id));
      fleet.time.remainingMs = 10_000;
      // After the state is stored, a hanging call only delays a message.
      expect([200, 503]).toContain(hung.status);
      expect((await untilAccepted(scenario.name, scenario.event(id))).tries).toBe(1);
      fleet.time.now = new Date(fleet.time.now.getTime() + 60_000);
      const again = await fleet.post(scenario.name, scenario.event(id));
      expect(again).toMatchObject({ status: 200, body: { duplicate: true } });
      if (scenario.name === "route") {
        expect(await fleet.alertItems(id)).toMatchObject([{ state: "open", notified_at: expect.any(String) }]);
      }
    }
  },
);
