import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { type ChecksumAlgorithm, type CompletedPart, S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultPlan } from "../../src/local/core/faults.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
const faults = faultPlan();
const Bucket = "multipart";
const MIB = 1024 * 1024;
beforeAll(async () => {
  aws = await localAws({ faults });
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket });
});
afterAll(() => aws.close());

const bytes = [randomBytes(5 * MIB), randomBytes(5 * MIB + 3), randomBytes(1234)];
const whole = Buffer.concat(bytes);
async function uploaded(Key: string, options: { readonly ChecksumAlgorithm?: ChecksumAlgorithm; readonly [name: string]: unknown } = {}) {
  const { ChecksumAlgorithm } = options;
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key, ...options });
  const at = { Bucket, Key, UploadId };
  const Parts: CompletedPart[] = [];
  for (const [i, Body] of bytes.entries()) {
    const { $metadata: _, ServerSideEncryption, ...sums } = await s3.uploadPart({ ...at, PartNumber: i + 1, Body, ChecksumAlgorithm });
    Parts.push({ PartNumber: i + 1, ...sums });
  }
  return { at, Parts };
}
const content = async (Key: string, more: object = {}) =>
  Buffer.from((await (await s3.getObject({ Bucket, Key, ...more })).Body?.transformToByteArray()) ?? []);

test("parts become one object, in order, with AWS's ETag and checksum", async () => {
  const { at, Parts } = await uploaded("k", { ContentType: "video/x", Metadata: { m: "1" }, Tagging: "t=1", ChecksumAlgorithm: "SHA256" });
  const listed = await s3.listParts({ ...at, MaxParts: 2 });
  expect(listed).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
  expect(listed.Parts?.map((p) => [p.PartNumber, p.Size])).toEqual([[1, 5 * MIB], [2, 5 * MIB + 3]]); // biome-ignore format: one line
  expect((await s3.listMultipartUploads({ Bucket })).Uploads).toMatchObject([{ Key: "k", UploadId: at.UploadId }]);
  await expect(s3.headObject({ Bucket, Key: "k" })).rejects.toMatchObject({ name: "NotFound" });
  const done = await s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts } });
  const digest = (algorithm: string) =>
    createHash(algorithm).update(Buffer.concat(bytes.map((b) => createHash(algorithm).update(b).digest())));
  expect(done.ETag).toBe(`"${digest("md5").digest("hex")}-3"`);
  expect(done.ChecksumSHA256).toBe(`${digest("sha256").digest("base64")}-3`);
  expect((await content("k")).equals(whole)).toBe(true);
  expect(await s3.headObject({ Bucket, Key: "k", ChecksumMode: "ENABLED" })).toMatchObject({
    ContentType: "video/x",
    Metadata: { m: "1" },
    ChecksumType: "COMPOSITE",
    ContentLength: whole.length,
  });
  expect((await s3.listMultipartUploads({ Bucket })).Uploads).toBeUndefined();
  // A range over the border of two parts, and a part by its number.
  expect((await content("k", { Range: `bytes=${5 * MIB - 2}-${5 * MIB + 1}` })).equals(whole.subarray(5 * MIB - 2, 5 * MIB + 2))).toBe(
    true,
  );
  expect((await content("k", { PartNumber: 3 })).equals(bytes[2] as Buffer)).toBe(true);
  const attributes = await s3.getObjectAttributes({ Bucket, Key: "k", ObjectAttributes: ["ObjectParts"] });
  expect(attributes.ObjectParts).toMatchObject({ TotalPartsCount: 3, Parts: [{ Size: 5 * MIB }, {}, { PartNumber: 3, Size: 1234 }] });
  // A second call gets the same answer, because the first one may have been lost.
  expect((await s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts } })).ETag).toBe(done.ETag);
});

test("an upload can have a checksum of the whole object", async () => {
  const { at, Parts } = await uploaded("full", { ChecksumAlgorithm: "CRC64NVME" });
  const done = await s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts }, ChecksumType: "FULL_OBJECT" });
  const single = await s3.putObject({ Bucket, Key: "single", Body: whole, ChecksumAlgorithm: "CRC64NVME" });
  expect(done.ChecksumCRC64NVME).toBe(single.ChecksumCRC64NVME);
  const copied = await s3.copyObject({ Bucket, Key: "copied", CopySource: `${Bucket}/full` });
  expect(copied.CopyObjectResult?.ETag).toBe(single.ETag);
});

test("parts can be copied from objects", async () => {
  await s3.putObject({ Bucket, Key: "source", Body: whole });
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "glued" });
  const at = { Bucket, Key: "glued", UploadId };
  const part = async (PartNumber: number, CopySourceRange?: string) => ({
    PartNumber,
    ETag: (await s3.uploadPartCopy({ ...at, PartNumber, CopySource: `${Bucket}/source`, CopySourceRange })).CopyPartResult?.ETag,
  });
  await expect(part(1, `bytes=0-${whole.length}`)).rejects.toMatchObject({ name: "InvalidArgument" });
  const Parts = [await part(1), await part(2, "bytes=1-9")];
  await s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts } });
  expect((await content("glued")).equals(Buffer.concat([whole, whole.subarray(1, 10)]))).toBe(true);
});

