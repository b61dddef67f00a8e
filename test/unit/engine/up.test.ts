import { expect, test } from "vitest";
import { declare, type ResourceNode } from "../../../src/engine/contract.ts";
import { observe } from "../../../src/engine/observe.ts";
import { plan } from "../../../src/engine/plan.ts";
import { type Cloud, fakeRun, type Hooks, Refusal, status, TAGS, thing, up } from "./fake.ts";

function stage(hooks: Hooks = {}) {
  const cloud: Cloud = new Map();
  const log = { calls: [] as string[] };
  const kind = thing(cloud, log, hooks);
  const node = (id: string, values: Record<string, string> = { v: "1" }, of = kind): ResourceNode<{ name: string; arn: string }> =>
    declare(of, id, { identity: () => ({ name: id }), spec: () => ({ values }) });
  return { cloud, log, kind, node };
}
const ours = (values: Record<string, string> = { v: "1" }) => ({ values, tags: TAGS, polls: 0 });

test("a dependant reads its upstream's outputs and runs after it", async () => {
  const { cloud, kind, node } = stage({ settlePolls: 2 });
  const role = node("role");
  const fn = declare(kind, "fn", {
    needs: { role },
    identity: () => ({ name: "fn" }),
    spec: (from) => ({ values: { role: from.role.arn } }),
  });
  const fake = fakeRun();
  const outcome = await up([fn], fake);
  expect(status(outcome)).toEqual({ role: "done", fn: "done" });
  expect(cloud.get("fn")?.values).toEqual({ role: "arn:role" });
  expect(fake.events.filter((e) => e.type === "resource.waiting")).toHaveLength(4);
});
test("a second run reads each resource once and writes nothing", async () => {
  let reads = 0;
  const { log, node, kind } = stage({ before: (verb) => void (verb === "read" && reads++) });
  const a = node("a");
  const b = declare(kind, "b", { needs: { a }, identity: () => ({ name: "b" }), spec: (from) => ({ values: { a: from.a.arn } }) });
  await up([b], fakeRun());
  log.calls.length = 0;
  reads = 0;
  const outcome = await up([b], fakeRun());
  expect([outcome.ok, log.calls, reads]).toEqual([true, [], 2]);
  expect(outcome.resources.map((r) => r.decision.action)).toEqual(["keep", "keep"]);
});
test("a failure skips its dependants, lets the rest finish and is the run's error", async () => {
  const { cloud, node, kind } = stage({
    before: (verb, name) => {
      if (verb === "create" && name === "bad") throw new Refusal("ValidationException");
    },
  });
  const bad = node("bad");
  const child = declare(kind, "child", { needs: { bad }, identity: () => ({ name: "child" }), spec: () => ({ values: {} }) });
  const outcome = await up([child, node("other")], fakeRun());
  expect(status(outcome)).toEqual({ bad: "failed", child: "skipped", other: "done" });
  expect([...cloud.keys()]).toEqual(["other"]);
  expect(outcome.error).toMatchObject({ code: "AWS_FAULT", detail: { resource: "bad", awsCode: "ValidationException", requestId: "r-1" } });
  expect(outcome.error?.message).toContain("fake:Call");
});
test("one error names all foreign and protected resources before the first write", async () => {
  const { cloud, log, node } = stage();
  const holder = thing(cloud, log, { holdsData: true });
  cloud.set("one", { values: {}, tags: {}, polls: 0 });
  cloud.set("two", { values: {}, tags: { "fleetlogix:stack": "Other/dev" }, polls: 0 });
  cloud.set("data", ours());
  const nodes = [node("new"), node("one"), node("two"), node("data", { v: "!2" }, holder)];
  const refusal = await up(nodes, fakeRun()).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "OWNER_FOREIGN", exit: 4 });
  for (const name of ["one", "two", "Other/dev", "data"]) expect(String(refusal)).toContain(name);
  expect(log.calls).toEqual([]);
});
test("adopt writes our tag to a resource with our name", async () => {
  const { cloud, log, node } = stage();
  cloud.set("x", { values: { v: "0" }, tags: { Owner: "me" }, polls: 0 });
  const outcome = await up([node("x")], fakeRun({ adopt: true }));
  expect([outcome.ok, log.calls, cloud.get("x")?.tags]).toEqual([true, ["update x"], { Owner: "me", ...TAGS }]);
});
test("a replacement deletes first, and only a resource without data", async () => {
  const { cloud, log, node } = stage();
  cloud.set("x", ours());
  expect((await up([node("x", { v: "!2" })], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["delete x", "create x"]);
});
test("a failed resource is replaced once, and a second failure is an error", async () => {
  const { cloud, log, node } = stage({
    after: (verb, name) => void (verb === "create" && Object.assign(cloud.get(name) ?? {}, { failed: "no image" })),
  });
  cloud.set("x", { ...ours(), failed: "killed half-way" });
  const outcome = await up([node("x")], fakeRun());
  expect(log.calls).toEqual(["delete x", "create x"]);
  expect(outcome.error).toMatchObject({ code: "SETTLE_FAILED", message: expect.stringContaining("no image") });
});
test("a failed resource with data is never replaced", async () => {
  const { cloud, log, node } = stage({ holdsData: true });
  cloud.set("db", { ...ours(), failed: "storage-full" });
  const outcome = await up([node("db")], fakeRun());
  expect(log.calls).toEqual([]);
  expect(outcome.error).toMatchObject({ code: "SETTLE_FAILED", message: expect.stringContaining("storage-full") });
});
test("with --no-wait a slow resource is started, its dependants are skipped, and the run succeeds", async () => {
  const { cloud, log, node } = stage();
  const slow = thing(cloud, log, { slow: true, settlePolls: 1e9, timeoutMs: 1e12 });
  const database = node("database", { v: "1" }, slow);
  const child = declare(slow, "child", { needs: { database }, identity: () => ({ name: "child" }), spec: () => ({ values: {} }) });
  const outcome = await up([child, node("bucket")], fakeRun({ wait: false }));
  expect(status(outcome)).toEqual({ database: "done", child: "skipped", bucket: "done" });
  expect(outcome.resources.find((r) => r.id === "database")?.settling).toBe(true);
  expect(outcome.ok).toBe(true);
});
test("a wait for a slow resource occupies no slot", async () => {
  const { cloud, log, node } = stage();
  const slow = thing(cloud, log, { slow: true, settlePolls: 5 });
  const outcome = await up([node("bucket"), node("database", { v: "1" }, slow), node("topic")], fakeRun({ concurrency: 1 }));
  expect(outcome.ok).toBe(true);
  expect(log.calls).toEqual(["create database", "create bucket", "create topic"]);
});
test("a wait ends with SETTLE_TIMEOUT", async () => {
  const { cloud, node } = stage({ timeoutMs: 30_000 });
  cloud.set("x", { ...ours(), polls: 1e9 });
  const outcome = await up([node("x")], fakeRun());
  expect(outcome.error).toMatchObject({ code: "SETTLE_TIMEOUT", message: 'fake.thing "x" is still creating after 30 s' });
});
test("interrupted: the call in flight finishes, nothing new starts, exit 130", async () => {
  const stop = new AbortController();
  const { cloud, log, node, kind } = stage({ before: (verb) => void (verb === "create" && stop.abort()) });
  const a = node("a");
  const b = declare(kind, "b", { needs: { a }, identity: () => ({ name: "b" }), spec: () => ({ values: {} }) });
  const fake = fakeRun({ signal: stop.signal, concurrency: 1 });
  const outcome = await up([b, node("c")], fake);
  expect(log.calls).toEqual(["create a"]);
  expect([...cloud.keys()]).toEqual(["a"]);
  expect(outcome.error).toMatchObject({ code: "INTERRUPTED", exit: 130 });
  expect(fake.events.filter((e) => e.type === "run.interrupted")).toHaveLength(1);
  expect((await up([b, node("c")], fakeRun())).ok).toBe(true);
  expect(log.calls).toHaveLength(3);
});
test("a first plan shows predicted values and marks unknown ones", async () => {
  const { cloud, log, node, kind } = stage();
  const seer = thing(cloud, log, { predicts: true });
  const role = node("role", {}, seer);
  const api = node("api");
  const mine = (id: string, needs: Record<string, ResourceNode>) =>
    declare(kind, id, {
      needs,
      identity: () => ({ name: id }),
      spec: (from) => ({ values: { role: String(Object.values(from as Record<string, { arn: string }>)[0]?.arn) } }),
    });
  cloud.set("kept", ours({ role: "arn:role" }));
  cloud.set("stale", ours({ role: "arn:other" }));
  cloud.set("blind", ours({ role: "?" }));
  const { run } = fakeRun();
  const planned = plan(await observe([mine("kept", { role }), mine("stale", { role }), mine("blind", { api })], run, { specs: true }), run);
  const decisions = Object.fromEntries(planned.map((p) => [p.id, p.decision]));
  expect(decisions).toMatchObject({
    role: { action: "create" },
    api: { action: "create" },
    kept: { action: "keep" },
    stale: { action: "update", changes: [{ path: "role", from: "arn:other", to: "arn:role" }] },
    blind: { action: "update", changes: [{ path: "role", to: "(known after api)" }] },
  });
  expect(planned.find((p) => p.id === "role")?.arn).toBe("arn:role");
  expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
  expect(log.calls).toEqual([]);
});
test("any number of slots leads to the same result", async () => {
  const ends = await Promise.all(
    [1, 2, 3, 8].map(async (concurrency) => {
      const { cloud, node, kind } = stage({ settlePolls: 1 });
      const roots = ["a", "b", "c"].map((id) => node(id));
      const leaves = roots.map((root, i) =>
        declare(kind, `leaf-${i}`, {
          needs: { root },
          identity: (from) => from.root && { name: `leaf-of-${from.root.name}` },
          spec: () => ({ values: {} }),
        }),
      );
      await up(leaves, fakeRun({ concurrency }));
      return [...cloud.keys()].sort();
    }),
  );
  expect(new Set(ends.map((end) => end.join()))).toEqual(new Set(["a,b,c,leaf-of-a,leaf-of-b,leaf-of-c"]));
});
test("the dependant of a replaced resource is read again", async () => {
  const { cloud, log, node, kind } = stage({ after: (verb, name) => void (verb === "delete" && name === "fn" && cloud.delete("grant")) });
  const fn = node("fn", { v: "!2" });
  const grant = declare(kind, "grant", { needs: { fn }, identity: () => ({ name: "grant" }), spec: () => ({ values: {} }) });
  cloud.set("fn", ours());
  cloud.set("grant", ours({}));
  expect((await up([grant], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["delete fn", "create fn", "create grant"]);
});
