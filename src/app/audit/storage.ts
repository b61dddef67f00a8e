import type { GetBucketEncryptionCommandOutput, LifecycleRule } from "@aws-sdk/client-s3";
import { fromTagList } from "../../aws/ownership.ts";
import { naming } from "../../stack/naming.ts";
import type { Session } from "../session.ts";
import { type Check, deniesPlainText, isTagged, judge, type Look, opensOutside, read, statementsOf } from "./finding.ts";
import { keyArnOf } from "./key.ts";

interface BucketFacts {
  readonly block: Readonly<Record<string, boolean | undefined>>;
  readonly ownership: string | undefined;
  readonly policy: string | undefined;
  readonly encryption: GetBucketEncryptionCommandOutput["ServerSideEncryptionConfiguration"];
  readonly versioning: string | undefined;
  readonly rules: readonly LifecycleRule[];
  readonly events: boolean;
  readonly logTarget: string | undefined;
}

/** Checks the data lake, and in production the bucket of its access logs. */
export const lookAtBuckets: Look = async (session) => {
  const { config, place } = session;
  const names = naming(config, place);
  const key = await keyArnOf(session);
  const checks = [...bucketChecks(place.account), ...lakeChecks(names.logBucket, key)];
  const lake = judge(names.bucket, await bucketFacts(session, names.bucket), [
    ...checks,
    // Bucket names are global: a name with the account's number is unlikely to be taken by somebody else.
    ["s3.name", () => names.bucket.includes(place.account) || config.bucket.name !== null, "somebody else can take this name"],
  ]);
  if (config.hardening !== "production") return lake;
  return [...lake, ...judge(names.logBucket, await bucketFacts(session, names.logBucket), bucketChecks(place.account))];
};

const FLAGS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
const bucketChecks = (account: string): readonly Check<BucketFacts>[] => [
  ["s3.public-access-block", ({ block }) => FLAGS.every((flag) => block[flag]), "public access is not blocked in all four ways"],
  ["s3.no-acls", ({ ownership }) => ownership === "BucketOwnerEnforced", "access control lists are enabled"],
  ["s3.tls-only", ({ policy }) => deniesPlainText(statementsOf(policy), /^s3:\*$|^\*$/), "its policy allows access without TLS"],
  [
    "s3.no-foreign-access",
    ({ policy }) => !opensOutside(statementsOf(policy), account),
    "its policy allows access from outside of the account",
  ],
  ["s3.versioning", ({ versioning }) => versioning === "Enabled", "versioning is disabled"],
  ["s3.lifecycle", ({ rules }) => deletesLeftovers(rules), "old versions or aborted uploads are kept for ever"],
];
const lakeChecks = (logBucket: string, key: string | undefined): readonly Check<BucketFacts>[] => [
  [
    "s3.encryption",
    (live) => ruleOf(live)?.algorithm === "aws:kms" && ruleOf(live)?.bucketKey === true,
    "objects are not encrypted with KMS and an S3 Bucket Key",
  ],
  ["s3.customer-key", (live) => key !== undefined && ruleOf(live)?.key === key, "objects are not encrypted with the stack's own key"],
  ["s3.events", ({ events }) => events, "it sends no events to EventBridge"],
  ["s3.access-log", ({ logTarget }) => logTarget === logBucket, "accesses are not logged"],
];
const ruleOf = ({ encryption }: BucketFacts) => {
  const rule = encryption?.Rules?.[0];
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } = rule?.ApplyServerSideEncryptionByDefault ?? {};
  return rule && { algorithm, key, bucketKey: rule.BucketKeyEnabled };
};
const deletesLeftovers = (rules: readonly LifecycleRule[]): boolean => {
  const enabled = rules.filter(({ Status }) => Status === "Enabled");
  return enabled.some((rule) => rule.AbortIncompleteMultipartUpload) && enabled.some((rule) => rule.NoncurrentVersionExpiration);
};

