import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOCK_TOLERANCE_MS, hash, identify, RETRY_WINDOW_MS, recall } from "../../../handlers/shared/identity.ts";
import { findEvent, fromText, type Memory, REMEMBERED, remember, toText } from "../../../handlers/shared/memory.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const later = (ms: number) => new Date(NOW.getTime() + ms);
const operation = "POST /delivery";
const content = { status: "failed" };
const claims = { operation, eventId: undefined, time: undefined, content, invocation: "i" };

test("without an id the same payload with the same time is the same event, in any order of its fields", () => {
  const time = "2026-03-01T11:00:00Z";
  const one = identify({ ...claims, time, content: { a: 1, b: { c: 2, d: 3 } } }, NOW);
  expect(identify({ ...claims, time, content: { b: { d: 3, c: 2 }, a: 1 } }, later(5_000))).toEqual(one);
  expect(one.id).toMatch(/^[0-9a-f]{32}$/);
  expect(identify({ ...claims, time, content: { a: 2 } }, NOW).id).not.toBe(one.id);
});

test("a time within the tolerance counts; for a time farther ahead or a missing one, the time of receipt counts", () => {
  const ahead = (ms: number) => identify({ ...claims, time: later(ms).toISOString() }, NOW);
  expect(ahead(CLOCK_TOLERANCE_MS)).toMatchObject({ timeSource: "client", ms: NOW.getTime() + CLOCK_TOLERANCE_MS });
  expect(ahead(CLOCK_TOLERANCE_MS + 1)).toMatchObject({ timeSource: "server", at: NOW.toISOString() });
  expect(identify({ ...claims, time: "9999-12-31T23:59:59Z" }, NOW)).toMatchObject({ timeSource: "server", at: NOW.toISOString() });
  expect(identify(claims, NOW)).toMatchObject({ timeSource: "server", at: NOW.toISOString() });
});

test("a retry gets the time of the first call, with any time of its own", () => {
  const first = identify({ ...claims, eventId: "e", time: "2026-03-01T11:00:00Z" }, NOW);
  const memory = remember(remember([], first), identify({ ...claims, eventId: "f" }, later(1_000)));
  for (const time of ["2026-03-01T11:06:00Z", undefined]) {
    const { event, rememberedEvent } = recall(identify({ ...claims, eventId: "e", time }, later(3_600_000)), memory, content, operation);
    expect(event).toMatchObject({ id: "e", ms: first.ms });
    expect(rememberedEvent).toBeDefined();
  }
  expect(recall(identify({ ...claims, eventId: "g" }, NOW), memory, content, operation).rememberedEvent).toBeUndefined();
});

test("without id and time, an early repetition of the last event is a retry; later, or after another event, it is a new event", () => {
  const first = identify(claims, NOW);
  const memory = remember([], first);
  const recalledAt = (ms: number, of: Memory) => recall(identify(claims, later(ms)), of, content, operation).event;
  expect(recalledAt(RETRY_WINDOW_MS - 1, memory)).toMatchObject({ id: first.id, ms: first.ms });
  expect(recalledAt(RETRY_WINDOW_MS, memory).id).not.toBe(first.id);
  const other = remember(memory, identify({ ...claims, content: {} }, later(5)));
  expect(recalledAt(10, other).id).not.toBe(first.id);
});

test("the last sixty-four events are kept, and are read back from their text", () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 64 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(ids, fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) }), (names, ms) => {
      const events = names.map((id, index) => ({ id, fingerprint: hash(id).slice(0, 16), ms: ms + index }));
      const memory = fromText(toText(events.reduce<Memory>(remember, [])));
      expect(memory).toHaveLength(Math.min(REMEMBERED, events.length));
      for (const event of events.slice(-REMEMBERED)) expect(findEvent(memory, event.id)?.ms).toBe(event.ms);
    }),
  );
});

test("only equal JSON values have equal hashes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(hash(JSON.parse(JSON.stringify(value)))).toBe(hash(value));
    }),
  );
  expect(hash({ a: "1" })).not.toBe(hash({ a: 1 }));
});
