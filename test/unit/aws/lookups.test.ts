import { expect, test } from "vitest";
import { joinedLookups, sharedLookups } from "../../../src/aws/lookups.ts";

/** A client whose answers the test triggers. */
const makeClient = () => {
  const asked: { readonly keys: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  return { asked };
};
type Client = ReturnType<typeof makeClient>;
const lookup = joinedLookups<Client, string | undefined>(
  3,
  ({ asked }, keys) =>
    new Promise((resolve, reject) => {
      const found = new Map(keys.map((key) => [key, `found ${key}`]));
      asked.push({ keys, answer: () => resolve((key) => found.get(key)), fail: reject });
    }),
);
const turn = () => new Promise(setImmediate);

test("lookups of one turn are joined in one call, without duplicates, up to the call's limit", async () => {
  const client = makeClient();
  const all = ["a", "b", "a", "c", "d"].map((key) => lookup(client, key));
  await turn();
  expect(client.asked.map(({ keys }) => keys)).toEqual([["a", "b", "c"]]);
  client.asked[0]?.answer();
  await turn();
  client.asked[1]?.answer();
  expect(await Promise.all(all)).toEqual(["found a", "found b", "found a", "found c", "found d"]);
  expect(client.asked).toHaveLength(2);
});

test("a lookup does not join a call that was sent before it", async () => {
  const client = makeClient();
  const before = lookup(client, "a");
  await turn();
  const after = lookup(client, "a");
  client.asked[0]?.answer();
  expect(await before).toBe("found a");
  await turn();
  expect(client.asked.map(({ keys }) => keys)).toEqual([["a"], ["a"]]);
  client.asked[1]?.answer();
  expect(await after).toBe("found a");
});

test("a failed call fails only its own lookups", async () => {
  const client = makeClient();
  const failing = lookup(client, "a");
  await turn();
  const next = lookup(client, "b");
  client.asked[0]?.fail(new Error("throttled"));
  await expect(failing).rejects.toThrow("throttled");
  await turn();
  client.asked[1]?.answer();
  expect(await next).toBe("found b");
});

test("two clients make separate calls", async () => {
  const [one, other] = [makeClient(), makeClient()];
  void lookup(one, "a");
  void lookup(other, "a");
  await turn();
  expect([one.asked.length, other.asked.length]).toEqual([1, 1]);
});

test("lookups of one key share a call that has not begun, and different keys have calls of their own", async () => {
  const asked: { readonly key: string; answer(found: string): void }[] = [];
  const shared = sharedLookups<object, string>((_client, key) => new Promise((answer) => asked.push({ key, answer })));
  const client = {};
  const early = [shared(client, "a"), shared(client, "b"), shared(client, "a")];
  await turn();
  expect(asked.map(({ key }) => key)).toEqual(["a", "b"]);
  const late = [shared(client, "a"), shared(client, "a")];
  await turn();
  expect(asked).toHaveLength(2);
  asked[0]?.answer("first");
  asked[1]?.answer("other");
  await turn();
  asked[2]?.answer("second");
  expect(await Promise.all([...early, ...late])).toEqual(["first", "other", "first", "second", "second"]);
  expect(asked.map(({ key }) => key)).toEqual(["a", "b", "a"]);
});
