import type { CreateDBInstanceCommandInput, DBInstance, ModifyDBInstanceCommandInput } from "@aws-sdk/client-rds";
import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent, toFault } from "../aws/faults.ts";
import { carriesTag, fromTagList, toTagList } from "../aws/ownership.ts";
import type { Change, Observation, ResourceKind } from "../engine/contract.ts";

export interface DatabaseId {
  /** RDS keeps it in lower case. */
  readonly identifier: string;
}
export interface DatabaseSpec {
  readonly name: string;
  readonly username: string;
  /** A major version (`17`), or as exact as wanted (`17.4`): AWS's own minor upgrades are no difference. */
  readonly engineVersion: string;
  readonly instanceClass: string;
  readonly storageGb: number;
  readonly backupRetentionDays: number;
  readonly publiclyAccessible: boolean;
  readonly multiAz: boolean;
  readonly deletionProtection: boolean;
  /** undefined: whatever the endpoint gives. */
  readonly port: number | undefined;
  readonly securityGroup: string;
  readonly parameterGroup: string;
  /** undefined: no enhanced monitoring. */
  readonly monitoringRoleArn: string | undefined;
}
/** As it will be once what is pending has been applied. */
interface DatabaseLive {
  readonly identifier: string;
  readonly arn: string;
  readonly status: string;
  readonly name: string;
  readonly username: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly instanceClass: string;
  readonly storageGb: number;
  readonly storageType: string;
  readonly encrypted: boolean;
  readonly backupRetentionDays: number;
  readonly publiclyAccessible: boolean;
  readonly multiAz: boolean;
  readonly deletionProtection: boolean;
  readonly port: number | undefined;
  readonly securityGroups: readonly string[];
  readonly parameterGroup: string | undefined;
  readonly monitoring: { readonly interval: number; readonly role: string | undefined };
  readonly iamAuth: boolean;
  readonly performanceInsights: boolean;
  readonly logExports: readonly string[];
  readonly copyTagsToSnapshot: boolean;
  readonly minorUpgrades: boolean;
  readonly certificateAuthority: string | undefined;
  readonly secretArn: string | undefined;
  readonly host: string | undefined;
}
export interface DatabaseOutputs {
  readonly identifier: string;
  readonly status: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly name: string;
  readonly username: string;
  readonly secretArn: string | null;
}

const GONE = ["DBInstanceNotFoundFault", "DBInstanceNotFound"];
const LOG_EXPORTS = ["postgresql", "upgrade"];
const CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1";
const MONITORING_SECONDS = 60;
/** Usable as it is; `storage-optimization` only forbids another resize. */
const READY = ["available", "storage-optimization", "stopped"];
/** States that nothing leaves by waiting: what to do about each. */
const STUCK: Readonly<Record<string, string>> = {
  failed: "the creation failed: look at the instance's events",
  "incompatible-network": "its subnets have no free address or its VPC is gone",
  "incompatible-restore": "its snapshot cannot be restored",
  "incompatible-parameters": "its parameter group does not fit the instance class",
  "incompatible-option-group": "its option group does not fit the engine",
  "storage-full": "its storage is full: raise database.storageGb",
  "insufficient-capacity": "AWS has no such instance free in this zone: choose another database.instanceClass",
  "inaccessible-encryption-credentials": "its encryption key cannot be used: enable the key again",
  "inaccessible-encryption-credentials-recoverable": "its encryption key cannot be used: enable the key and start the instance",
};

