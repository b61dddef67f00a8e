import { KMS } from "@aws-sdk/client-kms";
import { type LifecycleRule, S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
let west: S3;
const Bucket = "settings";
beforeAll(async () => {
  aws = await localAws();
  s3 = aws.client(S3);
  west = aws.client(S3, { region: "eu-west-1" } as object);
  await s3.createBucket({ Bucket });
});
afterAll(() => aws.close());
const fails = (name: string, httpStatusCode: number) => ({ name, $metadata: { httpStatusCode } });

describe("creating", () => {
  test("us-east-1 needs no location constraint; other regions need their own", async () => {
    expect(await s3.createBucket({ Bucket: "east" })).toMatchObject({ Location: "/east", BucketArn: "arn:aws:s3:::east" });
    const at = (LocationConstraint: string) => ({ CreateBucketConfiguration: { LocationConstraint: LocationConstraint as "eu-west-1" } });
    await expect(s3.createBucket({ Bucket: "east-2", ...at("us-east-1") })).rejects.toMatchObject(fails("InvalidLocationConstraint", 400));
    await expect(s3.createBucket({ Bucket: "east-2", ...at("eu-west-1") })).rejects.toMatchObject(
      fails("IllegalLocationConstraintException", 400),
    );
    await expect(west.createBucket({ Bucket: "west", ...at("eu-central-1") })).rejects.toMatchObject(
      fails("IllegalLocationConstraintException", 400),
    );
    await west.createBucket({ Bucket: "west", ...at("eu-west-1") });
    expect((await west.getBucketLocation({ Bucket: "west" })).LocationConstraint).toBe("eu-west-1");
    expect((await s3.getBucketLocation({ Bucket: "east" })).LocationConstraint).toBeUndefined();
    expect((await west.headBucket({ Bucket: "west" })).BucketRegion).toBe("eu-west-1");
  });

  test("a bucket is found only in its region; errors name that region", async () => {
    await expect(s3.headBucket({ Bucket: "west" })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 301 },
      $response: { headers: { "x-amz-bucket-region": "eu-west-1" } },
    });
    await expect(s3.listObjectsV2({ Bucket: "west" })).rejects.toMatchObject(fails("PermanentRedirect", 301));
  });

  test("a second create succeeds in us-east-1 and is an error in other regions", async () => {
    await s3.putBucketTagging({ Bucket: "east", Tagging: { TagSet: [{ Key: "a", Value: "1" }] } });
    await s3.createBucket({ Bucket: "east" });
    expect((await s3.getBucketTagging({ Bucket: "east" })).TagSet).toEqual([{ Key: "a", Value: "1" }]);
    const again = west.createBucket({ Bucket: "west", CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } });
    await expect(again).rejects.toMatchObject(fails("BucketAlreadyOwnedByYou", 409));
  });

  test("a new bucket has its tags at once; names are checked", async () => {
    const TagSet = [{ Key: "fleetlogix:app", Value: "x" }];
    await s3.createBucket({ Bucket: "tagged", CreateBucketConfiguration: { Tags: TagSet } });
    expect((await s3.getBucketTagging({ Bucket: "tagged" })).TagSet).toEqual(TagSet);
    for (const name of ["ab", "Upper", "a..b", "192.168.0.1", "x-", "-x"])
      await expect(s3.createBucket({ Bucket: name })).rejects.toMatchObject(fails("InvalidBucketName", 400));
  });

  test("buckets are listed with their region, in pages", async () => {
    const first = await s3.listBuckets({ MaxBuckets: 2 });
    expect(first.Buckets?.map((b) => b.Name)).toEqual(["east", "settings"]);
    const second = await s3.listBuckets({ MaxBuckets: 2, ContinuationToken: first.ContinuationToken });
    expect(second.Buckets?.map((b) => [b.Name, b.BucketRegion])).toEqual([
      ["tagged", "us-east-1"],
      ["west", "eu-west-1"],
    ]);
  });
});

