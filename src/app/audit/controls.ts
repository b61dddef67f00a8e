/** One security requirement on a stack, from scanners and AWS Foundational Security Best Practices. */
export interface Control {
  readonly id: string;
  /** `default`: required in both hardenings. `prod`: in production. `declined`: in none. */
  readonly class: "default" | "prod" | "declined";
  readonly service: string;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly title: string;
  /** Reason why it is declined, or not required in development. */
  readonly reason?: string | undefined;
  /** Reason why a stack may have no resource that the control checks. */
  readonly absent?: string | undefined;
}

type Row = readonly [id: string, severity: Control["severity"], title: string, reason?: string, absent?: string];
const of = (kind: Control["class"], service: string, rows: readonly Row[]): readonly Control[] =>
  rows.map(([id, severity, title, reason, absent]) => ({
    ...{ id, class: kind, service, severity, title },
    reason,
    absent,
  }));

/** Every control, by service. The severity is the highest that a scanner or AWS gives. */
export const CONTROLS: readonly Control[] = [
  ...of("default", "S3", [
    ["s3.public-access-block", "critical", "Public access is blocked in all four ways"],
    ["s3.no-acls", "medium", "Access control lists are disabled"],
    ["s3.tls-only", "medium", "Buckets refuse requests without TLS"],
    ["s3.no-foreign-access", "high", "No bucket policy allows access from outside of the account"],
    ["s3.name", "high", "Nobody else can take the bucket's name first"],
    ["s3.encryption", "medium", "Objects are encrypted with KMS and an S3 Bucket Key"],
    ["s3.versioning", "medium", "Overwritten and deleted objects are kept for some time"],
    ["s3.lifecycle", "medium", "Old versions and aborted uploads are deleted"],
    ["s3.events", "low", "The bucket sends its events to EventBridge"],
  ]),
  ...of("prod", "S3", [
    ["s3.customer-key", "high", "Objects are encrypted with the stack's own key", "a key costs $1 a month and outlives the stack"],
    ["s3.access-log", "medium", "Accesses to the lake are logged", "it needs a second bucket, and the logs arrive late"],
  ]),
  ...of("declined", "S3", [
    [
      "s3.replication",
      "low",
      "Objects are copied to another region",
      "it doubles the storage; the lake can be loaded again, and versions cover deletes",
    ],
    [
      "s3.mfa-delete",
      "medium",
      "Versions are deleted with a second factor only",
      "only the root user can set it, and it makes a teardown impossible",
    ],
    ["s3.object-lock", "medium", "Objects cannot be deleted for some time", "it cannot be disabled again"],
    ["s3.data-events", "medium", "CloudTrail records each access", "the trail belongs to the account, and each event has a price"],
  ]),
  ...of("default", "DynamoDB", [
    ["dynamodb.on-demand", "medium", "The capacity of tables follows the load"],
    ["dynamodb.recovery", "medium", "Tables can be restored to a point in time"],
    ["dynamodb.encryption", "medium", "Tables are encrypted with KMS"],
    ["dynamodb.no-foreign-access", "medium", "No table allows access from another account"],
    ["dynamodb.tagged", "low", "Tables have the stack's tag"],
  ]),
  ...of("prod", "DynamoDB", [
    ["dynamodb.deletion-protection", "medium", "Tables cannot be deleted by mistake", "development stacks are deleted often"],
    ["dynamodb.customer-key", "low", "Tables are encrypted with the stack's own key", "development uses AWS's own key"],
  ]),
  ...of("declined", "DynamoDB", [
    [
      "dynamodb.backup-plan",
      "medium",
      "AWS Backup copies the tables",
      "point-in-time recovery covers 35 days; a vault belongs to the account, and a vault with copies blocks a teardown",
    ],
  ]),
  ...of("prod", "RDS", [
    [
      "rds.not-public",
      "critical",
      "The database has no public address",
      "database tools on a developer's computer need one; allowedCidrs limits who can use it",
    ],
    [
      "rds.private-subnets",
      "high",
      "The database is in private subnets, if there are any",
      "database tools on a developer's computer could not reach it",
    ],
    ["rds.deletion-protection", "medium", "The database cannot be deleted by mistake", "development stacks are deleted often"],
    ["rds.insights-key", "low", "Performance Insights is encrypted with the stack's own key", "development uses AWS's own key"],
    ["rds.multi-az", "medium", "A standby in a second zone takes over after a failure", "it doubles the cost"],
    ["rds.monitoring", "low", "The database's host is monitored", "it needs a role and more logs"],
    ["rds.events", "medium", "The alarms' topic gets the database's events", "nobody monitors a development database"],
  ]),
  ...of("default", "RDS", [
    ["rds.encryption", "high", "The database's storage is encrypted"],
    ["rds.tls", "high", "The database takes connections with TLS only"],
    ["rds.backups", "medium", "Automatic backups are kept for at least seven days"],
    ["rds.copy-tags", "low", "Snapshots carry the database's tags"],
    ["rds.minor-upgrades", "high", "Security fixes of PostgreSQL are installed"],
    ["rds.supported", "high", "RDS supports the database's version"],
    ["rds.certificate", "high", "The database's certificate is from a current authority"],
    ["rds.administrator", "medium", "The administrator has no common name"],
    ["rds.managed-password", "high", "RDS manages the administrator's password"],
    ["rds.iam", "medium", "IAM authentication for database users is enabled"],
    ["rds.logs", "medium", "The database's logs go to CloudWatch"],
    ["rds.query-logging", "medium", "Slow statements, changes of schema and connections are logged"],
    ["rds.insights", "low", "Performance Insights is enabled"],
    ["rds.in-vpc", "high", "The database is in a VPC"],
    ["rds.snapshots-private", "critical", "No snapshot of the database is public"],
    ["rds.tagged", "low", "The database has the stack's tag"],
  ]),
  ...of("declined", "RDS", [
    [
      "rds.port",
      "low",
      "The database does not use PostgreSQL's default port",
      "a different port does not protect, and tools expect the default; the security group protects",
    ],
    ["rds.backup-plan", "high", "AWS Backup copies the database", "automatic backups and a final snapshot are enough"],
    ["rds.user-name", "low", "The administrator's name is a parameter", "user names are not secrets"],
  ]),
  ...of("default", "SNS", [
    ["sns.encryption", "high", "Messages are encrypted with a KMS key"],
    ["sns.not-public", "high", "No topic policy allows access from outside of the account"],
    ["sns.tls-only", "medium", "Topics refuse messages without TLS"],
    ["sns.subscriptions-tls", "high", "No message is delivered without TLS"],
    ["sns.tagged", "low", "Topics have the stack's tag"],
  ]),
  ...of("prod", "SNS", [
    [
      "sns.customer-key",
      "high",
      "Messages are encrypted with the stack's own key",
      "the alerts' topic uses AWS's own key; the alarms' topic uses SNS's disk encryption, because CloudWatch cannot publish with AWS's own key",
    ],
    ["sns.dead-letters", "low", "Undelivered messages go to a queue", "e-mail and SMS cannot have such a queue"],
  ]),
  ...of("default", "IAM", [
    ["iam.no-administrator", "critical", "No function has administrator permissions"],
    ["iam.no-service-wildcard", "high", "Permissions of functions name single actions"],
    ["iam.no-escalation", "high", "No function can extend its own permissions"],
    ["iam.resources", "medium", "Functions can use the stack's resources only"],
    ["iam.trust", "high", "Only Lambda can assume a function's role, and only for this account"],
    ["iam.no-decrypt-everywhere", "medium", "No function can decrypt with every key"],
    ["iam.simple", "low", "A function's policy is short enough to read"],
    ["iam.tagged", "low", "Roles have the stack's tag"],
  ]),
  ...of("declined", "IAM", [
    ["iam.xray", "low", "Traces are written to named resources only", "X-Ray has no resource-level permissions"],
    ["iam.inline", "low", "Policies are separate resources", "an inline policy is deleted with its role"],
    ["iam.aws-managed", "low", "No AWS managed policy is used", "one is used only where AWS requires it"],
    ["iam.names", "low", "AWS generates the names", "fleetlogix has no stored state and finds resources by their names"],
  ]),
  ...of("default", "Lambda", [
    ["lambda.callers", "critical", "Only this account's API calls the functions"],
    ["lambda.runtime", "medium", "AWS supports the functions' runtime"],
    ["lambda.no-secrets", "critical", "The functions' variables contain no secret"],
    ["lambda.tracing", "low", "Calls of the functions are traced"],
    ["lambda.logging", "medium", "Each function logs JSON into its own log group"],
    ["lambda.limits", "low", "Memory and timeout are set, and the timeout is below the API's"],
    ["lambda.no-layers", "high", "Functions have no layers"],
    ["lambda.tagged", "low", "Functions have the stack's tag"],
  ]),
  ...of("prod", "Lambda", [
    ["lambda.customer-key", "medium", "Variables are encrypted with the stack's own key", "they contain no secret"],
  ]),
  ...of("declined", "Lambda", [
    [
      "lambda.dead-letters",
      "medium",
      "Failed calls go to a queue",
      "the functions are called synchronously only, so the queue would stay empty",
    ],
    [
      "lambda.concurrency",
      "low",
      "Each function has reserved concurrency",
      "new accounts have only 10, so it fails there; the stage's throttling limits the functions",
    ],
    [
      "lambda.vpc",
      "medium",
      "Functions run in a VPC",
      "they call AWS's public endpoints only; a VPC would need VPC endpoints or a NAT gateway for that",
    ],
    ["lambda.data-events", "low", "CloudTrail records each call", "the trail belongs to the account"],
    ["lambda.signing", "low", "Code is signed", "it needs a signing profile in the account"],
  ]),
  ...of("declined", "API Gateway", [
    [
      "api.authorizer",
      "medium",
      "Every method requires a signature or an authorizer",
      "auth iam does so; with auth apiKey each app has its own key and limits",
    ],
    ["api.client-certificate", "medium", "The API sends a client certificate", "functions are called by ARN, so nothing would check it"],
    ["api.private", "medium", "The API is private", "drivers' phones call it from the internet"],
    ["api.authorizer-object", "medium", "The API has an authorizer resource", "keys or IAM authorize the calls"],
    ["api.caching", "low", "Answers are cached", "positions would be outdated, and a cache costs at least $14 a month"],
  ]),
  ...of("default", "API Gateway", [
    ["api.execution-logs", "medium", "The API's errors are logged and measured"],
    ["api.no-body-logs", "medium", "No body of a call is logged"],
    ["api.access-logs", "medium", "Each call is logged as JSON"],
    ["api.tracing", "low", "Calls are traced"],
    ["api.validation", "medium", "Calls are validated before a function runs"],
    ["api.throttling", "medium", "Calls are throttled as configured"],
    ["api.no-secrets", "high", "The stage's variables contain no secret"],
    ["api.cache", "medium", "A cache, if there is one, is encrypted"],
    ["api.usage-plan", "medium", "Keys have their own limits", "", "with this api.auth there are no keys"],
  ]),
  ...of("prod", "API Gateway", [
    ["api.firewall", "medium", "A web ACL protects the stage", "it costs at least $5 a month; keys and throttling protect development"],
  ]),
  ...of("prod", "CloudWatch", [
    ["cloudwatch.retention", "medium", "Logs are kept for a year", "30 days are enough in development"],
    ["cloudwatch.customer-key", "medium", "Logs are encrypted with the stack's own key", "there is no AWS managed key for logs"],
  ]),
  ...of("default", "CloudWatch", [
    ["cloudwatch.not-public", "high", "No resource policy allows everybody to use the logs"],
    ["cloudwatch.alarm-actions", "high", "Each alarm sends a notification", "", "the configuration says alarms.enabled: false"],
  ]),
  ...of("default", "EC2", [
    ["ec2.not-open", "critical", "The database is not open to the whole internet"],
    ["ec2.narrow", "high", "Public ranges that reach the database are at most a /24"],
    ["ec2.no-egress", "critical", "The database cannot open connections"],
    ["ec2.described", "low", "The security group has a description and the stack's tag"],
  ]),
  ...of("prod", "EC2", [
    ["ec2.no-public-address", "medium", "No public address reaches the database", "the developer's own address is allowed, as configured"],
  ]),
  ...of("default", "Secrets Manager", [
    ["secrets.rotation", "high", "The database's password is rotated"],
    ["secrets.not-public", "high", "No policy allows access to the password from outside of the account"],
    ["secrets.tagged", "low", "The secret has the tags of RDS"],
  ]),
  ...of("prod", "Secrets Manager", [
    ["secrets.customer-key", "low", "The password is encrypted with the stack's own key", "development uses AWS's own key"],
  ]),
  ...of("declined", "Secrets Manager", [
    ["secrets.used", "medium", "The secret was used within 90 days", "this depends on its users"],
    [
      "secrets.restrictive-policy",
      "high",
      "A policy denies the secret to everybody outside of a list",
      "it breaks the rotation by RDS; IAM limits who can read it",
    ],
  ]),
  ...of("prod", "KMS", [
    ["kms.rotation", "high", "The stack's key is rotated and stays in its region", "there is no key"],
    ["kms.not-public", "critical", "The stack's key is for this account only", "there is no key"],
    ["kms.enabled", "critical", "The stack's key is enabled", "there is no key"],
  ]),
  ...of("declined", "SQS", [["sqs.encryption", "high", "Queues are encrypted and closed", "the stack has no queue"]]),
];