describe("calls that AWS refuses", () => {
  test("small, unknown and unordered parts and failed conditions are refused", async () => {
    const { at, Parts } = await uploaded("refused");
    const complete = (parts: CompletedPart[], more: object = {}) =>
      s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts: parts }, ...more });
    await expect(complete([])).rejects.toMatchObject({ name: "MalformedXML" });
    await expect(complete(Parts.toReversed())).rejects.toMatchObject({ name: "InvalidPartOrder" });
    await expect(complete([{ ...Parts[0], ETag: '"other"' }])).rejects.toMatchObject({ name: "InvalidPart" });
    await s3.uploadPart({ ...at, PartNumber: 4, Body: "x" });
    const tiny = [Parts[2], { PartNumber: 4, ETag: `"${createHash("md5").update("x").digest("hex")}"` }] as CompletedPart[];
    await expect(complete(tiny)).rejects.toMatchObject({ name: "EntityTooSmall" });
    await s3.putObject({ Bucket, Key: "refused", Body: "was here first" });
    await expect(complete(Parts, { IfNoneMatch: "*" })).rejects.toMatchObject({ name: "PreconditionFailed" });
    // A refused completion leaves the upload unchanged.
    await complete(Parts);
    expect((await content("refused")).equals(whole)).toBe(true);
    await expect(s3.uploadPart({ ...at, PartNumber: 1, Body: "x" })).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  test("an aborted upload is deleted with its parts", async () => {
    const { at, Parts } = await uploaded("aborted");
    await s3.abortMultipartUpload(at);
    await expect(s3.abortMultipartUpload(at)).rejects.toMatchObject({ name: "NoSuchUpload", $metadata: { httpStatusCode: 404 } });
    await expect(s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts } })).rejects.toMatchObject({ name: "NoSuchUpload" });
  });
});

test("a client that disconnects during an upload leaves nothing", async () => {
  const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
  const sent = request(`${aws.url}/${Bucket}/half`, { method: "PUT", headers: { authorization, "content-length": 10 * MIB } });
  sent.on("error", () => {});
  sent.write(randomBytes(MIB));
  const calls = () => faults.calls().filter((call) => call.input.Key === "half");
  await expect.poll(() => calls().length).toBe(1);
  sent.destroy();
  await expect.poll(() => calls()[0]?.outcome).toBe("refused");
  await expect(s3.headObject({ Bucket, Key: "half" })).rejects.toMatchObject({ name: "NotFound" });
});

test("a large object is not held in memory", async () => {
  const size = 400 * MIB;
  const chunk = randomBytes(MIB);
  const { Readable } = await import("node:stream");
  const body = Readable.from(
    (function* () {
      for (let i = 0; i < 400; i++) yield chunk;
    })(),
  );
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const before = process.memoryUsage().rss;
  await s3.putObject({ Bucket, Key: "large", Body: body, ContentLength: size });
  const got = await s3.getObject({ Bucket, Key: "large" });
  let read = 0;
  for await (const part of got.Body as AsyncIterable<Buffer>) read += part.length;
  clearInterval(watch);
  expect(read).toBe(size);
  expect(peak - before).toBeLessThan(200 * MIB);
}, 120_000);

describe("checksums of multipart uploads", () => {
  test.each(["CRC32", "CRC32C", "CRC64NVME"] as const)("the whole object's %s is compared at completion", async (algorithm) => {
    const member = `Checksum${algorithm}`;
    const Key = `whole-${algorithm}`;
    const plain = await s3.putObject({ Bucket, Key, Body: whole, ChecksumAlgorithm: algorithm });
    const right = (plain as unknown as Record<string, string>)[member] as string;
    const { at, Parts } = await uploaded(Key, { ChecksumAlgorithm: algorithm, ChecksumType: "FULL_OBJECT" });
    const ask = { ...at, MultipartUpload: { Parts }, ChecksumType: "FULL_OBJECT" as const };
    const wrong = Buffer.alloc(Buffer.from(right, "base64").length).toString("base64");
    await expect(s3.completeMultipartUpload({ ...ask, [member]: wrong })).rejects.toMatchObject({ name: "BadDigest" });
    expect(await s3.completeMultipartUpload({ ...ask, [member]: right })).toMatchObject({ [member]: right, ChecksumType: "FULL_OBJECT" });
  });

  test("a composite upload is completed with the checksum of each part", async () => {
    const { at, Parts } = await uploaded("composite", { ChecksumAlgorithm: "SHA256" });
    const bare = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    await expect(s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts: bare } })).rejects.toMatchObject({
      name: "InvalidRequest",
      message: expect.stringContaining("It was missing for part 1 in the request."),
    });
    const other = { ...at, MultipartUpload: { Parts }, ChecksumType: "FULL_OBJECT" as const };
    await expect(s3.completeMultipartUpload(other)).rejects.toMatchObject({ name: "InvalidRequest" });
    await s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts } });
  });

  test("incompatible checksum types and algorithms are refused", async () => {
    const create = (more: object) => s3.createMultipartUpload({ Bucket, Key: "pairs", ...more });
    for (const more of [
      { ChecksumType: "COMPOSITE" },
      { ChecksumType: "COMPOSITE", ChecksumAlgorithm: "CRC64NVME" },
      { ChecksumType: "FULL_OBJECT", ChecksumAlgorithm: "SHA1" },
    ])
      await expect(create(more)).rejects.toMatchObject({ name: "InvalidRequest" });
    const { UploadId } = await create({ ChecksumAlgorithm: "SHA256" });
    const part = { Bucket, Key: "pairs", UploadId, PartNumber: 1, Body: "x" };
    await expect(s3.uploadPart({ ...part, ChecksumAlgorithm: "CRC32" })).rejects.toMatchObject({
      message: "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
    });
  });
});

