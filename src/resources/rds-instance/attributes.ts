import type { CreateDBInstanceCommandInput, DBInstance, ModifyDBInstanceCommandInput, PendingModifiedValues } from "@aws-sdk/client-rds";
import { differences } from "../../aws/changes.ts";
import type { Change } from "../../engine/contract.ts";
import type { DatabaseLive, DatabaseSpec } from "../rds-instance.ts";

const LOG_EXPORTS = ["postgresql", "upgrade"];
const CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1";
const MONITORING_SECONDS = 60;

/** RDS storage only grows: to less, there is no way but a new database. */
export function storageChange(spec: DatabaseSpec, live: DatabaseLive): readonly Change[] {
  return differences({ storageGb: [live.storageGb, spec.storageGb] }, spec.storageGb < live.storageGb ? "replace" : undefined);
}
/** As exact as the wish is written. Newer than wished within the same major: AWS upgraded it. An older major needs a new database. */
export function versionChange(spec: DatabaseSpec, live: DatabaseLive): readonly Change[] {
  const wanted = spec.engineVersion.split(".").map(Number);
  const there = live.engineVersion.split(".").map(Number);
  const at = wanted.findIndex((part, index) => part !== (there[index] ?? 0));
  if (at === -1) return [];
  const newer = (wanted[at] ?? 0) > (there[at] ?? 0);
  if (!newer && at > 0) return [];
  return differences({ engineVersion: [live.engineVersion, spec.engineVersion] }, newer ? undefined : "replace");
}
const majorOf = (version: string) => version.split(".")[0];

