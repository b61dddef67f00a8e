import type { DBInstance, EventSubscription, Parameter } from "@aws-sdk/client-rds";
import { privateSubnets } from "../../aws/network.ts";
import { fromTagList } from "../../aws/ownership.ts";
import { naming } from "../../stack/naming.ts";
import type { Session } from "../session.ts";
import { type Check, isTagged, judge, type Look, opensOutside, read, statementsOf } from "./finding.ts";
import { keyArnOf } from "./key.ts";

interface DatabaseFacts {
  readonly instance: DBInstance;
  readonly parameters: ReadonlyMap<string, string>;
  readonly privateSubnets: boolean;
  readonly supported: boolean;
  readonly publicSnapshots: boolean;
  readonly subscriptions: readonly EventSubscription[];
}

/** Checks the PostgreSQL instance, its parameters and its snapshots. */
export const lookAtDatabase: Look = async (session) => {
  const facts = await databaseFacts(session);
  const key = await keyArnOf(session);
  return judge(session.config.database.identifier, facts, [...protection(session), ...access(), ...operation(), ...production(key)]);
};

const protection = (session: Session): readonly Check<DatabaseFacts>[] => [
  ["rds.encryption", ({ instance }) => instance.StorageEncrypted === true, "its storage is not encrypted"],
  ["rds.tls", ({ parameters }) => parameters.get("rds.force_ssl") === "1", "it accepts connections without TLS"],
  ["rds.backups", ({ instance }) => (instance.BackupRetentionPeriod ?? 0) >= 7, "automatic backups are kept for less than seven days"],
  ["rds.copy-tags", ({ instance }) => instance.CopyTagsToSnapshot === true, "its snapshots do not carry its tags"],
  ["rds.snapshots-private", ({ publicSnapshots }) => !publicSnapshots, "a snapshot is public"],
  ["rds.tagged", ({ instance }) => isTagged(fromTagList(instance.TagList), session), "it does not have the stack's tag"],
];
const access = (): readonly Check<DatabaseFacts>[] => [
  [
    "rds.administrator",
    ({ instance }) => !/^(admin|postgres)$/i.test(instance.MasterUsername ?? ""),
    "its administrator has a common name",
  ],
  ["rds.managed-password", ({ instance }) => instance.MasterUserSecret !== undefined, "RDS does not manage its password"],
  ["rds.iam", ({ instance }) => instance.IAMDatabaseAuthenticationEnabled === true, "IAM authentication is disabled"],
  [
    "rds.certificate",
    ({ instance }) => /^rds-ca-(rsa|ecc)\d+-g\d+$/.test(instance.CACertificateIdentifier ?? ""),
    "its certificate is from an authority that expires",
  ],
  ["rds.in-vpc", ({ instance }) => instance.DBSubnetGroup?.VpcId !== undefined, "it is in no VPC"],
];
const operation = (): readonly Check<DatabaseFacts>[] => [
  [
    "rds.minor-upgrades",
    ({ instance }) => instance.AutoMinorVersionUpgrade === true,
    "minor upgrades, which have the security fixes, are not automatic",
  ],
  ["rds.supported", ({ supported }) => supported, "RDS does not support its version any more"],
  [
    "rds.logs",
    ({ instance }) => ["postgresql", "upgrade"].every((log) => instance.EnabledCloudwatchLogsExports?.includes(log)),
    "its logs do not go to CloudWatch",
  ],
  [
    "rds.query-logging",
    ({ parameters }) => QUERY_LOGGING.every(([name, value]) => parameters.get(name) === value),
    "slow statements and changes of schema are not logged",
  ],
  ["rds.insights", ({ instance }) => instance.PerformanceInsightsEnabled === true, "Performance Insights is disabled"],
];
const QUERY_LOGGING = [
  ["log_statement", "ddl"],
  ["log_min_duration_statement", "1000"],
  ["log_connections", "1"],
  ["log_disconnections", "1"],
] as const;
const production = (key: string | undefined): readonly Check<DatabaseFacts>[] => [
  ["rds.not-public", ({ instance }) => instance.PubliclyAccessible === false, "it has a public address"],
  [
    "rds.private-subnets",
    ({ privateSubnets }) => privateSubnets,
    "its subnets are public. RDS cannot move a database within its VPC: restore a snapshot into a group of private subnets",
  ],
  ["rds.deletion-protection", ({ instance }) => instance.DeletionProtection === true, "it has no deletion protection"],
  ["rds.multi-az", ({ instance }) => instance.MultiAZ === true, "it is in one zone"],
  ["rds.monitoring", ({ instance }) => (instance.MonitoringInterval ?? 0) > 0, "its host is not monitored"],
  [
    "rds.insights-key",
    ({ instance }) => key !== undefined && instance.PerformanceInsightsKMSKeyId === key,
    "its insights are not encrypted with the stack's own key",
  ],
  [
    "rds.events",
    ({ subscriptions }) => ["db-instance", "db-parameter-group", "db-security-group"].every((type) => sendsEvents(subscriptions, type)),
    "its events are not sent to the alarms' topic",
  ],
];
const sendsEvents = (subscriptions: readonly EventSubscription[], type: string): boolean =>
  subscriptions.some(({ SourceType, Enabled, Status }) => SourceType === type && Enabled === true && Status === "active");

