import { type Complaint, complain, type Rule } from "./complaint.ts";

/** Reserved words of PostgreSQL and RDS. RDS refuses them as names of users and databases. */
const RESERVED = new Set(
  `admin administrator all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
  char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
  current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign
  freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
  localtimestamp master natural not notnull null offset on only or order outer overlaps placing postgres primary public rdsadmin
  rds_superuser references replication returning right root select session_user similar some superuser symmetric system_user table
  tablesample template0 template1 then to trailing true union unique user using variadic verbose when where window with`.split(/\s+/),
);
const S3_PREFIXES = ["xn--", "sthree-", "amzn-s3-demo-", "aws-"];
const S3_SUFFIXES = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];

const shape =
  (pattern: RegExp, what: string, remedy: string): Rule<string> =>
  (value) =>
    pattern.test(value) ? undefined : complain(`${JSON.stringify(value)} is not ${what}.`, remedy);

export const bucketName: Rule<string> = (name) => {
  const form = bucketForm(name);
  if (form) return form;
  const taken = S3_PREFIXES.find((p) => name.startsWith(p)) ?? S3_SUFFIXES.find((s) => name.endsWith(s));
  return taken
    ? complain(`${JSON.stringify(name)} contains ${JSON.stringify(taken)}, which S3 reserves.`, "Choose another bucket name.")
    : undefined;
};

function bucketForm(name: string): Complaint | undefined {
  const remedy = "Write 3 to 63 lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit.";
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return complain(`${JSON.stringify(name)} is not a bucket name.`, remedy);
  if (name.includes("..")) return complain("A bucket name cannot contain two dots in a row.", remedy);
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return complain("A bucket name cannot look like an IP address.", remedy);
  return undefined;
}

export const tableName = shape(/^[A-Za-z0-9_.-]{3,255}$/, "a table name", "Write 3 to 255 letters, digits, underscores, dots and hyphens.");
export const apiName = shape(/^[\w .-]{1,128}$/, "an API name", "Write 1 to 128 letters, digits, spaces, dots, underscores and hyphens.");
export const stageName = shape(/^[A-Za-z0-9_-]{1,128}$/, "a stage name", "Write 1 to 128 letters, digits, underscores and hyphens.");
export const projectName = shape(
  /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/,
  "a project name",
  "Write 1 to 64 letters, digits, spaces, dots, underscores and hyphens, beginning with a letter or digit.",
);
/** Short enough for `fleetlogix-data-<account>-<region>-<environment>` to be a bucket name (63). */
export const environmentName = shape(
  /^(?=.{1,19}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "an environment name",
  "Write 1 to 19 lower-case letters, digits and single hyphens, beginning with a letter: the name becomes a part of bucket and database names.",
);
export const regionName = shape(
  /^[a-z]{2,4}(-[a-z]+){1,2}-\d{1,2}$/,
  "the name of an AWS region",
  'Write a region such as "us-east-1" or "eu-west-1".',
);
export const databaseIdentifier = shape(
  /^(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "a database identifier",
  "Write 1 to 63 lower-case letters, digits and single hyphens, beginning with a letter (RDS stores it in lower case).",
);
export const instanceClass = shape(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, "a database instance class", 'Write a class such as "db.t4g.micro".');
export const engineVersion = shape(
  /^1[3-9](\.\d{1,2})?$/,
  "a PostgreSQL version from 13 on",
  'Write the major version alone, such as "17": AWS withdraws minor versions.',
);

const unreserved =
  (rule: Rule<string>, what: string): Rule<string> =>
  (value) =>
    rule(value) ??
    (RESERVED.has(value.toLowerCase()) || value.toLowerCase().startsWith("pg_")
      ? complain(
          `${JSON.stringify(value)} is reserved and cannot be the name of a ${what}.`,
          `Choose another name, such as "fleetlogix_${what}".`,
        )
      : undefined);
export const databaseUser = unreserved(
  shape(/^[A-Za-z][A-Za-z0-9_]{0,15}$/, "a database user", "Write 1 to 16 letters, digits and underscores, beginning with a letter."),
  "user",
);
export const databaseName = unreserved(
  shape(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, "a database name", "Write 1 to 63 letters, digits and underscores, beginning with a letter."),
  "database",
);

export const email = shape(
  /^[^\s@,;<>"]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,63}$/,
  "an e-mail address",
  'Write an address such as "dispatch@example.com".',
);
export const phone = shape(
  /^\+[1-9]\d{7,14}$/,
  "a telephone number in E.164 form",
  'Write a plus sign, the country code and the number without spaces, such as "+34600123456".',
);

/** IANA names only: an offset such as "+05:00" has no daylight saving time. */
export const timeZone: Rule<string> = (name) => {
  const remedy = 'Write an IANA time zone such as "America/Bogota" or "Europe/Madrid".';
  if (!/^[A-Za-z]/.test(name)) return complain(`${JSON.stringify(name)} is not a time zone.`, remedy);
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return undefined;
  } catch {
    return complain(`${JSON.stringify(name)} is not a time zone.`, remedy);
  }
};
export const iamPrincipal = shape(
  /^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/[\w+=,.@/-]{1,512}$/,
  "the ARN of an IAM user or role",
  'Copy STORAGE_AWS_IAM_USER_ARN from Snowflake\'s DESC INTEGRATION, such as "arn:aws:iam::123456789012:user/abc1-b-self1234".',
);
/** Pattern and length of sts:ExternalId, from the STS model. */
export const externalId = shape(
  /^[\w+=,.@:/-]{2,1224}$/,
  "an external id",
  "Copy STORAGE_AWS_EXTERNAL_ID from Snowflake's DESC INTEGRATION: 2 to 1224 letters, digits and the characters + = , . @ : / _ -.",
);
export const queueArn = shape(
  /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?$/,
  "the ARN of an SQS queue",
  "Copy notification_channel from Snowflake's SHOW PIPES.",
);

/** `<project>/<environment>`: the name of the stack in tags, messages and reports. */
export const stackNameOf = ({ project, environment }: { readonly project: string; readonly environment: string }): string =>
  `${project}/${environment}`;
