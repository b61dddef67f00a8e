import fc from "fast-check";
import { expect, test } from "vitest";
import { hash, identify, REMEMBERED, RETRY_WINDOW_MS, recall, remember, type SeenEvent } from "../../../handlers/shared/identity.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const later = (ms: number) => new Date(NOW.getTime() + ms);
const claims = { operation: "POST /delivery", eventId: undefined, time: undefined, content: { status: "failed" }, invocation: "i" };

test("without an id the same payload with the same time is the same event, in whatever order its fields come", () => {
  const time = "2026-03-01T11:00:00Z";
  const one = identify({ ...claims, time, content: { a: 1, b: { c: 2, d: 3 } } }, NOW);
  const other = identify({ ...claims, time, content: { b: { d: 3, c: 2 }, a: 1 } }, later(5_000));
  expect(other).toEqual(one);
  expect(one.id).toMatch(/^[0-9a-f]{32}$/);
  expect(identify({ ...claims, time, content: { a: 2 } }, NOW).id).not.toBe(one.id);
  expect(identify({ ...claims, time: "2026-03-01T11:00:01Z", content: { a: 1, b: { c: 2, d: 3 } } }, NOW).id).not.toBe(one.id);
});

test("a retry with an id and no time gets the time of the first call", () => {
  const first = identify({ ...claims, eventId: "e" }, NOW);
  const seen = remember([], first);
  const newer = remember(seen, identify({ ...claims, eventId: "f" }, later(1_000)));
  const retry = recall(identify({ ...claims, eventId: "e" }, later(3_600_000)), newer, "f");
  expect(retry).toMatchObject({ id: "e", at: first.at, ms: first.ms });
});

test("with neither id nor time, repeating the last event soon is its retry; later, or after another event, it is news", () => {
  const first = identify(claims, NOW);
  const seen = remember([], first);
  expect(recall(identify(claims, later(RETRY_WINDOW_MS - 1)), seen, first.id)).toMatchObject({ id: first.id, at: first.at });
  expect(recall(identify(claims, later(RETRY_WINDOW_MS)), seen, first.id).id).not.toBe(first.id);
  expect(recall(identify(claims, later(10)), seen, "another").id).not.toBe(first.id);
  expect(recall(identify({ ...claims, content: {} }, later(10)), seen, first.id).id).not.toBe(first.id);
});

test("an event with its own time is itself, whatever is remembered; only events without one are remembered, and few", () => {
  const timed = identify({ ...claims, eventId: "e", time: "2026-03-01T11:00:00Z" }, NOW);
  expect(recall(timed, [{ id: "e", at: "2026-03-01T09:00:00Z", fingerprint: "x" }], "e")).toBe(timed);
  expect(remember([], timed)).toEqual([]);
  let seen: readonly SeenEvent[] = [];
  for (let i = 0; i < 50; i++) seen = remember(seen, identify({ ...claims, eventId: `e${i}` }, later(i)));
  expect(seen).toHaveLength(REMEMBERED);
  expect(seen.at(-1)?.id).toBe("e49");
});

test("equal JSON values have equal hashes and others have not", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(hash(JSON.parse(JSON.stringify(value)))).toBe(hash(value));
    }),
  );
  expect(hash({ a: "1" })).not.toBe(hash({ a: 1 }));
});
