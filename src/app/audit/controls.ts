/** One demand on a stack, as scanners and AWS's foundational practices make it. */
export interface Control {
  readonly id: string;
  /** `default`: in both hardenings. `prod`: in production. `declined`: in none. */
  readonly class: "default" | "prod" | "declined";
  readonly service: string;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly title: string;
  /** Why it is declined, or not held in development. */
  readonly reason?: string | undefined;
  /** Why a stack may have nothing that it is about. */
  readonly absent?: string | undefined;
}

type Row = readonly [id: string, severity: Control["severity"], title: string, reason?: string, absent?: string];
const of = (kind: Control["class"], service: string, rows: readonly Row[]): readonly Control[] =>
  rows.map(([id, severity, title, reason, absent]) => ({
    ...{ id, class: kind, service, severity, title },
    reason,
    absent,
  }));

/** Every control, by service. Severities are the highest that the scanners and AWS's own practices give. */
export const CONTROLS: readonly Control[] = [
  ...of("default", "S3", [
    ["s3.public-access-block", "critical", "Public access is blocked in all four ways"],
    ["s3.no-acls", "medium", "Access control lists are out of force"],
    ["s3.tls-only", "medium", "Nobody speaks to a bucket without TLS"],
    ["s3.no-foreign-access", "high", "No policy of a bucket lets others than the account in"],
    ["s3.name", "high", "Nobody else can have taken the bucket's name before"],
    ["s3.encryption", "medium", "Objects are encrypted under KMS, by a key of the bucket"],
    ["s3.versioning", "medium", "Overwritten and deleted objects are kept for a while"],
    ["s3.lifecycle", "medium", "Old versions and aborted uploads are cleared away"],
    ["s3.events", "low", "Changes in the bucket are told to EventBridge"],
  ]),
  ...of("prod", "S3", [
    ["s3.customer-key", "high", "Objects are encrypted under the stack's own key", "a key costs $1 a month and outlives the stack"],
    ["s3.access-log", "medium", "Accesses to the lake are logged", "a second bucket, and logs that come late"],
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
    ["s3.object-lock", "medium", "Objects cannot be deleted for a time", "it cannot be taken back"],
    ["s3.data-events", "medium", "CloudTrail records each access", "the account's trail is not the stack's, and each event costs"],
  ]),
  ...of("default", "DynamoDB", [
    ["dynamodb.on-demand", "medium", "Tables grow with their load"],
    ["dynamodb.recovery", "medium", "Tables can be restored to a point in time"],
    ["dynamodb.encryption", "medium", "Tables are encrypted under KMS"],
    ["dynamodb.no-foreign-access", "medium", "No table lets another account in"],
    ["dynamodb.tagged", "low", "Tables say whose they are"],
  ]),
  ...of("prod", "DynamoDB", [
    ["dynamodb.deletion-protection", "medium", "Tables cannot be deleted by mistake", "development is torn down freely"],
    ["dynamodb.customer-key", "low", "Tables are encrypted under the stack's own key", "AWS's own key serves there"],
  ]),
  ...of("declined", "DynamoDB", [
    [
      "dynamodb.backup-plan",
      "medium",
      "AWS Backup copies the tables",
      "restoring to a point in time covers 35 days; a vault is the account's, and one with copies blocks a teardown",
    ],
  ]),
  ...of("prod", "RDS", [
    [
      "rds.not-public",
      "critical",
      "The database has no address on the internet",
      "the desk's database tools need one; who may use it is bounded by allowedCidrs",
    ],
    [
      "rds.private-subnets",
      "high",
      "The database lies in private subnets, where there are some",
      "the desk's database tools could not reach it",
    ],
    ["rds.deletion-protection", "medium", "The database cannot be deleted by mistake", "development is torn down freely"],
    ["rds.insights-key", "low", "That record is encrypted under the stack's own key", "AWS's own key serves there"],
    ["rds.multi-az", "medium", "A second zone takes over when one fails", "it doubles the cost"],
    ["rds.monitoring", "low", "The database's host is watched", "it needs a role and more logs"],
    ["rds.events", "medium", "The alarms' topic is told of the database's events", "nobody watches a development database"],
  ]),
  ...of("default", "RDS", [
    ["rds.encryption", "high", "The database's storage is encrypted"],
    ["rds.tls", "high", "The database takes connections with TLS only"],
    ["rds.backups", "medium", "Automatic backups are kept for seven days at least"],
    ["rds.copy-tags", "low", "Snapshots carry the database's tags"],
    ["rds.minor-upgrades", "high", "Security fixes of PostgreSQL are installed"],
    ["rds.supported", "high", "RDS supports the database's version"],
    ["rds.certificate", "high", "The database's certificate is of a current authority"],
    ["rds.administrator", "medium", "The administrator has no name that everybody tries"],
    ["rds.managed-password", "high", "RDS makes and keeps the administrator's password"],
    ["rds.iam", "medium", "IAM may let users of the database in"],
    ["rds.logs", "medium", "The database's logs go to CloudWatch"],
    ["rds.query-logging", "medium", "Slow statements, changes of schema and connections are logged"],
    ["rds.insights", "low", "What the database waits for is recorded"],
    ["rds.in-vpc", "high", "The database is in a VPC"],
    ["rds.snapshots-private", "critical", "No snapshot of the database is public"],
    ["rds.tagged", "low", "The database says whose it is"],
  ]),
  ...of("declined", "RDS", [
    [
      "rds.port",
      "low",
      "The database has another port than PostgreSQL's",
      "obscurity is no protection and breaks every tool's default; the network rule protects",
    ],
    ["rds.backup-plan", "high", "AWS Backup copies the database", "automatic backups and a final snapshot cover it"],
    ["rds.user-name", "low", "The administrator's name is a parameter", "names of users are not secrets"],
  ]),
  ...of("default", "SNS", [
    ["sns.encryption", "high", "Messages are encrypted under a key of KMS"],
    ["sns.not-public", "high", "No policy of a topic lets others than the account in"],
    ["sns.tls-only", "medium", "Nobody publishes without TLS"],
    ["sns.subscriptions-tls", "high", "No message is sent on without TLS"],
    ["sns.tagged", "low", "Topics say whose they are"],
  ]),
  ...of("prod", "SNS", [
    [
      "sns.customer-key",
      "high",
      "Messages are encrypted under the stack's own key",
      "AWS's own key serves the alerts; the alarms' topic has SNS's disk encryption there, as CloudWatch cannot publish under AWS's own key",
    ],
    ["sns.dead-letters", "low", "Machines that do not answer lose no message", "e-mail and SMS cannot have a queue for it"],
  ]),
  ...of("default", "IAM", [
    ["iam.no-administrator", "critical", "No function may do anything it likes"],
    ["iam.no-service-wildcard", "high", "Functions may do what is named, and no more"],
    ["iam.no-escalation", "high", "No function can give itself more than it has"],
    ["iam.resources", "medium", "Functions act on the stack's own resources"],
    ["iam.trust", "high", "Only Lambda takes a function's role, and only for this account"],
    ["iam.no-decrypt-everywhere", "medium", "No function decrypts with any key it likes"],
    ["iam.simple", "low", "A function's policy can be read"],
    ["iam.tagged", "low", "Roles say whose they are"],
  ]),
  ...of("declined", "IAM", [
    ["iam.xray", "low", "Traces are written to named resources only", "X-Ray knows no resources"],
    ["iam.inline", "low", "Policies are things of their own", "a policy in its role goes with it and leaves nothing behind"],
    ["iam.aws-managed", "low", "No policy of AWS's is used", "none is used but where AWS prescribes it"],
    ["iam.names", "low", "Names are AWS's to choose", "names are how a tool without state finds what is there"],
  ]),
  ...of("default", "Lambda", [
    ["lambda.callers", "critical", "Only this account's API calls the functions"],
    ["lambda.runtime", "medium", "AWS supports the functions' runtime"],
    ["lambda.no-secrets", "critical", "No secret stands in the functions' variables"],
    ["lambda.tracing", "low", "Calls of the functions are traced"],
    ["lambda.logging", "medium", "Each function logs JSON into a group of its own"],
    ["lambda.limits", "low", "Memory and time limit are set, the time below the API's"],
    ["lambda.no-layers", "high", "Functions run no code of others"],
    ["lambda.tagged", "low", "Functions say whose they are"],
  ]),
  ...of("prod", "Lambda", [["lambda.customer-key", "medium", "Variables are encrypted under the stack's own key", "they hold no secret"]]),
  ...of("declined", "Lambda", [
    [
      "lambda.dead-letters",
      "medium",
      "Failed calls go to a queue",
      "the functions are called synchronously only: the queue would never get anything",
    ],
    [
      "lambda.concurrency",
      "low",
      "Each function has a share of the account's concurrency",
      "new accounts have 10 in all, so it fails there; the stage's throttle bounds the functions",
    ],
    ["lambda.vpc", "medium", "Functions run in a VPC", "they call AWS's public endpoints only; a VPC would need gateways for that"],
    ["lambda.data-events", "low", "CloudTrail records each call", "the account's trail is not the stack's"],
    ["lambda.signing", "low", "Code is signed", "it needs a signing profile of the account"],
  ]),
  ...of("declined", "API Gateway", [
    [
      "api.authorizer",
      "medium",
      "Every method wants a signature or an authorizer",
      "with auth iam it does; with apiKey each app has a key and limits of its own",
    ],
    ["api.client-certificate", "medium", "The API shows its functions a certificate", "functions are called by ARN: nobody would check it"],
    ["api.private", "medium", "The API is private", "drivers' phones call it from the internet"],
    ["api.authorizer-object", "medium", "The API has an authorizer of its own", "keys or IAM decide"],
    ["api.caching", "low", "Answers are cached", "positions would be old, and a cache costs $14 a month and more"],
  ]),
  ...of("default", "API Gateway", [
    ["api.execution-logs", "medium", "The API's errors are logged and measured"],
    ["api.no-body-logs", "medium", "No body of a call is logged"],
    ["api.access-logs", "medium", "Each call is logged as JSON"],
    ["api.tracing", "low", "Calls are traced"],
    ["api.validation", "medium", "Calls are validated before a function runs"],
    ["api.throttling", "medium", "Calls are throttled as configured"],
    ["api.no-secrets", "high", "No secret stands in the stage's variables"],
    ["api.cache", "medium", "A cache, if there is one, is encrypted"],
    ["api.usage-plan", "medium", "Keys have limits of their own", "", "calls are signed or open: there are no keys"],
  ]),
  ...of("prod", "API Gateway", [
    [
      "api.firewall",
      "medium",
      "A web ACL stands before the stage",
      "it costs $5 a month and more; keys and throttling protect development",
    ],
  ]),
  ...of("prod", "CloudWatch", [
    ["cloudwatch.retention", "medium", "Logs are kept for a year", "30 days serve development"],
    ["cloudwatch.customer-key", "medium", "Logs are encrypted under the stack's own key", "there is no key of AWS's to choose"],
  ]),
  ...of("default", "CloudWatch", [
    ["cloudwatch.not-public", "high", "No resource policy opens logs to everybody"],
    ["cloudwatch.alarm-actions", "high", "Each alarm tells somebody", "", "the configuration says alarms.enabled: false"],
  ]),
  ...of("default", "EC2", [
    ["ec2.not-open", "critical", "The internet as a whole does not reach the database"],
    ["ec2.narrow", "high", "Public ranges that reach the database are a /24 at most"],
    ["ec2.no-egress", "critical", "The database reaches nothing"],
    ["ec2.described", "low", "The network rule says what it is for and whose it is"],
  ]),
  ...of("prod", "EC2", [
    [
      "ec2.no-public-address",
      "medium",
      "No address of the internet reaches the database",
      "the desk's own address is let in, which is asked for",
    ],
  ]),
  ...of("default", "Secrets Manager", [
    ["secrets.rotation", "high", "The database's password changes by itself"],
    ["secrets.not-public", "high", "No policy opens the password to others"],
    ["secrets.tagged", "low", "The secret says whose it is"],
  ]),
  ...of("prod", "Secrets Manager", [
    ["secrets.customer-key", "low", "The password is encrypted under the stack's own key", "AWS's own key serves there"],
  ]),
  ...of("declined", "Secrets Manager", [
    ["secrets.used", "medium", "The secret was used within 90 days", "that is up to its users"],
    [
      "secrets.restrictive-policy",
      "high",
      "A policy denies the secret to all but a list",
      "it breaks RDS's own rotation; IAM bounds who may read it",
    ],
  ]),
  ...of("prod", "KMS", [
    ["kms.rotation", "high", "The stack's key rotates and stays in its region", "there is no key"],
    ["kms.not-public", "critical", "The stack's key serves this account only", "there is no key"],
    ["kms.enabled", "critical", "The stack's key is enabled", "there is no key"],
  ]),
  ...of("declined", "SQS", [["sqs.encryption", "high", "Queues are encrypted and closed", "nothing deploys a queue"]]),
];