async function bucketFacts(session: Session, Bucket: string): Promise<BucketFacts | undefined> {
  const s3 = await session.clients.s3();
  const own = { Bucket, ExpectedBucketOwner: session.place.account };
  const of = <T>(call: () => Promise<T>, ...absent: string[]) => read(session, `the bucket ${Bucket}`, call, "NoSuchBucket", ...absent);
  if (!(await of(() => s3.headBucket(own), "NotFound", "Http404"))) return undefined;
  const [block, ownership, policy, encryption, versioning, lifecycle, events, logging] = await Promise.all([
    of(() => s3.getPublicAccessBlock(own), "NoSuchPublicAccessBlockConfiguration"),
    of(() => s3.getBucketOwnershipControls(own), "OwnershipControlsNotFoundError"),
    of(() => s3.getBucketPolicy(own), "NoSuchBucketPolicy"),
    of(() => s3.getBucketEncryption(own), "ServerSideEncryptionConfigurationNotFoundError"),
    of(() => s3.getBucketVersioning(own)),
    of(() => s3.getBucketLifecycleConfiguration(own), "NoSuchLifecycleConfiguration"),
    of(() => s3.getBucketNotificationConfiguration(own)),
    of(() => s3.getBucketLogging(own)),
  ]);
  return {
    block: { ...block?.PublicAccessBlockConfiguration },
    ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    policy: policy?.Policy,
    encryption: encryption?.ServerSideEncryptionConfiguration,
    versioning: versioning?.Status,
    rules: lifecycle?.Rules ?? [],
    events: events?.EventBridgeConfiguration !== undefined,
    logTarget: logging?.LoggingEnabled?.TargetBucket,
  };
}

/** Checks the four tables. */
export const lookAtTables: Look = async (session) => {
  const key = await keyArnOf(session);
  const seen = await Promise.all(
    Object.values(session.config.tables).map(async (name) => judge(name, await tableFacts(session, name), tableChecks(session, key))),
  );
  return seen.flat();
};
type TableFacts = NonNullable<Awaited<ReturnType<typeof tableFacts>>>;
const tableChecks = (session: Session, key: string | undefined): readonly Check<TableFacts>[] => [
  ["dynamodb.on-demand", ({ table }) => table.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST", "its capacity is fixed"],
  ["dynamodb.recovery", ({ recovery }) => recovery === "ENABLED", "it cannot be restored to a point in time"],
  ["dynamodb.deletion-protection", ({ table }) => table.DeletionProtectionEnabled === true, "it has no deletion protection"],
  [
    "dynamodb.encryption",
    ({ table }) => table.SSEDescription?.SSEType === "KMS",
    "it is encrypted with a key that DynamoDB owns, not with a KMS key of the account",
  ],
  [
    "dynamodb.customer-key",
    ({ table }) => key !== undefined && table.SSEDescription?.KMSMasterKeyArn === key,
    "it is not encrypted with the stack's own key",
  ],
  ["dynamodb.no-foreign-access", ({ policy }) => policy === undefined, "it has a resource policy"],
  ["dynamodb.tagged", ({ tags }) => isTagged(tags, session), "it does not have the stack's tag"],
];
async function tableFacts(session: Session, TableName: string) {
  const dynamodb = await session.clients.dynamodb();
  const of = <T>(call: () => Promise<T>, ...absent: string[]) =>
    read(session, `the table ${TableName}`, call, "ResourceNotFoundException", ...absent);
  const table = (await of(() => dynamodb.describeTable({ TableName })))?.Table;
  if (!table) return undefined;
  const ResourceArn = table.TableArn ?? "";
  const [backups, policy, tags] = await Promise.all([
    of(() => dynamodb.describeContinuousBackups({ TableName }), "TableNotFoundException"),
    of(() => dynamodb.getResourcePolicy({ ResourceArn }), "PolicyNotFoundException"),
    of(() => dynamodb.listTagsOfResource({ ResourceArn })),
  ]);
  return {
    table,
    recovery: backups?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
    policy: policy?.Policy,
    tags: fromTagList(tags?.Tags),
  };
}
