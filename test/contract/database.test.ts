import { afterAll, beforeAll, expect, test } from "vitest";
import { declare } from "../../src/engine/contract.ts";
import { type VirtualClock, virtualClock } from "../../src/local/core/clock.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { rdsInstance } from "../../src/resources/index.ts";
import { makeRig, type Rig } from "./rig.ts";

/** Attributes that only grow. AWS, autoscaling or a person in the console may have raised them. */
const ID = "fleetlogix-db";
const SPEC = {
  name: "fleetlogix",
  username: "fleetlogix_admin",
  engineVersion: "17",
  instanceClass: "db.t4g.micro",
  storageGb: 20,
  backupRetentionDays: 7,
  publiclyAccessible: true,
  multiAz: false,
  deletionProtection: false,
  port: undefined,
  parameterGroup: "default.postgres17",
  monitoringRoleArn: undefined,
};
let aws: LocalAws;
let rig: Rig;
let clock: VirtualClock;
let securityGroup = "";
beforeAll(async () => {
  clock = virtualClock();
  aws = await startLocalAws({ clock, settings: { databases: "none" } });
  rig = makeRig({ endpoint: aws.url, clock });
  securityGroup = (await (await rig.world.ec2()).createSecurityGroup({ GroupName: "g", Description: "a case" })).GroupId ?? "";
  expect((await rig.up(nodes())).error).toBeUndefined();
});
afterAll(async () => {
  rig.close();
  await aws.close();
});
const nodes = (spec: Partial<typeof SPEC> = {}) => [
  declare(rdsInstance, "database.main", { identity: () => ({ identifier: ID }), spec: () => ({ ...SPEC, ...spec, securityGroup }) }),
];
const decided = async (spec?: Partial<typeof SPEC>) => (await rig.plan(nodes(spec)))[0]?.decision;
const live = async () => (await (await rig.world.rds()).describeDBInstances({ DBInstanceIdentifier: ID })).DBInstances?.[0];
const grow = async (input: object) =>
  (await rig.world.rds()).modifyDBInstance({ DBInstanceIdentifier: ID, ApplyImmediately: true, ...input });

test("a plan announces that AWS raises an increase below 10 %, and the larger size is kept", async () => {
  expect(await decided({ storageGb: 21 })).toMatchObject({
    action: "update",
    changes: [{ path: "storageGb", from: 20, to: 21 }],
    notes: [expect.stringContaining('"storageGb": 22')],
  });
  expect((await rig.up(nodes({ storageGb: 21 }))).error).toBeUndefined();
  expect(await live()).toMatchObject({ AllocatedStorage: 22 });
  rig.writes();
  expect((await rig.up(nodes({ storageGb: 21 }))).resources[0]?.decision).toMatchObject({ action: "keep" });
  expect(rig.writes()).toEqual([]);
});

test("storage that grew outside of fleetlogix is kept, and the plan says what to write", async () => {
  await grow({ AllocatedStorage: 44 });
  rig.writes();
  const kept = { action: "keep", notes: [expect.stringMatching(/44.*cannot go back.*"storageGb": 44/)] };
  expect(await decided()).toMatchObject(kept);
  const outcome = await rig.up(nodes());
  expect([outcome.error, outcome.resources[0]?.decision]).toMatchObject([undefined, kept]);
  expect(rig.writes()).toEqual([]);
  expect(await decided({ storageGb: 44 })).toEqual({ action: "keep" });
});

test("gp3 from 400 GB on is written with the IOPS that AWS requires, and the plan says so", async () => {
  await expect(grow({ AllocatedStorage: 100, Iops: 3_000 })).rejects.toThrow("You can't specify IOPS or storage throughput");
  expect(await decided({ storageGb: 500 })).toMatchObject({ notes: [expect.stringContaining("12000")] });
  expect((await rig.up(nodes({ storageGb: 500 }))).error).toBeUndefined();
  expect(await live()).toMatchObject({ AllocatedStorage: 500, Iops: 12_000 });
  await expect(grow({ AllocatedStorage: 600 })).rejects.toThrow("You must specify both the storage size and iops");
  expect((await rig.up(nodes({ storageGb: 600 }))).error).toBeUndefined();
  expect(await live()).toMatchObject({ AllocatedStorage: 600, Iops: 12_000 });
});

test("a refused replacement: the hint first says what to write, and last names the command that loses the data", async () => {
  const otherSpec = { storageGb: 600, username: "somebody_else", name: "other" };
  const refused = await decided(otherSpec);
  expect(refused).toMatchObject({ action: "refuse", code: "DATA_PROTECTED" });
  const { hint = "" } = refused as { hint?: string };
  const [first, last] = hint.split("Only to give it up:");
  expect(first).toContain('"username": "fleetlogix_admin" in "database"');
  expect(first).toContain('"name": "fleetlogix" in "database"');
  expect(first).not.toContain("--allow-data-loss");
  expect(last).toBe(` \`--allow-data-loss database.main\` deletes the rds.instance "${ID}" with all its data.`);
  // The configuration of the hint is accepted.
  expect(await decided({ ...otherSpec, username: "fleetlogix_admin", name: "fleetlogix" })).toEqual({ action: "keep" });
});
