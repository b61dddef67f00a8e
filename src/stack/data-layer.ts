import { INDEXES } from "../../handlers/contract/indexes.ts";
import type { TableName } from "../config/config.ts";
import { defined } from "../defined.ts";
import { declare, type ResourceNode } from "../engine/contract.ts";
import {
  dynamodbTable,
  ec2SecurityGroup,
  iamRole,
  rdsEventSubscription,
  rdsInstance,
  rdsParameterGroup,
  rdsSubnetGroup,
  s3Bucket,
  snsSubscription,
  snsTopic,
  type TableSpec,
} from "../resources/index.ts";
import { ALERTS_TOPIC_ID, BUCKET_ID, DATABASE_ID } from "../stack-ids.ts";
import { logGroup, type StackInput, shortHash } from "./layer.ts";
import { databaseFamily } from "./naming.ts";
import { bucketPolicy, logBucketPolicy, monitoringPolicy, snowflakePolicy, snowflakeTrust, topicPolicy, trustIn } from "./permissions.ts";

const POSTGRES_PORT = 5432;
/** Logs only statements that change the schema: other statements may contain secrets. */
const PARAMETERS = {
  "rds.force_ssl": "1",
  log_statement: "ddl",
  log_min_duration_statement: "1000",
  log_connections: "1",
  log_disconnections: "1",
};

/** Lake, live tables, alerts and database. `alarms`: the topic for the events of a production database. */
export function dataLayer(input: StackInput, alarms: ResourceNode<{ readonly arn: string }> | undefined): readonly ResourceNode[] {
  const { config, names, place, production, key } = input;
  const needs = defined({ key });
  const logs = production ? accessLogs(input) : undefined;
  const bucket = declare(s3Bucket, BUCKET_ID, {
    needs: defined({ key, logs }),
    identity: () => ({ name: names.bucket }),
    spec: (from) => ({
      policy: bucketPolicy(names),
      archive: { prefix: "raw-archive/", afterDays: config.bucket.glacierAfterDays },
      noncurrentExpireDays: config.bucket.noncurrentExpireDays,
      queue: config.warehouse.snowflake.notificationArn ?? undefined,
      kmsKey: from.key?.arn,
      accessLog: from.logs && { bucket: from.logs.name, prefix: "data/" },
    }),
  });
  const topic = declare(snsTopic, ALERTS_TOPIC_ID, {
    needs,
    identity: () => ({ name: config.topic.name }),
    spec: (from) => ({ kmsKey: from.key?.arn ?? "alias/aws/sns", policy: topicPolicy(names, place) }),
  });
  const subscription = (protocol: "email" | "sms") => (endpoint: string) =>
    declare(snsSubscription, `subscription.${protocol}:${shortHash(endpoint)}`, {
      needs: { topic },
      identity: (from) => from.topic && { topicArn: from.topic.arn, protocol, endpoint },
      spec: () => ({}),
    });
  return [
    ...databaseLayer(input, alarms),
    ...(logs ? [logs] : []),
    bucket,
    ...snowflakeRole(input),
    table(input, "deliveries", { key: { hash: "delivery_id" }, indexes: Object.values(INDEXES.deliveries) }),
    table(input, "alerts", { key: { hash: "vehicle_id", range: "timestamp" }, indexes: Object.values(INDEXES.alerts), ttl: "expires_at" }),
    table(input, "vehicles", { key: { hash: "vehicle_id" }, indexes: [] }),
    table(input, "routes", { key: { hash: "route_id" }, indexes: [] }),
    topic,
    ...config.alerts.emails.map(subscription("email")),
    ...config.alerts.sms.map(subscription("sms")),
  ];
}
/** Access log of the lake. Accesses to this bucket are not logged: each log file would cause another one. */
const accessLogs = ({ names, place, logRetentionDays, config }: StackInput) =>
  declare(s3Bucket, "bucket.logs", {
    identity: () => ({ name: names.logBucket }),
    spec: () => ({
      policy: logBucketPolicy(names, place),
      expireDays: logRetentionDays,
      noncurrentExpireDays: config.bucket.noncurrentExpireDays,
      s3Keys: true,
    }),
  });
const table = ({ config, production, key: stackKey }: StackInput, name: TableName, form: Pick<TableSpec, "key" | "indexes" | "ttl">) =>
  declare(dynamodbTable, `table.${name}`, {
    needs: defined({ stackKey }),
    identity: () => ({ name: config.tables[name] }),
    spec: (from) => ({ ...form, deletionProtection: production, kmsKey: from.stackKey?.arn }),
  });

