import { expect, test } from "vitest";
import { declare, type Verb } from "../../../src/engine/contract.ts";
import { type Cloud, fakeRun, type Hooks, Refusal, TAGS, thing, up } from "./fake.ts";

function stage(hooks: Hooks = {}) {
  const cloud: Cloud = new Map();
  const log = { calls: [] as string[] };
  const kind = thing(cloud, log, hooks);
  const x = (v = "1") => declare(kind, "x", { identity: () => ({ name: "x" }), spec: () => ({ values: { v } }) });
  return { cloud, log, x };
}
const ours = (v = "1") => ({ values: { v }, tags: TAGS, polls: 0 });
/** Refuses the first `n` calls of a verb. */
function refuse(n: number, verb: Verb, refusal: () => Refusal): NonNullable<Hooks["before"]> {
  let left = n;
  return (now) => {
    if (now === verb && left-- > 0) throw refusal();
  };
}

for (const [code, budgetMs] of [
  ["Throttled", 150_000],
  ["Busy", 200_000],
  ["NotAssumable", 120_000],
  ["Lost", 60_000],
] as const) {
  test(`${code}: nine refusals are outlasted, for at least ${budgetMs / 1000} s`, async () => {
    const { log, x } = stage({ before: refuse(9, "create", () => new Refusal(code)) });
    const fake = fakeRun();
    const outcome = await up([x()], fake);
    expect([outcome.ok, log.calls.length]).toEqual([true, 10]);
    expect(fake.clock.now()).toBeGreaterThanOrEqual(budgetMs);
  });
  test(`${code} for ever: given up after ten attempts with one honest line`, async () => {
    const { log, x } = stage({ before: refuse(1e9, "create", () => new Refusal(code)) });
    const outcome = await up([x()], fakeRun());
    expect(log.calls).toHaveLength(10);
    expect(outcome.error).toMatchObject({
      code: "RETRIES_EXHAUSTED",
      message: expect.stringMatching(new RegExp(`fake.thing "x".*fake:Call.*10 attempts.*${code}.*r-1`)),
      detail: { awsCode: code, requestId: "r-1", resource: "x", hint: expect.stringContaining("again") },
    });
  });
}
test("a permanent fault is not retried", async () => {
  const { log, x } = stage({ before: refuse(1e9, "create", () => new Refusal("ValidationException")) });
  expect((await up([x()], fakeRun())).ok).toBe(false);
  expect(log.calls).toEqual(["create x"]);
});
test("a create that reports an existing resource is taken as done: the resource is read, without a wait", async () => {
  const after = (verb: string) => {
    if (verb === "create") throw new Refusal("DuplicateThing");
  };
  const { log, x } = stage({ after, alreadyExists: ["DuplicateThing"] });
  const fake = fakeRun();
  expect((await up([x()], fake)).ok).toBe(true);
  expect(log.calls).toEqual(["create x"]);
  expect(fake.clock.now()).toBe(0);
});
test("a kind's own retry rule comes before the general rules", async () => {
  const { log, x } = stage({
    before: refuse(2, "create", () => new Refusal("InvalidParameterValueException")),
    retries: [{ class: "propagation", codes: ["InvalidParameterValueException"], during: ["create"] }],
  });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toHaveLength(3);
});
test("a create whose dependency is not found yet is retried", async () => {
  const { log, x } = stage({ before: refuse(2, "create", () => new Refusal("Gone")) });
  const fake = fakeRun();
  expect((await up([x()], fake)).ok).toBe(true);
  expect(log.calls).toHaveLength(3);
  expect(fake.events.find((e) => e.type === "resource.retrying")).toMatchObject({ why: "propagation" });
});
test("a failed read is retried, too", async () => {
  const { log, x } = stage({ before: refuse(3, "read", () => new Refusal("Lost")) });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["create x"]);
});
test("Retry-After is honoured", async () => {
  const { x } = stage({ before: refuse(1, "create", () => new Refusal("Throttled", 30_000)) });
  const fake = fakeRun();
  await up([x()], fake);
  expect(fake.events.find((e) => e.type === "resource.retrying")).toMatchObject({ waitMs: 30_000, why: "throttle" });
});
test("the random port adds jitter to retries", async () => {
  const { x } = stage({ before: refuse(1, "create", () => new Refusal("Throttled")) });
  const fake = fakeRun();
  await up([x()], { ...fake, run: { ...fake.run, ports: { ...fake.run.ports, random: () => 0.5 } } });
  expect(fake.events.find((e) => e.type === "resource.retrying")).toMatchObject({ waitMs: 1_125 });
});

