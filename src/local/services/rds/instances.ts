import { randomBytes } from "node:crypto";
import type * as RDS from "@aws-sdk/client-rds";
import { managedKeyArn } from "../../core/managed-key.ts";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { type Attributes, DEFAULT_PARAMETERS, documentKey, type InstanceDocument, page } from "./documents.ts";
import type { InstanceRegistry } from "./instance-registry.ts";
import { defaultSubnetGroup, securityGroups } from "./network.ts";
import type { Rds } from "./rds.ts";
import { createServer } from "./resume.ts";
import { freshPassword, keepPassword } from "./secrets.ts";
import { arnOf, asInstance } from "./shape.ts";
import * as check from "./validation.ts";

/** Durations of the statuses of a small instance on AWS. */
const CREATION = [
  { status: "creating", ms: 240_000 },
  { status: "backing-up", ms: 60_000 },
];

export const show = ({ env, state, instances }: Rds, instance: InstanceDocument): RDS.DBInstance =>
  asInstance(env, state, instances, instance);

export function instanceOperations(rds: Rds) {
  return { CreateDBInstance: createInstance(rds), DescribeDBInstances: describeInstances(rds) };
}

function createInstance(rds: Rds): Handler<RDS.CreateDBInstanceCommandInput, RDS.CreateDBInstanceResult> {
  const { env, engine } = rds;
  return async (input, { region }) => {
    checkCreateInput(input);
    const id = (input.DBInstanceIdentifier as string).toLowerCase();
    checkUnused(rds, region, id);
    const place = await placement(rds, region, input);
    engine.check();
    const password = input.ManageMasterUserPassword ? freshPassword() : (input.MasterUserPassword as string);
    const username = input.MasterUsername as string;
    const arn = arnOf(env, region, "db", id);
    const secretArn = input.ManageMasterUserPassword
      ? await keepPassword(env, region, arn, username, password, input.MasterUserSecretKmsKeyId)
      : undefined;
    // Checks the name a second time, because a simultaneous call may have taken it.
    checkUnused(rds, region, id);
    const begun = beginCreation(rds, {
      ...newInstance(env, region, id),
      ...place,
      attributes: attributesOf(input, region, env.account),
      username,
      database: input.DBName,
      port: 0,
      tags: (input.Tags ?? []).map(({ Key, Value = "" }) => ({ Key, Value })),
      secretArn,
      pendingCreation: { password, port: wantedPort(env, input.Port) },
      applied: {},
    });
    return { DBInstance: show(rds, begun) };
  };
}

export function newInstance(env: LocalEnv, region: string, id: string) {
  return {
    id,
    region,
    resourceId: `db-${randomBytes(17)
      .toString("base64")
      .replace(/[^A-Za-z0-9]/g, "X")
      .toUpperCase()
      .slice(0, 26)}`,
    createdAt: new Date(env.clock.now()).toISOString(),
    pending: {},
    state: "creating",
    steps: [],
  };
}

/** Stores the instance and starts the creation of its server. */
export function beginCreation(rds: Rds, document: InstanceDocument): InstanceDocument {
  const { state, instances } = rds;
  const instance = { ...document, applied: instances.valuesOf(document) };
  state.instances.put(documentKey(instance.region, instance.id), instance);
  const statusTimes = (instance.attributes.BackupRetentionPeriod ?? 0) > 0 ? CREATION : CREATION.slice(0, 1);
  return instances.begin(instance, { status: "creating", after: "available", statusTimes, work: () => createServer(rds, instance) });
}

export function checkUnused({ instances }: Rds, region: string, id: string): void {
  if (instances.list(region).some((one) => one.id === id))
    throw new LocalFault("DBInstanceAlreadyExistsFault", "DB instance already exists");
}

/** A requested port is only the first one that is tried, because all servers share one address here. */
export const wantedPort = ({ settings }: LocalEnv, requested: number | undefined): number =>
  settings.databasePort === 0 ? 0 : (requested ?? settings.databasePort);

function checkCreateInput(input: RDS.CreateDBInstanceCommandInput): void {
  if (input.Engine !== "postgres")
    throw new LocalFault(
      "NotImplemented",
      `The local AWS does not implement rds:CreateDBInstance with the engine ${input.Engine}: it has postgres.`,
      501,
    );
  if (input.DBClusterIdentifier) throw new LocalFault("NotImplemented", "The local AWS does not implement DB clusters.", 501);
  check.checkIdentifier(input.DBInstanceIdentifier, "DBInstanceIdentifier");
  check.checkClass(input.DBInstanceClass);
  check.checkUsername(input.MasterUsername);
  check.resolveVersion(input.EngineVersion);
  check.checkStorage(input.AllocatedStorage ?? 0, input.StorageType ?? "gp2");
  check.checkIops(input, input, 0);
  check.checkRetention(input.BackupRetentionPeriod ?? 1);
  check.checkTags(input.Tags ?? []);
  if (input.DBName !== undefined) check.checkDatabase(input.DBName);
  if (input.ManageMasterUserPassword && input.MasterUserPassword !== undefined)
    throw new LocalFault(
      "InvalidParameterCombination",
      "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.",
      400,
    );
  if (!input.ManageMasterUserPassword) check.checkPassword(input.MasterUserPassword ?? "");
}

