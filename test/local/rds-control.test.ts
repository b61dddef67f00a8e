import { RDS } from "@aws-sdk/client-rds";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type VirtualClock, virtualClock } from "../../src/local/core/clock.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";

/** The control plane alone, with AWS's durations on a virtual clock. */
let aws: LocalAws;
let clock: VirtualClock;
let rds: RDS;
beforeAll(async () => {
  clock = virtualClock();
  aws = await startLocalAws({ clock, settings: { realism: true, databases: "none" } });
  rds = new RDS({ region: "eu-west-1", endpoint: aws.url, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1 });
});
afterAll(() => aws.close());

const GOOD = {
  DBInstanceClass: "db.t4g.micro",
  Engine: "postgres",
  EngineVersion: "17",
  AllocatedStorage: 20,
  MasterUsername: "fleet_admin",
  MasterUserPassword: "correct-horse",
  BackupRetentionPeriod: 7,
};
const create = (DBInstanceIdentifier: string, more: object = {}) => rds.createDBInstance({ ...GOOD, DBInstanceIdentifier, ...more });
const look = async (DBInstanceIdentifier: string) => (await rds.describeDBInstances({ DBInstanceIdentifier })).DBInstances?.[0];
const status = async (id: string) => (await look(id))?.DBInstanceStatus;
const settled = async (id: string): Promise<void> => {
  while ((await status(id)) !== "available") clock.advance(10_000);
};

test("a new instance is creating, backing-up and available, and has an address only at the end", async () => {
  await create("walk");
  const seen: (string | undefined)[] = [];
  for (let i = 0; i < 40; i++) {
    const one = await look("walk");
    if (seen.at(-1) !== one?.DBInstanceStatus) seen.push(one?.DBInstanceStatus);
    expect(one?.Endpoint === undefined).toBe(one?.DBInstanceStatus === "creating");
    clock.advance(10_000);
  }
  expect(seen).toEqual(["creating", "backing-up", "available"]);
});

test("changes wait for the maintenance window without ApplyImmediately", async () => {
  await create("pend");
  await expect(rds.modifyDBInstance({ DBInstanceIdentifier: "pend", MultiAZ: true })).rejects.toMatchObject({
    name: "InvalidDBInstanceStateFault",
  });
  await settled("pend");
  await rds.modifyDBInstance({ DBInstanceIdentifier: "pend", AllocatedStorage: 30, BackupRetentionPeriod: 14, DeletionProtection: true });
  expect(await look("pend")).toMatchObject({
    DBInstanceStatus: "available",
    AllocatedStorage: 20,
    BackupRetentionPeriod: 14,
    DeletionProtection: true,
    PendingModifiedValues: { AllocatedStorage: 30 },
  });
  await rds.modifyDBInstance({ DBInstanceIdentifier: "pend", MultiAZ: true, ApplyImmediately: true });
  expect(await status("pend")).toBe("modifying");
  await settled("pend");
  expect(await look("pend")).toMatchObject({ AllocatedStorage: 30, MultiAZ: true, PendingModifiedValues: {} });
  await expect(rds.modifyDBInstance({ DBInstanceIdentifier: "pend", ApplyImmediately: true })).rejects.toMatchObject({
    name: "InvalidParameterCombination",
    message: "No modifications were requested",
  });
  await expect(rds.modifyDBInstance({ DBInstanceIdentifier: "pend", AllocatedStorage: 20 })).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
  await rds.modifyDBInstance({ DBInstanceIdentifier: "pend", NewDBInstanceIdentifier: "renamed", ApplyImmediately: true });
  clock.advance(60_000);
  expect(await status("renamed")).toBe("available");
  await expect(look("pend")).rejects.toMatchObject({ name: "DBInstanceNotFoundFault", message: "DBInstance pend not found." });
});

