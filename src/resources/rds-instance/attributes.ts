import type { CreateDBInstanceCommandInput, DBInstance, ModifyDBInstanceCommandInput, PendingModifiedValues } from "@aws-sdk/client-rds";
import { differences } from "../../aws/changes.ts";
import type { Change } from "../../engine/contract.ts";
import type { DatabaseLive, DatabaseSpec } from "./types.ts";

/**
 * gp3 of this size and more has IOPS of its own: AWS wants them with the size there, and refuses them below it
 * (hashicorp/terraform-provider-aws issues 28589 and 33512, crossplane-contrib/provider-aws issue 1630).
 */
export const IOPS_FROM_GB = 400;
/** What gp3 has from there on without being asked (RDS user guide, DB instance storage). */
export const BASE_IOPS = 12_000;
/** Less is rounded up to it (botocore, ModifyDBInstanceMessage.AllocatedStorage). */
const LEAST_GROWTH = 1.1;

const LOG_EXPORTS = ["postgresql", "upgrade"];
const CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1";
const MONITORING_SECONDS = 60;

type Modification = Partial<ModifyDBInstanceCommandInput>;
type Write = (spec: DatabaseSpec, live: DatabaseLive) => Modification;
interface Attribute {
  readonly read: (found: DBInstance, pending: PendingModifiedValues) => unknown;
  readonly wish: (spec: DatabaseSpec, live: DatabaseLive) => unknown;
  readonly write: Write;
  /** Members that AWS wants together with this one. */
  readonly neededWith?: Write;
  /** AWS never makes it less: a larger live value is kept and told, with what to write so that file and database agree. */
  readonly growsOnly?: {
    readonly isMore: (spec: DatabaseSpec, live: DatabaseLive) => boolean;
    readonly keep: (live: DatabaseLive) => string;
  };
}
/** What can be changed in place: how it is read, what it should be, and its part in ModifyDBInstance; a repair writes what differs and nothing else. */
export const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  storageGb: {
    read: (found, pending) => pending.AllocatedStorage ?? found.AllocatedStorage ?? 0,
    wish: (spec) => spec.storageGb,
    write: (spec) => ({ AllocatedStorage: spec.storageGb }),
    neededWith: iopsOf,
    growsOnly: { isMore: (spec, live) => live.storageGb > spec.storageGb, keep: (live) => `"storageGb": ${live.storageGb}` },
  },
  engineVersion: {
    read: (found, pending) => pending.EngineVersion ?? found.EngineVersion ?? "",
    // As exact as it is written: AWS upgrades the minor version by itself.
    wish: (spec, live) => (versionOrder(spec, live) === 0 ? live.engineVersion : spec.engineVersion),
    write: (spec) => ({ EngineVersion: spec.engineVersion }),
    neededWith: (spec, live) => ({ AllowMajorVersionUpgrade: majorOf(spec.engineVersion) !== majorOf(live.engineVersion) }),
    growsOnly: {
      isMore: (spec, live) => versionOrder(spec, live) < 0,
      keep: (live) => `"engineVersion": "${majorOf(live.engineVersion)}"`,
    },
  },
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
  ...(spec.subnetGroup && { DBSubnetGroupName: spec.subnetGroup }),
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

function iopsOf({ storageGb }: DatabaseSpec, { iops = 0 }: DatabaseLive): Modification {
  return storageGb < IOPS_FROM_GB ? {} : { Iops: Math.max(iops, BASE_IOPS) };
}
export const majorOf = (version: string) => version.split(".")[0] ?? "";
/** Above 0: the wish is newer. As exact as the wish is written. */
function versionOrder(spec: DatabaseSpec, live: DatabaseLive): number {
  const wanted = spec.engineVersion.split(".").map(Number);
  const there = live.engineVersion.split(".").map(Number);
  const at = wanted.findIndex((part, index) => part !== (there[index] ?? 0));
  return at === -1 ? 0 : (wanted[at] ?? 0) - (there[at] ?? 0);
}

/** What differs and can be changed in place. */
export const attributeChanges = (spec: DatabaseSpec, live: DatabaseLive): readonly Change[] =>
  Object.entries(ATTRIBUTES).flatMap(([path, { wish, growsOnly }]) =>
    growsOnly?.isMore(spec, live) ? [] : differences({ [path]: [live.attributes[path], wish(spec, live)] }),
  );
/** One ModifyDBInstance for all of them, with what AWS wants beside each. */
export const modificationFor = (changes: readonly Change[], spec: DatabaseSpec, live: DatabaseLive): Modification =>
  Object.assign(
    {},
    ...changes.flatMap(({ path }) => {
      const { write, neededWith } = ATTRIBUTES[path] ?? {};
      return [write?.(spec, live) ?? {}, neededWith?.(spec, live) ?? {}];
    }),
  ) as Modification;

/** The least size that it can be given next. */
export const leastGrowth = ({ storageGb }: Pick<DatabaseLive, "storageGb">): number => Math.ceil(storageGb * LEAST_GROWTH);
