import { createHash, randomBytes } from "node:crypto";
import type {
  AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  UploadPartCommandInput,
  UploadPartCopyCommandInput,
} from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import { receive } from "./body.ts";
import {
  type Algorithm,
  algorithmOf,
  asMembers,
  type Checksums,
  compareChecksums,
  compositeChecksum,
  fromMembers,
  hasher,
  isFullObjectByDefault,
} from "./checksums.ts";
import { checkCopySource } from "./conditions.ts";
import type { Notify } from "./notifications.ts";
import { copyConditions, sourceOf } from "./put.ts";
import type { Segment } from "./segment.ts";
import { type Bucket, bucketOf, type S3State, type Upload } from "./state.ts";
import { type Content, commit, describe, encryptionOf, written } from "./write.ts";

export interface Part {
  readonly number: number;
  readonly segment: Segment;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksums: Checksums;
  readonly modified: number;
}
const MIN_PART = 5 * 1024 * 1024;
/** Parts by number; a collection of its own, so that a part writes one line and not all those before it. */
export const partsOf = (state: S3State, uploadId: string): Collection<Part> => state.env.store.collection<Part>(`s3.parts.${uploadId}`);
export const sortedParts = (state: S3State, uploadId: string): Part[] =>
  partsOf(state, uploadId)
    .values()
    .sort((a, b) => a.number - b.number);