export const rdsInstance: ResourceKind<DatabaseId, DatabaseSpec, DatabaseLive, DatabaseOutputs, AwsClients> = {
  kind: "rds.instance",
  holdsData: true,
  slow: true,
  settle: { timeoutMs: 3_600_000, pollMs: 5_000 },

  label: ({ identifier }) => identifier,
  diff: (spec, live) => [
    ...differences(
      {
        engine: [live.engine, "postgres"],
        encrypted: [live.encrypted, true],
        name: [live.name, spec.name],
        username: [live.username, spec.username],
      },
      "replace",
    ),
    ...storageChange(spec, live),
    ...versionChange(spec, live),
    ...differences({
      // Stopped by somebody (AWS itself starts it after seven days): nothing else can be changed until it runs.
      status: [live.status === "stopped" ? "stopped" : "running", "running"],
      instanceClass: [live.instanceClass, spec.instanceClass],
      storageType: [live.storageType, "gp3"],
      backupRetentionDays: [live.backupRetentionDays, spec.backupRetentionDays],
      publiclyAccessible: [live.publiclyAccessible, spec.publiclyAccessible],
      multiAz: [live.multiAz, spec.multiAz],
      deletionProtection: [live.deletionProtection, spec.deletionProtection],
      port: spec.port === undefined ? [undefined, undefined] : [live.port ?? spec.port, spec.port],
      securityGroups: [live.securityGroups, [spec.securityGroup]],
      parameterGroup: [live.parameterGroup, spec.parameterGroup],
      monitoring: [live.monitoring, monitoringOf(spec)],
      iamAuth: [live.iamAuth, true],
      performanceInsights: [live.performanceInsights, true],
      logExports: [live.logExports, LOG_EXPORTS],
      copyTagsToSnapshot: [live.copyTagsToSnapshot, true],
      minorUpgrades: [live.minorUpgrades, true],
      certificateAuthority: [live.certificateAuthority, CERTIFICATE_AUTHORITY],
      managedPassword: [live.secretArn !== undefined, true],
    }),
  ],
  outputs: (live) => ({
    identifier: live.identifier,
    status: live.status,
    host: live.host ?? null,
    port: live.port ?? null,
    name: live.name,
    username: live.username,
    secretArn: live.secretArn ?? null,
  }),
  describe: ({ arn, status, host, port }) => ({ arn, state: status, ...(host && { address: `${host}:${port}` }) }),
  retry({ code, message }, during) {
    if (code.startsWith("InvalidDBInstanceState")) return "busy";
    // The monitoring role is younger than RDS's view of IAM.
    if (/ENHANCED_MONITORING/.test(message)) return "propagation";
    if (during === "update" && GONE.includes(code)) return "propagation";
    return undefined;
  },

  async read({ identifier }, ctx) {
    const rds = await ctx.world.rds();
    const found = (await orAbsent(rds.describeDBInstances({ DBInstanceIdentifier: identifier }), ...GONE))?.DBInstances?.[0];
    return found ? observationOf(found) : { state: "absent" };
  },
  async create({ identifier }, spec, ctx) {
    const rds = await ctx.world.rds();
    const database = { DBInstanceIdentifier: identifier, ...creation(spec), Tags: toTagList(ctx.tags) };
    await orAbsent(rds.createDBInstance(database), "DBInstanceAlreadyExistsFault", "DBInstanceAlreadyExists");
  },
  async update({ identifier: DBInstanceIdentifier }, spec, live, changes, ctx) {
    const rds = await ctx.world.rds();
    const tags = changedTags(changes);
    if (tags) await rds.addTagsToResource({ ResourceName: live.arn, Tags: toTagList(tags) });
    if (live.status === "stopped") {
      await rds.startDBInstance({ DBInstanceIdentifier });
      return;
    }
    const parts = changes.flatMap(({ path }) => MODIFICATIONS[path]?.(spec, live) ?? []);
    if (parts.length === 0) return;
    await unlessNothingToDo(rds.modifyDBInstance(Object.assign({ DBInstanceIdentifier, ApplyImmediately: true }, ...parts)));
  },
  async delete({ identifier: DBInstanceIdentifier }, live, { finalSnapshot }, ctx) {
    const rds = await ctx.world.rds();
    if (live.status === "deleting") return;
    if (live.deletionProtection) {
      await rds.modifyDBInstance({ DBInstanceIdentifier, DeletionProtection: false, ApplyImmediately: true });
      return;
    }
    const last = finalSnapshot ? { FinalDBSnapshotIdentifier: finalSnapshot } : { SkipFinalSnapshot: true };
    try {
      await rds.deleteDBInstance({ DBInstanceIdentifier, ...last });
    } catch (error) {
      const fault = toFault(error);
      const under = fault?.code.startsWith("InvalidDBInstanceState") && /already being deleted/i.test(fault.message);
      if (!under && !GONE.includes(fault?.code ?? "")) throw error;
    }
  },
  async inventory(_id, live) {
    return {
      items: 1,
      bytes: live.storageGb * 1024 ** 3,
      text: `PostgreSQL ${live.engineVersion}, ${live.storageGb} GB of storage, ${live.status}`,
      cost: `${live.instanceClass} by the hour and ${live.storageGb} GB of storage by the month`,
    };
  },
  async listOwned(ctx) {
    const ids: DatabaseId[] = [];
    for await (const { DBInstances = [] } of (await ctx.world.rds()).paginateDescribeDBInstances({}))
      for (const { DBInstanceIdentifier, TagList } of DBInstances)
        if (DBInstanceIdentifier && carriesTag(fromTagList(TagList), ctx.stack)) ids.push({ identifier: DBInstanceIdentifier });
    return ids;
  },
};

