import type { GetObjectCommandInput, GetObjectCommandOutput, HeadObjectCommandInput, HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { asMembers } from "./checksums.ts";
import { checkRead } from "./conditions.ts";
import { checkReadable } from "./kms-keys.ts";
import { encodedMetadata } from "./metadata.ts";
import { accessDenied, type Bucket, bucketArn, requireBucket, type S3State } from "./state.ts";
import type { Version } from "./version.ts";
import { checkVersionId } from "./version-id.ts";
import { checksumsOf, expiration, versionOf } from "./write.ts";

/** Finds the requested version. Throws S3's different errors when there is none. */
export function findVersion(state: S3State, bucket: Bucket, key: string, versionId: string | undefined, call: Call): Version {
  const versions = state.objects.versions(bucket.name, key);
  if (versionId !== undefined) {
    const found = versions.find((version) => version.versionId === versionId);
    if (!found) checkVersionId(versionId, bucket.versioning !== undefined);
    if (!found) throw new LocalFault("NoSuchVersion", "The specified version does not exist.", 404, { Key: key, VersionId: versionId });
    if (found.deleteMarker) throw notAllowed(found, "GET");
    return found;
  }
  const current = versions[0];
  if (current && !current.deleteMarker) return current;
  const headers: Record<string, string> = current ? { "x-amz-delete-marker": "true", "x-amz-version-id": current.versionId } : {};
  // A caller that may not list the bucket must not learn that the key is missing.
  const mayList = state.env.decide(call.principal, {
    action: "s3:ListBucket",
    resource: bucketArn(bucket.name),
    policy: bucket.settings.policy,
  });
  if (!mayList.allowed) throw accessDenied();
  throw new LocalFault("NoSuchKey", "The specified key does not exist.", 404, { Key: key }, headers);
}

/** A delete marker has no content and no settings. */
export const notAllowed = (marker: Version, method: "GET" | "PUT" | "DELETE"): LocalFault =>
  new LocalFault(
    "MethodNotAllowed",
    "The specified method is not allowed against this resource.",
    405,
    { Method: method, ResourceType: "DeleteMarker" },
    { "x-amz-delete-marker": "true", "last-modified": new Date(marker.modified).toUTCString(), allow: "DELETE" },
  );

export function getObject(state: S3State) {
  return async (input: GetObjectCommandInput, call: Call) => {
    const { bucket, version, start, end, output } = openForReading(state, input, call, true);
    await checkReadable(state, bucket, version);
    return { ...output, Body: state.files.read(version.segments, start, end) as unknown as GetObjectCommandOutput["Body"] };
  };
}
export function headObject(state: S3State) {
  return (input: HeadObjectCommandInput, call: Call) =>
    openForReading(state, input, call, false).output as Omit<HeadObjectCommandOutput, "$metadata">;
}

/** Objects of these storage classes must be restored before they can be read. */
const ARCHIVED: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);
function openForReading(state: S3State, input: GetObjectCommandInput | HeadObjectCommandInput, call: Call, body: boolean) {
  const bucket = requireBucket(state, input.Bucket, call);
  if (call.headers["x-amz-server-side-encryption"] !== undefined)
    throw new LocalFault("InvalidArgument", "x-amz-server-side-encryption header is not supported for this operation.", 400, {
      ArgumentName: "x-amz-server-side-encryption",
      ArgumentValue: call.headers["x-amz-server-side-encryption"],
    });
  const version = findVersion(state, bucket, input.Key ?? "", input.VersionId, call);
  checkRead(version, input);
  if (body && ARCHIVED.has(version.headers.StorageClass as string))
    throw new LocalFault("InvalidObjectState", "The operation is not valid for the object's storage class", 403, {
      StorageClass: version.headers.StorageClass,
    });
  checkCustomerKey(version, input);
  const [start, end, partial] = extent(version, input.Range, input.PartNumber);
  const overrides = Object.entries(OVERRIDES).flatMap(([member, by]) => {
    const value = input[by as keyof typeof input];
    if (typeof value === "string" && UNSENDABLE.test(value))
      throw new LocalFault("InvalidArgument", "Header value cannot be represented using ISO-8859-1.", 400, { ArgumentValue: value });
    return value === undefined ? [] : [[member, value]];
  });
  const output = {
    ...attributes(bucket, version),
    // Sent only for the current version, requested without its id (recorded).
    ...(input.VersionId === undefined ? expiration(bucket, version) : {}),
    ...Object.fromEntries(overrides),
    ContentLength: end - start + 1,
    ...(partial ? { ContentRange: `bytes ${start}-${end}/${version.size}` } : {}),
    ...(input.PartNumber !== undefined && version.parts ? { PartsCount: version.parts.length } : {}),
    ...(input.ChecksumMode?.toUpperCase() === "ENABLED" ? checksumOf(version, input.PartNumber, [start, end]) : {}),
  };
  return { bucket, version, start, end, output };
}
/**
 * The checksum of the whole, also when a range or a part is the whole; or of a part that was uploaded with the object's algorithm, unless
 * the checksum is of the full object (recorded). A smaller range has none.
 */