test("another owner's bucket is refused", async () => {
  const ExpectedBucketOwner = "111111111111";
  await expect(s3.headBucket({ Bucket, ExpectedBucketOwner })).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  await expect(s3.putObject({ Bucket, Key: "x", Body: "x", ExpectedBucketOwner })).rejects.toMatchObject(fails("AccessDenied", 403));
  await s3.headBucket({ Bucket, ExpectedBucketOwner: "000000000000" });
});

describe("deleting", () => {
  test("a bucket with any version or delete marker cannot be deleted", async () => {
    await s3.createBucket({ Bucket: "filled" });
    await s3.putBucketVersioning({ Bucket: "filled", VersioningConfiguration: { Status: "Enabled" } });
    await s3.deleteObject({ Bucket: "filled", Key: "never-was" });
    await expect(s3.deleteBucket({ Bucket: "filled" })).rejects.toMatchObject(fails("BucketNotEmpty", 409));
    const marker = (await s3.listObjectVersions({ Bucket: "filled" })).DeleteMarkers?.[0];
    await s3.deleteObject({ Bucket: "filled", Key: "never-was", VersionId: marker?.VersionId });
    await s3.createMultipartUpload({ Bucket: "filled", Key: "unfinished" });
    await s3.deleteBucket({ Bucket: "filled" });
    await expect(s3.headBucket({ Bucket: "filled" })).rejects.toMatchObject({ name: "NotFound" });
    await expect(s3.deleteBucket({ Bucket: "filled" })).rejects.toMatchObject(fails("NoSuchBucket", 404));
  });

  test("with realism the name of a deleted bucket stays blocked for a time", async () => {
    const clock = virtualClock();
    const real = await localAws({ clock, settings: { realism: true } });
    const client = real.client(S3);
    await client.createBucket({ Bucket: "busy" });
    await client.deleteBucket({ Bucket: "busy" });
    await expect(client.createBucket({ Bucket: "busy" })).rejects.toMatchObject(fails("OperationAborted", 409));
    clock.advance(20_000);
    await client.createBucket({ Bucket: "busy" });
    await real.close();
  });
});

describe("a missing setting has its own error", () => {
  test.each([
    ["getBucketTagging", "NoSuchTagSet"],
    ["getBucketCors", "NoSuchCORSConfiguration"],
    ["getBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"],
    ["getBucketPolicy", "NoSuchBucketPolicy"],
    ["getBucketPolicyStatus", "NoSuchBucketPolicy"],
    ["getBucketWebsite", "NoSuchWebsiteConfiguration"],
    ["getBucketReplication", "ReplicationConfigurationNotFoundError"],
    ["getObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"],
  ] as const)("%s: %s", async (operation, name) => {
    await expect(s3[operation]({ Bucket })).rejects.toMatchObject(fails(name, 404));
  });

  test("some settings have defaults instead", async () => {
    expect((await s3.getBucketEncryption({ Bucket })).ServerSideEncryptionConfiguration?.Rules?.[0]).toMatchObject({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
    });
    expect((await s3.getBucketVersioning({ Bucket })).Status).toBeUndefined();
    expect((await s3.getBucketLogging({ Bucket })).LoggingEnabled).toBeUndefined();
    expect((await s3.getBucketRequestPayment({ Bucket })).Payer).toBe("BucketOwner");
    expect((await s3.getBucketNotificationConfiguration({ Bucket })).TopicConfigurations).toBeUndefined();
    expect((await s3.getBucketAcl({ Bucket })).Grants).toMatchObject([{ Permission: "FULL_CONTROL" }]);
    const block = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
    expect((await s3.getPublicAccessBlock({ Bucket })).PublicAccessBlockConfiguration).toEqual(block);
    expect((await s3.getBucketOwnershipControls({ Bucket })).OwnershipControls?.Rules).toEqual([
      { ObjectOwnership: "BucketOwnerEnforced" },
    ]);
  });
});

