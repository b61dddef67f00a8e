import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AwsClients } from "../../src/aws/clients.ts";
import { toFault } from "../../src/aws/faults.ts";
import { declare, type Observation, type ResourceKind, type ResourceNode } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { faultPlan } from "../../src/local/core/faults.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { makeRig, type Rig, TAGS } from "./rig.ts";

/** Input of one kind for the cases that every kind must pass. */
export interface KindCase<Id, Spec> {
  // biome-ignore lint/suspicious/noExplicitAny: live state and outputs differ for each kind.
  readonly kind: ResourceKind<Id, Spec, any, any, AwsClients>;
  /** Creates the dependencies of the resource, and returns its id and desired state. `name` is new in every case. */
  prepare(rig: Rig, name: string): Promise<{ readonly id: Id; readonly spec: Spec }>;
  /** By path of `diff`: a desired state that differs in this attribute only. */
  readonly changes: Readonly<Record<string, (spec: Spec) => Spec>>;
  /** By path of `diff`: changes the live attribute outside of fleetlogix. */
  readonly drifts?: Readonly<Record<string, (rig: Rig, id: Id) => Promise<unknown>>>;
  /** By path of `diff`: number of writing calls for a changed desired state, and for a drift, when it is not one. */
  readonly calls?: Readonly<Record<string, number>>;
  readonly repairCalls?: Readonly<Record<string, number>>;
  /** By path of `diff`: a desired state that needs a new resource. */
  readonly replaces?: Readonly<Record<string, (spec: Spec) => Spec>>;
  /** Creates a foreign resource of the same name. Left out when AWS cannot tag the kind. */
  foreign?(rig: Rig, id: Id, spec: Spec): Promise<unknown>;
}
type Seen = Exclude<Observation<unknown>, { state: "absent" }>;

/** A local AWS with virtual time, and the resource of a case. */
function benchFor<Id, Spec>(of: KindCase<Id, Spec>) {
  const { kind } = of;
  let aws: LocalAws;
  let rig: Rig;
  let count = 0;
  const faults = faultPlan();
  beforeAll(async () => {
    const clock = virtualClock();
    aws = await startLocalAws({ clock, faults, settings: { databases: "none" } });
    rig = makeRig({ endpoint: aws.url, clock });
  });
  afterAll(async () => {
    rig.close();
    await aws.close();
  });
  const nodeOf = (id: Id, spec: Spec | undefined): ResourceNode[] => [declare(kind, "it", { identity: () => id, spec: () => spec })];
  const bring = async (id: Id, spec: Spec, policy?: object) => {
    const outcome = await rig.up(nodeOf(id, spec), policy);
    if (outcome.error) throw outcome.error;
    return outcome.resources[0]?.decision;
  };
  return {
    rig: () => rig,
    faults,
    nodeOf,
    bring,
    decided: async (id: Id, spec: Spec) => (await rig.plan(nodeOf(id, spec)))[0]?.decision,
    async read(id: Id): Promise<Seen> {
      const observation = await rig.look(nodeOf(id, undefined));
      if (observation.state === "absent") throw new Error(`${kind.kind} is absent`);
      return observation;
    },
    async subject(created = true) {
      count += 1;
      const prepared = await of.prepare(rig, `fleetlogix-case-${count}`);
      if (created) await bring(prepared.id, prepared.spec);
      rig.writes();
      return prepared;
    },
  };
}
type Bench<Id, Spec> = ReturnType<typeof benchFor<Id, Spec>>;
const paths = (decision: unknown) => (decision as { changes?: { path: string }[] }).changes?.map((c) => c.path);

