import { ec2SecurityGroup, logsGroup, rdsInstance, rdsParameterGroup } from "../../src/resources/index.ts";
import type { Rig } from "./rig.ts";
import { contractOf } from "./suite.ts";

const groupId = async (rig: Rig, name: string): Promise<string> => {
  const { SecurityGroups = [] } = await (await rig.world.ec2()).describeSecurityGroups({
    Filters: [{ Name: "group-name", Values: [name] }],
  });
  return SecurityGroups[0]?.GroupId ?? "";
};
const everybody = (port: number) => [{ IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];

contractOf({
  kind: ec2SecurityGroup,
  prepare: async (_rig, name) => ({
    id: { name },
    spec: { description: "a case", port: 5432, cidrs: ["203.0.113.7/32", "2001:0DB8:0:0::/64"] },
  }),
  changes: {
    ingress: (spec) => ({ ...spec, cidrs: [...(spec.cidrs ?? []), "198.51.100.0/24"] }),
    "ingress.fewer": (spec) => ({ ...spec, cidrs: spec.cidrs?.slice(1) }),
    "ingress.port": (spec) => ({ ...spec, port: 5433 }),
  },
  // One call closes the old rules, one opens the new ones.
  calls: { "ingress.port": 2 },
  drifts: {
    "ingress.tcp 22 0.0.0.0/0": async (rig, { name }) =>
      (await rig.world.ec2()).authorizeSecurityGroupIngress({ GroupId: await groupId(rig, name), IpPermissions: everybody(22) }),
    "egress.tcp 443 0.0.0.0/0": async (rig, { name }) =>
      (await rig.world.ec2()).authorizeSecurityGroupEgress({ GroupId: await groupId(rig, name), IpPermissions: everybody(443) }),
  },
  foreign: async (rig, { name }) => (await rig.world.ec2()).createSecurityGroup({ GroupName: name, Description: "of somebody else" }),
});

contractOf({
  kind: logsGroup,
  prepare: async (_rig, name) => ({ id: { name: `/aws/lambda/${name}` }, spec: { retentionDays: 30 } }),
  changes: {
    retentionDays: (spec) => ({ retentionDays: spec.retentionDays + 335 }),
    encryption: (spec) => ({ ...spec, kmsKey: "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000" }),
  },
  drifts: {
    retentionDays: async (rig, { name }) => (await rig.world.logs()).deleteRetentionPolicy({ logGroupName: name }),
  },
  foreign: async (rig, { name }) => (await rig.world.logs()).createLogGroup({ logGroupName: name }),
});

contractOf({
  kind: rdsParameterGroup,
  prepare: async (_rig, name) => ({
    id: { name },
    spec: { family: "postgres17", description: "a case", parameters: { "rds.force_ssl": "1", log_statement: "ddl" } },
  }),
  changes: {
    "parameters.log_statement": (spec) => ({ ...spec, parameters: { ...spec.parameters, log_statement: "mod" } }),
    // A static and a dynamic parameter: each needs its own ApplyMethod, otherwise AWS refuses both.
    "parameters.max_connections": (spec) => ({ ...spec, parameters: { ...spec.parameters, log_statement: "all", max_connections: "50" } }),
  },
  drifts: {
    "parameters.rds.force_ssl": async (rig, { name }) =>
      (await rig.world.rds()).modifyDBParameterGroup({
        DBParameterGroupName: name,
        Parameters: [{ ParameterName: "rds.force_ssl", ParameterValue: "0", ApplyMethod: "immediate" }],
      }),
  },
  replaces: { family: (spec) => ({ ...spec, family: "postgres16" }) },
  foreign: async (rig, { name }) =>
    (await rig.world.rds()).createDBParameterGroup({
      DBParameterGroupName: name,
      DBParameterGroupFamily: "postgres17",
      Description: "of somebody else",
    }),
});

contractOf({
  kind: rdsInstance,
  prepare: async (rig, name) => {
    const rds = await rig.world.rds();
    const group = await (await rig.world.ec2()).createSecurityGroup({ GroupName: name, Description: "a case" });
    await (await rig.world.ec2()).createSecurityGroup({ GroupName: `${name}-other`, Description: "a case" });
    for (const DBParameterGroupName of [name, `${name}-other`])
      await rds.createDBParameterGroup({ DBParameterGroupName, DBParameterGroupFamily: "postgres17", Description: "a case" });
    return {
      id: { identifier: name },
      spec: {
        name: "fleetlogix",
        username: "fleetlogix_admin",
        engineVersion: "17",
        instanceClass: "db.t4g.micro",
        storageGb: 20,
        backupRetentionDays: 7,
        publiclyAccessible: true,
        multiAz: false,
        deletionProtection: false,
        port: undefined,
        securityGroup: group.GroupId ?? "",
        parameterGroup: name,
        monitoringRoleArn: undefined,
      },
    };
  },
  changes: {
    instanceClass: (spec) => ({ ...spec, instanceClass: "db.t4g.small" }),
    backupRetentionDays: (spec) => ({ ...spec, backupRetentionDays: 14 }),
    publiclyAccessible: (spec) => ({ ...spec, publiclyAccessible: false }),
    multiAz: (spec) => ({ ...spec, multiAz: true }),
    deletionProtection: (spec) => ({ ...spec, deletionProtection: true }),
    parameterGroup: (spec) => ({ ...spec, parameterGroup: `${spec.parameterGroup}-other` }),
    monitoring: (spec) => ({ ...spec, monitoringRoleArn: "arn:aws:iam::000000000000:role/fleetlogix-rds-monitoring" }),
  },
  drifts: {
    securityGroups: async (rig, { identifier }) =>
      (await rig.world.rds()).modifyDBInstance({
        DBInstanceIdentifier: identifier,
        ApplyImmediately: true,
        VpcSecurityGroupIds: [await groupId(rig, `${identifier}-other`)],
      }),
    ...Object.fromEntries(
      (
        [
          ["copyTagsToSnapshot", { CopyTagsToSnapshot: false }],
          ["minorUpgrades", { AutoMinorVersionUpgrade: false }],
          ["iamAuth", { EnableIAMDatabaseAuthentication: false }],
          ["performanceInsights", { EnablePerformanceInsights: false }],
          ["logExports", { CloudwatchLogsExportConfiguration: { DisableLogTypes: ["upgrade"] } }],
          ["instanceClass", { DBInstanceClass: "db.t4g.large" }],
          ["storageType", { StorageType: "gp2" }],
          ["certificateAuthority", { CACertificateIdentifier: "rds-ca-ecc384-g1" }],
          ["parameterGroup", { DBParameterGroupName: "default.postgres17" }],
          ["publiclyAccessible", { PubliclyAccessible: false }],
          ["backupRetentionDays", { BackupRetentionPeriod: 1 }],
          ["managedPassword", { ManageMasterUserPassword: false, MasterUserPassword: "known-to-somebody-else" }],
        ] as const
      ).map(([path, spec]) => [
        path,
        async (rig: Rig, { identifier }: { readonly identifier: string }) =>
          (await rig.world.rds()).modifyDBInstance({
            DBInstanceIdentifier: identifier,
            ApplyImmediately: true,
            ...(spec as object),
          }),
      ]),
    ),
  },
  replaces: {
    username: (spec) => ({ ...spec, username: "somebody_else" }),
    name: (spec) => ({ ...spec, name: "other" }),
  },
  foreign: async (rig, { identifier }, spec) =>
    (await rig.world.rds()).createDBInstance({
      DBInstanceIdentifier: identifier,
      Engine: "postgres",
      EngineVersion: "17",
      DBInstanceClass: "db.t4g.micro",
      DBName: spec.name,
      MasterUsername: spec.username,
      ManageMasterUserPassword: true,
      AllocatedStorage: 20,
      StorageEncrypted: true,
    }),
});