describe("settings are returned as they were written", () => {
  const rules: LifecycleRule[] = [
    {
      ID: "old",
      Status: "Enabled",
      Filter: { Prefix: "raw/" },
      Transitions: [{ Days: 30, StorageClass: "STANDARD_IA" }],
      Expiration: { Days: 365 },
    },
    { ID: "by-date", Status: "Disabled", Filter: { Tag: { Key: "a", Value: "b" } }, Expiration: { Date: new Date(Date.UTC(2030, 0, 1)) } },
  ];
  const CORSRules = [{ AllowedMethods: ["GET", "PUT"], AllowedOrigins: ["https://a.example"], AllowedHeaders: ["*"], MaxAgeSeconds: 60 }];

  test("settings survive a restart, including times", async () => {
    await s3.createBucket({ Bucket: "source-of-logs" });
    await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: rules } });
    await s3.putBucketCors({ Bucket, CORSConfiguration: { CORSRules } });
    await s3.putBucketLogging({ Bucket, BucketLoggingStatus: { LoggingEnabled: { TargetBucket: "source-of-logs", TargetPrefix: "l/" } } });
    await s3.putBucketWebsite({ Bucket, WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" } } });
    const stored = aws.env.store.collection<{ settings: object }>("s3.buckets").get(Bucket);
    aws.env.store.collection("s3.buckets").put(Bucket, JSON.parse(JSON.stringify(stored)));
    const lifecycle = await s3.getBucketLifecycleConfiguration({ Bucket });
    expect(lifecycle.Rules).toEqual(rules);
    expect(lifecycle.TransitionDefaultMinimumObjectSize).toBe("all_storage_classes_128K");
    expect((await s3.getBucketCors({ Bucket })).CORSRules).toEqual(CORSRules);
    expect((await s3.getBucketLogging({ Bucket })).LoggingEnabled).toEqual({ TargetBucket: "source-of-logs", TargetPrefix: "l/" });
    expect((await s3.getBucketWebsite({ Bucket })).IndexDocument).toEqual({ Suffix: "index.html" });
    await s3.deleteBucketLifecycle({ Bucket });
    await expect(s3.getBucketLifecycleConfiguration({ Bucket })).rejects.toMatchObject(fails("NoSuchLifecycleConfiguration", 404));
  });

  test("encryption, ownership, access block, versioning and inventories are stored", async () => {
    const kms = aws.client(KMS);
    const { KeyMetadata: key } = await kms.createKey({});
    await kms.createAlias({ AliasName: "alias/mine", TargetKeyId: key?.KeyId as string });
    const Rules = [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: "alias/mine" }, BucketKeyEnabled: true },
    ] as const;
    await s3.putBucketEncryption({ Bucket, ServerSideEncryptionConfiguration: { Rules: [...Rules] } });
    expect((await s3.getBucketEncryption({ Bucket })).ServerSideEncryptionConfiguration?.Rules).toEqual(Rules);
    const put = await s3.putObject({ Bucket, Key: "kms", Body: "x" });
    expect(put).toMatchObject({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: key?.Arn, BucketKeyEnabled: true });
    await s3.deleteObject({ Bucket, Key: "kms" });
    const configuration = { Id: "all", Filter: { Prefix: "x" } };
    await s3.putBucketMetricsConfiguration({ Bucket, Id: "all", MetricsConfiguration: configuration });
    expect((await s3.getBucketMetricsConfiguration({ Bucket, Id: "all" })).MetricsConfiguration).toEqual(configuration);
    expect((await s3.listBucketMetricsConfigurations({ Bucket })).MetricsConfigurationList).toEqual([configuration]);
    await expect(s3.getBucketMetricsConfiguration({ Bucket, Id: "no" })).rejects.toMatchObject(fails("NoSuchConfiguration", 404));
  });

  test("invalid settings get AWS's errors", async () => {
    const lifecycle = (rule: object) =>
      s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: [{ Status: "Enabled", Filter: {}, ...rule }] } });
    await expect(lifecycle({})).rejects.toMatchObject(fails("InvalidRequest", 400));
    await expect(lifecycle({ Transitions: [{ Days: 7, StorageClass: "STANDARD_IA" }] })).rejects.toMatchObject(
      fails("InvalidArgument", 400),
    );
    await expect(lifecycle({ Expiration: { Days: 1 }, Filter: { Prefix: "a", ObjectSizeLessThan: 1 } })).rejects.toMatchObject(
      fails("MalformedXML", 400),
    );
    const TagSet = [1, 2].map(() => ({ Key: "same", Value: "v" }));
    await expect(s3.putBucketTagging({ Bucket, Tagging: { TagSet } })).rejects.toMatchObject(fails("InvalidTag", 400));
    await expect(s3.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: "aws:x", Value: "v" }] } })).rejects.toMatchObject(
      fails("InvalidTag", 400),
    );
    await expect(s3.putBucketReplication({ Bucket, ReplicationConfiguration: { Role: "r", Rules: [] } })).rejects.toMatchObject(
      fails("InvalidRequest", 400),
    );
    await expect(s3.putBucketVersioning({ Bucket, VersioningConfiguration: {} })).rejects.toMatchObject(
      fails("IllegalVersioningConfigurationException", 400),
    );
  });
});

