import type * as RDS from "@aws-sdk/client-rds";
import { LocalFault } from "../../core/service.ts";
import type { Collection, Store } from "../../core/store.ts";

/** The attributes that a caller may choose and that AWS returns under the same names. They hold no dates. */
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

/** A status that the instance shows until a time, in milliseconds since the epoch. */
export interface Step {
  readonly status: string;
  readonly until: number;
}
export interface InstanceDocument {
  readonly id: string;
  readonly region: string;
  /** `db-…`. It names the server's folder and stays when the identifier changes. */
  readonly resourceId: string;
  readonly createdAt: string;
  readonly attributes: Attributes;
  readonly username: string;
  readonly database?: string | undefined;
  /** 0 until the server exists. */
  readonly port: number;
  readonly parameterGroup: string;
  readonly securityGroups: readonly string[];
  readonly subnetGroup: string;
  readonly tags: readonly RDS.Tag[];
  readonly secretArn?: string | undefined;
  readonly pending: Attributes;
  /** The status during the present work, or after it: creating, available, stopped, failed, … */
  readonly state: string;
  /** With realism, the statuses that AWS would show for longer than the work takes here. */
  readonly steps: readonly Step[];
  /** Parameters that the server runs with. */
  readonly applied: Readonly<Record<string, string>>;
  /** The source of an instance whose server does not exist yet. `copyOf`: the instance (`db-…`) that must first be copied to `snapshot`. */
  readonly pendingCreation?:
    | { readonly password: string; readonly port: number; readonly snapshot?: string | undefined; readonly copyOf?: string | undefined }
    | undefined;
  /** A password that the server does not have yet. */
  readonly newPassword?: string | undefined;
  /** The final snapshot of an instance that is being deleted. The data stays until it is complete. */
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
  /** Accounts that may restore the snapshot; `all` means everybody. */
  readonly sharedWith?: readonly string[] | undefined;
  /** The instance at the time of the snapshot. */
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
/** Key of a document. Identifiers are stored in lower case and are unique in a region. */
export const documentKey = (region: string, id: string): string => `${region}/${id.toLowerCase()}`;

export function snapshotNamed(state: RdsState, region: string, id: string | undefined): SnapshotDocument {
  const found = state.snapshots.get(documentKey(region, id ?? ""));
  if (!found) throw new LocalFault("DBSnapshotNotFoundFault", `DBSnapshot not found: ${id}`);
  return found;
}

/** One page. AWS accepts 20 to 100 for MaxRecords; the default is 100. */
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
