import { createHash } from "node:crypto";
import type { CompletedPart, CompleteMultipartUploadCommandInput } from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { type Algorithm, algorithmOf, compositeChecksum, DEFAULT_ALGORITHM, fromMembers, hasher } from "./checksums.ts";
import { checkWrite, conflict, exists } from "./conditions.ts";
import { checkCustomerKeyInput } from "./encryption.ts";
import { checkPartKey, forget, type Part, partsOf, requireUpload } from "./multipart.ts";
import type { Notify } from "./notifications.ts";
import type { Segment } from "./segment.ts";
import { type Bucket, requireBucket, type S3State, type Upload } from "./state.ts";
import type { Version } from "./version.ts";
import { type Content, commit, written } from "./write.ts";

/** The smallest size of a part except the last, in bytes. */
const MIN_PART = 5 * 1024 * 1024;

export function completeMultipartUpload(state: S3State, notify: Notify) {
  // A client that lost the answer repeats the call and must get the same answer.
  const done = new Map<string, object>();
  return async (input: CompleteMultipartUploadCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const answered = done.get(input.UploadId ?? "");
    if (answered && !state.uploads.has(input.UploadId ?? "")) return answered;
    const upload = requireUpload(state, input);
    checkCustomerKeyInput(input);
    // Recorded: a completion needs no key. A key that is given has to be that of the upload (ceph/ceph#71241).
    if (input.SSECustomerKeyMD5 !== undefined) checkPartKey(upload, input);
    const atStart = state.objects.versions(bucket.name, upload.key)[0];
    checkWrite(atStart, input);
    checkUndisturbed(upload, atStart, input);
    checkMode(upload, input);
    const chosen = choose(state, upload, input);
    const content = await assemble(state, upload, chosen);
    compareStated(input, content);
    const meanwhile = done.get(upload.id);
    if (meanwhile) return meanwhile;
    requireUpload(state, input);
    const version = commitParts(state, bucket, upload, content, input, atStart);
    forget(state, upload, new Set(chosen.map((part) => part.segment.file)));
    notify(bucket.name, "ObjectCreated:CompleteMultipartUpload", version, call);
    const Location = `${state.env.endpoint()}/${bucket.name}/${encodeURIComponent(upload.key)}`;
    const answer = { Bucket: bucket.name, Key: upload.key, Location, ...written(bucket, shownAtOnce(upload, version)) };
    done.set(upload.id, answer);
    if (done.size > 1000) done.delete(done.keys().next().value as string);
    return answer;
  };
}

/** The completion does not show the checksum that S3 computed itself for an object encrypted by KMS; a read does (recorded). */
const shownAtOnce = ({ algorithm, headers }: Upload, version: Version): Version =>
  algorithm === undefined && headers.SSEKMSKeyId !== undefined ? { ...version, checksums: {} } : version;

/** AWS answers 409 when the object was deleted (`If-None-Match`) or written (`If-Match`) after the upload began. */
function checkUndisturbed(upload: Upload, current: Version | undefined, input: CompleteMultipartUploadCommandInput): void {
  const deleted = input.IfNoneMatch !== undefined && upload.overwrites === true && !exists(current);
  const overwritten = input.IfMatch !== undefined && current !== undefined && current.modified > upload.initiated;
  if (deleted || overwritten) throw conflict(deleted ? "If-None-Match" : "If-Match", upload.key);
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
  // A refused completion must leave the upload unchanged, so `commit` must not remove the parts.
  const borrowed: S3State = { ...state, files: { ...state.files, remove: () => {} } };
  const version = commit(borrowed, { bucket: bucket.name, key: upload.key }, described, content, input, atStart);
  return version;
}

/** The parts that the client lists, checked against the uploaded ones. */
function choose(state: S3State, upload: Upload, input: CompleteMultipartUploadCommandInput): Part[] {
  const listed = input.MultipartUpload?.Parts ?? [];
  if (listed.length === 0)
    throw input.MultipartUpload
      ? new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400)
      : new LocalFault("InvalidRequest", "You must specify at least one part", 400);
  const parts = partsOf(state, upload.id);
  const chosen = listed.map((listedPart, i) => {
    if (i > 0 && (listedPart.PartNumber ?? 0) <= (listed[i - 1]?.PartNumber ?? 0))
      throw new LocalFault("InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.", 400, {
        UploadId: upload.id,
      });
    return partFor(upload, parts.get(String(listedPart.PartNumber)), listedPart);
  });
  const small = chosen.slice(0, -1).find((part) => part.segment.size < MIN_PART);
  if (small)
    throw new LocalFault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
      ProposedSize: small.segment.size,
      MinSizeAllowed: MIN_PART,
      PartNumber: small.number,
      ETag: small.md5,
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

/** The part, if it has the ETag and the checksums that the client lists. */
function partFor(upload: Upload, part: Part | undefined, listedPart: CompletedPart): Part {
  const stated = fromMembers(listedPart);
  const differs = Object.entries(stated).some(([name, value]) => part?.checksums[name as Algorithm] !== value);
  const ETag = listedPart.ETag?.replaceAll('"', "");
  if (!part || ETag !== part.md5 || differs)
    throw new LocalFault(
      "InvalidPart",
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      400,
      { UploadId: upload.id, PartNumber: listedPart.PartNumber, ETag },
    );
  const algorithm = algorithmOf(upload.algorithm);
  if (algorithm !== undefined && upload.checksumType === "COMPOSITE" && stated[algorithm] === undefined)
    throw new LocalFault(
      "InvalidRequest",
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`,
      400,
    );
  return part;
}

async function assemble(state: S3State, upload: Upload, chosen: readonly Part[]): Promise<Content> {
  const digests = chosen.map((part) => Buffer.from(part.md5, "hex"));
  const etag = `${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${chosen.length}`;
  const segments = chosen.map((part) => part.segment);
  const parts = chosen.map((part) => ({ size: part.segment.size, checksums: part.checksums }));
  const algorithm = algorithmOf(upload.algorithm) ?? (upload.headers.SSECustomerAlgorithm ? undefined : DEFAULT_ALGORITHM);
  // Recorded: an object that is encrypted with the client's key has no checksum of S3.
  if (algorithm === undefined) return { segments, etag, parts, checksums: {} };
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
function checkMode(upload: Upload, input: CompleteMultipartUploadCommandInput): void {
  if (input.ChecksumType !== undefined && upload.checksumType !== input.ChecksumType)
    throw new LocalFault(
      "InvalidRequest",
      `The upload was created using the ${upload.checksumType ?? "null"} checksum mode. The complete request must use the same checksum mode.`,
      400,
    );
}
function compareStated(input: CompleteMultipartUploadCommandInput, { checksums, checksumType }: Content): void {
  const [algorithm, computed = ""] = Object.entries(checksums)[0] ?? [];
  const stated = fromMembers(input)[algorithm as Algorithm];
  if (algorithm === undefined || stated === undefined) return;
  // Clients may omit the number of parts after a composite checksum.
  const equal = checksumType === "COMPOSITE" ? computed.split("-")[0] === stated.split("-")[0] : computed === stated;
  if (!equal) throw new LocalFault("BadDigest", `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`, 400);
}
