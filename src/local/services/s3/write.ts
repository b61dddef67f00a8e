import type { LifecycleRule, PutObjectCommandInput } from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { checkObjectAcl } from "./access.ts";
import { asMembers, type Checksums } from "./checksums.ts";
import { checkWrite } from "./conditions.ts";
import { thawOnce } from "./documents.ts";
import { encryptionHeaders } from "./encryption.ts";
import { expirationOf } from "./lifecycle.ts";
import { checkRetainUntil, defaultRetention } from "./lock-configuration.ts";
import type { Segment } from "./segment.ts";
import type { Bucket, S3State } from "./state.ts";
import { headerTags } from "./tags.ts";
import type { Described, Lock, Version } from "./version.ts";
import { newVersionId } from "./version-id.ts";

/** The members that all writing operations have: put, copy, multipart. */
type Writing = Omit<PutObjectCommandInput, "Body" | "Expires"> & { readonly Expires?: Date | string | undefined };
const KEPT = [
  "CacheControl",
  "ContentDisposition",
  "ContentLanguage",
  "ContentType",
  "WebsiteRedirectLocation",
  "StorageClass",
  "SSECustomerAlgorithm",
  "SSECustomerKeyMD5",
] as const;

/** Storage classes of Outposts, Snow, directory buckets and file systems. OUTPOSTS: recorded; the others by the API reference of PutObject. */
const ELSEWHERE: ReadonlySet<string> = new Set(["OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP"]);

/** The attributes of an object that a writing call states. */
export function describe(state: S3State, bucket: Bucket, input: Writing, call: Call): Described {
  checkObjectAcl(bucket, input);
  if (ELSEWHERE.has(input.StorageClass ?? ""))
    throw new LocalFault("InvalidStorageClass", "The storage class you specified is not valid", 400, {
      StorageClassRequested: input.StorageClass,
    });
  if (Buffer.byteLength(input.Key ?? "") > 1024) throw new LocalFault("KeyTooLongError", "Your key is too long", 400);
  const metadata = input.Metadata ?? {};
  if (Object.entries(metadata).reduce((n, [name, value]) => n + name.length + value.length, 0) > 2048)
    throw new LocalFault("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", 400);
  const headers: Record<string, string | boolean> = { ContentType: "binary/octet-stream" };
  for (const name of KEPT) if (input[name] !== undefined) headers[name] = input[name];
  // The object's encoding does not include the transfer coding.
  const encoding = (input.ContentEncoding ?? "").split(",").map((coding) => coding.trim());
  const own = encoding.includes("aws-chunked")
    ? encoding.filter((coding) => coding && coding !== "aws-chunked").join(", ")
    : input.ContentEncoding;
  if (own) headers.ContentEncoding = own;
  const expires = call.headers.expires ?? (input.Expires instanceof Date ? input.Expires.toUTCString() : input.Expires);
  if (expires) headers.Expires = expires;
  const lock = lockOf(bucket, input, state.env.clock.now());
  return {
    headers: { ...headers, ...encryptionHeaders(bucket, input) },
    metadata,
    tags: headerTags(input.Tagging),
    ...(lock ? { lock } : {}),
  };
}

/** The retention that the call states, otherwise the bucket's default retention. */
function lockOf(bucket: Bucket, input: Writing, now: number): Lock | undefined {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: date, ObjectLockLegalHoldStatus: hold } = input;
  const stated = mode !== undefined || date !== undefined || hold !== undefined;
  if (stated && !bucket.settings["object-lock"]) throw new LocalFault("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
  if ((mode === undefined) !== (date === undefined))
    throw new LocalFault("InvalidArgument", "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied", 400, {
      ArgumentName: mode === undefined ? "x-amz-object-lock-mode" : "x-amz-object-lock-retain-until-date",
    });
  if (date) checkRetainUntil(date, now, "x-amz-object-lock-retain-until-date");
  const retention = mode === undefined ? defaultRetention(bucket, now) : { mode, until: date?.getTime() };
  if (!retention && hold === undefined) return undefined;
  return { ...retention, ...(hold === undefined ? {} : { legalHold: hold === "ON" }) };
}

export interface Content {
  readonly segments: readonly Segment[];
  readonly etag: string;
  readonly checksums: Checksums;
  readonly checksumType?: "FULL_OBJECT" | "COMPOSITE" | undefined;
  readonly parts?: Version["parts"];
}
interface Conditions {
  readonly Key?: string | undefined;
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

/**
 * Makes an object visible, in one synchronous step, so that the conditions hold at the moment of writing. `atStart`: the current version
 * when the call began. When the write is refused, the content is removed.
 */
export function commit(
  state: S3State,
  at: { readonly bucket: string; readonly key: string },
  described: Described,
  content: Content,
  conditions: Conditions = {},
  atStart?: Version,
): Version {
  try {
    const bucket = state.buckets.get(at.bucket);
    if (!bucket) throw new LocalFault("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName: at.bucket });
    checkWrite(state.objects.versions(at.bucket, at.key)[0], conditions, atStart);
    const { checksumType = "FULL_OBJECT", parts, ...rest } = content;
    return place(state, bucket, {
      ...described,
      ...rest,
      ...at,
      checksumType,
      ...(parts ? { parts } : {}),
      size: content.segments.reduce((sum, segment) => sum + segment.size, 0),
    });
  } catch (error) {
    state.files.remove(content.segments);
    throw error;
  }
}

/** Adds a version or a delete marker as the newest one. Without versioning it replaces the `null` version. */
export function place(state: S3State, bucket: Bucket, fresh: Omit<Version, "seq" | "versionId" | "modified">): Version {
  const versionId = bucket.versioning === "Enabled" ? newVersionId() : "null";
  const replaced = versionId === "null" ? state.objects.versions(bucket.name, fresh.key).filter((v) => v.versionId === "null") : [];
  const version = { ...fresh, versionId, seq: state.objects.nextSeq(), modified: state.env.clock.now() };
  state.objects.add(version);
  for (const old of replaced) discard(state, old);
  return version;
}
export function discard(state: S3State, version: Version): void {
  state.objects.remove(version);
  state.files.remove(version.segments);
}

/** The members of the answer that describe the written object. */
export function written(bucket: Bucket, version: Version) {
  return {
    ...writtenVersion(version),
    ...encryptionOf(version),
    ...expiration(bucket, version),
    ETag: `"${version.etag}"`,
    ...checksumsOf(version),
  };
}
/** The members that show an object's checksum, if it has one. */
export const checksumsOf = ({ checksums, checksumType }: Version) =>
  Object.keys(checksums).length > 0 ? { ...asMembers(checksums), ChecksumType: checksumType } : {};
/** Answers to writes name the version id, but not `null` (recorded for a suspended bucket). */
export const writtenVersion = ({ versionId }: Version): { VersionId?: string } => (versionId === "null" ? {} : { VersionId: versionId });
/** The time and the rule by which the object expires, when a lifecycle rule applies. */
export function expiration({ settings }: Bucket, version: Version): { Expiration?: string } {
  if (settings.lifecycle === undefined) return {};
  const Expiration = expirationOf(thawOnce<{ Rules: LifecycleRule[] }>(settings.lifecycle).Rules, version);
  return Expiration === undefined ? {} : { Expiration };
}
/** Answers of buckets that never had versioning contain no version id. */
export const versionOf = (bucket: Bucket, version: Version): { VersionId?: string } =>
  bucket.versioning ? { VersionId: version.versionId } : {};
export function encryptionOf({ headers }: Described): Record<string, string | boolean> {
  const names = ["ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "SSECustomerAlgorithm", "SSECustomerKeyMD5"];
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}
