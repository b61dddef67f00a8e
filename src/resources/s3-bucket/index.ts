import type { LifecycleRule, LoggingEnabled, S3, ServerSideEncryption } from "@aws-sdk/client-s3";
import { changedTags, differences } from "../../aws/changes.ts";
import type { AwsClients } from "../../aws/clients.ts";
import { orAbsent, toFault } from "../../aws/faults.ts";
import { fromTagList, mayBeOurs, toTagList } from "../../aws/ownership.ts";
import { type PolicyDocument, type Statements, statementChanges, statementsOf } from "../../aws/policies.ts";
import type { AwsLocation, Change, Observation, ResourceKind } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { oneLine } from "../../printable.ts";
import { count, type Own, remove } from "./contents.ts";
import { notify, ownQueue } from "./notifications.ts";

export interface BucketId {
  readonly name: string;
}
export interface BucketSpec {
  readonly policy: PolicyDocument;
  /** Keys with this prefix go to Glacier after so many days. */
  readonly archive?: { readonly prefix: string; readonly afterDays: number } | undefined;
  /** Objects are deleted after so many days; undefined: kept. */
  readonly expireDays?: number | undefined;
  readonly noncurrentExpireDays: number;
  /** SQS queue that is told of new files in the lake, such as that of a Snowflake pipe; undefined: none. */
  readonly queue?: string | undefined;
  /** ARN of a customer key for new objects; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
  /** Encrypted with S3's own keys instead: S3 delivers its access logs to no bucket under a key of KMS. */
  readonly s3Keys?: boolean | undefined;
  /** Each access to the bucket is written there; undefined: nowhere. */
  readonly accessLog?: { readonly bucket: string; readonly prefix: string } | undefined;
}
interface BucketLive {
  readonly name: string;
  readonly arn: string;
  readonly publicAccessBlock: object | undefined;
  readonly ownership: string | undefined;
  readonly encryption: object | undefined;
  readonly versioning: string | undefined;
  readonly policy: Statements;
  readonly lifecycle: readonly LifecycleRule[];
  /** Events go to EventBridge. */
  readonly events: boolean;
  readonly accessLog: object | undefined;
  /** Queue of our own notification. */
  readonly queue: string | undefined;
}
export interface BucketOutputs {
  readonly name: string;
  readonly arn: string;
}

const CLOSED = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
/** The bucket's own data key saves nearly all calls to KMS. */
const encryptionOf = ({ kmsKey, s3Keys }: BucketSpec) =>
  s3Keys ? { algorithm: "AES256", key: undefined, bucketKey: false } : { algorithm: "aws:kms", key: kmsKey, bucketKey: true };
const OWNER_ENFORCED = "BucketOwnerEnforced";
const ABORT_UPLOADS_AFTER_DAYS = 7;
/** HEAD has no body: the status alone speaks there. */
const GONE = ["NotFound", "Http404", "NoSuchBucket"];