describe("access", () => {
  const statement = (more: object = {}) => ({
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
    ...more,
  });
  const policy = (more?: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement(more)] });

  test("policies are checked", async () => {
    for (const Policy of [
      "not json",
      "{}",
      policy({ Effect: "Maybe" }),
      policy({ Principal: undefined }),
      policy({ Resource: "arn:aws:s3:::other/*" }),
      policy({ Action: "sns:x" }),
    ])
      await expect(s3.putBucketPolicy({ Bucket, Policy })).rejects.toMatchObject(fails("MalformedPolicy", 400));
  });

  test("a public policy is refused while public access is blocked", async () => {
    await expect(s3.putBucketPolicy({ Bucket, Policy: policy() })).rejects.toMatchObject(fails("AccessDenied", 403));
    await s3.putBucketPolicy({ Bucket, Policy: policy({ Condition: { StringEquals: { "aws:SourceAccount": "000000000000" } } }) });
    expect((await s3.getBucketPolicyStatus({ Bucket })).PolicyStatus?.IsPublic).toBe(false);
    const insecure = policy({ Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } });
    await s3.putBucketPolicy({ Bucket, Policy: insecure });
    expect((await s3.getBucketPolicy({ Bucket })).Policy).toBe(insecure);
    // Loopback counts as encrypted.
    await s3.putObject({ Bucket, Key: "x", Body: "x" });
    await s3.putPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration: {} });
    await s3.putBucketPolicy({ Bucket, Policy: policy() });
    expect((await s3.getBucketPolicyStatus({ Bucket })).PolicyStatus?.IsPublic).toBe(true);
    await s3.deleteBucketPolicy({ Bucket });
  });

  test("ACLs are refused when the bucket owner owns all objects", async () => {
    await expect(s3.putBucketAcl({ Bucket, ACL: "private" })).rejects.toMatchObject(fails("AccessControlListNotSupported", 400));
    await expect(s3.putObject({ Bucket, Key: "x", Body: "x", ACL: "public-read" })).rejects.toMatchObject(
      fails("AccessControlListNotSupported", 400),
    );
    await s3.putObject({ Bucket, Key: "x", Body: "x", ACL: "bucket-owner-full-control" });
    await s3.putBucketOwnershipControls({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] } });
    await s3.putBucketAcl({ Bucket, ACL: "public-read" });
    expect((await s3.getBucketAcl({ Bucket })).Grants).toHaveLength(2);
    await s3.putPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } });
    await expect(s3.putBucketAcl({ Bucket, ACL: "public-read" })).rejects.toMatchObject(fails("AccessDenied", 403));
  });
});
