import type { CopyObjectCommandInput, PutObjectCommandInput } from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { receive } from "./body.ts";
import { type Algorithm, algorithmOf, asMembers, type Checksums, hasher } from "./checksums.ts";
import { checkCopySource, checkWrite } from "./conditions.ts";
import { withKey } from "./kms-keys.ts";
import type { Notify } from "./notifications.ts";
import { checkCustomerKey, findVersion } from "./read.ts";
import { accessDenied, type Bucket, requireBucket, type S3State } from "./state.ts";
import type { Described, Version } from "./version.ts";
import { type Content, commit, describe, encryptionOf, expiration, written, writtenVersion } from "./write.ts";

export function putObject(state: S3State, notify: Notify) {
  return async (input: PutObjectCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const at = { bucket: bucket.name, key: input.Key ?? "" };
    const described = await withKey(state, bucket, describe(state, bucket, input, call), call);
    const atStart = state.objects.versions(at.bucket, at.key)[0];
    checkWrite(atStart, input);
    const { segment, md5, checksums } = await receive(state, input.Body, call.headers, input.ChecksumAlgorithm);
    const version = commit(state, at, described, { segments: [segment], etag: md5, checksums }, input, atStart);
    notify(bucket.name, "ObjectCreated:Put", version, call);
    return written(bucket, version);
  };
}

/** Reads `bucket/key[?versionId=…]`, URL-encoded, with or without a leading slash. */
export function sourceOf(
  state: S3State,
  input: { readonly CopySource?: string | undefined; readonly ExpectedSourceBucketOwner?: string | undefined },
  call: Call,
) {
  const [path = "", query = ""] = (input.CopySource ?? "").split(/\?(?=versionId=)/);
  const decoded = decodeURIComponent(path.replace(/^\//, ""));
  const slash = decoded.indexOf("/");
  if (slash < 1)
    throw new LocalFault("InvalidArgument", "Invalid copy source object key", 400, {
      ArgumentName: "x-amz-copy-source",
      ArgumentValue: "x-amz-copy-source",
    });
  if (input.ExpectedSourceBucketOwner !== undefined && input.ExpectedSourceBucketOwner !== call.account) throw accessDenied();
  // The source may be in another region.
  const bucket = requireBucket(state, decoded.slice(0, slash), { ...call, headers: {} });
  const versionId = new URLSearchParams(query).get("versionId") ?? undefined;
  return { bucket, version: findVersion(state, bucket, decoded.slice(slash + 1), versionId, call) };
}
export const copyConditions = (input: {
  CopySourceIfMatch?: string | undefined;
  CopySourceIfNoneMatch?: string | undefined;
  CopySourceIfModifiedSince?: Date | undefined;
  CopySourceIfUnmodifiedSince?: Date | undefined;
}) => ({
  IfMatch: input.CopySourceIfMatch,
  IfNoneMatch: input.CopySourceIfNoneMatch,
  IfModifiedSince: input.CopySourceIfModifiedSince,
  IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
});

export function copyObject(state: S3State, notify: Notify) {
  return async (input: CopyObjectCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const at = { bucket: bucket.name, key: input.Key ?? "" };
    const source = sourceOf(state, input, call);
    checkCopySource(source.version, copyConditions(input));
    checkCustomerKey(source.version, {
      SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
      SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    });
    checkSelfCopy(source.version, at, input);
    const atStart = state.objects.versions(at.bucket, at.key)[0];
    checkWrite(atStart, input);
    const described = await withKey(state, bucket, describeCopy(state, bucket, input, source.version, call), call);
    const content = await copied(state, source.version, algorithmOf(input.ChecksumAlgorithm));
    const version = commit(state, at, described, content, input, atStart);
    notify(bucket.name, "ObjectCreated:Copy", version, call);
    return {
      ...writtenVersion(version),
      ...encryptionOf(version),
      ...expiration(bucket, version),
      ...(source.bucket.versioning ? { CopySourceVersionId: source.version.versionId } : {}),
      CopyObjectResult: {
        ETag: `"${version.etag}"`,
        LastModified: new Date(version.modified),
        ...asMembers(version.checksums),
        ChecksumType: version.checksumType,
      },
    };
  };
}

function checkSelfCopy(source: Version, at: { bucket: string; key: string }, input: CopyObjectCommandInput): void {
  const same = source.bucket === at.bucket && source.key === at.key && !/\?versionId=/.test(input.CopySource ?? "");
  const changes =
    input.MetadataDirective === "REPLACE" || input.StorageClass || input.ServerSideEncryption || input.WebsiteRedirectLocation;
  if (same && !changes)
    throw new LocalFault(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      400,
    );
}

/** A copy keeps the source's attributes unless the call states others. It never keeps encryption and storage class. */
function describeCopy(state: S3State, bucket: Bucket, input: CopyObjectCommandInput, source: Version, call: Call): Described {
  const { Tagging, Metadata, ...rest } = input;
  const tagging = input.TaggingDirective === "REPLACE" ? Tagging : undefined;
  const stated = describe(state, bucket, { ...rest, Tagging: tagging, Metadata }, call);
  const replace = input.MetadataDirective === "REPLACE";
  const { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, StorageClass, SSECustomerAlgorithm, SSECustomerKeyMD5, ...taken } =
    source.headers;
  return {
    ...stated,
    metadata: replace ? stated.metadata : source.metadata,
    headers: replace ? stated.headers : { ...stated.headers, ...taken },
    tags: input.TaggingDirective === "REPLACE" ? stated.tags : source.tags,
  };
}

/** A second segment with the same bytes. A copy is a single object, even of a multipart source. */
async function copied(state: S3State, source: Version, algorithm: Algorithm | undefined): Promise<Content> {
  if (source.size > 5 * 1024 ** 3)
    throw new LocalFault(
      "InvalidRequest",
      "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
      400,
    );
  const wanted = algorithm ?? (source.parts ? (Object.keys(source.checksums)[0] as Algorithm | undefined) : undefined);
  let { etag, checksums } = source as { etag: string; checksums: Checksums };
  if (source.parts || algorithm) {
    const md5 = hasher("MD5");
    const hash = wanted && hasher(wanted);
    for await (const chunk of state.files.read(source.segments, 0, source.size - 1) as AsyncIterable<Buffer>) {
      md5.update(chunk);
      hash?.update(chunk);
    }
    etag = Buffer.from(await md5.digest()).toString("hex");
    if (wanted && hash) checksums = { [wanted]: Buffer.from(await hash.digest()).toString("base64") };
  }
  return { segments: await Promise.all(source.segments.map((segment) => state.files.duplicate(segment))), etag, checksums };
}
