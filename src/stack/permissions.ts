import type { FunctionManifest, Grant } from "../../handlers/contract/functions.ts";
import type { FunctionName, TableName } from "../config/config.ts";
import type { AwsLocation } from "../engine/contract.ts";
import type { PolicyDocument, PolicyStatement } from "../resources/index.ts";
import type { Naming } from "./naming.ts";

const policy = (...Statement: readonly PolicyStatement[]): PolicyDocument => ({ Version: "2012-10-17", Statement });

/** One AWS service may take the role, and only on behalf of this account: Lambda and RDS monitoring say for which. */
export const trustIn = (service: string, { account }: AwsLocation): PolicyDocument =>
  policy({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  });

/**
 * API Gateway sends no `aws:SourceAccount` when it takes a role (seen live: aws-solutions-library-samples/
 * accelerated-intelligent-document-processing-on-aws pull request 479): with that condition it could never write a log.
 */
export const gatewayLogsTrust: PolicyDocument = policy({
  Effect: "Allow",
  Principal: { Service: "apigateway.amazonaws.com" },
  Action: "sts:AssumeRole",
});

/** What a function may do: its grants on exactly its resources, its own log group (which it cannot make), and traces. The function itself grants its role the key. */
export function functionPolicy(manifest: FunctionManifest, fn: FunctionName, names: Naming): PolicyDocument {
  return policy(
    ...manifest.grants.map(
      (grant): PolicyStatement => ({ Effect: "Allow", Action: [...grant.actions].toSorted(), Resource: resourceOf(grant, names) }),
    ),
    { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: `${names.logArn(names.functionLog(fn))}:*` },
    // X-Ray knows no resources.
    { Effect: "Allow", Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], Resource: "*" },
  );
}
function resourceOf({ resource, prefix = "", indexes }: Grant, names: Naming): string | readonly string[] {
  if (resource === "bucket.raw") return `${names.bucketArn}/${prefix}*`;
  if (resource === "topic") return names.topicArn;
  const table = names.tableArn(resource.slice("table.".length) as TableName);
  return indexes === undefined ? table : indexes.map((index) => `${table}/index/${index}`);
}

/** Of AmazonRDSEnhancedMonitoringRole, for the one group that it writes. */
export const monitoringPolicy = (names: Naming): PolicyDocument =>
  policy({
    Effect: "Allow",
    Action: [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:GetLogEvents",
      "logs:PutLogEvents",
      "logs:PutRetentionPolicy",
    ],
    Resource: [names.logArn("RDSOSMetrics"), `${names.logArn("RDSOSMetrics")}:*`],
  });

/**
 * Less than AmazonAPIGatewayPushToCloudWatchLogs, which allows the same on every log group: API Gateway writes execution logs to groups of
 * its own naming, and access logs where stages of this account say so. Where UpdateAccount refuses the role, it gets that policy until
 * the account has taken it. That API Gateway then writes with a role that names the groups was read in public CDK code that runs so (a
 * role for `log-group:API-Gateway-Execution-Logs_*` alone); not seen by us: unproven. Listing groups knows no resource.
 */
export const gatewayLogsPolicy = ({ partition, account }: AwsLocation): PolicyDocument => {
  const groups = ["API-Gateway-Execution-Logs_*", "/aws/apigateway/*"].map(
    (name) => `arn:${partition}:logs:*:${account}:log-group:${name}`,
  );
  return policy(
    { Effect: "Allow", Action: "logs:DescribeLogGroups", Resource: "*" },
    {
      Effect: "Allow",
      Action: [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
      ],
      Resource: groups.flatMap((group) => [group, `${group}:*`]),
    },
  );
};

/** Services that use the key for a principal of the account; with others, and directly, nobody can decrypt. */
const KEY_SERVICES = ["dynamodb", "lambda", "rds", "s3", "secretsmanager", "sns"];

/**
 * The account manages the key, and uses it through the stack's services alone (condition key `kms:ViaService`, KMS's developer guide). The
 * services that come without a user behind them are named one by one, each for this account's own things.
 */
