import fc from "fast-check";
import { expect, test } from "vitest";
import { DELIVERY_STATUSES, type DeliveryUpdate } from "../../../handlers/contract/schemas.ts";
import { fromItem, toItem } from "../../../handlers/shared/attributes.ts";
import { identify } from "../../../handlers/shared/identity.ts";
import {
  type DeliveryState,
  decide,
  newDelivery,
  type StandingUpdate,
  standingOf,
  toAnswer,
} from "../../../handlers/verify-delivery/domain.ts";
import { type DeliveryRecord, fromRecord, toRecord } from "../../../handlers/verify-delivery/record.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
type Update = Partial<DeliveryUpdate> & Pick<DeliveryUpdate, "status">;

function send(stored: DeliveryState, update: Update, now = NOW) {
  const { event_id: eventId, occurred_at: time, ...content } = update;
  const event = identify({ operation: "POST /delivery", eventId, time, content, invocation: "i" }, now);
  return decide(stored, event, { delivery_id: "D", ...update } as DeliveryUpdate, now.getTime());
}
/** The state after it was stored in an item and read. */
const stored = (state: DeliveryState): DeliveryState =>
  fromRecord("D", fromItem<DeliveryRecord>(toItem(toRecord(state, false, "w")))).state;
const sendAll = (updates: readonly Update[]) => updates.reduce((state, update) => stored(send(state, update).state), newDelivery("D"));
const answerOf = (state: DeliveryState) => toAnswer(state, standingOf(state) as StandingUpdate);
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

/** Few values, so that they collide: equal times, equal statuses, overwritten fields. */
const updates = fc
  .array(
    fc.record(
      {
        status: fc.constantFrom(...DELIVERY_STATUSES),
        occurred_at: fc.integer({ min: 0, max: 5 }).map(at),
        tracking_number: fc.constantFrom("T1", "T2"),
        notes: fc.constantFrom("a", "b", "c"),
        recipient_signature: fc.boolean(),
        correction: fc.constantFrom(true, false),
      },
      { requiredKeys: ["status", "occurred_at"] },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => list.map((one, index): Update => ({ event_id: `e${index}`, ...one })));

test("the same updates and corrections lead to the same state in any order and with any repetition", () => {
  const scrambled = updates.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length }),
      fc.array(fc.tuple(fc.nat({ max: list.length - 1 }), fc.nat({ max: 20 })), { maxLength: 6 }),
    ),
  );
  fc.assert(
    fc.property(scrambled, ([list, shuffled, repeats]) => {
      const repeated = [...shuffled];
      for (const [index, where] of repeats) repeated.splice(where % (repeated.length + 1), 0, list[index] as Update);
      expect(answerOf(sendAll(repeated))).toEqual(answerOf(sendAll(list)));
    }),
    { numRuns: 300 },
  );
});

const PROGRESS = ["pending", "assigned", "in_transit", "failed", "returned", "cancelled", "delivered"];
const FINAL = ["returned", "cancelled", "delivered"];
const later = (a: Update, b: Update) =>
  Date.parse(a.occurred_at ?? "") - Date.parse(b.occurred_at ?? "") ||
  PROGRESS.indexOf(a.status) - PROGRESS.indexOf(b.status) ||
  (String(a.event_id) < String(b.event_id) ? -1 : 1);

test("the state is the latest final update since the last correction, otherwise the latest update", () => {
  fc.assert(
    fc.property(updates, (list) => {
      const inOrder = [...list].sort(later);
      const since = inOrder.slice(
        Math.max(
          0,
          inOrder.findLastIndex((one) => one.correction === true),
        ),
      );
      const standing = since.findLast((one) => FINAL.includes(one.status)) ?? since.at(-1);
      const first = since.find((one) => one.status === "delivered");
      const answer = answerOf(sendAll(list));
      expect(answer).toMatchObject({ status: standing?.status, updated_at: standing?.occurred_at, event_id: standing?.event_id });
      expect(answer.delivered_at).toBe(standing?.status === "delivered" ? first?.occurred_at : null);
      for (const field of ["tracking_number", "notes"] as const)
        expect(answer[field] === null).toBe(list.every((one) => one[field] === undefined));
    }),
    { numRuns: 300 },
  );
});

