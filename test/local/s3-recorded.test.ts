import { createHash } from "node:crypto";
import { KMS } from "@aws-sdk/client-kms";
import { S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** Further answers that LocalStack's tests recorded from AWS (tests/aws/services/s3/*.snapshot.json). */
let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
const Bucket = "recorded";
const Versioned = "recorded-versioned";
beforeAll(async () => {
  aws = await localAws();
  // The SDK's own checksums would hide which ones S3 computes.
  s3 = aws.client(S3, { requestChecksumCalculation: "WHEN_REQUIRED" as const });
  await s3.createBucket({ Bucket });
  await s3.createBucket({ Bucket: Versioned });
  await s3.putBucketVersioning({ Bucket: Versioned, VersioningConfiguration: { Status: "Enabled" } });
});
afterAll(() => aws.close());

test("an error about a missing setting names the bucket", async () => {
  const named = { BucketName: Bucket };
  await expect(s3.getBucketTagging({ Bucket })).rejects.toMatchObject({ name: "NoSuchTagSet", ...named });
  await expect(s3.getBucketCors({ Bucket })).rejects.toMatchObject({ name: "NoSuchCORSConfiguration", ...named });
  await expect(s3.getBucketLifecycleConfiguration({ Bucket })).rejects.toMatchObject({ name: "NoSuchLifecycleConfiguration", ...named });
  await expect(s3.getObjectLockConfiguration({ Bucket })).rejects.toMatchObject(named);
});

describe("lists of uploads and parts", () => {
  test("always name the next marker, and show part checksums only for an upload with an algorithm", async () => {
    expect(await s3.listMultipartUploads({ Bucket })).toMatchObject({ NextKeyMarker: "", NextUploadIdMarker: "", IsTruncated: false });
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "plain" });
    const at = { Bucket, Key: "plain", UploadId };
    expect(await s3.listParts(at)).toMatchObject({ NextPartNumberMarker: "0" });
    await s3.uploadPart({ ...at, PartNumber: 2, Body: "x", ChecksumAlgorithm: "CRC32" });
    const listed = await s3.listParts(at);
    expect(listed).toMatchObject({ NextPartNumberMarker: "2", IsTruncated: false });
    expect(listed.Initiator?.ID).toBe(listed.Owner?.ID);
    expect(listed.Parts).toEqual([{ PartNumber: 2, Size: 1, ETag: expect.any(String), LastModified: expect.any(Date) }]);
    const uploads = await s3.listMultipartUploads({ Bucket });
    expect(uploads).toMatchObject({ NextKeyMarker: "plain", NextUploadIdMarker: UploadId });
    expect(uploads.Uploads?.[0]?.Initiator?.ID).toBe(uploads.Uploads?.[0]?.Owner?.ID);
    expect((await s3.listMultipartUploads({ Bucket, UploadIdMarker: UploadId })).UploadIdMarker).toBe("");
    await s3.abortMultipartUpload(at);
  });

  test("A copied part shows a checksum only for an upload with an algorithm", async () => {
    await s3.putObject({ Bucket, Key: "source", Body: "source" });
    const copied = async (more: object) => {
      const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "target", ...more });
      const copy = { Bucket, Key: "target", UploadId, PartNumber: 1, CopySource: `${Bucket}/source` };
      return (await s3.uploadPartCopy(copy)).CopyPartResult;
    };
    expect(await copied({})).toEqual({ ETag: expect.any(String), LastModified: expect.any(Date) });
    expect(await copied({ ChecksumAlgorithm: "CRC32C" })).toMatchObject({ ChecksumCRC32C: expect.any(String) });
  });
});

