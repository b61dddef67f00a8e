import { expect, test } from "vitest";
import { declare, type ResourceNode } from "../../../src/engine/contract.ts";
import { observe } from "../../../src/engine/observe.ts";
import { planDeletions } from "../../../src/engine/plan.ts";
import { executeDeletions, findOrphans } from "../../../src/engine/teardown.ts";
import { type Cloud, fakeRun, type Hooks, Refusal, status, TAGS, thing, up } from "./fake.ts";

function stage(hooks: Hooks = {}) {
  const cloud: Cloud = new Map();
  const log = { calls: [] as string[] };
  const kind = thing(cloud, log, { kind: "fake.plain", ...hooks });
  const data = thing(cloud, log, { kind: "fake.data", holdsData: true, ...hooks });
  const group = declare(kind, "group", { identity: () => ({ name: "group" }), spec: () => ({ values: {} }) });
  const database = declare(data, "database", { needs: { group }, identity: () => ({ name: "database" }), spec: () => ({ values: {} }) });
  const role = declare(kind, "role", { identity: () => ({ name: "role" }), spec: () => ({ values: {} }) });
  const fn = declare(kind, "fn", {
    needs: { role },
    identity: () => ({ name: "fn" }),
    spec: (from) => ({ values: { role: from.role.arn } }),
  });
  return { cloud, log, kind, data, nodes: [database, fn] as readonly ResourceNode[] };
}
async function down(nodes: readonly ResourceNode[], deleteData: boolean, fake = fakeRun()) {
  const seen = await observe(nodes, fake.run, { specs: false });
  const kinds = [...new Set(seen.map((s) => s.node.kind))];
  // The fake kinds share one cloud, so only one of them lists it.
  const orphans = await findOrphans(
    seen,
    kinds.filter((k) => k.kind === "fake.plain"),
    fake.run,
    "",
  );
  const known = new Set(seen.map((s) => s.subject.label));
  const deletions = planDeletions(
    seen,
    orphans.filter((o) => !known.has(o.subject.label)),
    { deleteData },
    fake.run,
  );
  return executeDeletions(
    deletions,
    seen.map((s) => s.node),
    fake.run,
    () => ({ finalSnapshot: undefined }),
  );
}

