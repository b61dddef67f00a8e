import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, LocalFault } from "../../core/service.ts";
import { FAMILY, page } from "./documents.ts";
import type { Rds } from "./rds.ts";
import { arnOf } from "./shape.ts";
import { ENGINE_VERSION } from "./validation.ts";

/** The instance classes that AWS offers for PostgreSQL 17, in sizes that a back end of this kind uses. */
const CLASSES = [
  "t4g.micro",
  "t4g.small",
  "t4g.medium",
  "t4g.large",
  "t3.micro",
  "t3.small",
  "t3.medium",
  "t3.large",
  "m7g.large",
  "m7g.xlarge",
  "r7g.large",
  "r7g.xlarge",
];
const STORAGE = ["gp2", "gp3", "io1"];
const AUTHORITIES = ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"];

/** Operations that list available versions and classes, and the lists that are empty here. */
export function catalogOperations(rds: Rds) {
  const versions: Handler<RDS.DescribeDBEngineVersionsCommandInput, RDS.DescribeDBEngineVersionsCommandOutput> = (input) => {
    const wanted = (input.Engine ?? "postgres") === "postgres" && (input.DBParameterGroupFamily ?? FAMILY) === FAMILY;
    const version = input.EngineVersion ?? "17";
    return { DBEngineVersions: wanted && (version === "17" || version === ENGINE_VERSION) ? [ENGINE] : [] };
  };
  const orderable: Handler<RDS.DescribeOrderableDBInstanceOptionsCommandInput, RDS.DescribeOrderableDBInstanceOptionsCommandOutput> = (
    input,
    { region },
  ) => {
    if (input.Engine !== "postgres" || !["17", ENGINE_VERSION].includes(input.EngineVersion ?? "17"))
      return { OrderableDBInstanceOptions: [] };
    const all = CLASSES.map((name) => `db.${name}`)
      .filter((name) => input.DBInstanceClass === undefined || name === input.DBInstanceClass)
      .flatMap((name) => STORAGE.map((storage) => option(region, name, storage)));
    const { items, more } = page(all, (one) => `${one.DBInstanceClass}/${one.StorageType}`, input);
    return { OrderableDBInstanceOptions: items, ...more };
  };
  const certificates: Handler<RDS.DescribeCertificatesCommandInput, RDS.DescribeCertificatesCommandOutput> = (input, { region }) => ({
    Certificates: AUTHORITIES.filter((id) => (input.CertificateIdentifier ?? id) === id).map((id) => certificate(region, id)),
  });
  return {
    DescribeDBEngineVersions: versions,
    DescribeOrderableDBInstanceOptions: orderable,
    DescribeCertificates: certificates,
    DescribePendingMaintenanceActions: (() => ({ PendingMaintenanceActions: [] })) as Handler<
      RDS.DescribePendingMaintenanceActionsCommandInput,
      RDS.DescribePendingMaintenanceActionsCommandOutput
    >,
    ...accountOperations(rds),
  };
}

function accountOperations({ env, state, instances }: Rds) {
  const attributes: Handler<RDS.DescribeAccountAttributesCommandInput, RDS.DescribeAccountAttributesCommandOutput> = () => ({
    AccountQuotas: [
      { AccountQuotaName: "DBInstances", Used: instances.list().length, Max: 40 },
      { AccountQuotaName: "ManualSnapshots", Used: state.snapshots.size, Max: 100 },
      { AccountQuotaName: "DBParameterGroups", Used: state.parameterGroups.size, Max: 50 },
      { AccountQuotaName: "DBSubnetGroups", Used: state.subnetGroups.size, Max: 50 },
    ],
  });
  const clusters: Handler<RDS.DescribeDBClustersCommandInput, RDS.DescribeDBClustersCommandOutput> = (input) => {
    if (input.DBClusterIdentifier) throw new LocalFault("DBClusterNotFoundFault", `DBCluster ${input.DBClusterIdentifier} not found.`);
    return { DBClusters: [] };
  };
  const optionGroups: Handler<RDS.DescribeOptionGroupsCommandInput, RDS.DescribeOptionGroupsCommandOutput> = (_input, { region }) => ({
    OptionGroupsList: [
      {
        OptionGroupName: "default:postgres-17",
        OptionGroupDescription: "Default option group for postgres 17",
        EngineName: "postgres",
        MajorEngineVersion: "17",
        Options: [],
        AllowsVpcAndNonVpcInstanceMemberships: true,
        OptionGroupArn: arnOf(env, region, "pg", "default:postgres-17").replace(":pg:", ":og:"),
      },
    ],
  });
  return { DescribeAccountAttributes: attributes, DescribeDBClusters: clusters, DescribeOptionGroups: optionGroups };
}

const certificate = (region: string, id: string): RDS.Certificate => ({
  CertificateIdentifier: id,
  CertificateType: "CA",
  CertificateArn: `arn:aws:rds:${region}::cert:${id}`,
  ValidFrom: new Date("2021-05-25T22:34:57Z"),
  ValidTill: new Date("2061-05-25T23:34:57Z"),
});

const ENGINE: RDS.DBEngineVersion = {
  Engine: "postgres",
  EngineVersion: ENGINE_VERSION,
  MajorEngineVersion: "17",
  DBParameterGroupFamily: FAMILY,
  DBEngineDescription: "PostgreSQL",
  DBEngineVersionDescription: `PostgreSQL ${ENGINE_VERSION}`,
  ValidUpgradeTarget: [],
  ExportableLogTypes: ["postgresql", "upgrade", "iam-db-auth-error"],
  SupportsLogExportsToCloudwatchLogs: true,
  SupportsReadReplica: false,
  SupportedFeatureNames: [],
  Status: "available",
  SupportsCertificateRotationWithoutRestart: true,
  SupportedCACertificateIdentifiers: AUTHORITIES,
};

const option = (region: string, DBInstanceClass: string, StorageType: string): RDS.OrderableDBInstanceOption => ({
  Engine: "postgres",
  EngineVersion: ENGINE_VERSION,
  DBInstanceClass,
  LicenseModel: "postgresql-license",
  AvailabilityZones: ["a", "b", "c"].map((letter) => ({ Name: region + letter })),
  MultiAZCapable: true,
  ReadReplicaCapable: false,
  Vpc: true,
  SupportsStorageEncryption: true,
  StorageType,
  SupportsIops: StorageType !== "gp2",
  SupportsEnhancedMonitoring: true,
  SupportsIAMDatabaseAuthentication: true,
  SupportsPerformanceInsights: true,
  MinStorageSize: StorageType === "io1" ? 100 : 20,
  MaxStorageSize: 65_536,
  SupportedNetworkTypes: ["IPV4"],
});
