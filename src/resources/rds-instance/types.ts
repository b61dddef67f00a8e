export interface DatabaseId {
  /** Identifier in lower case, as RDS stores it. */
  readonly identifier: string;
}
export interface DatabaseSpec {
  readonly name: string;
  readonly username: string;
  /** A major version (`17`), or a more exact one (`17.4`). AWS's minor upgrades are no difference. */
  readonly engineVersion: string;
  readonly instanceClass: string;
  readonly storageGb: number;
  readonly backupRetentionDays: number;
  readonly publiclyAccessible: boolean;
  readonly multiAz: boolean;
  readonly deletionProtection: boolean;
  /** undefined: the endpoint chooses the port. */
  readonly port: number | undefined;
  readonly securityGroup: string;
  readonly parameterGroup: string;
  /** Subnet group of a new database. RDS does not move an instance within its VPC. undefined: the VPC's default group. */
  readonly subnetGroup?: string | undefined;
  /** undefined: no enhanced monitoring. */
  readonly monitoringRoleArn: string | undefined;
  /** ARN of a customer key for a new database, its insights and its password. AWS can change none of them later. undefined: AWS's key. */
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
  readonly created: Date | undefined;
  /** By path of ATTRIBUTES, with the pending values. */
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