async function databaseFacts(session: Session): Promise<DatabaseFacts | undefined> {
  const rds = await session.clients.rds();
  const DBInstanceIdentifier = session.config.database.identifier.toLowerCase();
  const of = <T>(call: () => Promise<T>, ...absent: string[]) => read(session, "the database", call, ...absent);
  const found = await of(() => rds.describeDBInstances({ DBInstanceIdentifier }), "DBInstanceNotFoundFault", "DBInstanceNotFound");
  const instance = found?.DBInstances?.[0];
  if (!instance) return undefined;
  const group = instance.DBParameterGroups?.[0]?.DBParameterGroupName;
  const { EngineVersion, Engine } = instance;
  const [parameters, privateSubnets, versions, publicSnapshots, subscriptions] = await Promise.all([
    group === undefined ? [] : session.ask("its parameters", () => parametersOf(session, group)),
    session.ask("its subnets", () => areAllPrivate(session, instance)),
    of(() => rds.describeDBEngineVersions({ Engine, EngineVersion })),
    session.ask("its snapshots", () => anySnapshotPublic(session, DBInstanceIdentifier)),
    of(() => rds.describeEventSubscriptions({})),
  ]);
  return {
    instance,
    parameters: new Map(parameters.map((p) => [p.ParameterName ?? "", p.ParameterValue ?? ""])),
    privateSubnets,
    supported: (versions?.DBEngineVersions ?? []).length > 0,
    publicSnapshots,
    subscriptions: subscriptions?.EventSubscriptionsList ?? [],
  };
}
async function parametersOf({ clients }: Session, DBParameterGroupName: string): Promise<readonly Parameter[]> {
  const all: Parameter[] = [];
  for await (const { Parameters = [] } of (await clients.rds()).paginateDescribeDBParameters({ DBParameterGroupName }))
    all.push(...Parameters);
  return all;
}
/** Also true when the VPC has no private subnets. */
async function areAllPrivate({ clients }: Session, { DBSubnetGroup }: DBInstance): Promise<boolean> {
  const all = await privateSubnets(clients);
  return all.length === 0 || (DBSubnetGroup?.Subnets ?? []).every(({ SubnetIdentifier = "" }) => all.includes(SubnetIdentifier));
}
async function anySnapshotPublic({ clients }: Session, DBInstanceIdentifier: string): Promise<boolean> {
  const rds = await clients.rds();
  const { DBSnapshots = [] } = await rds.describeDBSnapshots({ DBInstanceIdentifier, SnapshotType: "manual" });
  for (const { DBSnapshotIdentifier } of DBSnapshots) {
    const { DBSnapshotAttributesResult } = await rds.describeDBSnapshotAttributes({ DBSnapshotIdentifier });
    const restore = DBSnapshotAttributesResult?.DBSnapshotAttributes?.find((one) => one.AttributeName === "restore");
    if (restore?.AttributeValues?.includes("all")) return true;
  }
  return false;
}

