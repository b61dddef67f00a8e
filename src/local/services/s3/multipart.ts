import { randomBytes } from "node:crypto";
import type {
  AbortMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  UploadPartCommandInput,
  UploadPartCopyCommandInput,
} from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import { receive } from "./body.ts";
import { type Algorithm, algorithmOf, asMembers, type Checksums, isFullObjectByDefault, statedAlgorithm } from "./checksums.ts";
import { checkCopySource, exists } from "./conditions.ts";
import { checkCustomerKeyInput } from "./encryption.ts";
import { withKey } from "./kms-keys.ts";
import { copyConditions, sourceOf } from "./put.ts";
import { checkCustomerKey } from "./read.ts";
import type { Segment } from "./segment.ts";
import { requireBucket, type S3State, type Upload } from "./state.ts";
import { describe, encryptionOf } from "./write.ts";

export interface Part {
  readonly number: number;
  readonly segment: Segment;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksums: Checksums;
  readonly modified: number;
}
/** Parts by number. Each upload has its own collection, so that a new part writes one line of the journal. */
export const partsOf = (state: S3State, uploadId: string): Collection<Part> => state.env.store.collection<Part>(`s3.parts.${uploadId}`);
export const sortedParts = (state: S3State, uploadId: string): Part[] =>
  partsOf(state, uploadId)
    .values()
    .sort((a, b) => a.number - b.number);

export function requireUpload(
  state: S3State,
  input: { readonly Bucket?: string | undefined; readonly Key?: string | undefined; readonly UploadId?: string | undefined },
): Upload {
  const upload = state.uploads.get(input.UploadId ?? "");
  if (upload && upload.bucket === input.Bucket && upload.key === input.Key) return upload;
  throw new LocalFault(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    404,
    { UploadId: input.UploadId },
  );
}

export function createMultipartUpload(state: S3State) {
  return async (input: CreateMultipartUploadCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const algorithm = algorithmOf(input.ChecksumAlgorithm);
    const type = checksumTypeOf(algorithm, input.ChecksumType);
    const upload: Upload = {
      ...(await withKey(state, bucket, describe(state, bucket, input, call), call)),
      id: randomBytes(48).toString("base64url"),
      bucket: bucket.name,
      key: input.Key ?? "",
      initiated: state.env.clock.now(),
      overwrites: exists(state.objects.versions(bucket.name, input.Key ?? "")[0]),
      algorithm,
      checksumType: type,
    };
    state.uploads.put(upload.id, upload);
    return {
      Bucket: upload.bucket,
      Key: upload.key,
      UploadId: upload.id,
      ...encryptionOf(upload),
      ...(algorithm ? { ChecksumAlgorithm: algorithm, ChecksumType: type } : {}),
    };
  };
}

function checksumTypeOf(algorithm: Algorithm | undefined, requested: Upload["checksumType"]): Upload["checksumType"] {
  if (algorithm === undefined) {
    if (requested === undefined) return undefined;
    throw invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
  }
  const type = requested ?? (isFullObjectByDefault(algorithm) ? "FULL_OBJECT" : "COMPOSITE");
  const possible = type === "FULL_OBJECT" ? algorithm.startsWith("CRC") : algorithm !== "CRC64NVME";
  if (possible) return type;
  throw invalidRequest(`The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`);
}
const invalidRequest = (message: string): LocalFault => new LocalFault("InvalidRequest", message, 400);

export function uploadPart(state: S3State) {
  return async (input: UploadPartCommandInput, call: Call) => {
    requireBucket(state, input.Bucket, call);
    const upload = requireUpload(state, input);
    const number = partNumber(input.PartNumber);
    checkCustomerKeyInput(input);
    checkPartKey(upload, input);
    checkPartAlgorithm(upload, call.headers);
    const { segment, md5, checksums } = await receive(state, input.Body, call.headers, upload.algorithm ?? input.ChecksumAlgorithm);
    storePart(state, upload, { number, segment, md5, checksums, modified: state.env.clock.now() });
    return { ETag: `"${md5}"`, ...encryptionOf(upload), ...asMembers(checksums) };
  };
}

