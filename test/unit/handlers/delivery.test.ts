import fc from "fast-check";
import { expect, test } from "vitest";
import { DELIVERY_STATUSES, type DeliveryUpdate } from "../../../handlers/contract/schemas.ts";
import { identify } from "../../../handlers/shared/identity.ts";
import { type Decision, type DeliveryRecord, decide, toAnswer } from "../../../handlers/verify-delivery/domain.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");

let invocations = 0;
function eventOf(update: DeliveryUpdate, receivedAt = NOW) {
  const { event_id: eventId, occurred_at: time, ...content } = update;
  return identify({ operation: "POST /delivery", eventId, time, content, invocation: `i${++invocations}` }, receivedAt);
}
const send = (stored: DeliveryRecord | undefined, update: DeliveryUpdate): Decision => decide(stored, eventOf(update), update);
const withoutInvocation = (state: DeliveryRecord | undefined) => ({ ...state, invocation: "" });
const sendAll = (updates: readonly DeliveryUpdate[]) =>
  updates.reduce<DeliveryRecord | undefined>((stored, update) => send(stored, update).record, undefined);

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

/**
 * Few values: overwritten fields are what is to be met. Every update has a time of its own: between different updates of one
 * time the arrival decides, so that their order of arrival does matter.
 */
const updates = fc
  .uniqueArray(
    fc.record(
      {
        status: fc.constantFrom(...DELIVERY_STATUSES),
        occurred_at: fc.integer({ min: 0, max: 12 }).map(at),
        tracking_number: fc.constantFrom("T1", "T2"),
        notes: fc.constantFrom("a", "b"),
        recipient_signature: fc.boolean(),
      },
      { requiredKeys: ["status", "occurred_at"] },
    ),
    { minLength: 1, maxLength: 10, selector: (one) => one.occurred_at },
  )
  .map((list) => list.map((one, index): DeliveryUpdate => ({ delivery_id: "D", event_id: `e${index}`, ...one })));

test("an event without a time that was told twice at once counts once, whatever came between", () => {
  const timeless = (event_id: string, status: DeliveryUpdate["status"], second: number) => {
    const update = { delivery_id: "D", event_id, status };
    return [eventOf(update, new Date(NOW.getTime() + second * 1000)), update] as const;
  };
  const first = decide(undefined, ...timeless("e1", "in_transit", 0)).record;
  const second = decide(first, ...timeless("e2", "delivered", 1)).record;
  expect(decide(second, ...timeless("e1", "in_transit", 2))).toMatchObject({ outcome: "duplicate", record: second, changed: false });
  expect(decide(second, ...timeless("e1", "failed", 2))).toMatchObject({ outcome: "reused", changed: false });
});

test("any order and any repetition of the same updates ends in the same state", () => {
  const scrambled = updates.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length }),
      fc.array(fc.nat({ max: list.length - 1 }), { maxLength: 10 }),
      fc.nat({ max: 20 }),
    ),
  );
  fc.assert(
    fc.property(scrambled, ([list, shuffled, repeats, where]) => {
      const repeated = [...shuffled];
      for (const index of repeats) repeated.splice(where % (repeated.length + 1), 0, list[index] as DeliveryUpdate);
      expect(withoutInvocation(sendAll(repeated))).toEqual(withoutInvocation(sendAll(list)));
    }),
    { numRuns: 2000 },
  );
});

test("the state is the latest update, and for each field the latest update that carried it", () => {
  fc.assert(
    fc.property(updates, (list) => {
      const latestFirst = [...list].sort((a, b) => eventOf(b).ms - eventOf(a).ms);
      const state = sendAll(list) as DeliveryRecord;
      expect(state.status).toBe(latestFirst[0]?.status);
      expect(state.notes).toBe(latestFirst.find((one) => one.notes !== undefined)?.notes);
      expect(state.is_completed).toBe(state.status === "delivered");
      expect(state.delivered_at).toBe(state.is_completed ? state.updated_at : undefined);
    }),
  );
});

test("late news never overwrites newer and is answered with the stored state", () => {
  const stored = sendAll([{ delivery_id: "D", status: "delivered", occurred_at: at(30), event_id: "b", tracking_number: "T" }]);
  const late = send(stored, { delivery_id: "D", status: "in_transit", occurred_at: at(10), event_id: "a", tracking_number: "OLD" });
  expect(late).toMatchObject({ outcome: "late", changed: false });
  expect(toAnswer(late.record)).toEqual({
    delivery_id: "D",
    status: "delivered",
    is_completed: true,
    delivered_at: at(30),
    tracking_number: "T",
    updated_at: at(30),
  });
});

test("a field that an update does not carry keeps its last known value", () => {
  const state = sendAll([
    { delivery_id: "D", status: "in_transit", occurred_at: at(1), tracking_number: "T", notes: "ring twice" },
    { delivery_id: "D", status: "delivered", occurred_at: at(2) },
  ]);
  expect(state).toMatchObject({ status: "delivered", tracking_number: "T", notes: "ring twice" });
});

test("an update is not later than another of the same time: the first to arrive stands as it is, whatever the ids", () => {
  const one: DeliveryUpdate = { delivery_id: "D", status: "failed", occurred_at: at(1), event_id: "e1" };
  const two: DeliveryUpdate = { delivery_id: "D", status: "delivered", occurred_at: at(1), event_id: "e2", notes: "not mine" };
  expect(send(sendAll([one]), two)).toMatchObject({ outcome: "late", changed: false, record: { status: "failed" } });
  expect(send(sendAll([two]), one)).toMatchObject({ outcome: "late", changed: false, record: { status: "delivered", notes: "not mine" } });
  // The same instant, written otherwise.
  expect(send(sendAll([one]), { ...two, occurred_at: at(1).replace(".000Z", "Z") }).outcome).toBe("late");
});

test("the same event again is a duplicate; the same id with other content is refused", () => {
  const update: DeliveryUpdate = { delivery_id: "D", status: "failed", occurred_at: at(1), event_id: "e" };
  const stored = sendAll([update]);
  expect(send(stored, update)).toMatchObject({ outcome: "duplicate", changed: false });
  expect(send(stored, { ...update, status: "delivered", occurred_at: at(9) })).toMatchObject({ outcome: "reused", changed: false });
});

test("delivered_at goes when a delivered parcel comes back", () => {
  const state = sendAll([
    { delivery_id: "D", status: "delivered", occurred_at: at(1) },
    { delivery_id: "D", status: "returned", occurred_at: at(2) },
  ]) as DeliveryRecord;
  expect(toAnswer(state)).toMatchObject({ status: "returned", is_completed: false, delivered_at: null });
});