/** The password that RDS stores in Secrets Manager. */
export const lookAtSecret: Look = async (session) => {
  const { clients, config, place } = session;
  const rds = await clients.rds();
  const of = <T>(call: () => Promise<T>, ...absent: string[]) => read(session, "the database's password", call, ...absent);
  const DBInstanceIdentifier = config.database.identifier.toLowerCase();
  const found = await of(() => rds.describeDBInstances({ DBInstanceIdentifier }), "DBInstanceNotFoundFault", "DBInstanceNotFound");
  const SecretId = found?.DBInstances?.[0]?.MasterUserSecret?.SecretArn;
  const secrets = await clients.secretsmanager();
  const secret = SecretId === undefined ? undefined : await of(() => secrets.describeSecret({ SecretId }), "ResourceNotFoundException");
  const policy = SecretId === undefined ? undefined : await of(() => secrets.getResourcePolicy({ SecretId }), "ResourceNotFoundException");
  const key = await keyArnOf(session);
  return judge("password of the database", secret, [
    ["secrets.rotation", (live) => live.RotationEnabled === true, "it is not changed by itself"],
    [
      "secrets.not-public",
      () => !opensOutside(statementsOf(policy?.ResourcePolicy), place.account),
      "its policy allows access from outside of the account",
    ],
    ["secrets.customer-key", (live) => key !== undefined && live.KmsKeyId === key, "it is not encrypted with the stack's own key"],
    ["secrets.tagged", (live) => (live.Tags ?? []).some((tag) => tag.Key?.startsWith("aws:rds:")), "it does not have the tags of RDS"],
  ]);
};

/** The security group of the database. */
export const lookAtNetwork: Look = async (session) => {
  const { securityGroup } = naming(session.config, session.place);
  const ec2 = await session.clients.ec2();
  const Filters = [{ Name: "group-name", Values: [securityGroup] }];
  const found = await read(session, "the network rules", () => ec2.describeSecurityGroups({ Filters }));
  const group = found?.SecurityGroups?.[0];
  const live = group && {
    group,
    cidrs: (group.IpPermissions ?? []).flatMap((rule) => [
      ...(rule.IpRanges ?? []).map(({ CidrIp = "" }) => CidrIp),
      ...(rule.Ipv6Ranges ?? []).map(({ CidrIpv6 = "" }) => CidrIpv6),
    ]),
  };
  const open = (cidr: string) => /\/0$/.test(cidr);
  return judge(securityGroup, live, [
    ["ec2.not-open", ({ cidrs }) => !cidrs.some(open), "the whole internet can reach the database"],
    [
      "ec2.narrow",
      ({ cidrs }) => cidrs.filter((cidr) => !open(cidr)).every((cidr) => isPrivate(cidr) || isNarrow(cidr)),
      "a public range wider than /24 (IPv6: /48) can reach the database",
    ],
    [
      "ec2.no-public-address",
      ({ cidrs }) => cidrs.every((cidr) => open(cidr) || isPrivate(cidr)),
      "a public address can reach the database",
    ],
    ["ec2.no-egress", (it) => (it.group.IpPermissionsEgress ?? []).length === 0, "the database can open connections"],
    [
      "ec2.described",
      (it) => Boolean(it.group.Description) && isTagged(fromTagList(it.group.Tags), session),
      "it has no description, or not the stack's tag",
    ],
  ]);
};
const isPrivate = (cidr: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7])\.|f[cd])/i.test(cidr);
const isNarrow = (cidr: string): boolean => Number(cidr.split("/")[1]) >= (cidr.includes(":") ? 48 : 24);