export const s3Bucket: ResourceKind<BucketId, BucketSpec, BucketLive, BucketOutputs, AwsClients> = {
  kind: "s3.bucket",
  holdsData: true,
  // Lifecycle rules may read old for minutes after a put, longest in eu-west-2 and me-central-1
  // (hashicorp/terraform-provider-aws pull requests 32850 and 41764).
  settle: { timeoutMs: 300_000, pollMs: 1_000, readLagMs: 600_000 },
  notFound: { provenBy: "s3:HeadBucket", codes: GONE },

  access: {
    on: ({ name }, place) => [arnOf(name, place), `${arnOf(name, place)}/*`],
    read: [
      ...["GetBucketLogging", "GetBucketNotification", "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPublicAccessBlock"].map(
        (a) => `s3:${a}`,
      ),
      ...["GetBucketTagging", "GetBucketVersioning", "GetEncryptionConfiguration", "GetLifecycleConfiguration", "ListBucket"].map(
        (a) => `s3:${a}`,
      ),
    ],
    write: [
      ...["CreateBucket", "PutBucketLogging", "PutBucketNotification", "PutBucketOwnershipControls", "PutBucketPolicy"].map(
        (a) => `s3:${a}`,
      ),
      ...["PutBucketPublicAccessBlock", "PutBucketTagging", "PutBucketVersioning", "PutEncryptionConfiguration"].map((a) => `s3:${a}`),
      ...["PutLifecycleConfiguration", "TagResource"].map((a) => `s3:${a}`),
      // The lock of the stack.
      ...["DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject"].map((a) => `s3:${a}`),
    ],
    delete: [
      ...["AbortMultipartUpload", "DeleteBucket", "DeleteObject", "DeleteObjectVersion", "GetObject"].map((a) => `s3:${a}`),
      ...["ListBucketMultipartUploads", "ListBucketVersions", "PutObject"].map((a) => `s3:${a}`),
    ],
    everywhere: { read: ["s3:ListAllMyBuckets"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...differences({
      publicAccessBlock: [live.publicAccessBlock, CLOSED],
      ownership: [live.ownership, OWNER_ENFORCED],
      encryption: [live.encryption, encryptionOf(spec)],
      versioning: [live.versioning, "Enabled"],
      events: [live.events, true],
      accessLog: [live.accessLog, loggingOf(spec)],
      queue: [live.queue, spec.queue],
    }),
    ...statementChanges("policy", live.policy, spec.policy),
    ...ruleChanges(live.lifecycle, rulesOf(spec)),
  ],
  outputs: ({ name, arn }) => ({ name, arn }),
  predict: ({ name }, place) => ({ name, arn: arnOf(name, place) }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const s3 = await ctx.world.s3();
    const adoptionBlocker = await barredBy(s3, name, ctx.place);
    return adoptionBlocker ?? readSettings(s3, name, ctx.place);
  },
  async create({ name }, _spec, ctx) {
    const s3 = await ctx.world.s3();
    const { region, account } = ctx.place;
    await orAbsent(
      s3.createBucket({
        Bucket: name,
        ObjectOwnership: OWNER_ENFORCED,
        CreateBucketConfiguration: {
          // us-east-1 must not be named.
          ...(region !== "us-east-1" && { LocationConstraint: region as never }),
          Tags: toTagList(ctx.tags),
        },
      }),
      "BucketAlreadyOwnedByYou",
    );
    // Tags in the create call are young: S3-compatible stores pass over them without a word.
    const own = { Bucket: name, ExpectedBucketOwner: account };
    const tagged = await orAbsent(s3.getBucketTagging(own), "NoSuchTagSet", "NoSuchTagSetError");
    if (!tagged?.TagSet?.length) await s3.putBucketTagging({ ...own, Tagging: { TagSet: toTagList(ctx.tags) } });
  },
  /** S3 refuses overlapping settings of one bucket: one after the other, the block of public access first. */
  async update({ name }, spec, _live, changes, ctx) {
    const s3 = await ctx.world.s3();
    const own = { Bucket: name, ExpectedBucketOwner: ctx.place.account };
    const parts = new Set(changes.map(({ path }) => path.split(".")[0] ?? ""));
    for (const [part, set] of Object.entries(SETTERS)) if (parts.has(part)) await set(s3, own, spec);
    const tags = changedTags(changes);
    if (!tags) return;
    // PutBucketTagging replaces the whole set: what others have tagged stays.
    const there = fromTagList((await orAbsent(s3.getBucketTagging(own), "NoSuchTagSet", "NoSuchTagSetError"))?.TagSet);
    await s3.putBucketTagging({ ...own, Tagging: { TagSet: toTagList({ ...there, ...tags }) } });
  },
  async delete({ name }, _live, _how, ctx) {
    const s3 = await ctx.world.s3();
    const own = { Bucket: name, ExpectedBucketOwner: ctx.place.account };
    await remove(s3, own, ctx.signal);
  },
  async inventory({ name }, _live, ctx) {
    const own = { Bucket: name, ExpectedBucketOwner: ctx.place.account };
    return count(await ctx.world.s3(), own);
  },
  async candidates(ctx) {
    const s3 = await ctx.world.s3();
    const { Buckets = [] } = await s3.listBuckets({ Prefix: "fleetlogix" });
    const here = Buckets.filter((b) => mayBeOurs(b.Name) && (b.BucketRegion ?? ctx.place.region) === ctx.place.region);
    return here.map((b) => ({ name: b.Name ?? "" }));
  },
};

/** The caller's bucket whose name differs in the region only. undefined, too, for who may not list buckets. */
export async function bucketElsewhere(
  world: AwsClients,
  place: AwsLocation,
  nameAt: (place: AwsLocation) => string,
): Promise<{ readonly name: string; readonly region: string } | undefined> {
  const [before = "", after] = nameAt({ ...place, region: "*" }).split("*");
  if (after === undefined) return undefined;
  const { Buckets = [] } = (await orAbsent((await world.s3()).listBuckets({ Prefix: before }), "AccessDenied")) ?? {};
  for (const { Name: name = "" } of Buckets) {
    const region = name.slice(before.length, name.length - after.length);
    if (REGION.test(region) && region !== place.region && nameAt({ ...place, region }) === name) return { name, region };
  }
  return undefined;
}
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

const SETTERS: Readonly<Record<string, (s3: S3, own: Own, spec: BucketSpec) => Promise<unknown>>> = {
  publicAccessBlock: (s3, own) => s3.putPublicAccessBlock({ ...own, PublicAccessBlockConfiguration: CLOSED }),
  ownership: (s3, own) => s3.putBucketOwnershipControls({ ...own, OwnershipControls: { Rules: [{ ObjectOwnership: OWNER_ENFORCED }] } }),
  encryption: (s3, own, spec) => {
    const { algorithm, key: KMSMasterKeyID, bucketKey: BucketKeyEnabled } = encryptionOf(spec);
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm as ServerSideEncryption, KMSMasterKeyID },
      BucketKeyEnabled,
    };
    return s3.putBucketEncryption({ ...own, ServerSideEncryptionConfiguration: { Rules: [rule] } });
  },
  versioning: (s3, own) => s3.putBucketVersioning({ ...own, VersioningConfiguration: { Status: "Enabled" } }),
  policy: (s3, own, spec) => s3.putBucketPolicy({ ...own, Policy: JSON.stringify(spec.policy) }),
  lifecycle: (s3, own, spec) => s3.putBucketLifecycleConfiguration({ ...own, LifecycleConfiguration: { Rules: rulesOf(spec) } }),
  // Without LoggingEnabled it is switched off.
  accessLog: (s3, own, spec) => s3.putBucketLogging({ ...own, BucketLoggingStatus: { LoggingEnabled: loggingOf(spec) } }),
  events: notify,
  queue: notify,
};