/** RDS storage only grows: to less, there is no way but a new database. */
function storageChange(spec: DatabaseSpec, live: DatabaseLive): readonly Change[] {
  return differences({ storageGb: [live.storageGb, spec.storageGb] }, spec.storageGb < live.storageGb ? "replace" : undefined);
}
/** As exact as the wish is written. Newer than wished within the same major: AWS upgraded it. An older major needs a new database. */
function versionChange(spec: DatabaseSpec, live: DatabaseLive): readonly Change[] {
  const wanted = spec.engineVersion.split(".").map(Number);
  const there = live.engineVersion.split(".").map(Number);
  const at = wanted.findIndex((part, index) => part !== (there[index] ?? 0));
  if (at === -1) return [];
  const newer = (wanted[at] ?? 0) > (there[at] ?? 0);
  if (!newer && at > 0) return [];
  return differences({ engineVersion: [live.engineVersion, spec.engineVersion] }, newer ? undefined : "replace");
}
const monitoringOf = ({ monitoringRoleArn: role }: DatabaseSpec) => ({ interval: role ? MONITORING_SECONDS : 0, role });
const majorOf = (version: string) => version.split(".")[0];

type Modification = Partial<ModifyDBInstanceCommandInput>;
/** What each path of `diff` becomes in ModifyDBInstance: a repair writes what differs and nothing else. */
const MODIFICATIONS: Readonly<Record<string, (spec: DatabaseSpec, live: DatabaseLive) => Modification>> = {
  instanceClass: (spec) => ({ DBInstanceClass: spec.instanceClass }),
  storageGb: (spec) => ({ AllocatedStorage: spec.storageGb }),
  storageType: () => ({ StorageType: "gp3" }),
  engineVersion: (spec, live) => ({
    EngineVersion: spec.engineVersion,
    AllowMajorVersionUpgrade: majorOf(spec.engineVersion) !== majorOf(live.engineVersion),
  }),
  backupRetentionDays: (spec) => ({ BackupRetentionPeriod: spec.backupRetentionDays }),
  publiclyAccessible: (spec) => ({ PubliclyAccessible: spec.publiclyAccessible }),
  multiAz: (spec) => ({ MultiAZ: spec.multiAz }),
  deletionProtection: (spec) => ({ DeletionProtection: spec.deletionProtection }),
  port: (spec) => ({ DBPortNumber: spec.port }),
  securityGroups: (spec) => ({ VpcSecurityGroupIds: [spec.securityGroup] }),
  parameterGroup: (spec) => ({ DBParameterGroupName: spec.parameterGroup }),
  monitoring: (spec) => ({
    MonitoringInterval: monitoringOf(spec).interval,
    ...(spec.monitoringRoleArn && { MonitoringRoleArn: spec.monitoringRoleArn }),
  }),
  iamAuth: () => ({ EnableIAMDatabaseAuthentication: true }),
  performanceInsights: () => ({ EnablePerformanceInsights: true }),
  logExports: (_spec, live) => ({
    CloudwatchLogsExportConfiguration: {
      EnableLogTypes: LOG_EXPORTS.filter((type) => !live.logExports.includes(type)),
      DisableLogTypes: live.logExports.filter((type) => !LOG_EXPORTS.includes(type)),
    },
  }),
  copyTagsToSnapshot: () => ({ CopyTagsToSnapshot: true }),
  minorUpgrades: () => ({ AutoMinorVersionUpgrade: true }),
  certificateAuthority: () => ({ CACertificateIdentifier: CERTIFICATE_AUTHORITY, CertificateRotationRestart: false }),
  managedPassword: () => ({ ManageMasterUserPassword: true }),
};