describe("a completion", () => {
  const upload = async (Key: string, more: object = {}) => {
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key, ...more });
    return { Bucket, Key, UploadId };
  };
  test("says what is wrong with the list of parts", async () => {
    const at = await upload("wrong");
    const { ETag } = await s3.uploadPart({ ...at, PartNumber: 1, Body: "x" });
    await s3.uploadPart({ ...at, PartNumber: 2, Body: "x" });
    const md5 = ETag?.replaceAll('"', "");
    const complete = (...parts: number[]) =>
      s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts: parts.map((PartNumber) => ({ PartNumber, ETag })) } });
    await expect(s3.completeMultipartUpload(at)).rejects.toMatchObject({ message: "You must specify at least one part" });
    await expect(complete(2, 1)).rejects.toMatchObject({
      name: "InvalidPartOrder",
      message: "The list of parts was not in ascending order. Parts must be ordered by part number.",
      UploadId: at.UploadId,
    });
    await expect(complete(1, 2)).rejects.toMatchObject({ name: "EntityTooSmall", PartNumber: "1", ETag: md5 });
    await expect(complete(3)).rejects.toMatchObject({ name: "InvalidPart", PartNumber: "3", ETag: md5 });
    await expect(s3.uploadPart({ ...at, PartNumber: -1, Body: "x" })).rejects.toMatchObject({
      ArgumentName: "partNumber",
      ArgumentValue: "-1",
    });
  });

  test("shows no checksum of S3 when a key of KMS or of the client encrypts the object", async () => {
    const completed = async (Key: string, more: object, onPart: object = {}) => {
      const at = await upload(Key, more);
      const { ETag } = await s3.uploadPart({ ...at, PartNumber: 1, Body: "x", ...onPart });
      return s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
    };
    expect(await completed("open", {})).toMatchObject({ ChecksumCRC64NVME: expect.any(String), ChecksumType: "FULL_OBJECT" });
    const sealed = await completed("kms", { ServerSideEncryption: "aws:kms" });
    expect(sealed.ChecksumCRC64NVME).toBeUndefined();
    expect(sealed.ChecksumType).toBeUndefined();
    expect(await s3.headObject({ Bucket, Key: "kms", ChecksumMode: "ENABLED" })).toMatchObject({ ChecksumType: "FULL_OBJECT" });
    const bytes = Buffer.alloc(32, 1);
    const own = {
      SSECustomerAlgorithm: "AES256",
      SSECustomerKey: bytes.toString("base64"),
      SSECustomerKeyMD5: createHash("md5").update(bytes).digest("base64"),
    };
    await completed("customer", own, own);
    const read = await s3.getObject({ Bucket, Key: "customer", ChecksumMode: "ENABLED", ...own });
    expect(read.ChecksumType).toBeUndefined();
    expect(await read.Body?.transformToString()).toBe("x");
  });

  test("of a composite checksum is described without the number of parts; without one, parts are only counted", async () => {
    const attributes = async (Key: string) => s3.getObjectAttributes({ Bucket, Key, ObjectAttributes: ["Checksum", "ObjectParts"] });
    const at = await upload("composite", { ChecksumAlgorithm: "CRC32" });
    const part = await s3.uploadPart({ ...at, PartNumber: 1, Body: "x", ChecksumAlgorithm: "CRC32" });
    const { ETag, ChecksumCRC32 } = part;
    const Parts = [{ PartNumber: 1, ETag, ChecksumCRC32 }];
    expect((await s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts } })).ChecksumCRC32).toMatch(/-1$/);
    const composite = await attributes("composite");
    expect(composite.Checksum?.ChecksumCRC32).not.toMatch(/-1$/);
    expect(composite.ObjectParts).toMatchObject({ TotalPartsCount: 1, Parts: [{ PartNumber: 1, ChecksumCRC32 }] });
    expect((await attributes("open")).ObjectParts).toEqual({ TotalPartsCount: 1 });
    const byPart = await s3.getObject({ Bucket, Key: "open", PartNumber: 1, ChecksumMode: "ENABLED" });
    expect(byPart.ChecksumType).toBeUndefined();
  });
});

test("a range that is the whole has the checksum of the whole; the mode's case does not count", async () => {
  await s3.putObject({ Bucket, Key: "ten", Body: "0123456789", ChecksumAlgorithm: "CRC32" });
  const checksum = async (more: object) =>
    (await s3.getObject({ Bucket, Key: "ten", ChecksumMode: "enabled" as never, ...more })).ChecksumCRC32;
  const whole = await checksum({});
  expect(whole).toBeDefined();
  expect(await checksum({ Range: "bytes=-15" })).toBe(whole);
  expect(await checksum({ Range: "bytes=0-100" })).toBe(whole);
  expect(await checksum({ PartNumber: 1 })).toBe(whole);
  expect(await checksum({ Range: "bytes=0-8" })).toBeUndefined();
});

test("S3's own KMS key is named by its ARN", async () => {
  const { KeyMetadata } = await aws.client(KMS).describeKey({ KeyId: "alias/aws/s3" });
  const put = await s3.putObject({ Bucket, Key: "kms-default", Body: "x", ServerSideEncryption: "aws:kms" });
  expect(put.SSEKMSKeyId).toBe(KeyMetadata?.Arn);
  expect((await s3.headObject({ Bucket, Key: "kms-default" })).SSEKMSKeyId).toBe(KeyMetadata?.Arn);
});