test("dependants are deleted first; resources with data and their dependencies are kept", async () => {
  const { cloud, log, nodes } = stage();
  await up(nodes, fakeRun());
  log.calls.length = 0;
  const outcome = await down(nodes, false);
  expect(log.calls).toEqual(["delete fn", "delete role"]);
  expect([...cloud.keys()].sort()).toEqual(["database", "group"]);
  expect(Object.fromEntries(outcome.resources.map((r) => [r.id, r.decision.action]))).toEqual({
    group: "retain",
    database: "retain",
    role: "delete",
    fn: "delete",
  });
  expect(outcome.ok).toBe(true);
});
test("with --delete-data everything is deleted, and a second teardown has nothing to do", async () => {
  const { cloud, log, nodes } = stage();
  await up(nodes, fakeRun());
  expect((await down(nodes, true)).ok).toBe(true);
  expect(cloud.size).toBe(0);
  log.calls.length = 0;
  expect((await down(nodes, true)).resources).toEqual([]);
  expect(log.calls).toEqual([]);
});
test("the next up finds the kept resources", async () => {
  const { cloud, log, nodes } = stage();
  await up(nodes, fakeRun());
  await down(nodes, false);
  log.calls.length = 0;
  expect((await up(nodes, fakeRun())).ok).toBe(true);
  expect([log.calls, cloud.size]).toEqual([["create role", "create fn"], 4]);
});
test("a foreign resource and its possible dependencies are kept and reported; the rest is deleted", async () => {
  const { cloud, log, nodes } = stage();
  await up(nodes, fakeRun());
  cloud.set("fn", { values: {}, tags: {}, polls: 0 });
  log.calls.length = 0;
  const outcome = await down(nodes, true);
  expect(outcome.resources.find((r) => r.id === "fn")).toMatchObject({
    status: "skipped",
    decision: { action: "refuse", code: "OWNER_FOREIGN" },
  });
  expect([...cloud.keys()].toSorted()).toEqual(["fn", "role"]);
  expect(outcome.resources.find((r) => r.id === "role")?.decision).toMatchObject({ action: "retain" });
  expect(log.calls).not.toContain("delete fn");
});
test("an orphan is deleted unless it holds data", async () => {
  const { cloud, nodes } = stage();
  await up(nodes, fakeRun());
  cloud.set("old-fn", { values: {}, tags: TAGS, polls: 0 });
  cloud.set("stranger", { values: {}, tags: { "fleetlogix:stack": "Other/dev" }, polls: 0 });
  const outcome = await down(nodes, true);
  expect(outcome.resources.find((r) => r.name === "old-fn")).toMatchObject({
    status: "done",
    orphan: true,
    decision: { action: "delete" },
  });
  expect([...cloud.keys()]).toEqual(["stranger"]);
});
test("of the resources of another environment one is read; an orphan whose name has such an ending is found", async () => {
  const reads: string[] = [];
  const { cloud, nodes } = stage({ before: (verb, name) => void (verb === "read" && reads.push(name)) });
  await up(nodes, fakeRun());
  for (const name of ["fn-staging", "role_staging", "group-staging"])
    cloud.set(name, { values: {}, tags: { "fleetlogix:stack": "Fleet/staging" }, polls: 0 });
  for (const name of ["fn-old", "role-old"]) cloud.set(name, { values: {}, tags: TAGS, polls: 0 });
  reads.length = 0;
  const outcome = await down(nodes, true);
  expect(reads.filter((name) => name.includes("staging"))).toHaveLength(1);
  expect(outcome.resources.filter((r) => r.orphan).map((r) => r.name)).toEqual(["role-old", "fn-old"]);
  expect([...cloud.keys()]).toEqual(["fn-staging", "role_staging", "group-staging"]);
});
test("a delete in steps is repeated until the resource is absent", async () => {
  const { cloud, log, nodes } = stage({
    before: (verb, name) => {
      const it = cloud.get(name);
      if (verb !== "delete" || !it || it.values.protected === "no") return;
      it.values.protected = "no";
      throw new Refusal("Busy");
    },
  });
  await up(nodes, fakeRun());
  log.calls.length = 0;
  expect((await down(nodes, true)).ok).toBe(true);
  expect(cloud.size).toBe(0);
  expect(log.calls.filter((c) => c === "delete fn")).toHaveLength(2);
});
test("a resource that cannot be deleted keeps its dependencies; the rest is deleted; the run fails", async () => {
  const { cloud, nodes } = stage({
    before: (verb, name) => {
      if (verb === "delete" && name === "fn") throw new Refusal("AccessDenied");
    },
  });
  await up(nodes, fakeRun());
  const outcome = await down(nodes, true);
  expect(status(outcome)).toEqual({ group: "done", database: "done", role: "skipped", fn: "failed" });
  expect([outcome.ok, [...cloud.keys()].sort()]).toEqual([false, ["fn", "role"]]);
});
test("a part is deleted with its parent without a call, and nothing waits for it", async () => {
  const { cloud, log, kind } = stage();
  const part = { ...kind, kind: "fake.part", partOf: "fn" };
  const fn = declare(kind, "fn", { identity: () => ({ name: "fn" }), spec: () => ({ values: {} }) });
  const api = declare(kind, "api", { needs: { fn }, identity: () => ({ name: "api" }), spec: () => ({ values: {} }) });
  const grant = declare(part, "grant", { needs: { fn, api }, identity: () => ({ name: "grant" }), spec: () => ({ values: {} }) });
  await up([grant], fakeRun());
  log.calls.length = 0;
  const outcome = await down([grant], true);
  expect(log.calls).toEqual(["delete api", "delete fn"]);
  expect(status(outcome)).toEqual({ fn: "done", api: "done", grant: "done" });
  cloud.delete("grant");
});
test("a resource that the account shares is never deleted", async () => {
  const { cloud, log } = stage();
  const shared = { ...thing(cloud, log), retained: "others use it" };
  const node = declare(shared, "account", { identity: () => ({ name: "account" }), spec: () => ({ values: {} }) });
  await up([node], fakeRun());
  const outcome = await down([node], true);
  expect(outcome.resources).toMatchObject([{ decision: { action: "retain", why: "others use it" } }]);
  expect(cloud.size).toBe(1);
});
for (const [title, tags, left] of [
  ["a resource that our late writer creates again, without a tag, is deleted a second time", {}, []],
  ["a resource that another stack creates again stays", { "fleetlogix:stack": "Other/dev" }, ["logs"]],
] as const) {
  test(title, async () => {
    const { cloud, log, kind } = stage({
      after: (verb, name) => void (verb === "delete" && name === "base" && cloud.set("logs", { values: {}, tags, polls: 0 })),
    });
    const base = declare(kind, "base", { identity: () => ({ name: "base" }), spec: () => ({ values: {} }) });
    const logs = declare({ ...kind, kind: "fake.logs", comesBack: true }, "logs", {
      needs: { base },
      identity: () => ({ name: "logs" }),
      spec: () => ({ values: {} }),
    });
    await up([logs], fakeRun());
    expect((await down([logs], true)).ok).toBe(true);
    expect([...cloud.keys()]).toEqual(left);
    expect(log.calls).toContain("delete logs");
  });
}
test("a resource that became foreign after the plan is not deleted", async () => {
  const { cloud, nodes } = stage({
    after: (verb, name) =>
      void (verb === "delete" && name === "fn" && cloud.set("role", { values: {}, tags: { "fleetlogix:stack": "Other/dev" }, polls: 0 })),
  });
  await up(nodes, fakeRun());
  const outcome = await down(nodes, true);
  expect(outcome.error).toMatchObject({ code: "OWNER_FOREIGN", detail: { resource: "role" } });
  expect([...cloud.keys()]).toEqual(["role"]);
});