function databaseLayer(input: StackInput, alarms: ResourceNode<{ readonly arn: string }> | undefined): readonly ResourceNode[] {
  const { config, names, production, key } = input;
  const network = declare(ec2SecurityGroup, "network.database", {
    identity: () => ({ name: names.securityGroup }),
    spec: () => ({
      description: "FleetLogix database: the addresses that may reach it",
      port: POSTGRES_PORT,
      cidrs: allowedCidrs(input),
    }),
  });
  const parameters = declare(rdsParameterGroup, "parameters.database", {
    identity: () => ({ name: names.parameterGroup }),
    spec: () => ({
      family: databaseFamily(config),
      description: "FleetLogix database: TLS forced, slow statements and changes of schema logged",
      parameters: PARAMETERS,
    }),
  });
  const log = logGroup(input, "logs.database", names.databaseLog("postgresql"));
  const upgradeLog = logGroup(input, "logs.database-upgrade", names.databaseLog("upgrade"));
  const own = { network, parameters, log, upgradeLog };
  const needs = defined({ ...own, key });
  const identity = () => ({ identifier: config.database.identifier.toLowerCase() });
  if (!production)
    return [...Object.values(own), declare(rdsInstance, DATABASE_ID, { needs, identity, spec: (from) => databaseSpec(input, from) })];
  const monitoring = monitoringRole(input);
  const subnets = subnetGroup(input);
  const database = declare(rdsInstance, DATABASE_ID, {
    needs: defined({ ...own, key, monitoring, subnets }),
    identity,
    spec: (from) => ({ ...databaseSpec(input, from, from.monitoring.arn), subnetGroup: from.subnets?.name }),
  });
  const events = alarms ? eventSubscriptions(input, { alarms, database, parameters }) : [];
  return [...Object.values(own), monitoring, ...(subnets ? [subnets] : []), database, ...events];
}
/** Group of the VPC's private subnets. `status` and `teardown` do not read the subnets. There the group may exist, so it is declared. */
const subnetGroup = ({ names, privateSubnets }: StackInput) =>
  privateSubnets?.length === 0
    ? undefined
    : declare(rdsSubnetGroup, "subnets.database", {
        identity: () => ({ name: names.subnetGroup }),
        spec: () => ({ description: "Subnets without a way from the internet", subnets: privateSubnets ?? [] }),
      });

interface EventSources {
  readonly alarms: ResourceNode<{ readonly arn: string }>;
  readonly database: ResourceNode<{ readonly identifier: string }>;
  readonly parameters: ResourceNode<{ readonly name: string }>;
}
/** Events of the stack's instance and parameter group. In a VPC, RDS knows no security group as a source, so that subscription has none. */
function eventSubscriptions({ names }: StackInput, { alarms, database, parameters }: EventSources): readonly ResourceNode[] {
  return [
    declare(rdsEventSubscription, "events.database", {
      needs: { alarms, database },
      identity: () => ({ name: names.eventSubscription("db-instance") }),
      spec: (from) => ({
        topic: from.alarms.arn,
        sourceType: "db-instance",
        categories: ["maintenance", "configuration change", "failure"],
        sources: [from.database.identifier],
      }),
    }),
    declare(rdsEventSubscription, "events.parameters", {
      needs: { alarms, parameters },
      identity: () => ({ name: names.eventSubscription("db-parameters") }),
      spec: (from) => ({
        topic: from.alarms.arn,
        sourceType: "db-parameter-group",
        categories: ["configuration change"],
        sources: [from.parameters.name],
      }),
    }),
    declare(rdsEventSubscription, "events.network", {
      needs: { alarms },
      identity: () => ({ name: names.eventSubscription("db-network") }),
      spec: (from) => ({
        topic: from.alarms.arn,
        sourceType: "db-security-group",
        categories: ["configuration change", "failure"],
        sources: [],
      }),
    }),
  ];
}
/** Declared when the configuration names Snowflake's user. */
function snowflakeRole({ config, names, key }: StackInput): readonly ResourceNode[] {
  const { userArn, externalId } = config.warehouse.snowflake;
  if (userArn === null || externalId === null) return [];
  return [
    declare(iamRole, "role.snowflake", {
      needs: defined({ key }),
      identity: () => ({ name: names.snowflakeRole }),
      spec: (from) => ({
        description: "Snowflake reads the lake",
        trust: snowflakeTrust({ userArn, externalId }),
        policy: snowflakePolicy(names, from.key?.arn),
      }),
    }),
  ];
}

const monitoringRole = ({ names, place }: StackInput) =>
  declare(iamRole, "role.monitoring", {
    identity: () => ({ name: names.monitoringRole }),
    spec: () => ({
      description: "RDS writes the metrics of the database host",
      trust: trustIn("monitoring.rds.amazonaws.com", place),
      policy: monitoringPolicy(names),
    }),
  });

interface DatabaseNeeds {
  readonly network: { readonly id: string };
  readonly parameters: { readonly name: string };
  readonly key?: { readonly arn: string };
}
function databaseSpec({ config, production, local }: StackInput, from: DatabaseNeeds, monitoringRoleArn?: string) {
  const { identifier, allowedCidrs, publiclyAccessible, ...database } = config.database;
  return {
    ...database,
    publiclyAccessible: publiclyAccessible && !production,
    multiAz: production,
    deletionProtection: production,
    // The local AWS takes another port when this one is in use.
    port: local ? undefined : POSTGRES_PORT,
    securityGroup: from.network.id,
    parameterGroup: from.parameters.name,
    monitoringRoleArn,
    kmsKey: from.key?.arn,
  };
}
function allowedCidrs({ config, callerCidr }: StackInput): readonly string[] | undefined {
  const { allowedCidrs: allowed, publiclyAccessible } = config.database;
  if (allowed !== "auto") return allowed;
  // The database is not reachable from outside the VPC, so the caller's address is not added.
  if (!publiclyAccessible) return [];
  return callerCidr === undefined ? undefined : [callerCidr];
}
