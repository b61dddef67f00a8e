import type * as RDS from "@aws-sdk/client-rds";
import type { LocalEnv } from "../../core/service.ts";
import { documentKey, type InstanceDocument, type RdsState, type SubnetGroupDocument } from "./documents.ts";
import type { InstanceRegistry } from "./instance-registry.ts";

export const arnOf = (env: LocalEnv, region: string, kind: "db" | "snapshot" | "pg" | "subgrp", id: string): string =>
  `arn:aws:rds:${region}:${env.account}:${kind}:${id}`;

/** AWS's certificate of a server is valid for a year. */
const CERTIFICATE_LIFE_MS = 365 * 24 * 3_600_000;
/** An instance as DescribeDBInstances shows it. */
export function asInstance(env: LocalEnv, state: RdsState, instances: InstanceRegistry, one: InstanceDocument): RDS.DBInstance {
  const status = instances.statusOf(one);
  const exists = status !== "creating";
  const subnets = state.subnetGroups.get(documentKey(one.region, one.subnetGroup));
  return {
    ...one.attributes,
    DBInstanceIdentifier: one.id,
    DbiResourceId: one.resourceId,
    ...(one.database !== undefined && { DBName: one.database }),
    Engine: "postgres",
    LicenseModel: "postgresql-license",
    DBInstanceStatus: status,
    DBInstanceArn: arnOf(env, one.region, "db", one.id),
    MasterUsername: one.username,
    DbInstancePort: 0,
    // The address is unknown until the server exists.
    ...(exists && {
      Endpoint: { Address: "127.0.0.1", Port: one.port, HostedZoneId: "Z2R2ITUGPM61AM" },
      InstanceCreateTime: new Date(one.createdAt),
    }),
    DBSecurityGroups: [],
    VpcSecurityGroups: one.securityGroups.map((VpcSecurityGroupId) => ({ VpcSecurityGroupId, Status: "active" })),
    DBParameterGroups: [{ DBParameterGroupName: one.parameterGroup, ParameterApplyStatus: applyStatus(instances, one) }],
    ...(subnets && { DBSubnetGroup: subnetGroupOf(asSubnetGroup(env, subnets)) }),
    OptionGroupMemberships: [{ OptionGroupName: "default:postgres-17", Status: "in-sync" }],
    PendingModifiedValues: one.pending,
    ReadReplicaDBInstanceIdentifiers: [],
    DomainMemberships: [],
    AssociatedRoles: [],
    TagList: [...one.tags],
    CustomerOwnedIpEnabled: false,
    BackupTarget: "region",
    ActivityStreamStatus: "stopped",
    CertificateDetails: {
      CAIdentifier: one.attributes.CACertificateIdentifier,
      ValidTill: new Date(Date.parse(one.createdAt) + CERTIFICATE_LIFE_MS),
    },
    DatabaseInsightsMode: "standard",
    DedicatedLogVolume: false,
    IsStorageConfigUpgradeAvailable: false,
    ...(one.secretArn !== undefined && {
      MasterUserSecret: { SecretArn: one.secretArn, SecretStatus: exists ? "active" : "creating" },
    }),
  };
}

/** DescribeDBInstances omits some members that DescribeDBSubnetGroups returns (recorded in 2025). */
function subnetGroupOf({ DBSubnetGroupArn: _arn, SupportedNetworkTypes: _types, ...group }: RDS.DBSubnetGroup): RDS.DBSubnetGroup {
  return group;
}

function applyStatus(instances: InstanceRegistry, one: InstanceDocument): string {
  const wanted = instances.valuesOf(one);
  const names = new Set([...Object.keys(wanted), ...Object.keys(one.applied)]);
  return [...names].every((name) => wanted[name] === one.applied[name]) ? "in-sync" : "pending-reboot";
}

export function asSubnetGroup(env: LocalEnv, group: SubnetGroupDocument): RDS.DBSubnetGroup {
  return {
    DBSubnetGroupName: group.name,
    DBSubnetGroupDescription: group.description,
    DBSubnetGroupArn: arnOf(env, group.region, "subgrp", group.name),
    VpcId: group.vpc,
    SubnetGroupStatus: "Complete",
    SupportedNetworkTypes: ["IPV4"],
    Subnets: group.subnets.map(({ id, zone }) => ({
      SubnetIdentifier: id,
      SubnetAvailabilityZone: { Name: zone },
      SubnetOutpost: {},
      SubnetStatus: "Active",
    })),
  };
}