/** HeadBucket has no body: only the status tells. */
/** Why it is not ours to read; undefined when it is. */
async function barredBy(s3: S3, name: string, place: AwsLocation): Promise<Observation<BucketLive> | undefined> {
  try {
    await s3.headBucket({ Bucket: name, ExpectedBucketOwner: place.account });
    return undefined;
  } catch (error) {
    const status = toFault(error)?.status;
    if (status === 403) return { state: "ready", live: unseen(name, place), tags: {}, adoptionBlocker: ANOTHERS };
    if (status !== 301) throw error;
    throw new FleetlogixError("WRONG_PLACE", `The bucket "${name}" exists in another region than ${place.region}.`, {
      hint: "Set `region` to where the stack lives, or `bucket.name` to another name.",
      awsCode: "301",
      cause: error,
    });
  }
}
const ANOTHERS = "belongs to another account (bucket names are the whole world's), or the caller may not look at it";
/** Another account's, or one that we may not look into: it carries no tag that we could see, so it is foreign. */
const unseen = (name: string, place: AwsLocation): BucketLive => ({
  name,
  arn: arnOf(name, place),
  publicAccessBlock: undefined,
  ownership: undefined,
  encryption: undefined,
  versioning: undefined,
  policy: [],
  lifecycle: [],
  events: false,
  accessLog: undefined,
  queue: undefined,
});

