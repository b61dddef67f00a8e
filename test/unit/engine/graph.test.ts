import { expect, test } from "vitest";
import { declare, type ResourceNode } from "../../../src/engine/contract.ts";
import { inOrder, ranks } from "../../../src/engine/graph.ts";
import { makeSlots } from "../../../src/engine/run.ts";
import { thing } from "./fake.ts";

const plain = thing(new Map(), { calls: [] });
const slow = thing(new Map(), { calls: [] }, { slow: true });
const node = (id: string, needs: Record<string, ResourceNode> = {}, kind = plain): ResourceNode =>
  declare(kind, id, { needs, identity: () => ({ name: id }), spec: () => ({ values: {} }) });

test("every node comes after its dependencies, which are added", () => {
  const role = node("role");
  const fn = node("fn", { role });
  const alias = node("alias", { fn });
  expect(inOrder([alias]).map((n) => n.id)).toEqual(["role", "fn", "alias"]);
});
test("the error of a circular dependency names its members", () => {
  const a = node("a") as ResourceNode & { needs: Record<string, ResourceNode> };
  const b = node("b", { a });
  Object.assign(a, { needs: { b } });
  expect(() => inOrder([a, b])).toThrow("circular dependency: a → b → a");
});
test("two nodes of one id are refused", () => {
  expect(() => inOrder([node("a"), node("a")])).toThrow('two resources are called "a"');
});
test("nodes that lead to a slow one go first, then those with the most dependants", () => {
  const bucket = node("bucket");
  const role = node("role");
  const fn = node("fn", { role });
  const alias = node("alias", { fn });
  const group = node("group");
  const database = node("database", { group }, slow);
  const rank = ranks(inOrder([bucket, alias, database]));
  expect([...rank].sort((a, b) => a[1] - b[1]).map(([id]) => id)).toEqual(["group", "database", "role", "fn", "bucket", "alias"]);
});
test("a free slot goes to the lowest rank, and no more calls run than there are slots", async () => {
  const slots = makeSlots(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const job = (rank: number) =>
    slots(rank, async () => {
      begun.push(rank);
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
    });
  await Promise.all([5, 4, 3, 2, 1, 0].map(job));
  expect(begun).toEqual([5, 4, 0, 1, 2, 3]);
  expect(most).toBe(2);
});