export const keyPolicy = ({ partition, region, account }: AwsLocation): PolicyDocument => {
  const root = { AWS: `arn:${partition}:iam::${account}:root` };
  const publisher = (Sid: string, service: string): PolicyStatement => ({
    Sid,
    Effect: "Allow",
    Principal: { Service: service },
    // What a service needs that publishes to an encrypted topic (SNS's developer guide, "Key management").
    Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  });
  return policy(
    { Sid: "Account", Effect: "Allow", Principal: root, Action: MANAGEMENT, Resource: "*" },
    {
      Sid: "ThroughServices",
      Effect: "Allow",
      Principal: root,
      Action: ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
      Resource: "*",
      Condition: {
        StringEquals: { "kms:CallerAccount": account, "kms:ViaService": KEY_SERVICES.map((name) => `${name}.${region}.amazonaws.com`) },
      },
    },
    {
      Sid: "Logs",
      Effect: "Allow",
      Principal: { Service: `logs.${region}.amazonaws.com` },
      Action: ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
      Resource: "*",
      // CloudWatch Logs gives no source account: it says whose log group it is about.
      Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:*` } },
    },
    publisher("Alarms", "cloudwatch.amazonaws.com"),
    publisher("DatabaseEvents", "events.rds.amazonaws.com"),
  );
};
/** All that KMS has but the use of the key, as KMS's default policy for key administrators says. */
const MANAGEMENT = [
  ...["kms:CancelKeyDeletion", "kms:Create*", "kms:Delete*", "kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*"],
  ...["kms:Put*", "kms:Revoke*", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:Update*"],
];

const PLAIN_TEXT = { Bool: { "aws:SecureTransport": "false" } };

/** Nobody speaks to the bucket without TLS; who may do what is left to IAM. */
export const bucketPolicy = (names: Naming): PolicyDocument => policy(tlsOnly(names.bucketArn));

/** S3's log delivery may write accesses to this stack's bucket, and nobody speaks to the bucket without TLS. */
export const logBucketPolicy = ({ bucketArn, logBucketArn }: Naming, { account }: AwsLocation): PolicyDocument =>
  policy(
    {
      Sid: "AccessLogs",
      Effect: "Allow",
      Principal: { Service: "logging.s3.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: `${logBucketArn}/*`,
      Condition: { ArnLike: { "aws:SourceArn": bucketArn }, StringEquals: { "aws:SourceAccount": account } },
    },
    // After the other: moto_server reads the statements in their order and fails at a principal that is `*`.
    tlsOnly(logBucketArn),
  );

const tlsOnly = (bucketArn: string): PolicyStatement => ({
  Sid: "TlsOnly",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [bucketArn, `${bucketArn}/*`],
  Condition: PLAIN_TEXT,
});

/** The account alone, over TLS alone. */
export const topicPolicy = (names: Naming, place: AwsLocation): PolicyDocument => policy(...accountOnly(names.topicArn, place));

/**
 * The account, CloudWatch for the account's alarms and RDS for the account's event subscriptions; over TLS alone. The conditions are those
 * that AWS documents: "Using Amazon SNS with CloudWatch alarms" and "Granting permissions to publish notifications to an Amazon SNS topic".
 */
export const alarmsTopicPolicy = ({ alarmsTopicArn }: Naming, place: AwsLocation): PolicyDocument => {
  const { partition, region, account } = place;
  const publisher = (Sid: string, service: string, source: string): PolicyStatement => ({
    Sid,
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sns:Publish",
    Resource: alarmsTopicArn,
    Condition: { StringEquals: { "aws:SourceAccount": account }, ArnLike: { "aws:SourceArn": source } },
  });
  return policy(
    ...accountOnly(alarmsTopicArn, place),
    publisher("Alarms", "cloudwatch.amazonaws.com", `arn:${partition}:cloudwatch:${region}:${account}:alarm:*`),
    publisher("DatabaseEvents", "events.rds.amazonaws.com", `arn:${partition}:rds:${region}:${account}:es:*`),
  );
};

const accountOnly = (topicArn: string, { partition, account }: AwsLocation): readonly PolicyStatement[] => [
  {
    Sid: "AccountOnly",
    Effect: "Allow",
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: [
      "sns:AddPermission",
      "sns:DeleteTopic",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:Publish",
      "sns:RemovePermission",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
    ],
    Resource: topicArn,
  },
  { Sid: "TlsOnly", Effect: "Deny", Principal: "*", Action: "sns:Publish", Resource: topicArn, Condition: PLAIN_TEXT },
];

/** Snowflake's own user, and only when it names the external id of this stack's integration. */
export const snowflakeTrust = ({ userArn, externalId }: { readonly userArn: string; readonly externalId: string }): PolicyDocument =>
  policy({
    Effect: "Allow",
    Principal: { AWS: userArn },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "sts:ExternalId": externalId } },
  });

/** Reads the lake and nothing else of the bucket. */
export const snowflakePolicy = (names: Naming, keyArn?: string): PolicyDocument =>
  policy(
    { Effect: "Allow", Action: ["s3:GetObject", "s3:GetObjectVersion"], Resource: `${names.bucketArn}/lake/*` },
    { Effect: "Allow", Action: "s3:ListBucket", Resource: names.bucketArn, Condition: { StringLike: { "s3:prefix": ["lake/*"] } } },
    { Effect: "Allow", Action: "s3:GetBucketLocation", Resource: names.bucketArn },
    ...(keyArn === undefined ? [] : [{ Effect: "Allow" as const, Action: "kms:Decrypt", Resource: keyArn }]),
  );