const creation = (spec: DatabaseSpec): Omit<CreateDBInstanceCommandInput, "DBInstanceIdentifier"> => ({
  Engine: "postgres",
  EngineVersion: spec.engineVersion,
  EngineLifecycleSupport: "open-source-rds-extended-support-disabled",
  DBInstanceClass: spec.instanceClass,
  DBName: spec.name,
  MasterUsername: spec.username,
  ManageMasterUserPassword: true,
  AllocatedStorage: spec.storageGb,
  StorageType: "gp3",
  StorageEncrypted: true,
  BackupRetentionPeriod: spec.backupRetentionDays,
  CopyTagsToSnapshot: true,
  PubliclyAccessible: spec.publiclyAccessible,
  MultiAZ: spec.multiAz,
  DeletionProtection: spec.deletionProtection,
  ...(spec.port && { Port: spec.port }),
  VpcSecurityGroupIds: [spec.securityGroup],
  DBParameterGroupName: spec.parameterGroup,
  AutoMinorVersionUpgrade: true,
  CACertificateIdentifier: CERTIFICATE_AUTHORITY,
  EnableIAMDatabaseAuthentication: true,
  EnablePerformanceInsights: true,
  EnableCloudwatchLogsExports: LOG_EXPORTS,
  ...(spec.monitoringRoleArn && { MonitoringInterval: MONITORING_SECONDS, MonitoringRoleArn: spec.monitoringRoleArn }),
});

function observationOf(found: DBInstance): Observation<DatabaseLive> {
  const live = liveOf(found);
  const tags = fromTagList(found.TagList);
  const reason = STUCK[live.status];
  if (reason) return { state: "failed", live, tags, reason: `${live.status}: ${reason}` };
  return { state: READY.includes(live.status) ? "ready" : "settling", live, tags };
}
function liveOf(found: DBInstance): DatabaseLive {
  const pending = found.PendingModifiedValues ?? {};
  const exports = pending.PendingCloudwatchLogsExports;
  const enabled = [...(found.EnabledCloudwatchLogsExports ?? []), ...(exports?.LogTypesToEnable ?? [])];
  return {
    identifier: found.DBInstanceIdentifier ?? "",
    arn: found.DBInstanceArn ?? "",
    status: found.DBInstanceStatus ?? "unknown",
    name: found.DBName ?? "",
    username: found.MasterUsername ?? "",
    engine: found.Engine ?? "",
    engineVersion: pending.EngineVersion ?? found.EngineVersion ?? "",
    instanceClass: pending.DBInstanceClass ?? found.DBInstanceClass ?? "",
    storageGb: pending.AllocatedStorage ?? found.AllocatedStorage ?? 0,
    storageType: pending.StorageType ?? found.StorageType ?? "",
    encrypted: found.StorageEncrypted ?? false,
    backupRetentionDays: pending.BackupRetentionPeriod ?? found.BackupRetentionPeriod ?? 0,
    publiclyAccessible: found.PubliclyAccessible ?? false,
    multiAz: pending.MultiAZ ?? found.MultiAZ ?? false,
    deletionProtection: found.DeletionProtection ?? false,
    port: pending.Port ?? found.Endpoint?.Port,
    securityGroups: (found.VpcSecurityGroups ?? []).filter((g) => g.Status !== "removing").map((g) => g.VpcSecurityGroupId ?? ""),
    parameterGroup: found.DBParameterGroups?.[0]?.DBParameterGroupName,
    monitoring: { interval: found.MonitoringInterval ?? 0, role: found.MonitoringRoleArn },
    iamAuth: pending.IAMDatabaseAuthenticationEnabled ?? found.IAMDatabaseAuthenticationEnabled ?? false,
    performanceInsights: found.PerformanceInsightsEnabled ?? false,
    logExports: enabled.filter((type) => !exports?.LogTypesToDisable?.includes(type)),
    copyTagsToSnapshot: found.CopyTagsToSnapshot ?? false,
    minorUpgrades: found.AutoMinorVersionUpgrade ?? false,
    certificateAuthority: pending.CACertificateIdentifier ?? found.CACertificateIdentifier,
    secretArn: found.MasterUserSecret?.SecretArn,
    host: found.Endpoint?.Address,
  };
}
/** RDS refuses a modification that changes nothing; a repeated one has become just that. */
async function unlessNothingToDo(modification: Promise<unknown>): Promise<void> {
  try {
    await modification;
  } catch (error) {
    if (!/no modifications were requested/i.test(toFault(error)?.message ?? "")) throw error;
  }
}
