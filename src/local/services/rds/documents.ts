import type * as RDS from "@aws-sdk/client-rds";
import { LocalFault } from "../../core/service.ts";
import type { Collection, Store } from "../../core/store.ts";

/** What a caller may choose and AWS shows again under the same names; free of dates. */
export type Attributes = Pick<
  RDS.DBInstance,
  | "DBInstanceClass"
  | "AllocatedStorage"
  | "MaxAllocatedStorage"
  | "StorageType"
  | "Iops"
  | "StorageThroughput"
  | "EngineVersion"
  | "MultiAZ"
  | "AvailabilityZone"
  | "PubliclyAccessible"
  | "StorageEncrypted"
  | "KmsKeyId"
  | "BackupRetentionPeriod"
  | "PreferredBackupWindow"
  | "PreferredMaintenanceWindow"
  | "AutoMinorVersionUpgrade"
  | "CopyTagsToSnapshot"
  | "DeletionProtection"
  | "CACertificateIdentifier"
  | "IAMDatabaseAuthenticationEnabled"
  | "PerformanceInsightsEnabled"
  | "PerformanceInsightsKMSKeyId"
  | "PerformanceInsightsRetentionPeriod"
  | "MonitoringInterval"
  | "MonitoringRoleArn"
  | "EnabledCloudwatchLogsExports"
  | "NetworkType"
  | "EngineLifecycleSupport"
>;

/** A stay in a status until a time in milliseconds since the epoch. */
export interface Step {
  readonly status: string;
  readonly until: number;
}
export interface InstanceDocument {
  readonly id: string;
  readonly region: string;
  /** `db-…`: names the server's folder, and survives a change of the identifier. */
  readonly resourceId: string;
  readonly createdAt: string;
  readonly attributes: Attributes;
  readonly username: string;
  readonly database?: string | undefined;
  /** 0 until the server is made. */
  readonly port: number;
  readonly parameterGroup: string;
  readonly securityGroups: readonly string[];
  readonly subnetGroup: string;
  readonly tags: readonly RDS.Tag[];
  readonly secretArn?: string | undefined;
  readonly pending: Attributes;
  /** The work under way, or how it ended: creating, available, stopped, failed, … */
  readonly state: string;
  /** With realism, statuses that AWS would show longer than the work takes here. */
  readonly steps: readonly Step[];
  /** Parameters that the server runs with. */
  readonly applied: Readonly<Record<string, string>>;
  /** Until the server is made: what it is made from. `copyOf`: the copy in `snapshot` is still to be made, of this instance (`db-…`). */
  readonly birth?:
    | { readonly password: string; readonly port: number; readonly snapshot?: string | undefined; readonly copyOf?: string | undefined }
    | undefined;
  /** A password that the server is still to be given. */
  readonly newPassword?: string | undefined;
  /** While it is being deleted: the snapshot without which its data must not go. */
  readonly finalSnapshot?: string | undefined;
}

export interface SnapshotDocument {
  readonly id: string;
  readonly region: string;
  readonly folder: string;
  readonly createdAt: string;
  readonly type: "manual" | "automated";
  readonly state: "creating" | "available" | "failed" | "deleting";
  readonly readyAt: number;
  readonly bytes: number;
  readonly tags: readonly RDS.Tag[];
  /** Accounts that may restore it; `all` is everybody. */
  readonly sharedWith?: readonly string[] | undefined;
  /** The instance as it was. */
  readonly source: InstanceDocument;
}
export interface ParameterGroupDocument {
  readonly name: string;
  readonly region: string;
  readonly description: string;
  readonly values: Readonly<Record<string, { readonly value: string; readonly method: "immediate" | "pending-reboot" }>>;
  readonly tags: readonly RDS.Tag[];
}
export interface EventSubscriptionDocument {
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  readonly createdAt: string;
  readonly topic: string;
  readonly sourceType: string | undefined;
  readonly categories: readonly string[];
  readonly sources: readonly string[];
  readonly enabled: boolean;
  readonly tags: readonly RDS.Tag[];
}
export interface SubnetGroupDocument {
  readonly name: string;
  readonly region: string;
  readonly description: string;
  readonly vpc: string;
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  readonly tags: readonly RDS.Tag[];
}

export interface RdsState {
  readonly instances: Collection<InstanceDocument>;
  readonly snapshots: Collection<SnapshotDocument>;
  readonly parameterGroups: Collection<ParameterGroupDocument>;
  readonly subnetGroups: Collection<SubnetGroupDocument>;
  readonly eventSubscriptions: Collection<EventSubscriptionDocument>;
}
export const rdsState = (store: Store): RdsState => ({
  instances: store.collection("rds.instances"),
  snapshots: store.collection("rds.snapshots"),
  parameterGroups: store.collection("rds.parameter-groups"),
  subnetGroups: store.collection("rds.subnet-groups"),
  eventSubscriptions: store.collection("rds.eventSubscriptions"),
});

export const FAMILY = "postgres17";
export const DEFAULT_PARAMETERS = `default.${FAMILY}`;
/** Identifiers are kept in lower case, and are one's own per region. */
export const keyOf = (region: string, id: string): string => `${region}/${id.toLowerCase()}`;

export function snapshotNamed(state: RdsState, region: string, id: string | undefined): SnapshotDocument {
  const found = state.snapshots.get(keyOf(region, id ?? ""));
  if (!found) throw new LocalFault("DBSnapshotNotFoundFault", `DBSnapshot not found: ${id}`);
  return found;
}

/** One page; MaxRecords is 20 to 100 on AWS, and 100 when it is not given. */
export function page<T>(
  all: readonly T[],
  idOf: (item: T) => string,
  { Marker, MaxRecords = 100 }: { readonly Marker?: string | undefined; readonly MaxRecords?: number | undefined },
): { items: T[]; more: { Marker?: string } } {
  if (MaxRecords < 20 || MaxRecords > 100)
    throw new LocalFault("InvalidParameterValue", `Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`, 400);
  const after = Marker && Buffer.from(Marker, "base64url").toString();
  const sorted = all.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const rest = after ? sorted.filter((item) => idOf(item) > after) : sorted;
  const items = rest.slice(0, MaxRecords);
  const last = items.at(-1);
  return { items, more: last !== undefined && rest.length > MaxRecords ? { Marker: Buffer.from(idOf(last)).toString("base64url") } : {} };
}