export function uploadOf(
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
  return (input: CreateMultipartUploadCommandInput, call: Call) => {
    const bucket = bucketOf(state, input.Bucket, call);
    const algorithm = algorithmOf(input.ChecksumAlgorithm);
    const type = input.ChecksumType ?? (algorithm && (isFullObjectByDefault(algorithm) ? "FULL_OBJECT" : "COMPOSITE"));
    if (type === "FULL_OBJECT" && algorithm && !algorithm.startsWith("CRC"))
      throw new LocalFault(
        "InvalidRequest",
        `The FULL_OBJECT checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
        400,
      );
    const upload: Upload = {
      ...describe(bucket, input, call),
      id: randomBytes(48).toString("base64url"),
      bucket: bucket.name,
      key: input.Key ?? "",
      initiated: state.env.clock.now(),
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

export function uploadPart(state: S3State) {
  return async (input: UploadPartCommandInput, call: Call) => {
    bucketOf(state, input.Bucket, call);
    const upload = uploadOf(state, input);
    const number = partNumber(input.PartNumber);
    const { segment, md5, checksums } = await receive(state, input.Body, call.headers, upload.algorithm ?? input.ChecksumAlgorithm);
    keep(state, upload, { number, segment, md5, checksums, modified: state.env.clock.now() });
    return { ETag: `"${md5}"`, ...encryptionOf(upload), ...asMembers(checksums) };
  };
}

export function uploadPartCopy(state: S3State) {
  return async (input: UploadPartCopyCommandInput, call: Call) => {
    bucketOf(state, input.Bucket, call);
    const upload = uploadOf(state, input);
    const number = partNumber(input.PartNumber);
    const { bucket, version } = sourceOf(state, input, call);
    checkCopySource(version, copyConditions(input));
    const [start, end] = copyRange(input.CopySourceRange, version.size);
    const bytes = state.files.read(version.segments, start, end);
    const { segment, md5, checksums } = await receive(state, bytes, {}, upload.algorithm);
    const modified = state.env.clock.now();
    keep(state, upload, { number, segment, md5, checksums, modified });
    return {
      ...(bucket.versioning ? { CopySourceVersionId: version.versionId } : {}),
      ...encryptionOf(upload),
      CopyPartResult: { ETag: `"${md5}"`, LastModified: new Date(modified), ...asMembers(checksums) },
    };
  };
}
function copyRange(range: string | undefined, size: number): [number, number] {
  if (range === undefined) return [0, size - 1];
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (from === undefined || to === undefined || Number(to) >= size || Number(from) > Number(to))
    throw new LocalFault("InvalidArgument", `Range specified is not valid for source object of size: ${size}`, 400);
  return [Number(from), Number(to)];
}
function partNumber(number: number | undefined): number {
  if (number !== undefined && Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new LocalFault("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", 400);
}
function keep(state: S3State, upload: Upload, part: Part): void {
  const parts = partsOf(state, upload.id);
  const before = parts.get(String(part.number));
  if (!state.uploads.has(upload.id)) {
    state.files.remove([part.segment]);
    uploadOf(state, { UploadId: upload.id });
  }
  parts.put(String(part.number), part);
  if (before) state.files.remove([before.segment]);
}

export function completeMultipartUpload(state: S3State, notify: Notify) {
  // Completing is repeatable: who did not hear the answer asks again and must hear the same.
  const done = new Map<string, object>();
  return async (input: CompleteMultipartUploadCommandInput, call: Call) => {
    const bucket = bucketOf(state, input.Bucket, call);
    const answered = done.get(input.UploadId ?? "");
    if (answered && !state.uploads.has(input.UploadId ?? "")) return answered;
    const upload = uploadOf(state, input);
    const atStart = state.objects.versions(bucket.name, upload.key)[0];
    const chosen = choose(state, upload, input);
    const content = await assemble(state, upload, chosen);
    compareStated(input, content);
    const meanwhile = done.get(upload.id);
    if (meanwhile) return meanwhile;
    uploadOf(state, input);
    const version = commitParts(state, bucket, upload, content, input, atStart);
    forget(state, upload, new Set(chosen.map((part) => part.segment.file)));
    notify(bucket.name, "ObjectCreated:CompleteMultipartUpload", version, call);
    const Location = `${state.env.endpoint()}/${bucket.name}/${encodeURIComponent(upload.key)}`;
    const answer = { Bucket: bucket.name, Key: upload.key, Location, ...written(bucket, version) };
    done.set(upload.id, answer);
    if (done.size > 1000) done.delete(done.keys().next().value as string);
    return answer;
  };
}

function commitParts(
  state: S3State,
  bucket: Bucket,
  upload: Upload,
  content: Content,
  input: CompleteMultipartUploadCommandInput,
  atStart: Parameters<typeof commit>[5],
) {
  const { headers, metadata, tags, lock } = upload;
  const described = { headers, metadata, tags, ...(lock ? { lock } : {}) };
  // A refused completion leaves the upload as it was: the parts are not the commit's to remove.
  const borrowed: S3State = { ...state, files: { ...state.files, remove: () => {} } };
  const version = commit(borrowed, { bucket: bucket.name, key: upload.key }, described, content, input, atStart);
  return version;
}

/** The parts that the client lists, checked against those that were uploaded. */
function choose(state: S3State, upload: Upload, input: CompleteMultipartUploadCommandInput): Part[] {
  const listed = input.MultipartUpload?.Parts ?? [];
  if (listed.length === 0)
    throw new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400);
  const parts = partsOf(state, upload.id);
  const chosen = listed.map((asked, i) => {
    if (i > 0 && (asked.PartNumber ?? 0) <= (listed[i - 1]?.PartNumber ?? 0))
      throw new LocalFault(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        400,
      );
    const part = parts.get(String(asked.PartNumber));
    const stated = fromMembers(asked);
    const differs = Object.entries(stated).some(([name, value]) => part?.checksums[name as Algorithm] !== value);
    if (!part || asked.ETag?.replaceAll('"', "") !== part.md5 || differs)
      throw new LocalFault(
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { UploadId: upload.id, PartNumber: asked.PartNumber, ETag: asked.ETag },
      );
    return part;
  });
  const small = chosen.slice(0, -1).find((part) => part.segment.size < MIN_PART);
  if (small)
    throw new LocalFault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
      ProposedSize: small.segment.size,
      MinSizeAllowed: MIN_PART,
      PartNumber: small.number,
    });
  const size = chosen.reduce((sum, part) => sum + part.segment.size, 0);
  if (input.MpuObjectSize !== undefined && Number(input.MpuObjectSize) !== size)
    throw new LocalFault(
      "InvalidRequest",
      `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${size}`,
      400,
    );
  return chosen;
}

async function assemble(state: S3State, upload: Upload, chosen: readonly Part[]): Promise<Content> {
  const digests = chosen.map((part) => Buffer.from(part.md5, "hex"));
  const etag = `${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${chosen.length}`;
  const segments = chosen.map((part) => part.segment);
  const parts = chosen.map((part) => ({ size: part.segment.size, checksums: part.checksums }));
  const algorithm = algorithmOf(upload.algorithm) ?? "CRC64NVME";
  const composite = upload.checksumType === "COMPOSITE";
  const checksum = composite
    ? await compositeChecksum(
        algorithm,
        parts.map((p) => p.checksums),
      )
    : await whole(state, algorithm, segments);
  return { segments, etag, parts, checksums: { [algorithm]: checksum }, checksumType: composite ? "COMPOSITE" : "FULL_OBJECT" };
}
async function whole(state: S3State, algorithm: Algorithm, segments: readonly Segment[]): Promise<string> {
  const hash = hasher(algorithm);
  const size = segments.reduce((sum, segment) => sum + segment.size, 0);
  for await (const chunk of state.files.read(segments, 0, size - 1) as AsyncIterable<Buffer>) hash.update(chunk);
  return Buffer.from(await hash.digest()).toString("base64");
}
function compareStated(input: CompleteMultipartUploadCommandInput, { checksums }: Content): void {
  const [algorithm, computed] = Object.entries(checksums)[0] as [Algorithm, string];
  const stated = fromMembers(input)[algorithm];
  // Composite checksums may be stated without the number of parts.
  if (stated !== undefined && computed.split("-")[0] !== stated.split("-")[0])
    compareChecksums({ [algorithm]: stated }, { [algorithm]: computed });
}

/** Ends an upload; the files of its parts go with it but for those that an object has taken over. */
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
    bucketOf(state, input.Bucket, call);
    forget(state, uploadOf(state, input));
    return {};
  };
}
