import type { Plan } from "../../../src/app.ts";
import type { Fixture } from "./fixture.ts";
import { type Lifecycle, lifecycle, type Scenario } from "./lifecycle.ts";
import {
  ALARM,
  apiId,
  BUCKET,
  DASHBOARD,
  DATABASE,
  FUNCTIONS,
  functionOf,
  groupId,
  keyId,
  LOGS,
  logGroup,
  PARAMETERS,
  planId,
  roleOf,
  TABLES,
  TOPIC,
  taggings,
} from "./stack.ts";

/** F16: an attribute is changed outside of fleetlogix. The plan shows it, and `up` repairs it. */

/** A change that somebody makes outside of fleetlogix. */
export type OutOfBandChange = (fixture: Fixture) => Promise<unknown>;
/** By `<id in the plan> <path of the difference>`. */
type Drifts = Readonly<Record<string, OutOfBandChange>>;

const each = <T extends string>(items: readonly T[], drifts: (item: T) => Drifts): Drifts =>
  Object.assign({}, ...items.map(drifts)) as Drifts;
const database = (path: string, input: Readonly<Record<string, unknown>>): Drifts => ({
  [`database.main ${path}`]: ({ outOfBand }) =>
    outOfBand("rds", "ModifyDBInstance", { DBInstanceIdentifier: DATABASE, ApplyImmediately: true, ...input }),
});
const stage = (path: string, patch: string, value: string): Drifts => ({
  [`api.stage ${path}`]: (fixture) =>
    fixture.outOfBand("apigateway", "UpdateStage", {
      restApiId: apiId(fixture),
      stageName: "prod",
      patchOperations: [{ op: "replace", path: patch, value }],
    }),
});
const plan = (path: string, patch: string, value: string, op = "replace"): Drifts => ({
  [`api.plan ${path}`]: (fixture) =>
    fixture.outOfBand("apigateway", "UpdateUsagePlan", { usagePlanId: planId(fixture), patchOperations: [{ op, path: patch, value }] }),
});
const key = (path: string, patch: string, value: string): Drifts => ({
  [`api.key ${path}`]: (fixture) =>
    fixture.outOfBand("apigateway", "UpdateApiKey", { apiKey: keyId(fixture), patchOperations: [{ op: "replace", path: patch, value }] }),
});
const open = (port: number) => [{ IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
const allow = (Action: string, Resource?: string, Principal?: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource, Principal }] });

