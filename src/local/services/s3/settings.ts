import type {
  GetBucketPolicyCommandInput,
  LifecycleRule,
  PutBucketAclCommandInput,
  PutBucketPolicyCommandInput,
  ReplicationConfiguration,
  ServerSideEncryptionRule,
  Tag,
} from "@aws-sdk/client-s3";
import { type Call, type Handler, LocalFault } from "../../core/service.ts";
import { aclOf, checkedPolicy, isPublic, newAcl } from "./access.ts";
import { checkedCors } from "./cors.ts";
import { freeze, thaw } from "./documents.ts";
import { checkedLifecycle } from "./lifecycle.ts";
import { checkedLockConfiguration } from "./lock-configuration.ts";
import { checkDestinations } from "./notifications.ts";
import { type Bucket, requireBucket, type S3State } from "./state.ts";
import { checkedTags } from "./tags.ts";

type Values = Record<string, unknown>;
/** A sub-resource of a bucket. It is stored and returned unchanged. A missing one is AWS's own error. */
interface Setting {
  readonly name: string;
  /** Operations, without Put, Get, Delete. */
  readonly put?: string;
  readonly get: string;
  readonly delete?: string;
  /** The member of the input that holds it. */
  readonly member: string;
  /** True: the output holds it in the same member. Otherwise its members are those of the output. */
  readonly wrapped?: boolean;
  /** AWS's answer when it is not set: an error, or a default. */
  readonly absent: readonly [code: string, message: string] | Values;
  /** The output of the put, from what is stored. Default: empty. */
  readonly answer?: (stored: Values) => Values;
  /** Checks the value of a put and returns the value to store. Throws AWS's error. */
  readonly check?: (value: Values, bucket: Bucket, state: S3State, call: Call, input: Values) => unknown;
}
const SETTINGS: readonly Setting[] = [
  {
    name: "tagging",
    get: "BucketTagging",
    delete: "BucketTagging",
    member: "Tagging",
    absent: ["NoSuchTagSet", "The TagSet does not exist"],
    // Recorded: an empty set counts as no set.
    check({ TagSet }) {
      const tags = checkedTags(TagSet as Tag[], 50);
      return tags.length > 0 ? { TagSet: tags } : undefined;
    },
  },
  {
    name: "cors",
    get: "BucketCors",
    delete: "BucketCors",
    member: "CORSConfiguration",
    absent: ["NoSuchCORSConfiguration", "The CORS configuration does not exist"],
    check: (value) => checkedCors(value),
  },
  {
    name: "lifecycle",
    put: "BucketLifecycleConfiguration",
    get: "BucketLifecycleConfiguration",
    delete: "BucketLifecycle",
    member: "LifecycleConfiguration",
    absent: ["NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"],
    check: ({ Rules }, _bucket, _state, _call, input) =>
      checkedLifecycle(Rules as LifecycleRule[] | undefined, input.TransitionDefaultMinimumObjectSize as string | undefined),
    answer: ({ TransitionDefaultMinimumObjectSize }) => ({ TransitionDefaultMinimumObjectSize }),
  },
  {
    name: "encryption",
    get: "BucketEncryption",
    delete: "BucketEncryption",
    member: "ServerSideEncryptionConfiguration",
    wrapped: true,
    // Since 2023 every bucket has one.
    absent: {
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false }],
      },
    },
    check: ({ Rules }) => checkedEncryption(Rules as ServerSideEncryptionRule[] | undefined),
  },
  {
    name: "publicAccessBlock",
    get: "PublicAccessBlock",
    delete: "PublicAccessBlock",
    member: "PublicAccessBlockConfiguration",
    wrapped: true,
    absent: ["NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"],
    check: (value) => ({
      BlockPublicAcls: false,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
      ...value,
    }),
  },
  {
    name: "ownershipControls",
    get: "BucketOwnershipControls",
    delete: "BucketOwnershipControls",
    member: "OwnershipControls",
    wrapped: true,
    absent: ["OwnershipControlsNotFoundError", "The bucket ownership controls were not found"],
    check(value) {
      if ((value.Rules as unknown[] | undefined)?.length === 1) return value;
      throw new LocalFault(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        400,
      );
    },
  },
  {
    name: "website",
    get: "BucketWebsite",
    delete: "BucketWebsite",
    member: "WebsiteConfiguration",
    absent: ["NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"],
  },
  {
    name: "replication",
    get: "BucketReplication",
    delete: "BucketReplication",
    member: "ReplicationConfiguration",
    wrapped: true,
    absent: ["ReplicationConfigurationNotFoundError", "The replication configuration was not found"],
    check(value, bucket) {
      if (bucket.versioning !== "Enabled")
        throw new LocalFault("InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration", 400);
      return value as unknown as ReplicationConfiguration;
    },
  },
  {
    name: "object-lock",
    get: "ObjectLockConfiguration",
    member: "ObjectLockConfiguration",
    wrapped: true,
    absent: ["ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"],
    check: (value, bucket) => checkedLockConfiguration(value, bucket),
  },
  {
    name: "logging",
    get: "BucketLogging",
    member: "BucketLoggingStatus",
    absent: {},
    check: (value, _, state) => checkedLogging(value, state),
  },
  { name: "accelerate", get: "BucketAccelerateConfiguration", member: "AccelerateConfiguration", absent: {} },
  { name: "requestPayment", get: "BucketRequestPayment", member: "RequestPaymentConfiguration", absent: { Payer: "BucketOwner" } },
  { name: "abac", get: "BucketAbac", member: "AbacStatus", wrapped: true, absent: { AbacStatus: { Status: "Disabled" } } },
  {
    name: "notification",
    get: "BucketNotificationConfiguration",
    member: "NotificationConfiguration",
    absent: {},
    check: checkDestinations,
  },
];

