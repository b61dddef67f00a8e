import { createHash } from "node:crypto";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { KMS } from "@aws-sdk/client-kms";
import { type LifecycleRule, S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** Answers that LocalStack's tests recorded from AWS (tests/aws/services/s3/*.snapshot.json). */
let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
const Bucket = "answers";
beforeAll(async () => {
  aws = await localAws();
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket });
});
afterAll(() => aws.close());
const UNKNOWN = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD";

describe("version ids", () => {
  test("A bucket without versioning refuses every version id except null", async () => {
    const at = { Bucket, Key: "plain" };
    await s3.putObject({ ...at, Body: "1" });
    const invalid = { name: "InvalidArgument", message: "Invalid version id specified" };
    await expect(s3.getObject({ ...at, VersionId: UNKNOWN })).rejects.toMatchObject(invalid);
    await expect(s3.deleteObject({ ...at, VersionId: UNKNOWN })).rejects.toMatchObject(invalid);
    const bulk = await s3.deleteObjects({ Bucket, Delete: { Objects: [{ Key: at.Key, VersionId: UNKNOWN }] } });
    expect(bulk.Deleted).toBeUndefined();
    expect(bulk.Errors).toMatchObject([{ Code: "NoSuchVersion", VersionId: UNKNOWN }]);
    expect((await s3.getObject({ ...at, VersionId: "null" })).ContentLength).toBe(1);
  });

  test("A second deletion of a version succeeds; an id that S3 never issued is refused", async () => {
    const at = { Bucket: "answers-versioned", Key: "k" };
    await s3.createBucket({ Bucket: at.Bucket });
    await s3.putBucketVersioning({ Bucket: at.Bucket, VersioningConfiguration: { Status: "Enabled" } });
    const { VersionId } = await s3.putObject({ ...at, Body: "1" });
    await s3.deleteObject({ ...at, VersionId });
    await s3.deleteObject({ ...at, VersionId });
    await expect(s3.getObject({ ...at, VersionId })).rejects.toMatchObject({ name: "NoSuchVersion" });
    await expect(s3.deleteObject({ ...at, VersionId: UNKNOWN })).rejects.toMatchObject({ name: "InvalidArgument" });
  });
});

describe("lifecycle", () => {
  const put = (rule: Partial<LifecycleRule>, more: object = {}) =>
    s3.putBucketLifecycleConfiguration({
      Bucket,
      LifecycleConfiguration: { Rules: [{ ID: "r", Status: "Enabled", Filter: { Prefix: "" }, ...rule }] },
      ...more,
    });

  test("Rules that S3 does not accept are refused with its errors", async () => {
    await expect(put({ Expiration: { Days: 7 }, NoncurrentVersionExpiration: {} })).rejects.toMatchObject({ name: "MalformedXML" });
    await expect(put({ Expiration: { Days: 7, ExpiredObjectDeleteMarker: true } })).rejects.toMatchObject({ name: "MalformedXML" });
    await expect(put({ Expiration: { Date: new Date("2027-01-01T05:04:03Z") } })).rejects.toMatchObject({
      name: "InvalidArgument",
      message: "'Date' must be at midnight GMT",
    });
    const twice = { And: { Prefix: "", Tags: ["a", "a"].map((Key) => ({ Key, Value: "1" })) } };
    await expect(put({ Expiration: { Days: 7 }, Filter: twice })).rejects.toMatchObject({
      name: "InvalidRequest",
      message: "Duplicate Tag Keys are not allowed.",
    });
    await expect(put({ Expiration: { Days: 7 } }, { TransitionDefaultMinimumObjectSize: "value" })).rejects.toMatchObject({
      message: "Invalid TransitionDefaultMinimumObjectSize found: value",
    });
  });

  test("The minimum size for transitions is stored and returned", async () => {
    const size = { TransitionDefaultMinimumObjectSize: "varies_by_storage_class" } as const;
    expect(await put({ Expiration: { Days: 7 } }, size)).toMatchObject(size);
    expect(await s3.getBucketLifecycleConfiguration({ Bucket })).toMatchObject(size);
  });

  test("The answer about an object names the time and the rule of its expiration", async () => {
    const Rules: LifecycleRule[] = [
      { ID: "one", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 7 } },
      { ID: "two", Status: "Enabled", Filter: { Prefix: "logs/a" }, Expiration: { Days: 3 } },
      { ID: "tagged", Status: "Enabled", Filter: { Tag: { Key: "k", Value: "v" } }, Expiration: { Days: 1 } },
    ];
    await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules } });
    const ruleOf = (text: string | undefined) => /^expiry-date="\w+, .* 00:00:00 GMT", rule-id="(\w+)"$/.exec(text ?? "")?.[1];
    expect(ruleOf((await s3.putObject({ Bucket, Key: "logs/b", Body: "1" })).Expiration)).toBe("one");
    expect(ruleOf((await s3.putObject({ Bucket, Key: "logs/a", Body: "1" })).Expiration)).toBe("two");
    expect(ruleOf((await s3.putObject({ Bucket, Key: "x", Body: "1", Tagging: "k=v" })).Expiration)).toBe("tagged");
    expect((await s3.putObject({ Bucket, Key: "x", Body: "1" })).Expiration).toBeUndefined();
    expect(ruleOf((await s3.headObject({ Bucket, Key: "logs/b" })).Expiration)).toBe("one");
    await s3.deleteBucketLifecycle({ Bucket });
  });
});