/** The parts of an upload with a customer key are encrypted with that key, those of others with none. */
export function checkPartKey({ headers }: Upload, { SSECustomerKeyMD5 }: { readonly SSECustomerKeyMD5?: string | undefined }): void {
  const own = headers.SSECustomerKeyMD5;
  if ((own === undefined) !== (SSECustomerKeyMD5 === undefined))
    throw invalidRequest(
      "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
    );
  if (own !== SSECustomerKeyMD5) throw invalidRequest("The provided encryption parameters did not match the ones used originally.");
}
/** A part's checksum must use the upload's algorithm. A part without a checksum is accepted. */
function checkPartAlgorithm({ algorithm }: Upload, headers: Call["headers"]): void {
  const stated = statedAlgorithm(headers);
  if (algorithm === undefined || stated === undefined || stated === algorithm) return;
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${stated.toLowerCase()}`,
  );
}

export function uploadPartCopy(state: S3State) {
  return async (input: UploadPartCopyCommandInput, call: Call) => {
    requireBucket(state, input.Bucket, call);
    const upload = requireUpload(state, input);
    const number = partNumber(input.PartNumber);
    const { bucket, version } = sourceOf(state, input, call);
    checkCopySource(version, copyConditions(input));
    checkCustomerKey(version, {
      SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
      SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    });
    checkCustomerKeyInput(input);
    checkPartKey(upload, input);
    const [start, end] = copyRange(input.CopySourceRange, version.size);
    const bytes = state.files.read(version.segments, start, end);
    const { segment, md5, checksums } = await receive(state, bytes, {}, upload.algorithm);
    const modified = state.env.clock.now();
    storePart(state, upload, { number, segment, md5, checksums, modified });
    return {
      ...(bucket.versioning ? { CopySourceVersionId: version.versionId } : {}),
      ...encryptionOf(upload),
      CopyPartResult: { ETag: `"${md5}"`, LastModified: new Date(modified), ...(upload.algorithm ? asMembers(checksums) : {}) },
    };
  };
}
function copyRange(range: string | undefined, size: number): [number, number] {
  if (range === undefined) return [0, size - 1];
  const [from, to] = (/^bytes=(\d+)-(\d+)$/.exec(range) ?? []).slice(1).map(Number);
  if (from === undefined || to === undefined || from > to)
    throw invalidRange(
      range,
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    );
  if (from >= size) throw invalidRequest("The specified copy range is invalid for the source object size");
  if (to >= size) throw invalidRange(range, `Range specified is not valid for source object of size: ${size}`);
  return [from, to];
}
/** The messages are recorded by LocalStack's tests against AWS. */
const invalidRange = (range: string, message: string): LocalFault =>
  new LocalFault("InvalidArgument", message, 400, { ArgumentName: "x-amz-copy-source-range", ArgumentValue: range });
function partNumber(number: number | undefined): number {
  if (number !== undefined && Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new LocalFault("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", 400, {
    ArgumentName: "partNumber",
    ArgumentValue: String(number),
  });
}
function storePart(state: S3State, upload: Upload, part: Part): void {
  const parts = partsOf(state, upload.id);
  const before = parts.get(String(part.number));
  if (!state.uploads.has(upload.id)) {
    state.files.remove([part.segment]);
    requireUpload(state, { UploadId: upload.id });
  }
  parts.put(String(part.number), part);
  if (before) state.files.remove([before.segment]);
}

/** Ends an upload and removes the files of its parts, except those that an object now uses. */
export function forget(state: S3State, upload: Upload, kept: ReadonlySet<string> = new Set()): void {
  state.uploads.delete(upload.id);
  const parts = partsOf(state, upload.id);
  for (const part of parts.values()) {
    parts.delete(String(part.number));
    if (!kept.has(part.segment.file)) state.files.remove([part.segment]);
  }
}

export function abortMultipartUpload(state: S3State) {
  return (input: AbortMultipartUploadCommandInput, call: Call) => {
    requireBucket(state, input.Bucket, call);
    forget(state, requireUpload(state, input));
    return {};
  };
}