/** Put, Get and Delete of every sub-resource. */
export function settingOperations(state: S3State): Record<string, Handler<Values, Values>> {
  return Object.fromEntries(SETTINGS.flatMap((setting) => operationsOf(setting, state)));
}
function operationsOf(setting: Setting, state: S3State): [string, Handler<Values, Values>][] {
  const { name, member } = setting;
  const put: Handler<Values, Values> = async (input, call) => {
    const bucket = requireBucket(state, input.Bucket as string, call);
    const value = (input[member] ?? {}) as Values;
    const checked = setting.check ? await setting.check(value, bucket, state, call, input) : value;
    // Reads the bucket a second time, because another setting may have changed during the check.
    set(state, requireBucket(state, bucket.name, call), name, checked);
    return setting.answer?.(checked as Values) ?? {};
  };
  const get: Handler<Values, Values> = (input, call) => {
    const stored = requireBucket(state, input.Bucket as string, call).settings[name];
    if (stored === undefined) return absent(setting, input.Bucket as string);
    const value = thaw<Values>(stored);
    return setting.wrapped ? { [member]: value } : value;
  };
  const remove: Handler<Values, Values> = (input, call) => {
    set(state, requireBucket(state, input.Bucket as string, call), name, undefined);
    return {};
  };
  return [
    [`Put${setting.put ?? setting.get}`, put],
    [`Get${setting.get}`, get],
    ...(setting.delete ? [[`Delete${setting.delete}`, remove] as [string, typeof remove]] : []),
  ];
}
function absent({ absent: answer }: Setting, BucketName: string): Values {
  if (!Array.isArray(answer)) return answer as Values;
  throw new LocalFault(answer[0] as string, answer[1] as string, 404, { BucketName });
}
export function set(state: S3State, bucket: Bucket, name: string, value: unknown): void {
  const { [name]: _, ...others } = bucket.settings;
  const settings = value === undefined ? others : { ...others, [name]: typeof value === "string" ? value : freeze(value) };
  state.buckets.put(bucket.name, { ...bucket, settings });
}

function checkedEncryption(rules: ServerSideEncryptionRule[] | undefined): Values {
  const malformed = new LocalFault(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    400,
  );
  if (rules?.length !== 1) throw malformed;
  const { SSEAlgorithm, KMSMasterKeyID } = rules[0]?.ApplyServerSideEncryptionByDefault ?? {};
  if (SSEAlgorithm === undefined || !["AES256", "aws:kms", "aws:kms:dsse"].includes(SSEAlgorithm)) throw malformed;
  if (SSEAlgorithm === "AES256" && KMSMasterKeyID !== undefined)
    throw new LocalFault(
      "InvalidArgument",
      "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
      400,
      { ArgumentName: "ApplyServerSideEncryptionByDefault" },
    );
  return { Rules: rules.map((rule) => ({ BucketKeyEnabled: false, ...rule })) };
}
function checkedLogging(value: Values, state: S3State): Values {
  const target = (value.LoggingEnabled as { TargetBucket?: string } | undefined)?.TargetBucket;
  if (target === undefined || state.buckets.has(target)) return value;
  throw new LocalFault("InvalidTargetBucketForLogging", "The target bucket for logging does not exist", 400, { TargetBucket: target });
}

/** Operations for the policy and the ACL, which have their own rules. */
export function accessOperations(state: S3State): Record<string, Handler<never, Values>> {
  const policyOf = (input: GetBucketPolicyCommandInput, call: Call): string => {
    const bucket = requireBucket(state, input.Bucket, call);
    if (bucket.settings.policy !== undefined) return bucket.settings.policy;
    throw new LocalFault("NoSuchBucketPolicy", "The bucket policy does not exist", 404, { BucketName: bucket.name });
  };
  return {
    PutBucketPolicy(input: PutBucketPolicyCommandInput, call: Call) {
      const bucket = requireBucket(state, input.Bucket, call);
      set(state, bucket, "policy", checkedPolicy(bucket, input, call));
      return {};
    },
    GetBucketPolicy: (input: GetBucketPolicyCommandInput, call: Call) => ({ Policy: policyOf(input, call) }),
    GetBucketPolicyStatus: (input: GetBucketPolicyCommandInput, call: Call) => ({
      PolicyStatus: { IsPublic: isPublic(policyOf(input, call)) },
    }),
    DeleteBucketPolicy(input: GetBucketPolicyCommandInput, call: Call) {
      set(state, requireBucket(state, input.Bucket, call), "policy", undefined);
      return {};
    },
    PutBucketAcl(input: PutBucketAclCommandInput, call: Call) {
      const bucket = requireBucket(state, input.Bucket, call);
      set(state, bucket, "acl", newAcl(bucket, input, call.account));
      return {};
    },
    GetBucketAcl(input: GetBucketPolicyCommandInput, call: Call) {
      const { acl } = requireBucket(state, input.Bucket, call).settings;
      return acl === undefined ? { ...aclOf("private", call.account) } : thaw<Values>(acl);
    },
  };
}
