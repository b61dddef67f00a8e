import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { type DBInstance, RDS, type RDSClientConfig } from "@aws-sdk/client-rds";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";

/** Uses real PostgreSQL servers. */
let aws: LocalAws;
let rds: RDS;
let config: RDSClientConfig;
beforeAll(async () => {
  aws = await startLocalAws({ settings: { databasePort: 0 }, log: (line) => process.stderr.write(`${line}\n`) });
  config = { region: "us-east-1", endpoint: aws.url, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1 };
  rds = new RDS(config);
});
afterAll(() => aws.close());

const PASSWORD = "correct-horse-battery";
const create = (DBInstanceIdentifier: string, more: object = {}) =>
  rds.createDBInstance({
    DBInstanceIdentifier,
    DBInstanceClass: "db.t4g.micro",
    Engine: "postgres",
    AllocatedStorage: 20,
    DBName: "fleet",
    MasterUsername: "fleet_admin",
    MasterUserPassword: PASSWORD,
    ...more,
  });
async function until(DBInstanceIdentifier: string, status: string): Promise<DBInstance> {
  for (;;) {
    const { DBInstances } = await rds.describeDBInstances({ DBInstanceIdentifier });
    const instance = DBInstances?.[0] as DBInstance;
    if (instance.DBInstanceStatus === status) return instance;
    if (instance.DBInstanceStatus === "failed") throw new Error("failed");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const gone = async (id: string): Promise<void> => {
  while ((await rds.describeDBInstances({})).DBInstances?.some((one) => one.DBInstanceIdentifier === id))
    await new Promise((resolve) => setTimeout(resolve, 50));
};
async function query(instance: DBInstance, sql: string, more: object = {}): Promise<Record<string, unknown>[]> {
  const client = new Client({
    host: instance.Endpoint?.Address ?? "",
    port: instance.Endpoint?.Port ?? 0,
    user: "fleet_admin",
    password: PASSWORD,
    database: "fleet",
    ssl: { rejectUnauthorized: false },
    ...more,
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const folderOf = ({ DbiResourceId = "" }: DBInstance): string => join(aws.env.dataDir, "rds", DbiResourceId, "data");
const postmasterOf = (instance: DBInstance): number =>
  Number(readFileSync(join(folderOf(instance), "postmaster.pid"), "utf8").split("\n")[0]);

test("an instance is a PostgreSQL 17 with the requested database and an administrator without superuser rights", async () => {
  const { DBInstance: made } = await create("Main", { BackupRetentionPeriod: 7, Tags: [{ Key: "a", Value: "1" }] });
  expect(made).toMatchObject({
    DBInstanceIdentifier: "main",
    DBInstanceStatus: "creating",
    EngineVersion: "17.10",
    TagList: [{ Key: "a", Value: "1" }],
  });
  expect(made?.Endpoint).toBeUndefined();
  await expect(create("main")).rejects.toMatchObject({ name: "DBInstanceAlreadyExistsFault", message: "DB instance already exists" });
  const main = await until("main", "available");
  expect(main.Endpoint).toMatchObject({ Address: "127.0.0.1" });
  const [row] = await query(
    main,
    `select version(), current_database() db, rolsuper, rolcreatedb, rolcreaterole, pg_has_role('rds_superuser', 'member') boss,
       (select ssl from pg_stat_ssl where pid = pg_backend_pid()) tls from pg_roles where rolname = current_user`,
  );
  expect(row).toMatchObject({ db: "fleet", rolsuper: false, rolcreatedb: true, rolcreaterole: true, boss: true, tls: true });
  expect(row?.version).toMatch(/^PostgreSQL 17\./);
  await query(main, "create table kept (id int primary key, note text); create extension pgcrypto; insert into kept values (1, 'first')");
  await expect(query(main, "select 1", { ssl: false })).rejects.toThrow(/no pg_hba.conf entry .* no encryption/);
  await expect(query(main, "select 1", { password: "wrong" })).rejects.toThrow("password authentication failed");
});

test("stop, start and reboot keep the rows", async () => {
  await rds.stopDBInstance({ DBInstanceIdentifier: "main" });
  const stopped = await until("main", "stopped");
  await expect(query(stopped, "select 1")).rejects.toThrow("ECONNREFUSED");
  await expect(rds.stopDBInstance({ DBInstanceIdentifier: "main" })).rejects.toMatchObject({ name: "InvalidDBInstanceStateFault" });
  await rds.startDBInstance({ DBInstanceIdentifier: "main" });
  await until("main", "available");
  expect((await rds.rebootDBInstance({ DBInstanceIdentifier: "main" })).DBInstance?.DBInstanceStatus).toBe("rebooting");
  expect(await query(await until("main", "available"), "select note from kept")).toEqual([{ note: "first" }]);
});

test("a killed server is restarted, whatever its clients do, and loses no row", async () => {
  const before = await until("main", "available");
  const busy = query(before, "select count(*) from generate_series(1, 100000000000)").catch((error: Error) => error.message);
  await expect
    .poll(() => query(before, "select 1 from pg_stat_activity where query ~ 'count' and pid <> pg_backend_pid()"))
    .toHaveLength(1);
  process.kill(postmasterOf(before), "SIGKILL");
  // The busy process holds the memory for a moment, so the status can be observed.
  const status = async () => (await rds.describeDBInstances({})).DBInstances?.[0]?.DBInstanceStatus;
  await expect.poll(status, { interval: 10 }).toBe("rebooting");
  const after = await until("main", "available");
  expect(after.Endpoint).toEqual(before.Endpoint);
  expect(await query(after, "select note from kept")).toEqual([{ note: "first" }]);
  expect(await busy).toMatch(/terminated/);
});

test("a snapshot copies the data of a running server and can be restored; a failed restore affects no other instance", async () => {
  await rds.createDBSnapshot({ DBInstanceIdentifier: "main", DBSnapshotIdentifier: "snap" });
  const main = await until("main", "available");
  const { DBSnapshots } = await rds.describeDBSnapshots({ DBInstanceIdentifier: "main" });
  expect(DBSnapshots).toMatchObject([{ DBSnapshotIdentifier: "snap", Status: "available", PercentProgress: 100, SnapshotType: "manual" }]);
  await query(main, "insert into kept values (2, 'later')");
  await rds.restoreDBInstanceFromDBSnapshot({ DBInstanceIdentifier: "copy", DBSnapshotIdentifier: "snap", ManageMasterUserPassword: true });
  const copy = await until("copy", "available");
  expect(copy.Endpoint?.Port).not.toBe(main.Endpoint?.Port);
  const secrets = new SecretsManager(config as object);
  const { SecretString, Name } = await secrets.getSecretValue({ SecretId: copy.MasterUserSecret?.SecretArn ?? "" });
  expect(Name).toMatch(/^rds!db-[0-9a-f-]{36}$/);
  const { username, password } = JSON.parse(SecretString ?? "{}");
  expect(await query(copy, "select note from kept", { user: username, password })).toEqual([{ note: "first" }]);
  await secrets.rotateSecret({ SecretId: copy.MasterUserSecret?.SecretArn ?? "" });
  await until("copy", "available");
  const rotated = JSON.parse((await secrets.getSecretValue({ SecretId: copy.MasterUserSecret?.SecretArn ?? "" })).SecretString ?? "{}");
  expect(rotated.password).not.toBe(password);
  expect(await query(copy, "select 1 a", { user: username, password: rotated.password })).toEqual([{ a: 1 }]);
  // A server that ends again and again is not restarted for ever.
  for (let times = 1; times <= 3; times++) {
    const before = postmasterOf(copy);
    process.kill(before, "SIGKILL");
    // During a restart the file is missing or incomplete.
    const isOther = (): boolean => {
      try {
        return ![before, 0, Number.NaN].includes(postmasterOf(copy));
      } catch {
        return false;
      }
    };
    while (!isOther()) await new Promise((resolve) => setTimeout(resolve, 5));
    await until("copy", "available");
  }
  process.kill(postmasterOf(copy), "SIGKILL");
  await expect(until("copy", "stopped")).rejects.toThrow("failed");
  await rds.deleteDBInstance({ DBInstanceIdentifier: "copy", SkipFinalSnapshot: true });
  await gone("copy");
  await expect(secrets.describeSecret({ SecretId: copy.MasterUserSecret?.SecretArn ?? "" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("a restore to the latest point in time is a separate instance with the present data", async () => {
  const restore = (more: object) =>
    rds.restoreDBInstanceToPointInTime({ SourceDBInstanceIdentifier: "main", TargetDBInstanceIdentifier: "now", ...more });
  await expect(restore({})).rejects.toMatchObject({ name: "InvalidParameterCombination" });
  await expect(restore({ RestoreTime: new Date() })).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(restore({ UseLatestRestorableTime: true, SourceDBInstanceIdentifier: "none" })).rejects.toMatchObject({
    name: "DBInstanceNotFoundFault",
  });
  await expect(restore({ UseLatestRestorableTime: true, TargetDBInstanceIdentifier: "main" })).rejects.toMatchObject({
    name: "DBInstanceAlreadyExistsFault",
  });
  await restore({ UseLatestRestorableTime: true, DBInstanceClass: "db.t4g.small" });
  const now = await until("now", "available");
  expect(now).toMatchObject({ DBInstanceClass: "db.t4g.small", BackupRetentionPeriod: 7, MasterUsername: "fleet_admin" });
  expect(await query(now, "select note from kept order by id")).toEqual([{ note: "first" }, { note: "later" }]);
  expect((await rds.describeDBSnapshots({})).DBSnapshots).toHaveLength(1);
  expect(readdirSync(join(aws.env.dataDir, "rds", "snapshots"))).toHaveLength(1);
  await rds.modifyDBInstance({ DBInstanceIdentifier: "now", BackupRetentionPeriod: 0, ApplyImmediately: true });
  await until("now", "available");
  const again = restore({ UseLatestRestorableTime: true, SourceDBInstanceIdentifier: "now", TargetDBInstanceIdentifier: "then" });
  await expect(again).rejects.toMatchObject({ name: "PointInTimeRestoreNotEnabledFault" });
  await rds.deleteDBInstance({ DBInstanceIdentifier: "now", SkipFinalSnapshot: true });
});

test("dynamic parameters reach the server at once, static ones with a reboot", async () => {
  const DBParameterGroupName = "custom";
  await rds.createDBParameterGroup({ DBParameterGroupName, DBParameterGroupFamily: "postgres17", Description: "d" });
  const set = (ParameterName: string, ParameterValue: string, ApplyMethod: "immediate" | "pending-reboot") =>
    rds.modifyDBParameterGroup({ DBParameterGroupName, Parameters: [{ ParameterName, ParameterValue, ApplyMethod }] });
  await set("log_statement", "ddl", "immediate");
  await set("max_connections", "42", "pending-reboot");
  await expect(set("no_such", "1", "immediate")).rejects.toThrow("Could not find parameter with name: no_such");
  await expect(set("max_connections", "50", "immediate")).rejects.toMatchObject({ name: "InvalidParameterCombination" });
  await expect(set("log_statement", "some", "immediate")).rejects.toThrow("allowed values are: none,ddl,mod,all");
  const { Parameters } = await rds.describeDBParameters({ DBParameterGroupName, Source: "user" });
  expect(Parameters?.map((one) => [one.ParameterName, one.ParameterValue])).toEqual([
    ["log_statement", "ddl"],
    ["max_connections", "42"],
  ]);
  await rds.modifyDBInstance({ DBInstanceIdentifier: "main", DBParameterGroupName, ApplyImmediately: true });
  expect((await until("main", "available")).DBParameterGroups?.[0]?.ParameterApplyStatus).toBe("pending-reboot");
  await rds.rebootDBInstance({ DBInstanceIdentifier: "main" });
  const main = await until("main", "available");
  expect(main.DBParameterGroups?.[0]).toEqual({ DBParameterGroupName, ParameterApplyStatus: "in-sync" });
  expect(await query(main, "select current_setting('log_statement') a, current_setting('max_connections') b")).toEqual([
    { a: "ddl", b: "42" },
  ]);
  await set("rds.force_ssl", "0", "immediate");
  await until("main", "available");
  await expect.poll(() => query(main, "select 1 a", { ssl: false }).catch(() => [])).toEqual([{ a: 1 }]);
  await expect(rds.deleteDBParameterGroup({ DBParameterGroupName })).rejects.toMatchObject({ name: "InvalidDBParameterGroupStateFault" });
});

test("a new password replaces the old one", async () => {
  const { DBInstance } = await rds.modifyDBInstance({ DBInstanceIdentifier: "main", MasterUserPassword: "another-horse" });
  expect(DBInstance?.PendingModifiedValues).toEqual({ MasterUserPassword: "****" });
  const main = await until("main", "available");
  await expect(query(main, "select 1")).rejects.toThrow("password authentication failed");
  expect(await query(main, "select 1 a", { password: "another-horse" })).toEqual([{ a: 1 }]);
  await rds.modifyDBInstance({ DBInstanceIdentifier: "main", MasterUserPassword: PASSWORD });
  await until("main", "available");
});

test("a used security group cannot be deleted; a deleted instance leaves a final snapshot that can be restored", async () => {
  const ec2 = new EC2(config as object);
  const { GroupId = "" } = await ec2.createSecurityGroup({ GroupName: "db", Description: "db" });
  await rds.modifyDBInstance({ DBInstanceIdentifier: "main", VpcSecurityGroupIds: [GroupId], DeletionProtection: true });
  await expect(ec2.deleteSecurityGroup({ GroupId })).rejects.toMatchObject({ name: "DependencyViolation" });
  const remove = (more: object) => rds.deleteDBInstance({ DBInstanceIdentifier: "main", ...more });
  await expect(remove({ SkipFinalSnapshot: true })).rejects.toThrow("Cannot delete protected DB Instance");
  await rds.modifyDBInstance({ DBInstanceIdentifier: "main", DeletionProtection: false });
  await expect(remove({})).rejects.toThrow("FinalDBSnapshotIdentifier is required");
  await remove({ FinalDBSnapshotIdentifier: "final" });
  await expect(remove({ SkipFinalSnapshot: true })).rejects.toThrow("Instance main is already being deleted.");
  await gone("main");
  await ec2.deleteSecurityGroup({ GroupId });
  await rds.restoreDBInstanceFromDBSnapshot({ DBInstanceIdentifier: "again", DBSnapshotIdentifier: "final" });
  const again = await until("again", "available");
  expect(await query(again, "select id from kept order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  // PostgreSQL does not start without its control file.
  rmSync(join(folderOf(again), "global", "pg_control"));
  process.kill(postmasterOf(again), "SIGKILL");
  await expect(until("again", "stopped")).rejects.toThrow("failed");
  await expect(rds.rebootDBInstance({ DBInstanceIdentifier: "again" })).rejects.toMatchObject({ name: "InvalidDBInstanceStateFault" });
  await rds.deleteDBInstance({ DBInstanceIdentifier: "again", SkipFinalSnapshot: true });
  await gone("again");
});