test("a deletion takes time, and a second one is refused meanwhile", async () => {
  await create("going");
  await settled("going");
  await rds.deleteDBInstance({ DBInstanceIdentifier: "going", SkipFinalSnapshot: true });
  await expect(rds.deleteDBInstance({ DBInstanceIdentifier: "going", SkipFinalSnapshot: true })).rejects.toMatchObject({
    name: "InvalidDBInstanceStateFault",
    message: "Instance going is already being deleted.",
  });
  expect(await status("going")).toBe("deleting");
  await expect(create("going")).rejects.toMatchObject({ name: "DBInstanceAlreadyExistsFault" });
  clock.advance(120_000);
  await expect(look("going")).rejects.toMatchObject({ name: "DBInstanceNotFoundFault", $metadata: { httpStatusCode: 404 } });
});

test.each([
  [{ DBInstanceIdentifier: "a--b" }, "InvalidParameterValue"],
  [{ AllocatedStorage: 5 }, "InvalidParameterValue"],
  [{ MasterUsername: "rdsadmin" }, "InvalidParameterValue"],
  [{ MasterUserPassword: "short" }, "InvalidParameterValue"],
  [{ MasterUserPassword: 'has"quote-in-it' }, "InvalidParameterValue"],
  [{ ManageMasterUserPassword: true }, "InvalidParameterCombination"],
  [{ EngineVersion: "14.5" }, "InvalidParameterCombination"],
  [{ Engine: "mysql" }, "NotImplemented"],
  [{ DBSubnetGroupName: "none" }, "DBSubnetGroupNotFoundFault"],
  [{ DBParameterGroupName: "none" }, "DBParameterGroupNotFoundFault"],
  [{ VpcSecurityGroupIds: ["sg-0123456789abcdef0"] }, "InvalidParameterValue"],
])("%j is refused", async (more, name) => {
  await expect(create("refused", more)).rejects.toMatchObject({ name });
});

