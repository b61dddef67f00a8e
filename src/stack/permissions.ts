import type { FunctionManifest, Grant } from "../../handlers/contract/functions.ts";
import type { FunctionName, TableName } from "../config/config.ts";
import type { AwsLocation } from "../engine/contract.ts";
import type { PolicyDocument, PolicyStatement } from "../resources/index.ts";
import type { Naming } from "./naming.ts";

const policy = (...Statement: readonly PolicyStatement[]): PolicyDocument => ({ Version: "2012-10-17", Statement });

/** One AWS service may assume the role, for this account only. Lambda and RDS monitoring send the account. */
export const trustIn = (service: string, { account }: AwsLocation): PolicyDocument =>
  policy({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  });

/**
 * API Gateway sends no `aws:SourceAccount` when it assumes a role (seen live: aws-solutions-library-samples/
 * accelerated-intelligent-document-processing-on-aws pull request 479). With that condition it could not write any log.
 */
export const gatewayLogsTrust: PolicyDocument = policy({
  Effect: "Allow",
  Principal: { Service: "apigateway.amazonaws.com" },
  Action: "sts:AssumeRole",
});

/** Permissions of a function: its grants on its own resources, writes to its log group, and traces. The kind `lambda.function` adds the key. */
export function functionPolicy(manifest: FunctionManifest, fn: FunctionName, names: Naming): PolicyDocument {
  return policy(
    ...manifest.grants.map(
      (grant): PolicyStatement => ({ Effect: "Allow", Action: [...grant.actions].toSorted(), Resource: resourceOf(grant, names) }),
    ),
    { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: `${names.logArn(names.functionLog(fn))}:*` },
    // X-Ray supports no resource ARNs here.
    { Effect: "Allow", Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], Resource: "*" },
  );
}
function resourceOf({ resource, prefix = "", indexes }: Grant, names: Naming): string | readonly string[] {
  if (resource === "bucket.raw") return `${names.bucketArn}/${prefix}*`;
  if (resource === "topic") return names.topicArn;
  const table = names.tableArn(resource.slice("table.".length) as TableName);
  return indexes === undefined ? table : indexes.map((index) => `${table}/index/${index}`);
}

/** As AmazonRDSEnhancedMonitoringRole, for the one log group that RDS writes. */
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
 * Narrower than AmazonAPIGatewayPushToCloudWatchLogs, which allows the same on every log group. API Gateway chooses the names of the
 * groups for execution logs; stages of this account name those for access logs. When UpdateAccount refuses the role, the role gets that
 * policy until the account has accepted it. unproven: API Gateway writes with a role for named groups. Public CDK code does so (a role
 * for `log-group:API-Gateway-Execution-Logs_*` alone). The action that lists groups supports no resource ARN.
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

/** Services that may use the key for a principal of the account. Nobody can decrypt directly or through another service. */
const KEY_SERVICES = ["dynamodb", "lambda", "rds", "s3", "secretsmanager", "sns"];

/**
 * The account manages the key, and uses it through the stack's services only (condition key `kms:ViaService`, KMS's developer guide).
 * Services that call without a user are named one by one, each for resources of this account only.
 */
export const keyPolicy = ({ partition, region, account }: AwsLocation): PolicyDocument => {
  const root = { AWS: `arn:${partition}:iam::${account}:root` };
  const publisher = (Sid: string, service: string): PolicyStatement => ({
    Sid,
    Effect: "Allow",
    Principal: { Service: service },
    // A service needs these actions to publish to an encrypted topic (SNS's developer guide, "Key management").
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
      // CloudWatch Logs sends no source account. It sends the ARN of the log group.
      Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:*` } },
    },
    publisher("Alarms", "cloudwatch.amazonaws.com"),
    publisher("DatabaseEvents", "events.rds.amazonaws.com"),
  );
};
/** All actions of KMS except the use of the key, as in KMS's default policy for key administrators. */
const MANAGEMENT = [
  ...["kms:CancelKeyDeletion", "kms:Create*", "kms:Delete*", "kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*"],
  ...["kms:Put*", "kms:Revoke*", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:Update*"],
];

const PLAIN_TEXT = { Bool: { "aws:SecureTransport": "false" } };

/** Denies every call without TLS. IAM decides the rest. */
export const bucketPolicy = (names: Naming): PolicyDocument => policy(tlsOnly(names.bucketArn));

/** S3's log delivery may write the access log of this stack's bucket. Every call without TLS is denied. */
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
    // Last: moto_server reads the statements in order and fails at a principal that is `*`.
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

/** Only the account may use it, and only over TLS. */
export const topicPolicy = (names: Naming, place: AwsLocation): PolicyDocument => policy(...accountOnly(names.topicArn, place));

/**
 * The account, CloudWatch for the account's alarms, and RDS for the account's event subscriptions may use it, over TLS only. The
 * conditions are documented by AWS: "Using Amazon SNS with CloudWatch alarms" and "Granting permissions to publish notifications to an Amazon SNS topic".
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

/** Only Snowflake's user may assume it, with the external id of this stack's integration. */
export const snowflakeTrust = ({ userArn, externalId }: { readonly userArn: string; readonly externalId: string }): PolicyDocument =>
  policy({
    Effect: "Allow",
    Principal: { AWS: userArn },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "sts:ExternalId": externalId } },
  });

/** Allows reading the lake and nothing else in the bucket. */
export const snowflakePolicy = (names: Naming, keyArn?: string): PolicyDocument =>
  policy(
    { Effect: "Allow", Action: ["s3:GetObject", "s3:GetObjectVersion"], Resource: `${names.bucketArn}/lake/*` },
    { Effect: "Allow", Action: "s3:ListBucket", Resource: names.bucketArn, Condition: { StringLike: { "s3:prefix": ["lake/*"] } } },
    { Effect: "Allow", Action: "s3:GetBucketLocation", Resource: names.bucketArn },
    ...(keyArn === undefined ? [] : [{ Effect: "Allow" as const, Action: "kms:Decrypt", Resource: keyArn }]),
  );