describe("KMS keys of objects", () => {
  const put = (SSEKMSKeyId: string) => s3.putObject({ Bucket, Key: "kms", Body: "1", ServerSideEncryption: "aws:kms", SSEKMSKeyId });

  test("A missing key is refused", async () => {
    const missing = "134f2428-cec1-4b25-a1ae-9048164dba47";
    const refused = (message: string) => ({ name: "KMS.NotFoundException", message });
    await expect(put("fake-key-id")).rejects.toMatchObject(refused("Invalid keyId 'fake-key-id'"));
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${missing}`;
    await expect(put(missing)).rejects.toMatchObject(refused(`Key '${arn}' does not exist`));
    await expect(put(arn.replace("us-east-1", "eu-west-1"))).rejects.toMatchObject(refused("Invalid arn eu-west-1"));
  });

  test("A disabled key and a key pending deletion neither encrypt nor decrypt", async () => {
    const kms = aws.client(KMS);
    const { KeyId = "", Arn = "" } = (await kms.createKey({})).KeyMetadata ?? {};
    expect(await put(KeyId)).toMatchObject({ SSEKMSKeyId: Arn });
    await kms.disableKey({ KeyId });
    const disabled = { name: "KMS.DisabledException", message: `${Arn} is disabled.` };
    await expect(put(KeyId)).rejects.toMatchObject(disabled);
    await expect(s3.getObject({ Bucket, Key: "kms" })).rejects.toMatchObject(disabled);
    expect(await s3.headObject({ Bucket, Key: "kms" })).toMatchObject({ SSEKMSKeyId: Arn });
    await kms.enableKey({ KeyId });
    await s3.getObject({ Bucket, Key: "kms" });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    await expect(s3.getObject({ Bucket, Key: "kms" })).rejects.toMatchObject({ name: "KMS.KMSInvalidStateException" });
  });
});

/** The query of a presigned address; keys that were not issued here are not checked. */
function presigned(seconds: number | string): Record<string, string> {
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `owner/${now.slice(0, 8)}/us-east-1/s3/aws4_request`,
    "X-Amz-Date": now,
    "X-Amz-Expires": String(seconds),
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0",
  };
}

test("A presigned PUT keeps the condition that stands in its query", async () => {
  const query = new URLSearchParams({ "If-None-Match": "*", ...presigned(60) });
  const put = () => fetch(`${aws.url}/${Bucket}/once?${query}`, { method: "PUT", body: "x" });
  expect((await put()).status).toBe(200);
  expect((await put()).status).toBe(412);
});

test("A presigned address of an impossible lifetime is refused in AWS's words", async () => {
  const put = async (seconds: number | string) => {
    const answer = await fetch(`${aws.url}/${Bucket}/late?${new URLSearchParams(presigned(seconds))}`, { method: "PUT", body: "x" });
    return [answer.status, /<Message>(.*)<\/Message>/.exec(await answer.text())?.[1]];
  };
  expect(await put(-1000)).toEqual([400, "X-Amz-Expires must be non-negative"]);
  expect(await put(604_801)).toEqual([400, expect.stringContaining("must be less than a week (in seconds)")]);
  expect(await put("undefined")).toEqual([400, "X-Amz-Expires should be a number"]);
  expect(await put(0)).toEqual([403, "Request has expired"]);
});

test("Storage classes of other kinds of storage are refused", async () => {
  const put = (StorageClass: string) => s3.putObject({ Bucket, Key: "k", Body: "1", StorageClass: StorageClass as "STANDARD" });
  await expect(put("OUTPOSTS")).rejects.toMatchObject({ name: "InvalidStorageClass" });
  await put("STANDARD_IA");
});

test("PutBucketTagging answers 204, and an empty set counts as no tags", async () => {
  const tagged = await s3.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: "a", Value: "b" }] } });
  expect(tagged.$metadata.httpStatusCode).toBe(204);
  await s3.putBucketTagging({ Bucket, Tagging: { TagSet: [] } });
  await expect(s3.getBucketTagging({ Bucket })).rejects.toMatchObject({ name: "NoSuchTagSet" });
});

test("A list with a marker within a common prefix omits that prefix", async () => {
  for (const Key of ["list/a/1", "list/a/2", "list/file"]) await s3.putObject({ Bucket, Key, Body: "" });
  const page = await s3.listObjects({ Bucket, Prefix: "list/", Delimiter: "/", Marker: "list/a/1" });
  expect(page.CommonPrefixes).toBeUndefined();
  expect(page.Contents?.map((object) => object.Key)).toEqual(["list/file"]);
});

test("A part has a checksum when the upload names an algorithm", async () => {
  const upload = async (ChecksumAlgorithm?: "SHA256") => {
    const at = { Bucket, Key: `parts-${ChecksumAlgorithm}` };
    const { UploadId } = await s3.createMultipartUpload({ ...at, ...(ChecksumAlgorithm ? { ChecksumAlgorithm } : {}) });
    const part = { PartNumber: 1, Body: "part", ...(ChecksumAlgorithm ? { ChecksumAlgorithm } : {}) };
    const { ETag, ChecksumSHA256 } = await s3.uploadPart({ ...at, UploadId, ...part });
    const Parts = [{ PartNumber: 1, ETag, ...(ChecksumSHA256 ? { ChecksumSHA256 } : {}) }];
    await s3.completeMultipartUpload({ ...at, UploadId, MultipartUpload: { Parts } });
    return { ChecksumSHA256, read: await s3.headObject({ ...at, PartNumber: 1, ChecksumMode: "ENABLED" }) };
  };
  const named = await upload("SHA256");
  expect(named.read).toMatchObject({ ChecksumSHA256: named.ChecksumSHA256, ChecksumType: "COMPOSITE", PartsCount: 1 });
  const unnamed = await upload();
  expect(unnamed.read.ChecksumType).toBeUndefined();
  expect(unnamed.read.ChecksumCRC32).toBeUndefined();
});

describe("headers of a request", () => {
  const authorization = `AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`;
  // A body of bytes: with a string Node would send the headers as UTF-8.
  const send = (method: string, headers: Record<string, string>, body?: string) =>
    new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
      const sent = request(`${aws.url}/${Bucket}/raw`, { method, headers: { authorization, ...headers } }, async (answer) =>
        resolve({ status: answer.statusCode, headers: answer.headers, text: await text(answer) }),
      );
      sent.on("error", reject).end(body === undefined ? undefined : Buffer.from(body));
    });
  const put = async (headers: Record<string, string>, body: string | undefined) => (await send("PUT", headers, body)).status;

  /** Over a socket: Node's client adds a length or chunks by itself. */
  const putWithoutLength = () => {
    const { hostname, port, host } = new URL(aws.url);
    const socket = connect(Number(port), hostname);
    const lines = [`PUT /${Bucket}/raw HTTP/1.1`, `Host: ${host}`, `Authorization: ${authorization}`, "Connection: close", "", ""];
    socket.write(lines.join("\r\n"));
    return text(socket);
  };

  test("A body of unknown length is refused", async () => {
    const chunked = await send("PUT", { "transfer-encoding": "chunked" }, "x");
    expect([chunked.status, chunked.text]).toEqual([501, expect.stringContaining("<Header>Transfer-Encoding</Header>")]);
    expect(await putWithoutLength()).toContain("HTTP/1.1 411 ");
    expect(await put({ "content-length": "1" }, "x")).toBe(200);
  });

  test("An unknown Expect header is ignored", async () => {
    expect(await put({ "content-length": "1", expect: "200" }, "x")).toBe(200);
  });

  test("GET with an encryption header is refused", async () => {
    await put({ "content-length": "1" }, "x");
    for (const method of ["GET", "HEAD"]) {
      const refused = await send(method, { "x-amz-server-side-encryption": "AES256" });
      expect(refused.status).toBe(400);
      if (method === "GET") expect(refused.text).toContain("x-amz-server-side-encryption header is not supported for this operation.");
    }
    expect((await send("GET", {})).text).toBe("x");
  });

  // The first value and its answer are the example of AWS's documentation, the last one is recorded from AWS.
  test("Metadata beyond ASCII is answered in the form of RFC 2047", async () => {
    const utf8 = Buffer.from("ÄMÄZÕÑ S3").toString("latin1");
    await put({ "content-length": "1", "x-amz-meta-utf8": utf8, "x-amz-meta-plain": "a =?_b", "x-amz-meta-latin": "S3 é_" }, "x");
    expect((await send("HEAD", {})).headers).toMatchObject({
      "x-amz-meta-utf8": "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=",
      "x-amz-meta-plain": "a =?_b",
      "x-amz-meta-latin": "=?UTF-8?Q?S3_=C3=A9=5F?=",
    });
    const query = new URLSearchParams({ "x-amz-meta-foo": "non-ascii-%E2%80%94_—_é_", ...presigned(60) });
    expect((await fetch(`${aws.url}/${Bucket}/raw?${query}`, { method: "PUT" })).status).toBe(200);
    expect((await send("HEAD", {})).headers["x-amz-meta-foo"]).toBe("=?UTF-8?Q?non-ascii-%E2%80%94=5F=E2=80=94=5F=C3=A9=5F?=");
  });

  test("The content encoding is kept without aws-chunked, which may stand on a plain body", async () => {
    const encodingOf = async (ContentEncoding: string) => {
      await s3.putObject({ Bucket, Key: "encoded", Body: "x", ContentEncoding });
      const { Body, ContentEncoding: answered } = await s3.getObject({ Bucket, Key: "encoded" });
      expect(await Body?.transformToString()).toBe("x");
      return answered;
    };
    expect(await encodingOf("deflate, gzip")).toBe("deflate, gzip");
    expect(await encodingOf("gzip, aws-chunked")).toBe("gzip");
    expect(await encodingOf("aws-chunked, gzip")).toBe("gzip");
    expect(await encodingOf("aws-chunked")).toBeUndefined();
  });
});

test("A part can be copied from an object with a customer key only with that key", async () => {
  const key = Buffer.alloc(32, 7);
  const own = { algorithm: "AES256", key: key.toString("base64"), md5: createHash("md5").update(key).digest("base64") };
  await s3.putObject({
    Bucket,
    Key: "sealed",
    Body: "x",
    SSECustomerAlgorithm: own.algorithm,
    SSECustomerKey: own.key,
    SSECustomerKeyMD5: own.md5,
  });
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "copied" });
  const copy = (more: object = {}) =>
    s3.uploadPartCopy({ Bucket, Key: "copied", UploadId, PartNumber: 1, CopySource: `${Bucket}/sealed`, ...more });
  await expect(copy()).rejects.toMatchObject({ name: "InvalidRequest" });
  await copy({
    CopySourceSSECustomerAlgorithm: own.algorithm,
    CopySourceSSECustomerKey: own.key,
    CopySourceSSECustomerKeyMD5: own.md5,
  });
});

test("A range of a copied part is refused in AWS's words", async () => {
  await s3.putObject({ Bucket, Key: "ten", Body: "0123456789" });
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "range" });
  const copy = (CopySourceRange: string) =>
    s3.uploadPartCopy({ Bucket, Key: "range", UploadId, PartNumber: 1, CopySource: `${Bucket}/ten`, CopySourceRange });
  const refused = (ArgumentValue: string, message: string) => ({
    name: "InvalidArgument",
    ArgumentName: "x-amz-copy-source-range",
    ArgumentValue,
    message: expect.stringContaining(message),
  });
  await expect(copy("bytes=0-100")).rejects.toMatchObject(refused("bytes=0-100", "not valid for source object of size: 10"));
  await expect(copy("bytes=1-0")).rejects.toMatchObject(refused("bytes=1-0", "must be of the form bytes=first-last"));
  await expect(copy("0-8")).rejects.toMatchObject(refused("0-8", "must be of the form bytes=first-last"));
  await copy("bytes=0-9");
});

// boto/boto3#1213; moto's own test of the same answer is verified against AWS (getmoto/moto#7112).
test("More than ten tags of an object are refused", async () => {
  await s3.putObject({ Bucket, Key: "tagged", Body: "x" });
  const put = (count: number) =>
    s3.putObjectTagging({
      Bucket,
      Key: "tagged",
      Tagging: { TagSet: Array.from({ length: count }, (_, i) => ({ Key: `k${i}`, Value: "v" })) },
    });
  await expect(put(11)).rejects.toMatchObject({ name: "BadRequest", message: "Object tags cannot be greater than 10" });
  await put(10);
});

describe("A body in XML", () => {
  const put = async (setting: string, body: string) => {
    const authorization = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    const answer = await fetch(`${aws.url}/xml?${setting}`, { method: "PUT", headers: { authorization }, body });
    return [answer.status, /<Code>(\w+)</.exec(await answer.text())?.[1]];
  };
  beforeAll(() => s3.createBucket({ Bucket: "xml" }));

  test("may have a prologue, comments, spaces, sections and references", async () => {
    const body = `\uFEFF<?xml version="1.0"?>\r\n<!-- a > b -->
      <WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a = '>"'> <IndexDocument><!--<b>--><Suffix x="1">a&amp;b&#x20;&#8364;</Suffix>
      </IndexDocument > <ErrorDocument><Key><![CDATA[<&amp;>]]></Key></ErrorDocument><RoutingRules>
      <RoutingRule><Redirect><HostName>a</HostName></Redirect></RoutingRule><RoutingRule><Condition/><Redirect><HostName>b\r\n</HostName></Redirect></RoutingRule>
      </RoutingRules></WebsiteConfiguration>\n`;
    expect(await put("website", body)).toEqual([200, undefined]);
    expect(await s3.getBucketWebsite({ Bucket: "xml" })).toMatchObject({
      IndexDocument: { Suffix: "a&b €" },
      ErrorDocument: { Key: "<&amp;>" },
      RoutingRules: [{ Redirect: { HostName: "a" } }, { Redirect: { HostName: "b\n" } }],
    });
  });

  test.each([
    "<Tagging>",
    "<Tagging></TagSet>",
    "<Tagging/><Tagging/>",
    "a<Tagging/>",
    "<Tagging a></Tagging>",
    "<Tagging>&</Tagging>",
    "<Tagging>&nbsp;</Tagging>",
    "<Tagging>&#x110000;</Tagging>",
    "<Tagging><!-- </Tagging>",
    "</Tagging>",
    "Tagging",
  ])("is refused when it is not well-formed: %s", async (body) => {
    expect(await put("tagging", body)).toEqual([400, "MalformedXML"]);
  });
});
