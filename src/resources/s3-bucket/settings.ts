import type { LoggingEnabled, ServerSideEncryption } from "@aws-sdk/client-s3";
import { type Attributes, readAttributes } from "../../aws/attributes.ts";
import { orAbsent } from "../../aws/faults.ts";
import { fromTagList } from "../../aws/ownership.ts";
import { statementsOf } from "../../aws/policies.ts";
import type { S3 } from "../../aws/sdk/types.ts";
import type { Change, Tags } from "../../engine/contract.ts";
import type { Own } from "./contents.ts";
import { rulesOf } from "./lifecycle.ts";
import { notify, ownQueue } from "./notifications.ts";
import type { BucketLive, BucketSpec } from "./types.ts";

const CLOSED = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
export const OWNER_ENFORCED = "BucketOwnerEnforced";

type Put = (s3: S3, own: Own) => Promise<unknown>;
/** Settings that are compared as a whole. The policy is compared by statement, the lifecycle by rule. */
export const ATTRIBUTES: Attributes<BucketSpec, BucketLive, [answers: Answers], Put> = {
  publicAccessBlock: {
    read: ({ block }) => block?.PublicAccessBlockConfiguration,
    wanted: () => CLOSED,
    write: () => (s3, own) => s3.putPublicAccessBlock({ ...own, PublicAccessBlockConfiguration: CLOSED }),
  },
  ownership: {
    read: ({ ownership }) => ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    wanted: () => OWNER_ENFORCED,
    write: () => (s3, own) =>
      s3.putBucketOwnershipControls({ ...own, OwnershipControls: { Rules: [{ ObjectOwnership: OWNER_ENFORCED }] } }),
  },
  encryption: { read: encryptionIn, wanted: encryptionOf, write: putEncryption },
  versioning: {
    read: ({ versioning }) => versioning.Status,
    wanted: () => "Enabled",
    write: () => (s3, own) => s3.putBucketVersioning({ ...own, VersioningConfiguration: { Status: "Enabled" } }),
  },
  accessLog: {
    read: ({ logging }) => logging.LoggingEnabled,
    wanted: loggingOf,
    // Without LoggingEnabled, logging is off.
    write: (spec) => (s3, own) => s3.putBucketLogging({ ...own, BucketLoggingStatus: { LoggingEnabled: loggingOf(spec) } }),
  },
  events: {
    read: ({ events }) => events.EventBridgeConfiguration !== undefined,
    wanted: () => true,
    write: (spec) => (s3, own) => notify(s3, own, spec),
  },
  queue: { read: ({ events }) => ownQueue(events), wanted: (spec) => spec.queue, write: (spec) => (s3, own) => notify(s3, own, spec) },
};

/** One write for each changed setting. S3 refuses overlapping writes to one bucket: the caller awaits each. The block of public access is first. */
export function putsOf(changes: readonly Change[], spec: BucketSpec, live: BucketLive): readonly Put[] {
  const parts = new Set(changes.map(({ path }) => path.split(".")[0] ?? ""));
  const { accessLog, events, queue, ...first } = ATTRIBUTES;
  const documents: Readonly<Record<string, { write(spec: BucketSpec): Put }>> = {
    policy: { write: (wanted) => (s3, own) => s3.putBucketPolicy({ ...own, Policy: JSON.stringify(wanted.policy) }) },
    lifecycle: {
      write: (wanted) => (s3, own) => s3.putBucketLifecycleConfiguration({ ...own, LifecycleConfiguration: { Rules: rulesOf(wanted) } }),
    },
  };
  const inOrder = Object.entries({ ...first, ...documents, accessLog, events, queue });
  return inOrder.flatMap(([part, row]) => (parts.has(part) && row?.write ? [row.write(spec, live)] : []));
}

type Answers = Awaited<ReturnType<typeof readParts>>;
/** One call for each setting. S3 has a separate error code for each missing setting. */
async function readParts(s3: S3, own: Own) {
  const [tags, block, ownership, encryption, versioning, policy, lifecycle, events, logging] = await Promise.all([
    ifSet(s3.getBucketTagging(own)),
    ifSet(s3.getPublicAccessBlock(own)),
    ifSet(s3.getBucketOwnershipControls(own)),
    ifSet(s3.getBucketEncryption(own)),
    s3.getBucketVersioning(own),
    ifSet(s3.getBucketPolicy(own)),
    ifSet(s3.getBucketLifecycleConfiguration(own)),
    s3.getBucketNotificationConfiguration(own),
    s3.getBucketLogging(own),
  ]);
  return { tags, block, ownership, encryption, versioning, policy, lifecycle, events, logging };
}
/** Codes for a missing setting. None of them means that the bucket is absent. */
const NOT_SET = [
  "NoSuchTagSet",
  "NoSuchTagSetError",
  "NoSuchPublicAccessBlockConfiguration",
  "OwnershipControlsNotFoundError",
  "ServerSideEncryptionConfigurationNotFoundError",
  "NoSuchBucketPolicy",
  "NoSuchLifecycleConfiguration",
];
const ifSet = <T>(answer: Promise<T>): Promise<T | undefined> => orAbsent(answer, ...NOT_SET);

export async function readSettings(
  s3: S3,
  own: Own,
): Promise<Pick<BucketLive, "attributes" | "policy" | "lifecycle"> & { readonly tags: Tags }> {
  const answers = await readParts(s3, own);
  return {
    attributes: readAttributes(ATTRIBUTES, answers),
    policy: statementsOf(answers.policy?.Policy),
    lifecycle: answers.lifecycle?.Rules ?? [],
    tags: fromTagList(answers.tags?.TagSet),
  };
}
export const readTags = async (s3: S3, own: Own): Promise<Tags> => fromTagList((await ifSet(s3.getBucketTagging(own)))?.TagSet);

function encryptionIn({ encryption }: Answers) {
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0];
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } = rule?.ApplyServerSideEncryptionByDefault ?? {};
  return algorithm ? { algorithm, key, bucketKey: rule?.BucketKeyEnabled ?? false } : undefined;
}
function putEncryption(spec: BucketSpec): Put {
  const { algorithm, key: KMSMasterKeyID, bucketKey: BucketKeyEnabled } = encryptionOf(spec);
  const rule = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm as ServerSideEncryption, KMSMasterKeyID },
    BucketKeyEnabled,
  };
  return (s3, own) => s3.putBucketEncryption({ ...own, ServerSideEncryptionConfiguration: { Rules: [rule] } });
}
/** Partitioned by the time of the access, so that the logs of a day are together: `<prefix><account>/<region>/<bucket>/2026/11/25/…`. */
function loggingOf({ accessLog }: BucketSpec): LoggingEnabled | undefined {
  return (
    accessLog && {
      TargetBucket: accessLog.bucket,
      TargetPrefix: accessLog.prefix,
      TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" } },
    }
  );
}
/** With a bucket key, nearly no object needs a call to KMS. */
function encryptionOf({ kmsKey, s3Keys }: BucketSpec) {
  return s3Keys ? { algorithm: "AES256", key: undefined, bucketKey: false } : { algorithm: "aws:kms", key: kmsKey, bucketKey: true };
}
