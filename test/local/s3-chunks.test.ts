import { createHash, createHmac } from "node:crypto";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { STS } from "@aws-sdk/client-sts";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkVerifier } from "../../src/local/services/s3/chunk-signature.ts";
import { unchunk } from "../../src/local/services/s3/chunked.ts";
import { localAws } from "../support/local-aws.ts";

const PAYLOAD = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const Bucket = "chunks";
let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
let credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
beforeAll(async () => {
  aws = await localAws();
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket });
  const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const iam = aws.client(IAM);
  await iam.createRole({ RoleName: "writer", AssumeRolePolicyDocument: policy({ Principal: { AWS: "*" }, Action: "sts:AssumeRole" }) });
  await iam.putRolePolicy({ RoleName: "writer", PolicyName: "p", PolicyDocument: policy({ Action: "s3:*", Resource: "*" }) });
  const RoleArn = "arn:aws:iam::000000000000:role/writer";
  const { Credentials } = await aws.client(STS).assumeRole({ RoleArn, RoleSessionName: "test" });
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
});
afterAll(() => aws.close());

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

/** A body in signed chunks, by the rules of AWS's documentation, with the request's own signature. */
async function signedUpload(address: string, chunks: readonly string[], trailer?: readonly [name: string, value: string]) {
  const { pathname: path, searchParams } = new URL(address, aws.url);
  const signer = new SignatureV4({ service: "s3", region: "us-east-1", credentials, sha256: Sha256, uriEscapePath: false });
  const kind = PAYLOAD + (trailer ? "-TRAILER" : "");
  const request = await signer.sign({
    method: "PUT",
    protocol: "http:",
    hostname: "127.0.0.1",
    path,
    query: Object.fromEntries(searchParams),
    headers: {
      host: new URL(aws.url).host,
      "content-encoding": "aws-chunked",
      "x-amz-content-sha256": kind,
      "x-amz-decoded-content-length": String(Buffer.byteLength(chunks.join(""))),
      ...(trailer ? { "x-amz-trailer": trailer[0] } : {}),
    },
  });
  const at = request.headers["x-amz-date"] as string;
  const day = at.slice(0, 8);
  const key = ["us-east-1", "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${credentials.secretAccessKey}`, day));
  const scope = `${day}/us-east-1/s3/aws4_request`;
  let last = /Signature=(\w+)/.exec(request.headers.authorization ?? "")?.[1] as string;
  const next = (of: string, ...parts: string[]) => {
    last = hmac(key, [`AWS4-HMAC-SHA256-${of}`, at, scope, last, ...parts].join("\n")).toString("hex");
    return last;
  };
  const framed = [...chunks, ""].map((chunk) => {
    const head = `${Buffer.byteLength(chunk).toString(16)};chunk-signature=${next("PAYLOAD", sha256(""), sha256(chunk))}\r\n`;
    return chunk === "" ? head : `${head}${chunk}\r\n`;
  });
  if (trailer) {
    framed.push(`${trailer.join(":")}\r\n`, `x-amz-trailer-signature:${next("TRAILER", sha256(`${trailer.join(":")}\n`))}\r\n`);
  }
  return { headers: request.headers, body: `${framed.join("")}\r\n` };
}
async function put(path: string, { headers, body }: Awaited<ReturnType<typeof signedUpload>>) {
  const { host: _, ...rest } = headers;
  const response = await fetch(aws.url + path, { method: "PUT", headers: rest, body });
  return [response.status, /<Code>(\w+)</.exec(await response.text())?.[1]];
}

test("the signatures of AWS's documented example are valid, and changed ones are not", async () => {
  const headers = {
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "x-amz-date": "20130524T000000Z",
    "x-amz-content-sha256": PAYLOAD,
  };
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const read = async (body: string) => {
    const verifier = await chunkVerifier(headers, () => ({ secret, principal: { type: "anonymous" } }));
    let size = 0;
    for await (const part of unchunk(asStream(body), new Map(), verifier)) size += part.length;
    return size;
  };
  const chunk = (size: number, signature: string) =>
    `${size.toString(16)};chunk-signature=${signature}\r\n${"a".repeat(size)}${size > 0 ? "\r\n" : ""}`;
  const chunks = [
    chunk(65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    chunk(1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    chunk(0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    "\r\n",
  ];
  const body = chunks.join("");
  expect(await read(body)).toBe(66_560);
  const wrong = { name: "Error", code: "SignatureDoesNotMatch" };
  for (const at of [100, 65_700, 66_800])
    await expect(read(`${body.slice(0, at)}${body[at] === "b" ? "a" : "b"}${body.slice(at + 1)}`), String(at)).rejects.toMatchObject(wrong);
  await expect(read(chunks.toSpliced(1, 1).join("")), "a chunk left out").rejects.toMatchObject(wrong);
});
async function* asStream(text: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += 1000) yield Buffer.from(text.slice(at, at + 1000));
}

test("bodies with signed chunks and trailers are stored; a body with a wrong signature is not", async () => {
  expect(await put(`/${Bucket}/plain`, await signedUpload(`/${Bucket}/plain`, ["hello ", "world"]))).toEqual([200, undefined]);
  expect(await (await s3.getObject({ Bucket, Key: "plain" })).Body?.transformToString()).toBe("hello world");
  const crc = ["x-amz-checksum-crc32", "NhCmhg=="] as const;
  expect(await put(`/${Bucket}/trailed`, await signedUpload(`/${Bucket}/trailed`, ["hello"], crc))).toEqual([200, undefined]);

  const path = `/${Bucket}/forged`;
  const spoil = async (from: RegExp, to: string, trailer?: readonly [string, string]) => {
    const upload = await signedUpload(path, ["hello ", "world"], trailer);
    expect(upload.body).toMatch(from);
    return put(path, { ...upload, body: upload.body.replace(from, to) });
  };
  const refused = [403, "SignatureDoesNotMatch"];
  expect(await spoil(/world/, "World")).toEqual(refused);
  expect(await spoil(/chunk-signature=\w{8}/, "chunk-signature=00000000")).toEqual(refused);
  expect(await spoil(/;chunk-signature=\w+/, "")).toEqual(refused);
  expect(await spoil(/0;chunk-signature=\w{8}/, "0;chunk-signature=00000000")).toEqual(refused);
  expect(await spoil(/x-amz-trailer-signature:\w{8}/, "x-amz-trailer-signature:00000000", ["x-amz-checksum-crc32", "DUoRhQ=="])).toEqual(
    refused,
  );
  expect(await spoil(/DUoRhQ==/, "AAAAAA==", ["x-amz-checksum-crc32", "DUoRhQ=="])).toEqual(refused);
  await expect(s3.headObject({ Bucket, Key: "forged" })).rejects.toMatchObject({ name: "NotFound" });
});

test("chunks of parts and configurations are checked, too", async () => {
  const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "parts" });
  const tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>hello</Value></Tag></TagSet></Tagging>";
  for (const [path, body] of [
    [`/${Bucket}/parts?partNumber=1&uploadId=${UploadId}`, "hello"],
    [`/${Bucket}?tagging=`, tags],
  ] as const) {
    const upload = await signedUpload(path, [body]);
    expect(await put(path, { ...upload, body: upload.body.replace("hello", "Hello") })).toEqual([403, "SignatureDoesNotMatch"]);
  }
  expect((await s3.listParts({ Bucket, Key: "parts", UploadId })).Parts).toBeUndefined();
  await expect(s3.getBucketTagging({ Bucket })).rejects.toMatchObject({ name: "NoSuchTagSet" });
  const right = await signedUpload(`/${Bucket}?tagging=`, [tags]);
  expect((await put(`/${Bucket}?tagging=`, right))[0]).toBe(204);
  expect((await s3.getBucketTagging({ Bucket })).TagSet).toEqual([{ Key: "a", Value: "hello" }]);
});
