import type { CreateDBInstanceCommandInput, DBInstance, ModifyDBInstanceCommandInput, PendingModifiedValues } from "@aws-sdk/client-rds";
import { type Attribute, writesOf } from "../../aws/attributes.ts";
import type { Change } from "../../engine/contract.ts";
import type { DatabaseLive, DatabaseSpec } from "./types.ts";

/**
 * From this size on, gp3 has separate IOPS. AWS requires them together with the size, and refuses them for smaller sizes
 * (hashicorp/terraform-provider-aws issues 28589 and 33512, crossplane-contrib/provider-aws issue 1630).
 */
export const IOPS_FROM_GB = 400;
/** IOPS that gp3 has from that size on by default (RDS user guide, DB instance storage). */
export const BASE_IOPS = 12_000;
/** AWS rounds a smaller growth up to this factor (botocore, ModifyDBInstanceMessage.AllocatedStorage). */
const LEAST_GROWTH = 1.1;

const LOG_EXPORTS = ["postgresql", "upgrade"];
const CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1";
const MONITORING_SECONDS = 60;

type Modification = Partial<ModifyDBInstanceCommandInput>;
type Row = Attribute<DatabaseSpec, DatabaseLive, [found: DBInstance, pending: PendingModifiedValues], Modification>;
/**
 * An attribute with the same name in the answer and in ModifyDBInstance. A pending value counts. `unset`: its meaning when AWS does not
 * report it.
 */
const setting = <Name extends keyof DBInstance & keyof ModifyDBInstanceCommandInput>(
  name: Name,
  wanted: (spec: DatabaseSpec) => ModifyDBInstanceCommandInput[Name],
  unset?: DBInstance[Name],
): Row => ({
  read: (found, pending: Partial<DBInstance>) => pending[name] ?? found[name] ?? unset,
  wanted,
  write: (spec) => ({ [name]: wanted(spec) }),
});
/** Attributes that AWS changes in place, with their members of ModifyDBInstance. A repair writes only those that differ. */
export const ATTRIBUTES: Readonly<Record<string, Row>> = {
  storageGb: {
    read: (found, pending) => pending.AllocatedStorage ?? found.AllocatedStorage ?? 0,
    wanted: (spec) => spec.storageGb,
    write: (spec) => ({ AllocatedStorage: spec.storageGb }),
    neededWith: iopsOf,
    growsOnly: { isMore: (spec, live) => live.storageGb > spec.storageGb, keep: (live) => `"storageGb": ${live.storageGb}` },
  },
  engineVersion: {
    read: (found, pending) => pending.EngineVersion ?? found.EngineVersion ?? "",
    // Compared to the configured precision, because AWS upgrades the minor version automatically.
    wanted: (spec, live) => (versionOrder(spec, live) === 0 ? live.engineVersion : spec.engineVersion),
    write: (spec) => ({ EngineVersion: spec.engineVersion }),
    neededWith: (spec, live) => ({ AllowMajorVersionUpgrade: majorOf(spec.engineVersion) !== majorOf(live.engineVersion) }),
    growsOnly: {
      isMore: (spec, live) => versionOrder(spec, live) < 0,
      keep: (live) => `"engineVersion": "${majorOf(live.engineVersion)}"`,
    },
  },
  instanceClass: setting("DBInstanceClass", (spec) => spec.instanceClass),
  storageType: setting("StorageType", () => "gp3"),
  backupRetentionDays: setting("BackupRetentionPeriod", (spec) => spec.backupRetentionDays),
  publiclyAccessible: setting("PubliclyAccessible", (spec) => spec.publiclyAccessible, false),
  multiAz: setting("MultiAZ", (spec) => spec.multiAz, false),
  deletionProtection: setting("DeletionProtection", (spec) => spec.deletionProtection, false),
  port: {
    read: (found, pending) => pending.Port ?? found.Endpoint?.Port,
    wanted: (spec, live) => (live.attributes.port === undefined ? undefined : (spec.port ?? live.attributes.port)),
    write: (spec) => ({ DBPortNumber: spec.port }),
  },
  securityGroups: {
    read: (found) => (found.VpcSecurityGroups ?? []).filter((g) => g.Status !== "removing").map((g) => g.VpcSecurityGroupId),
    wanted: (spec) => [spec.securityGroup],
    write: (spec) => ({ VpcSecurityGroupIds: [spec.securityGroup] }),
  },
  parameterGroup: {
    read: (found) => found.DBParameterGroups?.[0]?.DBParameterGroupName,
    wanted: (spec) => spec.parameterGroup,
    write: (spec) => ({ DBParameterGroupName: spec.parameterGroup }),
  },
  monitoring: {
    // When monitoring is off, AWS still reports the role.
    read: ({ MonitoringInterval = 0, MonitoringRoleArn }) =>
      MonitoringInterval === 0 ? { MonitoringInterval } : { MonitoringInterval, MonitoringRoleArn },
    wanted: monitoringOf,
    write: monitoringOf,
  },
  iamAuth: {
    read: (found, pending) => pending.IAMDatabaseAuthenticationEnabled ?? found.IAMDatabaseAuthenticationEnabled ?? false,
    wanted: () => true,
    write: () => ({ EnableIAMDatabaseAuthentication: true }),
  },
  performanceInsights: {
    read: (found) => found.PerformanceInsightsEnabled ?? false,
    wanted: () => true,
    write: () => ({ EnablePerformanceInsights: true }),
  },
  logExports: {
    read: logExportsOf,
    wanted: () => LOG_EXPORTS,
    write(_spec, live) {
      const present = live.attributes.logExports as readonly string[];
      const EnableLogTypes = LOG_EXPORTS.filter((type) => !present.includes(type));
      const DisableLogTypes = present.filter((type) => !LOG_EXPORTS.includes(type));
      return { CloudwatchLogsExportConfiguration: { EnableLogTypes, DisableLogTypes } };
    },
  },
  copyTagsToSnapshot: setting("CopyTagsToSnapshot", () => true, false),
  minorUpgrades: setting("AutoMinorVersionUpgrade", () => true, false),
  certificateAuthority: {
    read: (found, pending) => pending.CACertificateIdentifier ?? found.CACertificateIdentifier,
    wanted: () => CERTIFICATE_AUTHORITY,
    write: () => ({ CACertificateIdentifier: CERTIFICATE_AUTHORITY, CertificateRotationRestart: false }),
  },
  managedPassword: {
    read: (found) => found.MasterUserSecret !== undefined,
    wanted: () => true,
    write: () => ({ ManageMasterUserPassword: true }),
  },
};