test("after a create whose answer was lost the resource is read, not created twice", async () => {
  let lost = true;
  const { log, x } = stage({
    after: (verb) => {
      if (verb === "create" && lost) {
        lost = false;
        throw new Refusal("Lost");
      }
    },
  });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["create x"]);
});
test("a lost answer and a stale read together lead to one resource", async () => {
  let lost = true;
  let stale = 3;
  const { cloud, log, x } = stage({
    after: (verb) => {
      if (verb === "create" && lost) {
        lost = false;
        throw new Refusal("Lost");
      }
    },
    see: (_name, real) => (real && stale-- > 0 ? undefined : real),
  });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect([log.calls, cloud.size]).toEqual([["create x"], 1]);
});
test("a create that had no effect is repeated after a read", async () => {
  const { log, x } = stage({ before: refuse(1, "create", () => new Refusal("Lost")) });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["create x", "create x"]);
});
test("an update whose answer was lost is not repeated when it took effect", async () => {
  let lost = true;
  const { cloud, log, x } = stage({
    after: (verb) => {
      if (verb === "update" && lost) {
        lost = false;
        throw new Refusal("Lost");
      }
    },
  });
  cloud.set("x", ours("0"));
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["update x"]);
});
for (const many of [1, 3, 20]) {
  test(`${many} stale reads after a create are waited out`, async () => {
    let stale = many;
    const { log, x } = stage({ see: (_name, real) => (real && stale-- > 0 ? undefined : real) });
    expect((await up([x()], fakeRun())).ok).toBe(true);
    expect(log.calls).toEqual(["create x"]);
  });
}
test("a resource that another run created first is read again", async () => {
  const { cloud, log, x } = stage({ before: (verb) => void (verb === "create" && cloud.set("x", ours())) });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["create x"]);
});
test("a foreign resource that was created first is refused and not changed", async () => {
  const { cloud, log, x } = stage({ before: (verb) => void (verb === "create" && cloud.set("x", { ...ours(), tags: {} })) });
  const outcome = await up([x()], fakeRun());
  expect(outcome.error).toMatchObject({ code: "OWNER_FOREIGN" });
  expect(log.calls).toEqual(["create x"]);
});
test("the engine waits for a tag that is not visible yet, after our create and on a resource of an earlier run", async () => {
  let blind = 5;
  const { cloud, log, x } = stage({ see: (_name, real) => (real && blind-- > 0 ? { ...real, tags: {} } : real) });
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["create x"]);
  blind = 2;
  expect((await up([x()], fakeRun())).ok).toBe(true);
  expect([log.calls, cloud.size]).toEqual([["create x"], 1]);
});

test("an old value for some time after an update is not an error", async () => {
  let stale = 5;
  const { cloud, log, x } = stage({
    see: (_name, real) => (real?.values.v === "2" && stale-- > 0 ? { ...real, values: { v: "1" } } : real),
  });
  cloud.set("x", ours());
  expect((await up([x("2")], fakeRun())).ok).toBe(true);
  expect(log.calls).toEqual(["update x"]);
});
test("a difference that an update does not remove is an error with both values", async () => {
  const { cloud, log, x } = stage({ forgets: ["v"] });
  cloud.set("x", ours());
  const outcome = await up([x("2")], fakeRun());
  expect(outcome.error).toMatchObject({ code: "DIFF_STUCK", message: 'fake.thing "x" does not take a change: v is "1", wanted "2"' });
  expect(log.calls).toEqual(["update x"]);
});
test("at an endpoint other than AWS it is a warning, and the run continues", async () => {
  const { cloud, log, x } = stage({ forgets: ["v"] });
  cloud.set("x", ours());
  const fake = fakeRun({ forgiving: true });
  expect((await up([x("2")], fake)).ok).toBe(true);
  expect(fake.events.filter((e) => e.type === "resource.forgets")).toMatchObject([
    { id: "x", changes: [{ path: "v", from: "1", to: "2" }] },
  ]);
  expect(log.calls).toEqual(["update x"]);
});
test("at an endpoint other than AWS an untagged resource of this run is not foreign", async () => {
  const { x } = stage({ see: (_name, real) => real && { ...real, tags: {} }, forgets: Object.keys(TAGS).map((key) => `tags.${key}`) });
  const fake = fakeRun({ forgiving: true });
  expect((await up([x()], fake)).ok).toBe(true);
  expect(fake.events.some((e) => e.type === "resource.forgets")).toBe(true);
});
test("a difference that oscillates ends with DIFF_STUCK", async () => {
  let n = 0;
  const { cloud, x } = stage({ see: (_name, real) => real && { ...real, values: { v: `swing-${n++}` } } });
  cloud.set("x", ours());
  expect((await up([x("2")], fakeRun())).error).toMatchObject({ code: "DIFF_STUCK" });
});