test("a subnet group needs two zones and cannot be deleted while it is used", async () => {
  const { EC2 } = await import("@aws-sdk/client-ec2");
  const ec2 = new EC2({ region: "eu-west-1", endpoint: aws.url, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  const [first = "", ...others] = ((await ec2.describeSubnets({})).Subnets ?? []).map((subnet) => subnet.SubnetId ?? "");
  const group = (SubnetIds: string[]) => rds.createDBSubnetGroup({ DBSubnetGroupName: "Mine", DBSubnetGroupDescription: "d", SubnetIds });
  await expect(group([first])).rejects.toMatchObject({ name: "DBSubnetGroupDoesNotCoverEnoughAZs" });
  await group([first, ...others]);
  await create("grouped", { DBSubnetGroupName: "mine" });
  expect((await look("grouped"))?.DBSubnetGroup).toMatchObject({ DBSubnetGroupName: "mine", SubnetGroupStatus: "Complete" });
  await expect(rds.deleteDBSubnetGroup({ DBSubnetGroupName: "mine" })).rejects.toMatchObject({ name: "InvalidDBSubnetGroupStateFault" });
});

test("tags of the create call can be changed later", async () => {
  const { DBInstance } = await create("tagged", { Tags: [{ Key: "a", Value: "1" }] });
  const ResourceName = DBInstance?.DBInstanceArn ?? "";
  expect(ResourceName).toBe("arn:aws:rds:eu-west-1:000000000000:db:tagged");
  await rds.addTagsToResource({ ResourceName, Tags: [{ Key: "b", Value: "2" }] });
  await rds.removeTagsFromResource({ ResourceName, TagKeys: ["a"] });
  expect((await rds.listTagsForResource({ ResourceName })).TagList).toEqual([{ Key: "b", Value: "2" }]);
  expect((await look("tagged"))?.TagList).toEqual([{ Key: "b", Value: "2" }]);
});

test("the listed versions and classes can be created", async () => {
  const { DBEngineVersions } = await rds.describeDBEngineVersions({ Engine: "postgres", EngineVersion: "17" });
  expect(DBEngineVersions).toMatchObject([{ EngineVersion: "17.10", DBParameterGroupFamily: "postgres17" }]);
  const { OrderableDBInstanceOptions } = await rds.describeOrderableDBInstanceOptions({
    Engine: "postgres",
    DBInstanceClass: "db.t4g.micro",
  });
  expect(OrderableDBInstanceOptions?.map((one) => one.StorageType)).toEqual(["gp2", "gp3", "io1"]);
  const { Parameters } = await rds.describeDBParameters({ DBParameterGroupName: "default.postgres17", Source: "system" });
  expect(Parameters).toContainEqual(expect.objectContaining({ ParameterName: "rds.force_ssl", ParameterValue: "1" }));
});

test("a parameter that is set to the family's default is no longer set by the user", async () => {
  const DBParameterGroupName = "sources";
  await rds.createDBParameterGroup({ DBParameterGroupName, DBParameterGroupFamily: "postgres17", Description: "sources" });
  const setByUser = async (ParameterValue: string) => {
    const Parameters = [{ ParameterName: "rds.force_ssl", ParameterValue, ApplyMethod: "immediate" as const }];
    await rds.modifyDBParameterGroup({ DBParameterGroupName, Parameters });
    const user = await rds.describeDBParameters({ DBParameterGroupName, Source: "user" });
    return user.Parameters?.map(({ ParameterName }) => ParameterName);
  };
  expect(await setByUser("0")).toEqual(["rds.force_ssl"]);
  expect(await setByUser("1")).toEqual([]);
});

test("a snapshot lists the accounts it is shared with; an encrypted one cannot be shared with everybody", async () => {
  const snapshotOf = async (id: string, more: object) => {
    await create(id, more);
    await settled(id);
    const DBSnapshotIdentifier = `${id}-snapshot`;
    await rds.createDBSnapshot({ DBInstanceIdentifier: id, DBSnapshotIdentifier });
    await settled(id);
    return DBSnapshotIdentifier;
  };
  const open = await snapshotOf("share-open", { StorageEncrypted: false });
  const closed = await snapshotOf("share-closed", { StorageEncrypted: true });
  const share = (DBSnapshotIdentifier: string, ValuesToAdd: string[], ValuesToRemove: string[] = []) =>
    rds.modifyDBSnapshotAttribute({ DBSnapshotIdentifier, AttributeName: "restore", ValuesToAdd, ValuesToRemove });
  const read = async (DBSnapshotIdentifier: string) =>
    (await rds.describeDBSnapshotAttributes({ DBSnapshotIdentifier })).DBSnapshotAttributesResult;

  expect(await read(open)).toEqual({
    DBSnapshotIdentifier: open,
    DBSnapshotAttributes: [{ AttributeName: "restore", AttributeValues: [] }],
  });
  await share(open, ["all", "123456789012"]);
  expect((await read(open))?.DBSnapshotAttributes).toEqual([{ AttributeName: "restore", AttributeValues: ["123456789012", "all"] }]);
  await share(open, [], ["all"]);
  expect((await read(open))?.DBSnapshotAttributes?.[0]?.AttributeValues).toEqual(["123456789012"]);
  await share(closed, ["123456789012"]);
  await expect(share(closed, ["all"])).rejects.toMatchObject({ name: "InvalidParameterValue" });
  await expect(share(closed, ["12"])).rejects.toMatchObject({ name: "InvalidParameterValue" });
  const many = Array.from({ length: 20 }, (_, n) => String(100_000_000_000 + n));
  await expect(share(closed, many)).rejects.toMatchObject({ name: "SharedSnapshotQuotaExceededFault" });
  expect((await read(closed))?.DBSnapshotAttributes?.[0]?.AttributeValues).toEqual(["123456789012"]);
  await expect(read("none")).rejects.toMatchObject({ name: "DBSnapshotNotFoundFault" });
});