function checksumOf(version: Version, partNumber: number | undefined, [start, end]: readonly [number, number]) {
  const { checksums, checksumType, parts } = version;
  const part = partNumber === undefined ? undefined : parts?.[partNumber - 1];
  if (!part) return start > 0 || end < version.size - 1 ? {} : checksumsOf(version);
  if (checksumType === "FULL_OBJECT") return {};
  const own = Object.entries(part.checksums).filter(([algorithm]) => algorithm in checksums);
  return own.length > 0 ? { ...asMembers(Object.fromEntries(own)), ChecksumType: checksumType } : {};
}

/** A line break in a header's value would begin another header. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const OVERRIDES = {
  CacheControl: "ResponseCacheControl",
  ContentDisposition: "ResponseContentDisposition",
  ContentEncoding: "ResponseContentEncoding",
  ContentLanguage: "ResponseContentLanguage",
  ContentType: "ResponseContentType",
  Expires: "ResponseExpires",
} as const;

function attributes(bucket: Bucket, version: Version) {
  const { StorageClass, Expires, ...headers } = version.headers;
  const expires = new Date(String(Expires));
  return {
    ...headers,
    ...(StorageClass !== undefined && StorageClass !== "STANDARD" ? { StorageClass } : {}),
    ...(Number.isNaN(expires.getTime()) ? {} : { Expires: expires }),
    ...versionOf(bucket, version),
    ETag: `"${version.etag}"`,
    LastModified: new Date(version.modified),
    AcceptRanges: "bytes",
    Metadata: encodedMetadata(version.metadata),
    ...(version.tags.length > 0 ? { TagCount: version.tags.length } : {}),
    ...(version.lock?.mode ? { ObjectLockMode: version.lock.mode, ObjectLockRetainUntilDate: new Date(version.lock.until ?? 0) } : {}),
    ...(version.lock?.legalHold === undefined ? {} : { ObjectLockLegalHoldStatus: version.lock.legalHold ? "ON" : "OFF" }),
  };
}

/** The first and last byte to send, and whether that is less than the whole. An invalid Range header is ignored. */
function extent(
  version: Version,
  range: string | undefined,
  partNumber: number | undefined,
): [start: number, end: number, partial: boolean] {
  const { size } = version;
  if (partNumber !== undefined) {
    if (range !== undefined) throw new LocalFault("InvalidRequest", "Cannot specify both Range header and partNumber query parameter", 400);
    return part(version, partNumber);
  }
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return [0, size - 1, false];
  const start = from === "" ? Math.max(size - Number(to), 0) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return [0, size - 1, false];
  if (start >= size || (from === "" && Number(to) === 0))
    throw new LocalFault(
      "InvalidRange",
      "The requested range is not satisfiable",
      416,
      { RangeRequested: range, ActualObjectSize: size },
      { "content-range": `bytes */${size}` },
    );
  return [start, end, true];
}
function part({ parts, size }: Version, number: number): [number, number, boolean] {
  const sizes = parts?.map((each) => each.size) ?? [size];
  const own = sizes[number - 1];
  if (own === undefined)
    throw new LocalFault("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, {
      PartNumberRequested: number,
      ActualPartCount: sizes.length,
    });
  const start = sizes.slice(0, number - 1).reduce((a, b) => a + b, 0);
  return [start, start + own - 1, own > 0];
}

export function checkCustomerKey(
  version: Version,
  input: { readonly SSECustomerKeyMD5?: string | undefined; readonly SSECustomerAlgorithm?: string | undefined },
): void {
  const own = version.headers.SSECustomerKeyMD5;
  if (own === undefined && input.SSECustomerAlgorithm === undefined) return;
  if (own === undefined) throw new LocalFault("InvalidRequest", "The encryption parameters are not applicable to this object.", 400);
  if (input.SSECustomerAlgorithm === undefined)
    throw new LocalFault(
      "InvalidRequest",
      "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
      400,
    );
  if (input.SSECustomerKeyMD5 !== own)
    throw accessDenied("Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.");
}
