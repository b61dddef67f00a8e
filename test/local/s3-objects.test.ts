import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { Readable } from "node:stream";
import { S3 } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultPlan } from "../../src/local/core/faults.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
const Bucket = "objects";
const faults = faultPlan();
beforeAll(async () => {
  aws = await localAws({ faults });
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket });
});
afterAll(() => aws.close());

/** A plain request, for input that SDKs never send. */
function raw(method: string, path: string, headers: Record<string, string>, body?: Buffer | string) {
  const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const sent = request(aws.url + path, { method, headers: { authorization, ...headers } }, (response) => {
      let text = "";
      response.setEncoding("latin1").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test("an object is returned with all its attributes", async () => {
  const about = {
    CacheControl: "max-age=60",
    ContentDisposition: "attachment",
    ContentEncoding: "gzip",
    ContentLanguage: "de",
    ContentType: "text/csv",
    Metadata: { one: "1", "two-words": "a b" },
    StorageClass: "STANDARD_IA",
    WebsiteRedirectLocation: "/elsewhere",
  } as const;
  const put = await s3.putObject({
    Bucket,
    Key: "a/b.csv",
    Body: "x,y\n",
    Tagging: "team=lake&cost=12",
    Expires: new Date(1_900_000_000_000),
    ...about,
  });
  expect(put.ETag).toBe(`"${createHash("md5").update("x,y\n").digest("hex")}"`);
  expect(put.ServerSideEncryption).toBe("AES256");
  const got = await s3.getObject({ Bucket, Key: "a/b.csv", ChecksumMode: "ENABLED" });
  expect(await got.Body?.transformToString()).toBe("x,y\n");
  expect(got).toMatchObject({ ...about, ContentLength: 4, TagCount: 2, ETag: put.ETag, ChecksumCRC32: put.ChecksumCRC32 });
  expect(new Date(got.ExpiresString ?? 0).getTime()).toBe(1_900_000_000_000);
  const head = await s3.headObject({ Bucket, Key: "a/b.csv" });
  expect(head).toMatchObject({ ...about, ContentLength: 4, ETag: put.ETag });
  expect((await s3.getObjectTagging({ Bucket, Key: "a/b.csv" })).TagSet).toEqual([
    { Key: "team", Value: "lake" },
    { Key: "cost", Value: "12" },
  ]);
});

test("any key and any content are returned unchanged", async () => {
  const key = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((k) => !/(^|\/)\.{1,2}(\/|$)/.test(k) && Buffer.byteLength(k) <= 1024);
  await fc.assert(
    fc.asyncProperty(key, fc.uint8Array({ maxLength: 3000 }), async (Key, Body) => {
      await s3.putObject({ Bucket, Key, Body });
      const got = await s3.getObject({ Bucket, Key });
      expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(Buffer.from(Body));
      const listed = await s3.listObjectsV2({ Bucket, Prefix: Key, EncodingType: "url", MaxKeys: 1 });
      expect(decodeURIComponent(listed.Contents?.[0]?.Key ?? "")).toBe(Key);
      await s3.deleteObject({ Bucket, Key });
    }),
    { numRuns: 60 },
  );
});

describe("checksums", () => {
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)
    test(`${ChecksumAlgorithm} is verified, stored and returned`, async () => {
      const Body = Buffer.from("the same bytes");
      const put = await s3.putObject({ Bucket, Key: "sum", Body, ChecksumAlgorithm });
      const member = `Checksum${ChecksumAlgorithm}` as const;
      expect(put[member]).toBeTruthy();
      expect((await s3.headObject({ Bucket, Key: "sum", ChecksumMode: "ENABLED" }))[member]).toBe(put[member]);
      const wrong = Buffer.from(put[member] as string, "base64")
        .fill(0)
        .toString("base64");
      await expect(s3.putObject({ Bucket, Key: "sum", Body, [member]: wrong })).rejects.toMatchObject({
        name: "BadDigest",
        $metadata: { httpStatusCode: 400 },
      });
    });

  test("a stream's checksum is sent as a trailer of an aws-chunked body, and a wrong one is refused", async () => {
    const content = randomBytes(300_000);
    const put = await s3.putObject({
      Bucket,
      Key: "streamed",
      Body: Readable.from([content.subarray(0, 1000), content.subarray(1000)]),
      ContentLength: content.length,
    });
    expect(put.ETag).toBe(`"${createHash("md5").update(content).digest("hex")}"`);
    const got = await s3.getObject({ Bucket, Key: "streamed" });
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(content)).toBe(true);
    expect(got.ContentEncoding).toBeUndefined();
    const trailer = (sum: string) => `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${sum}\r\n\r\n`;
    const headers = {
      "content-encoding": "aws-chunked",
      "x-amz-trailer": "x-amz-checksum-crc32",
      "x-amz-decoded-content-length": "5",
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    };
    expect((await raw("PUT", `/${Bucket}/t`, headers, trailer("NhCmhg=="))).status).toBe(200);
    const refused = await raw("PUT", `/${Bucket}/t2`, headers, trailer("AAAAAA=="));
    expect([refused.status, /<Code>(\w+)</.exec(refused.text)?.[1]]).toEqual([400, "BadDigest"]);
    await expect(s3.headObject({ Bucket, Key: "t2" })).rejects.toMatchObject({ name: "NotFound" });
  });

  test("signed chunks are decoded; a body that ends early leaves no object", async () => {
    const headers = { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-decoded-content-length": "8" };
    const signature = `;chunk-signature=${"a".repeat(64)}\r\n`;
    const whole = `5${signature}hello\r\n3${signature}you\r\n0${signature}\r\n`;
    expect((await raw("PUT", `/${Bucket}/signed`, headers, whole)).status).toBe(200);
    expect(await (await s3.getObject({ Bucket, Key: "signed" })).Body?.transformToString()).toBe("helloyou");
    const cut = await raw("PUT", `/${Bucket}/cut`, headers, whole.slice(0, 90));
    expect(/<Code>(\w+)</.exec(cut.text)?.[1]).toBe("IncompleteBody");
    await expect(s3.headObject({ Bucket, Key: "cut" })).rejects.toMatchObject({ name: "NotFound" });
  });

  test("Content-MD5 and the payload's hash are checked", async () => {
    const right = createHash("md5").update("hello").digest("base64");
    const wrong = createHash("md5").update("other").digest("base64");
    expect((await raw("PUT", `/${Bucket}/md5`, { "content-md5": right }, "hello")).status).toBe(200);
    expect((await raw("PUT", `/${Bucket}/md5`, { "content-md5": wrong }, "hello")).text).toContain("<Code>BadDigest</Code>");
    expect((await raw("PUT", `/${Bucket}/md5`, { "content-md5": "xx" }, "hello")).text).toContain("<Code>InvalidDigest</Code>");
    const hashed = await raw("PUT", `/${Bucket}/sha`, { "x-amz-content-sha256": "0".repeat(64) }, "hello");
    expect(hashed.text).toContain("<Code>XAmzContentSHA256Mismatch</Code>");
    const list = "<Delete><Object><Key>md5</Key></Object></Delete>";
    expect((await raw("POST", `/${Bucket}?delete`, { "content-md5": wrong }, list)).text).toContain("<Code>BadDigest</Code>");
    expect((await s3.headObject({ Bucket, Key: "md5" })).ContentLength).toBe(5);
  });
});

describe("reading", () => {
  beforeAll(() => s3.putObject({ Bucket, Key: "digits", Body: "0123456789" }));

  test.each([
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
  ])("range %s", async (Range, text, ContentRange) => {
    const got = await s3.getObject({ Bucket, Key: "digits", Range });
    expect(await got.Body?.transformToString()).toBe(text);
    expect(got).toMatchObject({ ContentRange, ContentLength: text.length, $metadata: { httpStatusCode: 206 } });
  });

  test("a range beyond the end is refused; an invalid Range header is ignored", async () => {
    await expect(s3.getObject({ Bucket, Key: "digits", Range: "bytes=10-" })).rejects.toMatchObject({
      name: "InvalidRange",
      $metadata: { httpStatusCode: 416 },
    });
    expect((await s3.getObject({ Bucket, Key: "digits", Range: "lines=1-2" })).$metadata.httpStatusCode).toBe(200);
  });

  test("conditions of a read are checked", async () => {
    const { ETag, LastModified } = await s3.headObject({ Bucket, Key: "digits" });
    const status = (conditions: object) =>
      s3.getObject({ Bucket, Key: "digits", ...conditions }).then(
        (got) => got.$metadata.httpStatusCode,
        (error) => error.$metadata.httpStatusCode,
      );
    expect(await status({ IfNoneMatch: ETag })).toBe(304);
    expect(await status({ IfNoneMatch: '"other"' })).toBe(200);
    expect(await status({ IfMatch: ETag })).toBe(200);
    expect(await status({ IfMatch: '"other"' })).toBe(412);
    expect(await status({ IfModifiedSince: LastModified })).toBe(304);
    expect(await status({ IfUnmodifiedSince: new Date(0) })).toBe(412);
  });

  test("a request can set headers of the answer", async () => {
    const got = await s3.getObject({
      Bucket,
      Key: "digits",
      ResponseContentType: "text/x",
      ResponseContentDisposition: "attachment; filename=x",
    });
    expect(got).toMatchObject({ ContentType: "text/x", ContentDisposition: "attachment; filename=x" });
  });

  test("missing objects give AWS's errors", async () => {
    await expect(s3.getObject({ Bucket, Key: "nothing" })).rejects.toMatchObject({
      name: "NoSuchKey",
      Key: "nothing",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.headObject({ Bucket, Key: "nothing" })).rejects.toMatchObject({ name: "NotFound" });
    await expect(s3.getObject({ Bucket: "no-such-bucket", Key: "x" })).rejects.toMatchObject({ name: "NoSuchBucket" });
  });
});

describe("conditional writes", () => {
  test("a write can create only, or replace only the version that was read", async () => {
    const first = await s3.putObject({ Bucket, Key: "once", Body: "1", IfNoneMatch: "*" });
    const refused = { name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } };
    await expect(s3.putObject({ Bucket, Key: "once", Body: "2", IfNoneMatch: "*" })).rejects.toMatchObject(refused);
    await expect(s3.putObject({ Bucket, Key: "once", Body: "2", IfMatch: '"other"' })).rejects.toMatchObject(refused);
    await s3.putObject({ Bucket, Key: "once", Body: "2", IfMatch: first.ETag });
    await expect(s3.putObject({ Bucket, Key: "never", Body: "2", IfMatch: first.ETag })).rejects.toMatchObject({ name: "NoSuchKey" });
    await expect(s3.deleteObject({ Bucket, Key: "once", IfMatch: first.ETag })).rejects.toMatchObject(refused);
  });

  test("exactly one of many simultaneous creates succeeds", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) => s3.putObject({ Bucket, Key: "race", Body: randomBytes(50_000 + i), IfNoneMatch: "*" })),
    );
    expect(outcomes.filter((o) => o.status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason.name).toBe("PreconditionFailed");
  });

  test("a delete during a write is a conflict", async () => {
    const { ETag } = await s3.putObject({ Bucket, Key: "gone", Body: "1" });
    const slow = new Readable({ read() {} });
    const writing = s3.putObject({ Bucket, Key: "gone", Body: slow, ContentLength: 2, IfMatch: ETag });
    slow.push("a");
    await expect.poll(() => faults.calls().some((call) => call.outcome === "running" && call.input.Key === "gone")).toBe(true);
    await s3.deleteObject({ Bucket, Key: "gone" });
    slow.push("b");
    slow.push(null);
    await expect(writing).rejects.toMatchObject({ name: "ConditionalRequestConflict", $metadata: { httpStatusCode: 409 } });
  });
});