/** A resource is created once and then kept. */
function createsAndKeeps<Id, Spec>(of: KindCase<Id, Spec>, bench: Bench<Id, Spec>): void {
  const { kind } = of;
  test("create: an absent resource is created with its tags and needs no update", async () => {
    const { id, spec } = await bench.subject(false);
    expect(await bench.decided(id, spec)).toEqual({ action: "create" });
    await bench.bring(id, spec);
    const observation = await bench.read(id);
    expect(observation.state).toBe("ready");
    expect(observation.tags).toEqual(of.foreign ? expect.objectContaining(TAGS) : "inherited");
    expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
  });

  test("keep: a second run makes no writing call", async () => {
    const { id, spec } = await bench.subject();
    expect(await bench.bring(id, spec)).toEqual({ action: "keep" });
    expect(bench.rig().writes()).toEqual([]);
  });

  test("predict: the outputs predicted from names equal those of AWS", async () => {
    const { id } = await bench.subject();
    const predicted = kind.predict?.(id, bench.rig().place);
    if (predicted) expect((await bench.read(id)) && kind.outputs((await bench.read(id)).live)).toMatchObject(knownOutputs(predicted));
  });
}
/** A NotFound means "absent" only from the call that proves it. From a read of a part it changes nothing of what is read. */
function provesAbsence<Id, Spec>(of: KindCase<Id, Spec>, bench: Bench<Id, Spec>): void {
  const { notFound } = of.kind;
  const [code = "ResourceNotFoundException"] = notFound.codes;
  /** The next call of this operation answers NotFound. */
  const once = (name: string) => {
    const [service, operation] = name.split(":") as [string, string];
    bench.faults.add({ service, operation, fault: { kind: "fail", code, message: "not found", status: 404 } });
  };
  test.runIf(notFound.codes.length > 0)("absent: only the proving call makes a resource absent", async () => {
    const { id, spec } = await bench.subject();
    const rig = bench.rig();
    rig.calls();
    const whole = await rig.look(bench.nodeOf(id, spec));
    for (const operation of new Set(rig.calls())) {
      once(operation);
      const seen = await rig.look(bench.nodeOf(id, spec));
      expect([operation, seen]).toEqual([operation, operation === notFound.provenBy ? { state: "absent" } : whole]);
      bench.faults.clear();
    }
    expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
  });
}
/** Only different attributes are written. */
function writesDifferences<Id, Spec>(of: KindCase<Id, Spec>, bench: Bench<Id, Spec>): void {
  const { kind } = of;
  test.each(Object.keys(of.changes))(
    "update: a change of %s is written by the calls of this attribute only, and can be reversed",
    async (path) => {
      const { id, spec } = await bench.subject();
      const changed = of.changes[path]?.(spec) ?? spec;
      const one = await bench.bring(id, changed);
      expect(paths(one)?.map((p) => p.split(".")[0])).toContain(path.split(".")[0]);
      expect(bench.rig().writes()).toHaveLength(of.calls?.[path] ?? 1);
      expect(await bench.decided(id, changed)).toEqual({ action: "keep" });
      await bench.bring(id, spec);
      expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
    },
  );

  test.each(Object.keys(of.drifts ?? {}))("drift: a change of %s outside of fleetlogix is shown and repaired", async (path) => {
    const { id, spec } = await bench.subject();
    await of.drifts?.[path]?.(bench.rig(), id);
    bench.rig().writes();
    // A list has one path for each item, `policy.<Sid>`.
    const changedPaths = paths(await bench.decided(id, spec))?.map((p) => (p === path ? p : p.split(".")[0]));
    expect([...new Set(changedPaths)]).toEqual([path]);
    await bench.bring(id, spec);
    expect(bench.rig().writes()).toHaveLength(of.repairCalls?.[path] ?? 1);
    expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
  });

  test.each(Object.keys(of.replaces ?? {}))("replace guard: a change of %s needs a new resource", async (path) => {
    const { id, spec } = await bench.subject();
    const decision = await bench.decided(id, of.replaces?.[path]?.(spec) ?? spec);
    expect(decision).toMatchObject(kind.holdsData ? { action: "refuse", code: "DATA_PROTECTED" } : { action: "replace" });
    if (decision?.action === "replace") expect(paths(decision)).toContain(path);
    expect(bench.rig().writes()).toEqual([]);
  });
}
/** The tag decides the ownership, also of an incomplete resource. */
function checksOwnership<Id, Spec>(of: KindCase<Id, Spec>, bench: Bench<Id, Spec>): void {
  const { kind } = of;
  test("interrupted: the next run completes a resource that was only created", async () => {
    const { id, spec } = await bench.subject(false);
    await kind.create(id, spec, bench.rig().ctx);
    expect((await bench.rig().plan(bench.nodeOf(id, spec)))[0]?.decision.action).not.toBe("create");
    await bench.bring(id, spec);
    expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
  });

  test.runIf(of.foreign)("foreign: a foreign resource is refused without a writing call and adopted with --adopt", async () => {
    const { id, spec } = await bench.subject(false);
    await of.foreign?.(bench.rig(), id, spec);
    bench.rig().writes();
    expect(await bench.decided(id, spec)).toMatchObject({ action: "refuse", code: "OWNER_FOREIGN" });
    await expect(bench.bring(id, spec)).rejects.toMatchObject({ code: "OWNER_FOREIGN" });
    expect(bench.rig().writes()).toEqual([]);
    await bench.bring(id, spec, { adopt: true });
    expect((await bench.read(id)).tags).toEqual(expect.objectContaining(TAGS));
    expect(await bench.decided(id, spec)).toMatchObject({ action: "keep" });
  });

  test.runIf(of.foreign)("tags: a lost tag is written again, and a foreign tag stays", async () => {
    const { id, spec } = await bench.subject();
    const live = (await bench.read(id)).live;
    const change = (key: string, to: string) =>
      kind.update(id, spec, live, [{ path: `tags.${key}`, from: undefined, to }], bench.rig().ctx);
    await change("Project", "Other");
    await change("CostCenter", "7");
    bench.rig().writes();
    expect(paths(await bench.decided(id, spec))).toEqual(["tags.Project"]);
    await bench.bring(id, spec);
    expect((await bench.read(id)).tags).toEqual(expect.objectContaining({ ...TAGS, CostCenter: "7" }));
  });
}
/** A resource is found by its tag and deleted, also twice. */
function isDeleted<Id, Spec>(of: KindCase<Id, Spec>, bench: Bench<Id, Spec>): void {
  const { kind } = of;
  test.runIf(of.foreign && kind.candidates)("orphans: the resource is among the candidates", async () => {
    const { id } = await bench.subject();
    expect(await kind.candidates?.(bench.rig().ctx)).toContainEqual(id);
  });

  test.runIf(kind.retained)("retained: a teardown with --delete-data keeps it unchanged", async () => {
    const { id, spec } = await bench.subject();
    const down = await bench.rig().down(bench.nodeOf(id, spec), { deleteData: true });
    expect(down.resources.map((r) => r.decision.action)).toEqual(["retain"]);
    expect(bench.rig().writes()).toEqual([]);
    expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
  });

  test.runIf(!kind.retained)("delete: a second delete succeeds, and a missing resource is created again", async () => {
    const { id, spec } = await bench.subject();
    const { live } = await bench.read(id);
    const options = { finalSnapshot: undefined };
    await kind.delete(id, live, options, bench.rig().ctx);
    const second = await kind.delete(id, live, options, bench.rig().ctx).catch(toFault);
    if (second) expect(kind.notFound.codes).toContain(second.code);
    const down = await bench.rig().down(bench.nodeOf(id, spec), { deleteData: true, orphans: false });
    expect(down.error).toBeUndefined();
    expect(await bench.rig().look(bench.nodeOf(id, spec))).toEqual({ state: "absent" });
    expect(await bench.decided(id, spec)).toEqual({ action: "create" });
    await bench.bring(id, spec);
    expect(await bench.decided(id, spec)).toEqual({ action: "keep" });
  });
}

/** A predicted output that is null is not known before the create. */
const knownOutputs = (predicted: object): object => Object.fromEntries(Object.entries(predicted).filter(([, value]) => value !== null));

export function contractOf<Id, Spec>(of: KindCase<Id, Spec>): void {
  describe(of.kind.kind, () => {
    const bench = benchFor(of);
    createsAndKeeps(of, bench);
    provesAbsence(of, bench);
    writesDifferences(of, bench);
    checksOwnership(of, bench);
    isDeleted(of, bench);
  });
}