async function readSettings(s3: S3, name: string, place: AwsLocation): Promise<Observation<BucketLive>> {
  const own = { Bucket: name, ExpectedBucketOwner: place.account };
  const [tags, block, ownership, encryption, versioning, policy, lifecycle, events, logging] = await Promise.all([
    orAbsent(s3.getBucketTagging(own), "NoSuchTagSet", "NoSuchTagSetError"),
    orAbsent(s3.getPublicAccessBlock(own), "NoSuchPublicAccessBlockConfiguration"),
    orAbsent(s3.getBucketOwnershipControls(own), "OwnershipControlsNotFoundError"),
    orAbsent(s3.getBucketEncryption(own), "ServerSideEncryptionConfigurationNotFoundError"),
    s3.getBucketVersioning(own),
    orAbsent(s3.getBucketPolicy(own), "NoSuchBucketPolicy"),
    orAbsent(s3.getBucketLifecycleConfiguration(own), "NoSuchLifecycleConfiguration"),
    s3.getBucketNotificationConfiguration(own),
    s3.getBucketLogging(own),
  ]);
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0];
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } = rule?.ApplyServerSideEncryptionByDefault ?? {};
  const live: BucketLive = {
    name,
    arn: arnOf(name, place),
    publicAccessBlock: block?.PublicAccessBlockConfiguration,
    ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    encryption: algorithm ? { algorithm, key, bucketKey: rule?.BucketKeyEnabled ?? false } : undefined,
    versioning: versioning.Status,
    policy: statementsOf(policy?.Policy),
    lifecycle: lifecycle?.Rules ?? [],
    events: events.EventBridgeConfiguration !== undefined,
    accessLog: logging.LoggingEnabled,
    queue: ownQueue(events),
  };
  return { state: "ready", live, tags: fromTagList(tags?.TagSet) };
}

function rulesOf(spec: BucketSpec): LifecycleRule[] {
  const { archive, expireDays } = spec;
  return [
    ...(archive ? [archiving(archive)] : []),
    {
      ID: "noncurrent-versions",
      Status: "Enabled",
      Filter: { Prefix: "" },
      NoncurrentVersionExpiration: { NoncurrentDays: spec.noncurrentExpireDays },
      // S3 takes the two only apart; what expires takes its delete markers along.
      Expiration: expireDays === undefined ? { ExpiredObjectDeleteMarker: true } : { Days: expireDays },
    },
    {
      ID: "aborted-uploads",
      Status: "Enabled",
      Filter: { Prefix: "" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_UPLOADS_AFTER_DAYS },
    },
  ];
}
/** One change a rule, by its id, so that a plan says which of somebody else's will be removed. */
function ruleChanges(there: readonly LifecycleRule[], wanted: readonly LifecycleRule[]): readonly Change[] {
  const of = (rules: readonly LifecycleRule[], id: string | undefined) => rules.find(({ ID }) => ID === id);
  const theirs = there.filter(({ ID }) => of(wanted, ID) === undefined);
  return [
    ...wanted.flatMap((rule) => {
      const live = of(there, rule.ID);
      return differences({ [`lifecycle.${rule.ID}`]: [live && ruleForm(live), ruleForm(rule)] });
    }),
    ...theirs.map((rule): Change => {
      const id = oneLine(rule.ID ?? "(without a name)");
      return { path: `lifecycle.${id}`, from: `rule ${id} (not ours): ${JSON.stringify(rule)}`, to: "removed" };
    }),
  ];
}
const archiving = ({ prefix: Prefix, afterDays: Days }: NonNullable<BucketSpec["archive"]>): LifecycleRule => ({
  ID: "archive",
  Status: "Enabled",
  Filter: { Prefix },
  Transitions: [{ Days, StorageClass: "GLACIER" }],
});
/** By the time of the access, so that the logs of a day lie together: `<prefix><account>/<region>/<bucket>/2026/11/25/…`. */
const loggingOf = ({ accessLog }: BucketSpec): LoggingEnabled | undefined =>
  accessLog && {
    TargetBucket: accessLog.bucket,
    TargetPrefix: accessLog.prefix,
    TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" } },
  };
/** An empty filter, an empty prefix and the old form of a prefix beside the rule mean the same. */
function ruleForm({ Filter, Prefix, ...rule }: LifecycleRule): object {
  const prefix = Filter?.Prefix ?? Prefix;
  return { ...rule, Filter: { ...Filter, Prefix: prefix === "" ? undefined : prefix } };
}

const arnOf = (name: string, { partition }: AwsLocation) => `arn:${partition}:s3:::${name}`;