test("of two updates in the same second the further status counts, in any order of arrival", () => {
  const transit: Update = { status: "in_transit", occurred_at: at(0), event_id: "z" };
  const done: Update = { status: "delivered", occurred_at: at(0), event_id: "a" };
  expect(answerOf(sendAll([transit, done])).status).toBe("delivered");
  expect(send(sendAll([transit]), done)).toMatchObject({ outcome: "applied" });
  expect(send(sendAll([done]), transit)).toMatchObject({ outcome: "late" });
});

test("a correction replaces a final update, another update does not; later updates continue from the correction", () => {
  const done = sendAll([{ status: "delivered", occurred_at: at(10), event_id: "a", notes: "at the door" }]);
  const moved = send(done, { status: "in_transit", occurred_at: at(20), event_id: "b", notes: "on the way", driver_id: "C" });
  expect(moved.outcome).toBe("final");
  expect(answerOf(moved.state)).toMatchObject({ status: "delivered", notes: "at the door", driver_id: "C" });
  const corrected = send(stored(moved.state), { status: "in_transit", occurred_at: at(30), event_id: "c", correction: true });
  expect(corrected.outcome).toBe("applied");
  expect(answerOf(corrected.state)).toMatchObject({ status: "in_transit", delivered_at: null });
  const reset = send(stored(corrected.state), { status: "delivered", occurred_at: at(40), event_id: "d" });
  expect(answerOf(reset.state)).toMatchObject({ status: "delivered", delivered_at: at(40) });
});

test("a later signature does not change the time of delivery", () => {
  const state = sendAll([
    { status: "delivered", occurred_at: at(0), event_id: "a" },
    { status: "delivered", occurred_at: at(15), event_id: "b", recipient_signature: true },
  ]);
  expect(answerOf(state)).toMatchObject({ delivered_at: at(0), updated_at: at(15), recipient_signature: true });
});

test("a stored time in the future makes no update late; updates of a clock slightly ahead keep their order", () => {
  const old: DeliveryRecord = {
    status: "assigned",
    is_completed: false,
    occurred_at: "2099-01-01T00:00:00Z",
    updated_at: "2099-01-01T00:00:00Z",
    updated_ms: Date.UTC(2099, 0, 1),
    event_id: "old",
    event_fingerprint: "0011223344556677",
    field_ms: {},
    recent_events: [],
  };
  const { state } = fromRecord("D", old);
  expect(send(state, { status: "delivered", occurred_at: at(0), event_id: "a" })).toMatchObject({ outcome: "applied" });
  expect(send(state, { status: "in_transit", event_id: "b" })).toMatchObject({ outcome: "applied" });
  const ahead = (second: number) => new Date(NOW.getTime() + second * 1000).toISOString();
  const first = send(newDelivery("D"), { status: "delivered", occurred_at: ahead(60), event_id: "a" }).state;
  const second = send(stored(first), { status: "delivered", occurred_at: ahead(70), event_id: "b" }, new Date(ahead(10))).state;
  expect(answerOf(second)).toMatchObject({ delivered_at: ahead(60), updated_at: ahead(70) });
});

test("a repeated event is a duplicate, with any time; the same id with other content is refused", () => {
  const update: Update = { status: "failed", occurred_at: at(1), event_id: "e" };
  const known = sendAll([update, { status: "returned", occurred_at: at(5), event_id: "f" }]);
  expect(send(known, update)).toMatchObject({ outcome: "duplicate", changed: false });
  expect(send(known, { ...update, occurred_at: at(9) })).toMatchObject({ outcome: "duplicate", changed: false });
  expect(send(known, { ...update, status: "delivered", occurred_at: at(9) })).toMatchObject({ outcome: "reused", changed: false });
});

test("an item with sixty-four events and every field takes a few kilobytes", () => {
  const many = Array.from(
    { length: 70 },
    (_, i): Update => ({ status: "in_transit", occurred_at: at(i), event_id: `phone-12:${i}`, notes: "n".repeat(200) }),
  );
  const record = toRecord(sendAll(many), false, "w");
  expect(JSON.stringify(toItem(record)).length).toBeLessThan(4_096);
  expect(send(sendAll(many), many[6] as Update).outcome).toBe("duplicate");
});