test("a copy keeps the source's attributes unless the call states others", async () => {
  await s3.putObject({ Bucket, Key: "from +ü", Body: "copy me", ContentType: "text/x", Metadata: { a: "1" }, Tagging: "t=1" });
  const CopySource = encodeURIComponent(`${Bucket}/from +ü`);
  const copied = await s3.copyObject({ Bucket, Key: "to", CopySource });
  expect(copied.CopyObjectResult?.ETag).toBe(`"${createHash("md5").update("copy me").digest("hex")}"`);
  expect(await s3.headObject({ Bucket, Key: "to" })).toMatchObject({ ContentType: "text/x", Metadata: { a: "1" } });
  expect((await s3.getObjectTagging({ Bucket, Key: "to" })).TagSet).toEqual([{ Key: "t", Value: "1" }]);
  await s3.copyObject({
    Bucket,
    Key: "to",
    CopySource,
    MetadataDirective: "REPLACE",
    Metadata: { b: "2" },
    TaggingDirective: "REPLACE",
    Tagging: "u=2",
  });
  const replaced = await s3.getObject({ Bucket, Key: "to" });
  expect(replaced.Metadata).toEqual({ b: "2" });
  expect(replaced.ContentType).not.toBe("text/x");
  // The copy does not depend on its source.
  await s3.deleteObject({ Bucket, Key: "from +ü" });
  expect(await replaced.Body?.transformToString()).toBe("copy me");
  await expect(s3.copyObject({ Bucket, Key: "to", CopySource: `${Bucket}/to` })).rejects.toMatchObject({ name: "InvalidRequest" });
  await expect(s3.copyObject({ Bucket, Key: "to", CopySource: `${Bucket}/nothing` })).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(s3.copyObject({ Bucket, Key: "x", CopySource: `${Bucket}/to`, CopySourceIfMatch: '"no"' })).rejects.toMatchObject({
    name: "PreconditionFailed",
  });
});

