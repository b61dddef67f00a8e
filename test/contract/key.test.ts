import { afterAll, beforeAll, expect, test } from "vitest";
import { declare } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { faultPlan } from "../../src/local/core/faults.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { kmsKey, type PolicyDocument } from "../../src/resources/index.ts";
import { makeRig, type Rig, TAGS } from "./rig.ts";
import { contractOf } from "./suite.ts";

const policyFor = (account: string, ...more: PolicyDocument["Statement"]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" }, ...more],
});
const logs = { Effect: "Allow" as const, Principal: { Service: "logs.us-east-1.amazonaws.com" }, Action: "kms:Decrypt", Resource: "*" };
const keyAt = async (rig: Rig, alias: string) => (await (await rig.world.kms()).describeKey({ KeyId: alias })).KeyMetadata?.KeyId ?? "";

let cases = 0;
contractOf({
  kind: kmsKey,
  // A stack has one key. Each case removes our tag from the keys of the earlier cases.
  prepare: async (rig, name) => {
    cases += 1;
    await forgetKeys(rig);
    return { id: { alias: `alias/${name}-${cases}` }, spec: { description: "a case", policy: policyFor(rig.place.account) } };
  },
  changes: {
    policy: (spec) => ({ ...spec, policy: policyFor("000000000000", logs) }),
    description: (spec) => ({ ...spec, description: "another" }),
  },
  drifts: {
    keyState: async (rig, { alias }) => (await rig.world.kms()).disableKey({ KeyId: await keyAt(rig, alias) }),
    rotation: async (rig, { alias }) => (await rig.world.kms()).disableKeyRotation({ KeyId: await keyAt(rig, alias) }),
    policy: async (rig, { alias }) =>
      (await rig.world.kms()).putKeyPolicy({
        KeyId: await keyAt(rig, alias),
        Policy: JSON.stringify(policyFor("000000000000", { ...logs, Principal: "*" })),
      }),
    alias: async (rig, { alias }) => (await rig.world.kms()).deleteAlias({ AliasName: alias }),
  },
  foreign: async (rig, { alias: AliasName }) => {
    const kms = await rig.world.kms();
    const { KeyMetadata } = await kms.createKey({});
    await kms.createAlias({ AliasName, TargetKeyId: KeyMetadata?.KeyId });
  },
});
/** Takes the stack's tag from all keys. */
async function forgetKeys(rig: Rig): Promise<void> {
  const kms = await rig.world.kms();
  for (const { KeyId } of (await kms.listKeys({})).Keys ?? [])
    if ((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState !== "PendingDeletion")
      await kms.untagResource({ KeyId, TagKeys: Object.keys(TAGS) });
}

const ALIAS = "alias/fleetlogix";
const spec = { description: "the stack's", policy: policyFor("000000000000") };
const node = declare(kmsKey, "key.stack", { identity: () => ({ alias: ALIAS }), spec: () => spec });
const DAY = 86_400_000;

let aws: LocalAws;
let rig: Rig;
const clock = virtualClock();
const faults = faultPlan();
beforeAll(async () => {
  aws = await startLocalAws({ clock, faults, settings: { databases: "none" } });
  rig = makeRig({ endpoint: aws.url, clock });
});
afterAll(async () => {
  rig.close();
  await aws.close();
});
const statesOf = async () => {
  const kms = await rig.world.kms();
  const { Keys = [] } = await kms.listKeys({});
  return Promise.all(Keys.map(async ({ KeyId }) => (await kms.describeKey({ KeyId })).KeyMetadata?.KeyState));
};
const up = async () => {
  const outcome = await rig.up([node]);
  if (outcome.error) throw outcome.error;
  return outcome.resources[0]?.decision;
};

test("a run that was killed after CreateKey, or whose answer was lost, leads to no second key", async () => {
  const kms = await rig.world.kms();
  const { KeyMetadata: strangers } = await kms.createKey({ Description: "of somebody else" });
  await kmsKey.create({ alias: ALIAS }, spec, rig.ctx);
  rig.writes();
  await up();
  expect(rig.writes()).toEqual(["kms:EnableKeyRotation", "kms:CreateAlias", "kms:UpdateKeyDescription"]);
  expect(await statesOf()).toEqual(["Enabled", "Enabled"]);
  expect(await keyAt(rig, ALIAS)).not.toBe(strangers?.KeyId);
});

test("of two keys from two runs the one with the alias stays, and the unused one is deleted", async () => {
  const it = await keyAt(rig, ALIAS);
  await kmsKey.create({ alias: ALIAS }, spec, rig.ctx);
  rig.writes();
  expect(await up()).toMatchObject({ action: "update", changes: [{ path: "doubles" }] });
  expect(rig.writes()).toEqual(["kms:ScheduleKeyDeletion"]);
  expect(await up()).toEqual({ action: "keep" });
  expect(await keyAt(rig, ALIAS)).toBe(it);
  expect((await statesOf()).toSorted()).toEqual(["Enabled", "Enabled", "PendingDeletion"]);
});

test("a run reads again when another run has taken the alias or scheduled the deletion of a double", async () => {
  const refuseOnce = (operation: string, code: string, message: string) =>
    faults.add({ service: "kms", operation, fault: { kind: "fail", code, message, status: 400 } });
  await (await rig.world.kms()).deleteAlias({ AliasName: ALIAS });
  refuseOnce("CreateAlias", "AlreadyExistsException", `An alias with the name ${ALIAS} already exists`);
  await up();
  await kmsKey.create({ alias: ALIAS }, spec, rig.ctx);
  refuseOnce("ScheduleKeyDeletion", "KMSInvalidStateException", "the key is pending deletion.");
  expect(await up()).toMatchObject({ changes: [{ path: "doubles" }] });
  expect(await up()).toEqual({ action: "keep" });
});

test("a used key that lost its alias to another key of ours is never scheduled for deletion", async () => {
  const kms = await rig.world.kms();
  const used = await keyAt(rig, ALIAS);
  const Tags = Object.entries(TAGS).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  const { KeyMetadata: next } = await kms.createKey({ Tags, Description: spec.description, Policy: JSON.stringify(spec.policy) });
  await kms.updateAlias({ AliasName: ALIAS, TargetKeyId: next?.KeyId });
  rig.writes();
  await up();
  expect(rig.writes()).toEqual(["kms:EnableKeyRotation"]);
  expect((await kms.describeKey({ KeyId: used })).KeyMetadata?.KeyState).toBe("Enabled");
});

test("a key pending deletion is recovered and enabled, and a deleted key is created again", async () => {
  const kms = await rig.world.kms();
  const it = await keyAt(rig, ALIAS);
  await kms.scheduleKeyDeletion({ KeyId: it, PendingWindowInDays: 7 });
  rig.writes();
  expect(await up()).toMatchObject({ changes: [{ path: "keyState", from: "PendingDeletion", to: "Enabled" }] });
  expect(rig.writes()).toEqual(["kms:CancelKeyDeletion", "kms:EnableKey"]);
  expect((await kms.describeKey({ KeyId: ALIAS })).KeyMetadata).toMatchObject({ KeyId: it, KeyState: "Enabled" });
  await kms.scheduleKeyDeletion({ KeyId: it, PendingWindowInDays: 7 });
  await forgetKeys(rig);
  await clock.sleep(8 * DAY, new AbortController().signal);
  expect(await up()).toEqual({ action: "create" });
  expect(await keyAt(rig, ALIAS)).not.toBe(it);
});

test("the inventory of a key gives its cost", async () => {
  const observation = await kmsKey.read({ alias: ALIAS }, rig.ctx);
  if (observation.state === "absent") throw new Error("absent");
  expect(await kmsKey.inventory?.({ alias: ALIAS }, observation.live, rig.ctx)).toMatchObject({
    cost: expect.stringContaining("$1 a month"),
  });
});
