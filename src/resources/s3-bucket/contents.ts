import type { _Error as ObjectError, ObjectIdentifier } from "@aws-sdk/client-s3";
import { orAbsent } from "../../aws/faults.ts";
import { pagesOf } from "../../aws/pages.ts";
import type { S3 } from "../../aws/sdk/types.ts";
import type { Inventory } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { bytes, withCommas } from "../../printable.ts";

/** Limit of the count for the question before a teardown. Above it the answer is "more than". */
const COUNT_AT_MOST = 50_000;
/** Transient failures of one object in a batch. */
const TRANSIENT = ["InternalError", "SlowDown", "ServiceUnavailable"];

export interface Own {
  readonly Bucket: string;
  readonly ExpectedBucketOwner: string;
}

/** Counts the versions and their total size. */
export async function count(s3: S3, own: Own): Promise<Inventory> {
  let [items, bytes] = [0, 0];
  for await (const page of versionPages(s3, own)) {
    items += page.keys.length;
    bytes += page.bytes;
    if (items >= COUNT_AT_MOST) break;
  }
  return inventoryOf(items, bytes);
}

interface VersionPage {
  readonly keys: readonly ObjectIdentifier[];
  readonly bytes: number;
}
/** Every version and every delete marker. */
async function* versionPages(s3: S3, own: Own): AsyncGenerator<VersionPage> {
  const pages = pagesOf(
    (from?: { KeyMarker: string | undefined; VersionIdMarker: string | undefined }) =>
      s3.listObjectVersions({ ...own, ...from, MaxKeys: 1000 }),
    (page) => (page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined),
  );
  for await (const { Versions = [], DeleteMarkers = [] } of pages) {
    const keys = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    yield { keys, bytes: Versions.reduce((sum, v) => sum + (v.Size ?? 0), 0) };
  }
}
/** Empties the bucket and deletes it, unless the run was interrupted. */
export async function remove(s3: S3, own: Own, signal: AbortSignal): Promise<void> {
  await empty(s3, own, signal);
  if (!signal.aborted) await s3.deleteBucket(own);
}
async function empty(s3: S3, own: Own, signal: AbortSignal): Promise<void> {
  for await (const { keys } of versionPages(s3, own)) {
    if (signal.aborted) return;
    if (keys.length === 0) continue;
    const { Errors = [] } = await s3.deleteObjects({ ...own, Delete: { Objects: [...keys], Quiet: true } });
    // The answer is 200 even when nothing could be deleted.
    const refused = Errors.find((e) => !TRANSIENT.includes(e.Code ?? ""));
    if (refused) throw notDeleted(own.Bucket, refused);
  }
  for await (const { Uploads = [] } of uploadPages(s3, own))
    for (const { Key, UploadId } of Uploads) await orAbsent(s3.abortMultipartUpload({ ...own, Key, UploadId }), "NoSuchUpload");
}
const uploadPages = (s3: S3, own: Own) =>
  pagesOf(
    (from?: { KeyMarker: string | undefined; UploadIdMarker: string | undefined }) => s3.listMultipartUploads({ ...own, ...from }),
    (page) => (page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined),
  );
const notDeleted = (bucket: string, { Key, Code, Message }: ObjectError): FleetlogixError =>
  new FleetlogixError("AWS_FAULT", `The object "${Key}" of the bucket "${bucket}" cannot be deleted: ${Code}: ${Message}`, {
    hint: "Allow s3:DeleteObjectVersion on the bucket and remove locks of the object, then run the same command again.",
    awsCode: Code,
  });

const inventoryOf = (items: number, size: number): Inventory => ({
  items,
  bytes: size,
  text: `${items >= COUNT_AT_MOST ? "more than " : ""}${withCommas(items)} object ${items === 1 ? "version" : "versions"}, ${bytes(size)}`,
  cost: size > 0 ? "S3 storage by the gigabyte and month" : undefined,
});
