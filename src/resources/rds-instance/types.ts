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
  /** undefined: the endpoint chooses it. */
  readonly port: number | undefined;
  readonly securityGroup: string;
  readonly parameterGroup: string;
  /** Subnet group of a new database; RDS moves no instance within its VPC. undefined: the VPC's default group. */
  readonly subnetGroup?: string | undefined;
  /** undefined: no enhanced monitoring. */
  readonly monitoringRoleArn: string | undefined;
  /** ARN of a customer key for a new database, its insights and its password; AWS lets none of them change later. undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
}
export interface DatabaseLive {
  readonly identifier: string;
  readonly arn: string;
  readonly status: string;
  readonly name: string;
  readonly username: string;
  readonly engine: string;
  readonly encrypted: boolean;
  readonly deletionProtection: boolean;
  readonly engineVersion: string;
  readonly instanceClass: string;
  readonly storageGb: number;
  readonly iops: number | undefined;
  readonly secretArn: string | undefined;
  /** ARN of the key of its storage. */
  readonly kmsKey: string | undefined;
  readonly subnetGroup: string | undefined;
  readonly extendedSupport: boolean;
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** By path of ATTRIBUTES, as it will be once what is pending has been applied. */
  readonly attributes: Readonly<Record<string, unknown>>;
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