describe("conditions at completion", () => {
  test("If-None-Match gives 409 when the object was deleted after the upload began", async () => {
    await s3.putObject({ Bucket, Key: "deleted", Body: "x" });
    const { at, Parts } = await uploaded("deleted");
    const complete = () => s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts }, IfNoneMatch: "*" });
    await expect(complete()).rejects.toMatchObject({ name: "PreconditionFailed" });
    await s3.deleteObject({ Bucket, Key: "deleted" });
    await expect(complete()).rejects.toMatchObject({ name: "ConditionalRequestConflict", $metadata: { httpStatusCode: 409 } });
  });

  test("If-Match gives 409 when the object was written after the upload began", async () => {
    const { at, Parts } = await uploaded("written");
    const { ETag } = await s3.putObject({ Bucket, Key: "written", Body: "x" });
    const complete = (IfMatch: string | undefined) => s3.completeMultipartUpload({ ...at, MultipartUpload: { Parts }, IfMatch });
    await expect(complete('"00000000000000000000000000000000"')).rejects.toMatchObject({ name: "PreconditionFailed" });
    await expect(complete(ETag)).rejects.toMatchObject({ name: "ConditionalRequestConflict", $metadata: { httpStatusCode: 409 } });
  });
});

test("a customer key must have 256 bits and match its MD5; parts need their upload's key", async () => {
  const key = randomBytes(32);
  const md5 = createHash("md5").update(key).digest("base64");
  const prefix = "x-amz-server-side-encryption";
  // The SDK computes the MD5 itself, so the headers are set afterwards.
  const putWith = (headers: Record<string, string>) => {
    const raw = aws.client(S3);
    raw.middlewareStack.add(
      (next) => (args) => {
        Object.assign((args.request as { headers: object }).headers, headers);
        return next(args);
      },
      { step: "build", priority: "low" },
    );
    return raw.putObject({ Bucket, Key: "secret", Body: "x" });
  };
  const algorithm = { [`${prefix}-customer-algorithm`]: "AES256" };
  const stated = { [`${prefix}-customer-key`]: key.toString("base64"), [`${prefix}-customer-key-md5`]: md5 };
  for (const headers of [
    algorithm,
    stated,
    { ...algorithm, ...stated, [`${prefix}-customer-key-md5`]: Buffer.alloc(16).toString("base64") },
    { ...algorithm, ...stated, [`${prefix}-customer-key`]: "c2hvcnQ=" },
    { ...algorithm, ...stated, [prefix]: "AES256" },
    { [`${prefix}-aws-kms-key-id`]: "alias/x" },
  ])
    await expect(putWith(headers)).rejects.toMatchObject({ name: "InvalidArgument" });
  await putWith({ ...algorithm, ...stated });
  const own = { SSECustomerAlgorithm: "AES256", SSECustomerKey: key.toString("base64"), SSECustomerKeyMD5: md5 };
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "secret", ...own });
  const part = { Bucket, Key: "secret", UploadId, PartNumber: 1, Body: "x" };
  await expect(s3.uploadPart(part)).rejects.toMatchObject({ name: "InvalidRequest" });
  const { ETag } = await s3.uploadPart({ ...part, ...own });
  const complete = { Bucket, Key: "secret", UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
  const other = { SSECustomerAlgorithm: "AES256", SSECustomerKey: randomBytes(32).toString("base64") };
  await expect(s3.completeMultipartUpload({ ...complete, ...other })).rejects.toMatchObject({
    name: "InvalidRequest",
    message: "The provided encryption parameters did not match the ones used originally.",
  });
  await s3.completeMultipartUpload(complete);
});
