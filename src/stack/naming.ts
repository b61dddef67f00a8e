import type { Config, FunctionName, TableName } from "../config/config.ts";
import type { AwsLocation } from "../engine/contract.ts";

/** The alias that callers of the functions use. */
export const ALIAS = "live";

/** Names that the configuration does not give, and the ARNs that AWS computes from names. Pure and the same in every run: names are identity. */
export interface Naming {
  readonly bucket: string;
  /** Alias of the customer key. */
  readonly key: string;
  readonly securityGroup: string;
  readonly parameterGroup: string;
  /** Group of the VPC's private subnets. */
  readonly subnetGroup: string;
  /** Subscription to events of `source`: the database, its parameters or its network. */
  eventSubscription(source: string): string;
  readonly webAcl: string;
  stageArn(apiId: string): string;
  /** Bucket for the access log of the data lake's bucket. */
  readonly logBucket: string;
  readonly logBucketArn: string;
  readonly monitoringRole: string;
  /** Role that Snowflake assumes, when it is configured. */
  readonly snowflakeRole: string;
  /** One for the account, shared by all its stacks. */
  readonly gatewayLogsRole: string;
  readonly apiAccessLog: string;
  readonly apiKey: string;
  readonly usagePlan: string;
  role(fn: FunctionName): string;
  functionLog(fn: FunctionName): string;
  databaseLog(type: "postgresql" | "upgrade"): string;
  /** API Gateway creates it without a retention time when it does not exist. */
  executionLog(apiId: string): string;
  readonly bucketArn: string;
  readonly topicArn: string;
  readonly alarmsTopicArn: string;
  /** `what` is a part of the alarm's id in the stack: `api-errors`. */
  alarm(what: string): string;
  tableArn(table: TableName): string;
  logArn(group: string): string;
  aliasArn(fn: FunctionName): string;
  /** ARN of a method of this API's stage, for the permission to call a function. A `{parameter}` of the path becomes `*`. */
  callerArn(apiId: string, method: string, path: string): string;
}

export function naming(config: Config, place: AwsLocation): Naming {
  const { suffix } = config;
  const { partition, region, account } = place;
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const bucket = config.bucket.name ?? `fleetlogix-data-${account}-${region}${suffix}`;
  const logBucket = `fleetlogix-logs-${account}-${region}${suffix}`;
  return {
    bucket,
    key: `alias/fleetlogix${suffix}`,
    securityGroup: `fleetlogix-db-access${suffix}`,
    parameterGroup: `${config.database.identifier}-${databaseFamily(config)}`,
    subnetGroup: `fleetlogix-db-private${suffix}`,
    eventSubscription: (source) => `fleetlogix-${source}-events${suffix}`,
    webAcl: `fleetlogix-api${suffix}`,
    stageArn: (apiId) => `arn:${partition}:apigateway:${region}::/restapis/${apiId}/stages/${config.api.stage}`,
    logBucket,
    logBucketArn: `arn:${partition}:s3:::${logBucket}`,
    monitoringRole: `fleetlogix-db-monitoring-role${suffix}`,
    snowflakeRole: `fleetlogix-snowflake-role${suffix}`,
    gatewayLogsRole: "fleetlogix-api-gateway-logs",
    apiAccessLog: `/aws/apigateway/fleetlogix-api-access${suffix}`,
    apiKey: `fleetlogix-api-key${suffix}`,
    usagePlan: `fleetlogix-usage-plan${suffix}`,
    role: (fn) => `fleetlogix-${fn}-role${suffix}`,
    functionLog: (fn) => `/aws/lambda/${config.functions.names[fn]}`,
    databaseLog: (type) => `/aws/rds/instance/${config.database.identifier}/${type}`,
    executionLog: (apiId) => `API-Gateway-Execution-Logs_${apiId}/${config.api.stage}`,
    bucketArn: `arn:${partition}:s3:::${bucket}`,
    topicArn: arn("sns", config.topic.name),
    alarmsTopicArn: arn("sns", config.alarms.topicName),
    alarm: (what) => `fleetlogix-${what}${suffix}`,
    tableArn: (table) => arn("dynamodb", `table/${config.tables[table]}`),
    logArn: (group) => arn("logs", `log-group:${group}`),
    aliasArn: (fn) => arn("lambda", `function:${config.functions.names[fn]}:${ALIAS}`),
    callerArn: (apiId, method, path) => arn("execute-api", `${apiId}/${config.api.stage}/${method}${path.replace(/\{[^}]+\}/g, "*")}`),
  };
}

/** Family of parameter groups: one for each major version. */
export const databaseFamily = (config: Config): string => `postgres${config.database.engineVersion.split(".")[0]}`;