export const creation = (spec: DatabaseSpec): Omit<CreateDBInstanceCommandInput, "DBInstanceIdentifier"> => ({
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
  Port: spec.port,
  VpcSecurityGroupIds: [spec.securityGroup],
  DBParameterGroupName: spec.parameterGroup,
  DBSubnetGroupName: spec.subnetGroup,
  AutoMinorVersionUpgrade: true,
  CACertificateIdentifier: CERTIFICATE_AUTHORITY,
  EnableIAMDatabaseAuthentication: true,
  EnablePerformanceInsights: true,
  EnableCloudwatchLogsExports: LOG_EXPORTS,
  ...(spec.monitoringRoleArn ? monitoringOf(spec) : undefined),
  KmsKeyId: spec.kmsKey,
  PerformanceInsightsKMSKeyId: spec.kmsKey,
  MasterUserSecretKmsKeyId: spec.kmsKey,
});

function monitoringOf({ monitoringRoleArn }: DatabaseSpec): Modification {
  return monitoringRoleArn ? { MonitoringInterval: MONITORING_SECONDS, MonitoringRoleArn: monitoringRoleArn } : { MonitoringInterval: 0 };
}
function logExportsOf({ EnabledCloudwatchLogsExports = [] }: DBInstance, pending: PendingModifiedValues): readonly string[] {
  const { LogTypesToEnable = [], LogTypesToDisable = [] } = pending.PendingCloudwatchLogsExports ?? {};
  return [...new Set([...EnabledCloudwatchLogsExports, ...LogTypesToEnable])].filter((type) => !LogTypesToDisable.includes(type));
}

function iopsOf({ storageGb }: DatabaseSpec, { iops = 0 }: DatabaseLive): Modification {
  return storageGb < IOPS_FROM_GB ? {} : { Iops: Math.max(iops, BASE_IOPS) };
}
export const majorOf = (version: string) => version.split(".")[0] ?? "";
/** Compares versions to the configured precision. Above 0: the configured version is newer. */
function versionOrder(spec: DatabaseSpec, live: DatabaseLive): number {
  const wanted = spec.engineVersion.split(".").map(Number);
  const present = live.engineVersion.split(".").map(Number);
  const at = wanted.findIndex((part, index) => part !== (present[index] ?? 0));
  return at === -1 ? 0 : (wanted[at] ?? 0) - (present[at] ?? 0);
}

/** One ModifyDBInstance for all changes. */
export const modificationFor = (changes: readonly Change[], spec: DatabaseSpec, live: DatabaseLive): Modification =>
  Object.assign({}, ...writesOf(ATTRIBUTES, changes, spec, live)) as Modification;

/** The next size to which AWS raises the storage, in GB. */
export const leastGrowth = ({ storageGb }: Pick<DatabaseLive, "storageGb">): number => Math.ceil(storageGb * LEAST_GROWTH);