test("a delete marker refuses tags, an ACL and a lock, with the method of the call", async () => {
  const at = { Bucket: Versioned, Key: "gone" };
  await s3.putObject({ ...at, Body: "x" });
  const { VersionId } = await s3.deleteObject(at);
  const refused = (Method: string) => ({ name: "MethodNotAllowed", Method, ResourceType: "DeleteMarker" });
  const Tagging = { TagSet: [{ Key: "k", Value: "v" }] };
  for (const marker of [at, { ...at, VersionId }]) {
    await expect(s3.putObjectTagging({ ...marker, Tagging })).rejects.toMatchObject(refused("PUT"));
    await expect(s3.deleteObjectTagging(marker)).rejects.toMatchObject(refused("DELETE"));
    await expect(s3.getObjectTagging(marker)).rejects.toMatchObject(refused("GET"));
    await expect(s3.putObjectAcl({ ...marker, ACL: "private" })).rejects.toMatchObject(refused("PUT"));
  }
  await expect(s3.getObject(at)).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(s3.getObjectAttributes({ ...at, ObjectAttributes: ["ETag"] })).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("conditions that S3 does not implement are explained; a missing object is named", async () => {
  const at = { Bucket, Key: "conditions", Body: "x" };
  const unknown = (Header: string, additionalMessage: string) => ({ name: "NotImplemented", Header, additionalMessage });
  const value = (header: string) => `We don't accept the provided value of ${header} header for this API`;
  await expect(s3.putObject({ ...at, IfNoneMatch: '"etag"' })).rejects.toMatchObject(unknown("If-None-Match", value("If-None-Match")));
  await expect(s3.putObject({ ...at, IfMatch: "*" })).rejects.toMatchObject(unknown("If-Match", value("If-Match")));
  await expect(s3.putObject({ ...at, IfMatch: "*", IfNoneMatch: "*" })).rejects.toMatchObject(
    unknown("If-Match,If-None-Match", "Multiple conditional request headers present in the request"),
  );
  await expect(s3.putObject({ ...at, IfMatch: '"etag"' })).rejects.toMatchObject({ name: "NoSuchKey", Key: "conditions" });
});

test("an invalid parameter is named as it was sent", async () => {
  await expect(s3.listObjectsV2({ Bucket, EncodingType: "none" as never })).rejects.toMatchObject({ ArgumentName: "encoding-type" });
  await expect(s3.listObjectsV2({ Bucket, ContinuationToken: "§" })).rejects.toMatchObject({ ArgumentName: "continuation-token" });
  await expect(s3.listObjectVersions({ Bucket, VersionIdMarker: "v" })).rejects.toMatchObject({
    ArgumentName: "version-id-marker",
    ArgumentValue: "v",
  });
  const message = "Invalid x-amz-object-ownership header: Nobody";
  await expect(s3.createBucket({ Bucket: "owned", ObjectOwnership: "Nobody" as never })).rejects.toMatchObject({ message });
  await expect(s3.getBucketPolicy({ Bucket, ExpectedBucketOwner: "0000" })).rejects.toMatchObject({
    name: "InvalidBucketOwnerAWSAccountID",
    $metadata: { httpStatusCode: 400 },
  });
  await expect(s3.putBucketPolicy({ Bucket, Policy: "" })).rejects.toMatchObject({ name: "MalformedPolicy" });
  const CreateBucketConfiguration = { LocationConstraint: "foo" as never };
  await expect(s3.createBucket({ Bucket: "placed", CreateBucketConfiguration })).rejects.toMatchObject({
    name: "InvalidLocationConstraint",
    LocationConstraint: "foo",
  });
});

test("a continuation token replaces StartAfter", async () => {
  for (const Key of ["list/a", "list/b", "list/c"]) await s3.putObject({ Bucket, Key, Body: "x" });
  const page = { Bucket, Prefix: "list/", StartAfter: "list/a", MaxKeys: 1 };
  const first = await s3.listObjectsV2(page);
  expect(first).toMatchObject({ StartAfter: "list/a", Contents: [{ Key: "list/b" }] });
  const second = await s3.listObjectsV2({ ...page, ContinuationToken: first.NextContinuationToken });
  expect(second.StartAfter).toBeUndefined();
  expect(second.Contents).toMatchObject([{ Key: "list/c" }]);
});
