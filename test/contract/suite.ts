import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AwsClients } from "../../src/aws/clients.ts";
import { declare, type Observation, type ResourceKind, type ResourceNode } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { makeRig, type Rig, TAGS } from "./rig.ts";

/** What one kind brings to the cases that every kind passes. */
export interface KindCase<Id, Spec> {
  // biome-ignore lint/suspicious/noExplicitAny: what a kind reads and gives away is its own affair.
  readonly kind: ResourceKind<Id, Spec, any, any, AwsClients>;
  /** Makes what the resource lives in, and says what it should be. `name` is new in every case. */
  prepare(rig: Rig, name: string): Promise<{ readonly id: Id; readonly spec: Spec }>;
  /** By path of `diff`: a wish that differs in this one attribute. */
  readonly changes: Readonly<Record<string, (spec: Spec) => Spec>>;
  /** By path of `diff`: somebody changes the attribute behind our back. */
  readonly drifts?: Readonly<Record<string, (rig: Rig, id: Id) => Promise<unknown>>>;
  /** By path of `diff`: how many writing calls mend it, where it is not one. */
  readonly calls?: Readonly<Record<string, number>>;
  /** By path of `diff`: a wish that only a new resource fulfils. */
  readonly replaces?: Readonly<Record<string, (spec: Spec) => Spec>>;
  /** The same name, made by somebody else. Without it: AWS cannot tag the kind. */
  foreign?(rig: Rig, id: Id, spec: Spec): Promise<unknown>;
  /** Never deleted. */
  readonly retained?: true;
}
type Seen = Exclude<Observation<unknown>, { state: "absent" }>;