export const DRIFTS: Drifts = {
  "network.database ingress.tcp 22 0.0.0.0/0": (fixture) =>
    fixture.outOfBand("ec2", "AuthorizeSecurityGroupIngress", { GroupId: groupId(fixture), IpPermissions: open(22) }),
  "network.database egress.tcp 443 0.0.0.0/0": (fixture) =>
    fixture.outOfBand("ec2", "AuthorizeSecurityGroupEgress", { GroupId: groupId(fixture), IpPermissions: open(443) }),
  "network.database ingress.tcp 5432 127.0.0.1/32": (fixture) =>
    fixture.outOfBand("ec2", "RevokeSecurityGroupIngress", {
      GroupId: groupId(fixture),
      IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "127.0.0.1/32" }] }],
    }),
  ...each(["rds.force_ssl 0", "log_statement all", "log_min_duration_statement 1"], (parameter) => {
    const [ParameterName, ParameterValue] = parameter.split(" ");
    const Parameters = [{ ParameterName, ParameterValue, ApplyMethod: "immediate" }];
    return {
      [`parameters.database parameters.${ParameterName}`]: ({ outOfBand }) =>
        outOfBand("rds", "ModifyDBParameterGroup", { DBParameterGroupName: PARAMETERS, Parameters }),
    };
  }),
  ...each(LOGS, (id) => ({
    [`${id} retentionDays`]: (fixture) => fixture.outOfBand("logs", "DeleteRetentionPolicy", { logGroupName: logGroup(fixture, id) }),
  })),
  ...database("copyTagsToSnapshot", { CopyTagsToSnapshot: false }),
  ...database("minorUpgrades", { AutoMinorVersionUpgrade: false }),
  ...database("iamAuth", { EnableIAMDatabaseAuthentication: false }),
  ...database("performanceInsights", { EnablePerformanceInsights: false }),
  ...database("logExports", { CloudwatchLogsExportConfiguration: { DisableLogTypes: ["upgrade"] } }),
  ...database("instanceClass", { DBInstanceClass: "db.t4g.large" }),
  ...database("backupRetentionDays", { BackupRetentionPeriod: 1 }),
  ...database("publiclyAccessible", { PubliclyAccessible: false }),
  ...database("multiAz", { MultiAZ: true }),
  ...database("deletionProtection", { DeletionProtection: true }),
  ...database("parameterGroup", { DBParameterGroupName: "default.postgres17" }),
  ...database("certificateAuthority", { CACertificateIdentifier: "rds-ca-ecc384-g1" }),
  "database.main status": ({ outOfBand }) => outOfBand("rds", "StopDBInstance", { DBInstanceIdentifier: DATABASE }),
  "bucket.data publicAccessBlock": ({ s3 }) => s3.deletePublicAccessBlock({ Bucket: BUCKET }),
  "bucket.data ownership": ({ s3 }) =>
    s3.putBucketOwnershipControls({ Bucket: BUCKET, OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] } }),
  "bucket.data encryption": ({ s3 }) => s3.deleteBucketEncryption({ Bucket: BUCKET }),
  "bucket.data versioning": ({ s3 }) => s3.putBucketVersioning({ Bucket: BUCKET, VersioningConfiguration: { Status: "Suspended" } }),
  "bucket.data policy": ({ s3 }) => s3.deleteBucketPolicy({ Bucket: BUCKET }),
  "bucket.data lifecycle": ({ s3 }) => s3.deleteBucketLifecycle({ Bucket: BUCKET }),
  "bucket.data events": ({ s3 }) => s3.putBucketNotificationConfiguration({ Bucket: BUCKET, NotificationConfiguration: {} }),
  ...each(Object.keys(TABLES) as (keyof typeof TABLES)[], (id) => {
    const TableName = TABLES[id];
    const table =
      (change: Readonly<Record<string, unknown>>): OutOfBandChange =>
      ({ outOfBand }) =>
        outOfBand("dynamodb", "UpdateTable", { TableName, ...change });
    return {
      [`table.${id} deletionProtection`]: table({ DeletionProtectionEnabled: true }),
      [`table.${id} encryption`]: table({ SSESpecification: { Enabled: false } }),
      [`table.${id} billing`]: table({
        BillingMode: "PROVISIONED",
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      }),
      [`table.${id} pointInTimeRecovery`]: ({ outOfBand }) =>
        outOfBand("dynamodb", "UpdateContinuousBackups", {
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
        }),
    };
  }),
  "table.alerts ttl": ({ outOfBand }) =>
    outOfBand("dynamodb", "UpdateTimeToLive", {
      TableName: TABLES.alerts,
      TimeToLiveSpecification: { AttributeName: "expires_at", Enabled: false },
    }),
  "topic.alerts encryption": ({ outOfBand }) =>
    outOfBand("sns", "SetTopicAttributes", { TopicArn: TOPIC, AttributeName: "KmsMasterKeyId", AttributeValue: "" }),
  "topic.alerts policy": ({ outOfBand }) =>
    outOfBand("sns", "SetTopicAttributes", {
      TopicArn: TOPIC,
      AttributeName: "Policy",
      AttributeValue: allow("sns:Publish", TOPIC, { AWS: "*" }),
    }),
  "alarm.api-errors actionsEnabled": ({ outOfBand }) => outOfBand("cloudwatch", "DisableAlarmActions", { AlarmNames: [ALARM] }),
  "dashboard.main body": ({ outOfBand }) =>
    outOfBand("cloudwatch", "PutDashboard", { DashboardName: DASHBOARD, DashboardBody: '{"widgets":[]}' }),
  ...each(FUNCTIONS, (fn) => {
    const [RoleName, FunctionName] = [roleOf(fn), functionOf(fn)];
    const configure =
      (change: Readonly<Record<string, unknown>>): OutOfBandChange =>
      ({ outOfBand }) =>
        outOfBand("lambda", "UpdateFunctionConfiguration", { FunctionName, ...change });
    return {
      [`role.${fn} policy`]: ({ outOfBand }) => outOfBand("iam", "DeleteRolePolicy", { RoleName, PolicyName: "fleetlogix" }),
      [`role.${fn} otherPolicies`]: ({ outOfBand }) =>
        outOfBand("iam", "PutRolePolicy", { RoleName, PolicyName: "extra", PolicyDocument: allow("s3:*", "*") }),
      [`role.${fn} attachedPolicies`]: ({ outOfBand }) =>
        outOfBand("iam", "AttachRolePolicy", { RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
      [`role.${fn} trust`]: ({ outOfBand }) =>
        outOfBand("iam", "UpdateAssumeRolePolicy", {
          RoleName,
          PolicyDocument: allow("sts:AssumeRole", undefined, { Service: "ec2.amazonaws.com" }),
        }),
      [`role.${fn} description`]: ({ outOfBand }) => outOfBand("iam", "UpdateRole", { RoleName, Description: "somebody was here" }),
      [`function.${fn} memoryMb`]: configure({ MemorySize: 512 }),
      [`function.${fn} timeoutSeconds`]: configure({ Timeout: 3 }),
      [`function.${fn} environment`]: configure({ Environment: { Variables: { DATA_BUCKET: "elsewhere" } } }),
      [`function.${fn} tracing`]: configure({ TracingConfig: { Mode: "PassThrough" } }),
      [`function.${fn} description`]: configure({ Description: "somebody was here" }),
      [`function.${fn} handler`]: configure({ Handler: "other.handler" }),
      [`function.${fn} published`]: ({ outOfBand }) => outOfBand("lambda", "DeleteAlias", { FunctionName, Name: "live" }),
    };
  }),
  ...method("POST /delivery", "UpdateMethod", "/authorizationType", "AWS_IAM"),
  ...method("GET /vehicle/{vehicle_id}", "UpdateIntegration", "/timeoutInMillis", "1000"),
  "api.rest doubles": ({ outOfBand }) =>
    outOfBand("apigateway", "CreateRestApi", {
      name: "FleetLogixAPI",
      tags: { "fleetlogix:stack": "FleetLogix/dev", "fleetlogix:region": "us-east-1" },
    }),
  ...stage("metrics", "/*/*/metrics/enabled", "false"),
  ...stage("bodyLogging", "/*/*/logging/dataTrace", "true"),
  ...stage("logLevel", "/*/*/logging/loglevel", "OFF"),
  ...stage("tracing", "/tracingEnabled", "false"),
  ...stage("variables", "/variables/door", "open"),
  ...stage("rateLimit", "/*/*/throttling/rateLimit", "10000"),
  ...stage("burstLimit", "/*/*/throttling/burstLimit", "5000"),
  "api.stage document": async (fixture) => {
    const restApiId = apiId(fixture);
    const { id } = await fixture.outOfBand("apigateway", "CreateDeployment", { restApiId, description: "somebody was here" });
    const patchOperations = [{ op: "replace", path: "/deploymentId", value: id }];
    await fixture.outOfBand("apigateway", "UpdateStage", { restApiId, stageName: "prod", patchOperations });
  },
  ...key("enabled", "/enabled", "false"),
  ...key("description", "/description", "somebody was here"),
  ...plan("rateLimit", "/throttle/rateLimit", "10000"),
  ...plan("burstLimit", "/throttle/burstLimit", "5000"),
  ...plan("quota", "/quota/limit", "7"),
  ...plan("description", "/description", "somebody was here"),
  "api.plan key": (fixture) =>
    fixture.outOfBand("apigateway", "DeleteUsagePlanKey", { usagePlanId: planId(fixture), keyId: keyId(fixture) }),
  ...Object.fromEntries(
    taggings(LOGS).map(({ id, set }): [string, OutOfBandChange] => [
      `${id} tags.Project`,
      (fixture) => set(fixture, { Project: "somebody was here" }),
    ]),
  ),
};

/** Changes one method of the API, or its integration. */
function method(
  name: string,
  operation: "UpdateMethod" | "UpdateIntegration",
  path: string,
  value: string,
): Readonly<Record<string, OutOfBandChange>> {
  const [httpMethod, route] = name.split(" ");
  const change: OutOfBandChange = async (fixture) => {
    const restApiId = apiId(fixture);
    const { item, items = item } = await fixture.outOfBand("apigateway", "GetResources", { restApiId, limit: 500 });
    const resourceId = (items as { id: string; path: string }[]).find((resource) => resource.path === route)?.id;
    await fixture.outOfBand("apigateway", operation, {
      restApiId,
      resourceId,
      httpMethod,
      patchOperations: [{ op: "replace", path, value }],
    });
  };
  return { [`api.rest methods.${name}`]: change };
}

/** Documents that a drift leaves in a resource of ours and that `up` does not delete. */
const LEFT_BEHIND: Readonly<Record<string, Pick<Lifecycle, "leftBehind">>> = {
  "api.stage document": { leftBehind: /^apigateway\.deployments .*description:somebody was here/ },
};

/** Members of a scenario that begins with a finished stack that has drifted. */
export function drifted(drift: string): Pick<Lifecycle, "during" | "from" | "before" | "expectPlan" | "leftBehind"> {
  const change = DRIFTS[drift];
  if (!change) throw new Error(`no drift ${drift}`);
  const [id = "", ...path] = drift.split(" ");
  return { during: "up", from: "stack", before: change, expectPlan: (plan) => notShown(plan, id, path.join(" ")), ...LEFT_BEHIND[drift] };
}

/** The plan shows this difference, and proposes nothing for anything else. */
function notShown(plan: Plan, id: string, path: string): string | undefined {
  const missing = shows(plan, id, path);
  if (missing !== undefined) return missing;
  const busy = plan.resources.filter(({ decision }) => decision.action !== "keep" && decision.action !== "retain");
  // The permission to call a version is stored at its alias and deleted with it.
  const dependant = path === "published" ? "lambda.permission" : undefined;
  const others = busy
    .filter((resource) => resource.id !== id && resource.kind !== dependant)
    .map((resource) => `${resource.id} ${resource.decision.action}`);
  return others.length === 0 ? undefined : `the plan would also change ${others.join(", ")}`;
}

/** Undefined when the plan shows this difference. */
export function shows({ resources }: Plan, id: string, path: string): string | undefined {
  const decision = resources.find((resource) => resource.id === id)?.decision;
  const paths = decision?.action === "update" ? decision.changes.map((change) => change.path) : [];
  if (paths.some((changed) => changed === path || changed.startsWith(`${path}.`))) return undefined;
  return `the plan does not show ${id} ${path}: ${JSON.stringify(decision)}`;
}

export function drifts(): readonly Scenario[] {
  return Object.keys(DRIFTS).map((name, index) =>
    lifecycle({ ...drifted(name), name: `F16 ${name} drifts`, concurrency: 1 + (index % 8) }),
  );
}