interface Placing {
  readonly DBParameterGroupName?: string | undefined;
  readonly DBSubnetGroupName?: string | undefined;
  readonly VpcSecurityGroupIds?: string[] | undefined;
}
/** Checks that everything exists that the instance refers to. */
export async function placement({ env, state }: Rds, region: string, input: Placing) {
  const parameterGroup = input.DBParameterGroupName ?? DEFAULT_PARAMETERS;
  if (parameterGroup !== DEFAULT_PARAMETERS && !state.parameterGroups.has(documentKey(region, parameterGroup)))
    throw new LocalFault("DBParameterGroupNotFoundFault", `DBParameterGroup not found: ${parameterGroup}`);
  const ownGroup = input.DBSubnetGroupName && input.DBSubnetGroupName !== "default";
  const subnetGroup = ownGroup
    ? state.subnetGroups.get(documentKey(region, input.DBSubnetGroupName ?? ""))
    : await defaultSubnetGroup(env, state, region);
  if (!subnetGroup) throw new LocalFault("DBSubnetGroupNotFoundFault", `DB subnet group '${input.DBSubnetGroupName}' does not exist.`);
  return {
    parameterGroup: parameterGroup.toLowerCase(),
    subnetGroup: subnetGroup.name,
    securityGroups: await securityGroups(env, region, input.VpcSecurityGroupIds),
  };
}

/** Default IOPS and throughput of gp3 (RDS user guide, DB instance storage). */
function baseline({ AllocatedStorage = 0, Iops, StorageThroughput }: RDS.CreateDBInstanceCommandInput): Attributes {
  const [iops, throughput] = AllocatedStorage < check.IOPS_FROM_GB ? [3_000, 125] : [12_000, 500];
  return { Iops: Iops ?? iops, StorageThroughput: StorageThroughput ?? throughput };
}

function attributesOf(input: RDS.CreateDBInstanceCommandInput, region: string, account: string): Attributes {
  const storage = input.StorageType ?? (input.Iops ? "io1" : "gp2");
  return {
    DBInstanceClass: input.DBInstanceClass,
    AllocatedStorage: input.AllocatedStorage,
    StorageType: storage,
    ...(storage === "gp3" && baseline(input)),
    ...(storage !== "gp3" && input.Iops !== undefined && { Iops: input.Iops }),
    ...(storage !== "gp3" && { StorageThroughput: 0 }),
    EngineLifecycleSupport: input.EngineLifecycleSupport ?? "open-source-rds-extended-support",
    ...(input.MaxAllocatedStorage !== undefined && { MaxAllocatedStorage: input.MaxAllocatedStorage }),
    EngineVersion: check.resolveVersion(input.EngineVersion),
    MultiAZ: input.MultiAZ ?? false,
    AvailabilityZone: input.AvailabilityZone ?? `${region}a`,
    PubliclyAccessible: input.PubliclyAccessible ?? input.DBSubnetGroupName === undefined,
    StorageEncrypted: input.StorageEncrypted ?? input.KmsKeyId !== undefined,
    ...((input.StorageEncrypted || input.KmsKeyId !== undefined) && {
      KmsKeyId: input.KmsKeyId ?? managedKeyArn("rds", region, account),
    }),
    BackupRetentionPeriod: input.BackupRetentionPeriod ?? 1,
    PreferredBackupWindow: input.PreferredBackupWindow ?? "03:00-03:30",
    PreferredMaintenanceWindow: (input.PreferredMaintenanceWindow ?? "sun:05:00-sun:05:30").toLowerCase(),
    AutoMinorVersionUpgrade: input.AutoMinorVersionUpgrade ?? true,
    CopyTagsToSnapshot: input.CopyTagsToSnapshot ?? false,
    DeletionProtection: input.DeletionProtection ?? false,
    CACertificateIdentifier: input.CACertificateIdentifier ?? "rds-ca-rsa2048-g1",
    IAMDatabaseAuthenticationEnabled: input.EnableIAMDatabaseAuthentication ?? false,
    PerformanceInsightsEnabled: input.EnablePerformanceInsights ?? false,
    ...(input.EnablePerformanceInsights && {
      PerformanceInsightsRetentionPeriod: input.PerformanceInsightsRetentionPeriod ?? 7,
      PerformanceInsightsKMSKeyId: input.PerformanceInsightsKMSKeyId ?? managedKeyArn("rds", region, account),
    }),
    MonitoringInterval: input.MonitoringInterval ?? 0,
    ...(input.MonitoringRoleArn !== undefined && { MonitoringRoleArn: input.MonitoringRoleArn }),
    ...(input.EnableCloudwatchLogsExports?.length && { EnabledCloudwatchLogsExports: input.EnableCloudwatchLogsExports }),
    NetworkType: input.NetworkType ?? "IPV4",
  };
}

function describeInstances(rds: Rds): Handler<RDS.DescribeDBInstancesCommandInput, RDS.DescribeDBInstancesCommandOutput> {
  return (input, { region }) => {
    const { instances } = rds;
    const all = input.DBInstanceIdentifier ? [byIdOrArn(instances, region, input.DBInstanceIdentifier)] : instances.list(region);
    const wanted = (input.Filters ?? []).reduce(
      (rest, { Name, Values = [] }) => rest.filter((one) => matches(rds, one, Name, Values)),
      all,
    );
    const { items, more } = page(wanted, (one) => one.id, input);
    return { DBInstances: items.map((one) => show(rds, one)), ...more };
  };
}
const byIdOrArn = (instances: InstanceRegistry, region: string, text: string): InstanceDocument =>
  instances.existing(region, text.startsWith("arn:") ? text.split(":").pop() : text);

function matches({ env }: Rds, one: InstanceDocument, name: string | undefined, values: readonly string[]): boolean {
  if (name === "db-instance-id") return values.some((v) => v.toLowerCase() === one.id || v === arnOf(env, one.region, "db", one.id));
  if (name === "dbi-resource-id") return values.includes(one.resourceId);
  if (name === "engine") return values.includes("postgres");
  if (name === "db-cluster-id" || name === "domain") return false;
  throw new LocalFault("InvalidParameterValue", `Unrecognized filter name: ${name}`, 400);
}