type Modification = Partial<ModifyDBInstanceCommandInput>;
type Write = (spec: DatabaseSpec, live: DatabaseLive) => Modification;
export const SIZES: Readonly<Record<string, Write>> = {
  storageGb: (spec) => ({ AllocatedStorage: spec.storageGb }),
  engineVersion: (spec, live) => ({
    EngineVersion: spec.engineVersion,
    AllowMajorVersionUpgrade: majorOf(spec.engineVersion) !== majorOf(live.engineVersion),
  }),
};
interface Attribute {
  readonly read: (found: DBInstance, pending: PendingModifiedValues) => unknown;
  readonly wish: (spec: DatabaseSpec, live: DatabaseLive) => unknown;
  readonly write: Write;
}
/** What can be changed in place: how it is read, what it should be, and its part in ModifyDBInstance; a repair writes what differs and nothing else. */
export const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  instanceClass: {
    read: (found, pending) => pending.DBInstanceClass ?? found.DBInstanceClass,
    wish: (spec) => spec.instanceClass,
    write: (spec) => ({ DBInstanceClass: spec.instanceClass }),
  },
  storageType: {
    read: (found, pending) => pending.StorageType ?? found.StorageType,
    wish: () => "gp3",
    write: () => ({ StorageType: "gp3" }),
  },
  backupRetentionDays: {
    read: (found, pending) => pending.BackupRetentionPeriod ?? found.BackupRetentionPeriod,
    wish: (spec) => spec.backupRetentionDays,
    write: (spec) => ({ BackupRetentionPeriod: spec.backupRetentionDays }),
  },
  publiclyAccessible: {
    read: (found) => found.PubliclyAccessible ?? false,
    wish: (spec) => spec.publiclyAccessible,
    write: (spec) => ({ PubliclyAccessible: spec.publiclyAccessible }),
  },
  multiAz: {
    read: (found, pending) => pending.MultiAZ ?? found.MultiAZ ?? false,
    wish: (spec) => spec.multiAz,
    write: (spec) => ({ MultiAZ: spec.multiAz }),
  },
  deletionProtection: {
    read: (found) => found.DeletionProtection ?? false,
    wish: (spec) => spec.deletionProtection,
    write: (spec) => ({ DeletionProtection: spec.deletionProtection }),
  },
  port: {
    read: (found, pending) => pending.Port ?? found.Endpoint?.Port,
    wish: (spec, live) => (live.attributes.port === undefined ? undefined : (spec.port ?? live.attributes.port)),
    write: (spec) => ({ DBPortNumber: spec.port }),
  },
  securityGroups: {
    read: (found) => (found.VpcSecurityGroups ?? []).filter((g) => g.Status !== "removing").map((g) => g.VpcSecurityGroupId),
    wish: (spec) => [spec.securityGroup],
    write: (spec) => ({ VpcSecurityGroupIds: [spec.securityGroup] }),
  },
  parameterGroup: {
    read: (found) => found.DBParameterGroups?.[0]?.DBParameterGroupName,
    wish: (spec) => spec.parameterGroup,
    write: (spec) => ({ DBParameterGroupName: spec.parameterGroup }),
  },
  monitoring: {
    // Once switched off, the role that is still named means nothing.
    read: ({ MonitoringInterval = 0, MonitoringRoleArn }) =>
      MonitoringInterval === 0 ? { MonitoringInterval } : { MonitoringInterval, MonitoringRoleArn },
    wish: monitoringOf,
    write: monitoringOf,
  },
  iamAuth: {
    read: (found, pending) => pending.IAMDatabaseAuthenticationEnabled ?? found.IAMDatabaseAuthenticationEnabled ?? false,
    wish: () => true,
    write: () => ({ EnableIAMDatabaseAuthentication: true }),
  },
  performanceInsights: {
    read: (found) => found.PerformanceInsightsEnabled ?? false,
    wish: () => true,
    write: () => ({ EnablePerformanceInsights: true }),
  },
  logExports: {
    read: logExportsOf,
    wish: () => LOG_EXPORTS,
    write(_spec, live) {
      const there = live.attributes.logExports as readonly string[];
      const EnableLogTypes = LOG_EXPORTS.filter((type) => !there.includes(type));
      const DisableLogTypes = there.filter((type) => !LOG_EXPORTS.includes(type));
      return { CloudwatchLogsExportConfiguration: { EnableLogTypes, DisableLogTypes } };
    },
  },
  copyTagsToSnapshot: {
    read: (found) => found.CopyTagsToSnapshot ?? false,
    wish: () => true,
    write: () => ({ CopyTagsToSnapshot: true }),
  },
  minorUpgrades: {
    read: (found) => found.AutoMinorVersionUpgrade ?? false,
    wish: () => true,
    write: () => ({ AutoMinorVersionUpgrade: true }),
  },
  certificateAuthority: {
    read: (found, pending) => pending.CACertificateIdentifier ?? found.CACertificateIdentifier,
    wish: () => CERTIFICATE_AUTHORITY,
    write: () => ({ CACertificateIdentifier: CERTIFICATE_AUTHORITY, CertificateRotationRestart: false }),
  },
  managedPassword: {
    read: (found) => found.MasterUserSecret !== undefined,
    wish: () => true,
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
  ...(spec.port && { Port: spec.port }),
  VpcSecurityGroupIds: [spec.securityGroup],
  DBParameterGroupName: spec.parameterGroup,
  AutoMinorVersionUpgrade: true,
  CACertificateIdentifier: CERTIFICATE_AUTHORITY,
  EnableIAMDatabaseAuthentication: true,
  EnablePerformanceInsights: true,
  EnableCloudwatchLogsExports: LOG_EXPORTS,
  ...(spec.monitoringRoleArn && monitoringOf(spec)),
  ...(spec.kmsKey && { KmsKeyId: spec.kmsKey, PerformanceInsightsKMSKeyId: spec.kmsKey, MasterUserSecretKmsKeyId: spec.kmsKey }),
});

function monitoringOf({ monitoringRoleArn }: DatabaseSpec): Modification {
  return monitoringRoleArn ? { MonitoringInterval: MONITORING_SECONDS, MonitoringRoleArn: monitoringRoleArn } : { MonitoringInterval: 0 };
}
function logExportsOf({ EnabledCloudwatchLogsExports = [] }: DBInstance, pending: PendingModifiedValues): readonly string[] {
  const { LogTypesToEnable = [], LogTypesToDisable = [] } = pending.PendingCloudwatchLogsExports ?? {};
  return [...new Set([...EnabledCloudwatchLogsExports, ...LogTypesToEnable])].filter((type) => !LogTypesToDisable.includes(type));
}