test("attributes, tags and customer keys work", async () => {
  const put = await s3.putObject({ Bucket, Key: "attr", Body: "12345" });
  const got = await s3.getObjectAttributes({ Bucket, Key: "attr", ObjectAttributes: ["ETag", "ObjectSize", "StorageClass", "Checksum"] });
  expect(got).toMatchObject({
    ETag: put.ETag?.replaceAll('"', ""),
    ObjectSize: 5,
    StorageClass: "STANDARD",
    Checksum: { ChecksumCRC32: put.ChecksumCRC32 },
  });
  await s3.putObjectTagging({ Bucket, Key: "attr", Tagging: { TagSet: [{ Key: "k", Value: "v" }] } });
  await s3.deleteObjectTagging({ Bucket, Key: "attr" });
  expect((await s3.getObjectTagging({ Bucket, Key: "attr" })).TagSet).toEqual([]);
  const tags = Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: "v" }));
  await expect(s3.putObjectTagging({ Bucket, Key: "attr", Tagging: { TagSet: tags } })).rejects.toMatchObject({ name: "BadRequest" });
  const SSECustomerKey = randomBytes(32).toString("base64");
  const mine = {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey,
    SSECustomerKeyMD5: createHash("md5").update(Buffer.from(SSECustomerKey, "base64")).digest("base64"),
  };
  await s3.putObject({ Bucket, Key: "mine", Body: "secret", ...mine });
  await expect(s3.getObject({ Bucket, Key: "mine" })).rejects.toMatchObject({ name: "InvalidRequest" });
  expect(await (await s3.getObject({ Bucket, Key: "mine", ...mine })).Body?.transformToString()).toBe("secret");
});