export function keepsTheContract<Id, Spec>(of: KindCase<Id, Spec>): void {
  const { kind } = of;
  let aws: LocalAws;
  let rig: Rig;
  let count = 0;
  beforeAll(async () => {
    const clock = virtualClock();
    aws = await startLocalAws({ clock, settings: { databases: "none" } });
    rig = makeRig({ endpoint: aws.url, clock });
  });
  afterAll(async () => {
    rig.close();
    await aws.close();
  });

  const nodeOf = (id: Id, spec: Spec): ResourceNode[] => [declare(kind, "it", { identity: () => id, spec: () => spec })];
  const decided = async (id: Id, spec: Spec, policy?: object) => (await rig.plan(nodeOf(id, spec), policy))[0]?.decision;
  const bring = async (id: Id, spec: Spec, policy?: object) => {
    const outcome = await rig.up(nodeOf(id, spec), policy);
    if (outcome.error) throw outcome.error;
    return outcome.resources[0]?.decision;
  };
  const read = async (id: Id): Promise<Seen> => {
    const seen = await kind.read(id, rig.ctx);
    if (seen.state === "absent") throw new Error(`${kind.kind} is absent`);
    return seen;
  };
  const subject = async (made = true) => {
    count += 1;
    const it = await of.prepare(rig, `fleetlogix-case-${count}`);
    if (made) await bring(it.id, it.spec);
    rig.writes();
    return it;
  };
  const paths = (decision: unknown) => (decision as { changes?: { path: string }[] }).changes?.map((c) => c.path);

  test("create: absent, then there and tagged, and nothing is left to do", async () => {
    const { id, spec } = await subject(false);
    expect(await decided(id, spec)).toEqual({ action: "create" });
    await bring(id, spec);
    const seen = await read(id);
    expect(seen.state).toBe("ready");
    expect(seen.tags).toEqual(of.foreign ? expect.objectContaining(TAGS) : "inherited");
    expect(await decided(id, spec)).toEqual({ action: "keep" });
  });

  test("keep: a second run makes no writing call", async () => {
    const { id, spec } = await subject();
    expect(await bring(id, spec)).toEqual({ action: "keep" });
    expect(rig.writes()).toEqual([]);
  });

  test("foretold: what is predicted from names is what AWS makes of them", async () => {
    const { id } = await subject();
    const foretold = kind.predict?.(id, rig.place);
    if (foretold) expect((await read(id)) && kind.outputs((await read(id)).live)).toMatchObject(known(foretold));
  });

  test.each(Object.keys(of.changes))("update: %s is written by the calls of this attribute alone, and back again", async (path) => {
    const { id, spec } = await subject();
    const changed = of.changes[path]?.(spec) ?? spec;
    const one = await bring(id, changed);
    expect(paths(one)?.map((p) => p.split(".")[0])).toContain(path.split(".")[0]);
    expect(rig.writes()).toHaveLength(of.calls?.[path] ?? 1);
    expect(await decided(id, changed)).toEqual({ action: "keep" });
    await bring(id, spec);
    expect(await decided(id, spec)).toEqual({ action: "keep" });
  });

  test.each(Object.keys(of.drifts ?? {}))("drift: %s, changed behind our back, is shown and mended", async (path) => {
    const { id, spec } = await subject();
    await of.drifts?.[path]?.(rig, id);
    rig.writes();
    expect(paths(await decided(id, spec))).toEqual([path]);
    await bring(id, spec);
    expect(rig.writes()).toHaveLength(of.calls?.[path] ?? 1);
    expect(await decided(id, spec)).toEqual({ action: "keep" });
  });

  test.each(Object.keys(of.replaces ?? {}))("replace guard: %s needs a new one", async (path) => {
    const { id, spec } = await subject();
    const decision = await decided(id, of.replaces?.[path]?.(spec) ?? spec);
    expect(decision).toMatchObject(kind.holdsData ? { action: "refuse", code: "DATA_PROTECTED" } : { action: "replace" });
    if (decision?.action === "replace") expect(paths(decision)).toContain(path);
    expect(rig.writes()).toEqual([]);
  });

  test("interrupted: what was created and nothing more is finished by the next run", async () => {
    const { id, spec } = await subject(false);
    await kind.create(id, spec, rig.ctx);
    expect((await rig.plan(nodeOf(id, spec)))[0]?.decision.action).not.toBe("create");
    await bring(id, spec);
    expect(await decided(id, spec)).toEqual({ action: "keep" });
  });

  test.runIf(of.foreign)("foreign: refused without a writing call; adopted when asked", async () => {
    const { id, spec } = await subject(false);
    await of.foreign?.(rig, id, spec);
    rig.writes();
    expect(await decided(id, spec)).toMatchObject({ action: "refuse", code: "OWNER_FOREIGN" });
    await expect(bring(id, spec)).rejects.toMatchObject({ code: "OWNER_FOREIGN" });
    expect(rig.writes()).toEqual([]);
    await bring(id, spec, { adopt: true });
    expect((await read(id)).tags).toEqual(expect.objectContaining(TAGS));
    expect(await decided(id, spec)).toEqual({ action: "keep" });
  });

  test.runIf(of.foreign)("a tag that is lost is written again, and a stranger's stays", async () => {
    const { id, spec } = await subject();
    const live = (await read(id)).live;
    const change = (key: string, to: string) => kind.update(id, spec, live, [{ path: `tags.${key}`, from: undefined, to }], rig.ctx);
    await change("Project", "Other");
    await change("CostCenter", "7");
    rig.writes();
    expect(paths(await decided(id, spec))).toEqual(["tags.Project"]);
    await bring(id, spec);
    expect((await read(id)).tags).toEqual(expect.objectContaining({ ...TAGS, CostCenter: "7" }));
  });

  test.runIf(of.foreign && kind.listOwned)("orphans: found by its tag", async () => {
    const { id } = await subject();
    expect(await kind.listOwned?.(rig.ctx)).toContainEqual(id);
  });

  test.skipIf(of.retained)("delete twice, and made anew when it has disappeared", async () => {
    const { id, spec } = await subject();
    const { live } = await read(id);
    const how = { finalSnapshot: undefined };
    await kind.delete(id, live, how, rig.ctx);
    await kind.delete(id, live, how, rig.ctx);
    const down = await rig.down(nodeOf(id, spec), { deleteData: true, orphans: false });
    expect(down.error).toBeUndefined();
    expect(await kind.read(id, rig.ctx)).toEqual({ state: "absent" });
    expect(await decided(id, spec)).toEqual({ action: "create" });
    await bring(id, spec);
    expect(await decided(id, spec)).toEqual({ action: "keep" });
  });
}

/** What is null in a foretelling is not known before. */
const known = (foretold: object): object => Object.fromEntries(Object.entries(foretold).filter(([, value]) => value !== null));

export function contractOf<Id, Spec>(of: KindCase<Id, Spec>): void {
  describe(of.kind.kind, () => keepsTheContract(of));
}
