import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { STS } from "@aws-sdk/client-sts";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
let role: S3;
let credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
const clock = virtualClock(Date.now());
const Bucket = "guarded";
const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

beforeAll(async () => {
  aws = await localAws({ clock });
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket });
  await s3.putObject({ Bucket, Key: "open/1", Body: "one" });
  await s3.putObject({ Bucket, Key: "closed/1", Body: "two" });
  const iam = aws.client(IAM);
  const trust = document({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" });
  const { Role } = await iam.createRole({ RoleName: "reader", AssumeRolePolicyDocument: trust });
  const PolicyDocument = document(
    { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource: `arn:aws:s3:::${Bucket}/open/*` },
    { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${Bucket}`, Condition: { StringLike: { "s3:prefix": "open/*" } } },
  );
  await iam.putRolePolicy({ RoleName: "reader", PolicyName: "p", PolicyDocument });
  const assumed = await aws.client(STS).assumeRole({ RoleArn: Role?.Arn, RoleSessionName: "test" });
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = assumed.Credentials ?? {};
  credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  role = aws.client(S3, { credentials } as object);
});
afterAll(() => aws.close());

const denied = { name: "AccessDenied", $metadata: { httpStatusCode: 403 } };

describe("permissions of a role", () => {
  test("a policy allows objects by prefix", async () => {
    expect(await (await role.getObject({ Bucket, Key: "open/1" })).Body?.transformToString()).toBe("one");
    await role.putObject({ Bucket, Key: "open/2", Body: "x" });
    await expect(role.getObject({ Bucket, Key: "closed/1" })).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining("s3:GetObject"),
    });
    await expect(role.putObject({ Bucket, Key: "closed/2", Body: "x" })).rejects.toMatchObject(denied);
    await expect(role.copyObject({ Bucket, Key: "open/3", CopySource: `${Bucket}/closed/1` })).rejects.toMatchObject(denied);
    await expect(role.deleteBucket({ Bucket })).rejects.toMatchObject(denied);
  });

  test("a policy allows lists by prefix; without the permission to list, a missing key is not revealed", async () => {
    expect((await role.listObjectsV2({ Bucket, Prefix: "open/" })).KeyCount).toBe(2);
    await expect(role.listObjectsV2({ Bucket })).rejects.toMatchObject(denied);
    await expect(role.getObject({ Bucket, Key: "open/none" })).rejects.toMatchObject(denied);
    await expect(s3.getObject({ Bucket, Key: "open/none" })).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  test("a bulk delete checks the permission for each object", async () => {
    const done = await role.deleteObjects({ Bucket, Delete: { Objects: [{ Key: "open/2" }, { Key: "closed/1" }] } });
    expect(done.Deleted).toEqual([{ Key: "open/2" }]);
    expect(done.Errors).toMatchObject([{ Key: "closed/1", Code: "AccessDenied" }]);
    await s3.headObject({ Bucket, Key: "closed/1" });
  });

  test("the bucket's policy counts, too", async () => {
    const Policy = document({
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:role/reader" },
      Action: "s3:GetObject",
      Resource: `arn:aws:s3:::${Bucket}/closed/*`,
    });
    await s3.putBucketPolicy({ Bucket, Policy });
    expect(await (await role.getObject({ Bucket, Key: "closed/1" })).Body?.transformToString()).toBe("two");
    await s3.deleteBucketPolicy({ Bucket });
  });

  test("a wrong secret gives a signature error", async () => {
    const forged = aws.client(S3, { credentials: { ...credentials, secretAccessKey: "guessed" } } as object);
    await expect(forged.getObject({ Bucket, Key: "open/1" })).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe("presigned URLs", () => {
  async function presigned(method: "GET" | "PUT", key: string, expiresIn: number, secret = credentials) {
    const signer = new SignatureV4({
      service: "s3",
      region: "us-east-1",
      credentials: secret,
      sha256: Sha256,
      uriEscapePath: false,
      applyChecksum: false,
    });
    const { host, hostname } = new URL(aws.url);
    const path = `/${Bucket}/${encodeURIComponent(key).replaceAll("%2F", "/")}`;
    const headers = { host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const unsigned = { method, protocol: "http:", hostname, path, query: {}, headers };
    const signed = await signer.presign(unsigned, {
      expiresIn,
      unsignableHeaders: new Set(["x-amz-content-sha256"]),
      signingDate: new Date(clock.now()),
    });
    return `${aws.url}${path}?${new URLSearchParams(signed.query as Record<string, string>)}`;
  }

  test("allow to read and write without credentials until they expire", async () => {
    const put = await fetch(await presigned("PUT", "open/a b", 60), { method: "PUT", body: "by address" });
    expect(put.status).toBe(200);
    const url = await presigned("GET", "open/a b", 60);
    const got = await fetch(url);
    expect([got.status, await got.text()]).toEqual([200, "by address"]);
    expect((await fetch(url.replace("open/a", "open/z"))).status).toBe(403);
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(403);
    expect((await fetch(await presigned("GET", "closed/1", 60))).status).toBe(403);
    clock.advance(61_000);
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([403, expect.stringContaining("Request has expired")]);
  });

  test("work with any key of the machine's user", async () => {
    const own = { accessKeyId: "test", secretAccessKey: "whatever", sessionToken: "" };
    expect(await (await fetch(await presigned("GET", "closed/1", 60, own))).text()).toBe("two");
  });
});

test("an anonymous caller gets exactly what a public policy allows", async () => {
  await s3.createBucket({ Bucket: "public" });
  await s3.putObject({ Bucket: "public", Key: "page.html", Body: "<p>", ContentType: "text/html" });
  const url = `${aws.url}/public/page.html`;
  expect((await fetch(url)).status).toBe(403);
  await s3.deletePublicAccessBlock({ Bucket: "public" });
  const Policy = document({ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::public/*" });
  await s3.putBucketPolicy({ Bucket: "public", Policy });
  const got = await fetch(url);
  expect([got.status, got.headers.get("content-type"), await got.text()]).toEqual([200, "text/html", "<p>"]);
  expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
});

test("events reach only a topic that permits S3 to publish", async () => {
  const sns = aws.client(SNS);
  const { TopicArn = "" } = await sns.createTopic({ Name: "events" });
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100" });
  const topic = { TopicArn, Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"] as "s3:ObjectCreated:*"[], Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "in/" }, { Name: "Suffix", Value: ".csv" }] } } as const }; // biome-ignore format: one line
  const configure = () =>
    s3.putBucketNotificationConfiguration({ Bucket, NotificationConfiguration: { TopicConfigurations: [topic as never] } });
  const closedPolicy = document({ Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "sns:Publish", Resource: TopicArn });
  await sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue: closedPolicy });
  await expect(configure()).rejects.toMatchObject({ name: "InvalidArgument" });
  const AttributeValue = document({
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sns:Publish",
    Resource: TopicArn,
    Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${Bucket}` } },
  });
  await sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue });
  await configure();
  const stored = await s3.getBucketNotificationConfiguration({ Bucket });
  expect(stored.TopicConfigurations).toMatchObject([{ TopicArn, Id: expect.any(String), Events: topic.Events }]);
  await s3.putObject({ Bucket, Key: "in/a+b ü.csv", Body: "1,2" });
  await s3.putObject({ Bucket, Key: "in/other.txt", Body: "x" });
  await s3.deleteObject({ Bucket, Key: "in/a+b ü.csv" });
  const records = async () => {
    const mail = (await (await fetch(`${aws.url}/_local/mail`)).json()) as unknown;
    return [...JSON.stringify(mail).matchAll(/eventName[\\":]+([\w:]+)/g)].map((match) => match[1]);
  };
  await expect.poll(records).toEqual(expect.arrayContaining(["ObjectCreated:Put", "ObjectRemoved:Delete"]));
  expect(await records()).toHaveLength(2);
});
