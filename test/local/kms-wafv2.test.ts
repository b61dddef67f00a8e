import { APIGateway } from "@aws-sdk/client-api-gateway";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { KMS } from "@aws-sdk/client-kms";
import { WAFV2 } from "@aws-sdk/client-wafv2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { localAws } from "../support/local-aws.ts";

const clock = virtualClock();
const DAY = 86_400_000;
let aws: Awaited<ReturnType<typeof localAws>>;
let kms: KMS;
let waf: WAFV2;
beforeAll(async () => {
  aws = await localAws({ clock });
  [kms, waf] = [aws.client(KMS), aws.client(WAFV2)];
});
afterAll(() => aws.close());
const many = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("kms", () => {
  const make = async (more: object = {}) => (await kms.createKey(more)).KeyMetadata?.KeyId as string;

  test("a key is found by id, ARN, alias and alias ARN; an error names a missing key", async () => {
    const { KeyMetadata } = await kms.createKey({ Description: "data", Tags: [{ TagKey: "a", TagValue: "b" }] });
    const { KeyId = "", Arn = "" } = KeyMetadata ?? {};
    expect(KeyMetadata).toMatchObject({
      KeyState: "Enabled",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeySpec: "SYMMETRIC_DEFAULT",
      Description: "data",
    });
    await kms.createAlias({ AliasName: "alias/mine", TargetKeyId: KeyId });
    for (const id of [KeyId, Arn, "alias/mine", Arn.replace(/key\/.*/, "alias/mine")])
      expect((await kms.describeKey({ KeyId: id })).KeyMetadata?.Arn).toBe(Arn);
    await expect(kms.describeKey({ KeyId: "nobody" })).rejects.toMatchObject({
      name: "NotFoundException",
      message: "Invalid keyId 'nobody'",
      $metadata: { httpStatusCode: 400 },
    });
    const unknown = "00000000-0000-4000-8000-000000000000";
    await expect(kms.describeKey({ KeyId: unknown })).rejects.toMatchObject({
      message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${unknown}' does not exist`,
    });
    await expect(aws.client(KMS, { region: "eu-west-1" }).describeKey({ KeyId: Arn })).rejects.toMatchObject({
      message: "Invalid arn us-east-1",
    });
    await expect(kms.createAlias({ AliasName: "alias/mine", TargetKeyId: KeyId })).rejects.toMatchObject({
      name: "AlreadyExistsException",
    });
    await expect(kms.createAlias({ AliasName: "alias/aws/x", TargetKeyId: KeyId })).rejects.toMatchObject({
      name: "NotAuthorizedException",
    });
    await expect(kms.createAlias({ AliasName: "mine", TargetKeyId: KeyId })).rejects.toMatchObject({ name: "ValidationException" });
    const other = await make();
    await kms.updateAlias({ AliasName: "alias/mine", TargetKeyId: other });
    expect((await kms.describeKey({ KeyId: "alias/mine" })).KeyMetadata?.KeyId).toBe(other);
    await kms.deleteAlias({ AliasName: "alias/mine" });
    await expect(kms.describeKey({ KeyId: "alias/mine" })).rejects.toMatchObject({ name: "NotFoundException" });
  });

  test("the key that AWS manages for a table exists and cannot be changed", async () => {
    const dynamodb = aws.client(DynamoDB);
    await dynamodb.createTable({
      TableName: "managed",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      SSESpecification: { Enabled: true },
    });
    const KeyId = (await dynamodb.describeTable({ TableName: "managed" })).Table?.SSEDescription?.KMSMasterKeyArn;
    expect((await kms.describeKey({ KeyId })).KeyMetadata).toMatchObject({ Arn: KeyId, KeyManager: "AWS", KeyState: "Enabled" });
    expect((await kms.describeKey({ KeyId: "alias/aws/dynamodb" })).KeyMetadata?.Arn).toBe(KeyId);
    await expect(kms.scheduleKeyDeletion({ KeyId })).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(kms.describeKey({ KeyId: "alias/aws/nothing" })).rejects.toMatchObject({ name: "NotFoundException" });
  });

  test("a scheduled deletion can be cancelled; after its day, key and aliases are gone", async () => {
    const KeyId = await make();
    await kms.createAlias({ AliasName: "alias/leaving", TargetKeyId: KeyId });
    await expect(kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 6 })).rejects.toMatchObject({ name: "ValidationException" });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    for (const refused of [kms.enableKey({ KeyId }), kms.scheduleKeyDeletion({ KeyId }), kms.enableKeyRotation({ KeyId })])
      await expect(refused).rejects.toMatchObject({ name: "KMSInvalidStateException" });
    expect((await kms.describeKey({ KeyId })).KeyMetadata).toMatchObject({ KeyState: "PendingDeletion", Enabled: false });
    await kms.cancelKeyDeletion({ KeyId });
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe("Disabled");
    await kms.enableKey({ KeyId });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    clock.advance(7 * DAY + 1);
    await expect(kms.describeKey({ KeyId })).rejects.toMatchObject({ name: "NotFoundException" });
    expect((await kms.listAliases({})).Aliases?.map(({ AliasName }) => AliasName)).not.toContain("alias/leaving");
  });

  test("rotation, policy and tags are stored; lists have pages", async () => {
    const KeyId = await make();
    expect(await kms.getKeyRotationStatus({ KeyId })).toMatchObject({ KeyRotationEnabled: false });
    await expect(kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 89 })).rejects.toMatchObject({ name: "ValidationException" });
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 });
    const NextRotationDate = new Date(clock.now() + 90 * DAY);
    expect(await kms.getKeyRotationStatus({ KeyId })).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate,
    });
    const locked = JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "kms:Encrypt", Resource: "*" }] });
    await expect(kms.putKeyPolicy({ KeyId, Policy: locked })).rejects.toMatchObject({ name: "MalformedPolicyDocumentException" });
    expect(JSON.parse((await kms.getKeyPolicy({ KeyId })).Policy ?? "{}").Statement[0].Sid).toBe("Enable IAM User Permissions");
    await kms.tagResource({ KeyId, Tags: many(50).map((i) => ({ TagKey: `k${i}`, TagValue: "v" })) });
    for (const [keys, message] of [
      [["k50"], "Too many tags"],
      [["aws:x"], "Tags beginning with aws: are reserved"],
      [["k1", "k1"], "Duplicate tag keys"],
    ] as const)
      await expect(kms.tagResource({ KeyId, Tags: keys.map((TagKey) => ({ TagKey, TagValue: "v" })) })).rejects.toMatchObject({
        name: "TagException",
        message,
      });
    await kms.untagResource({ KeyId, TagKeys: many(48).map((i) => `k${i}`) });
    const first = await kms.listResourceTags({ KeyId, Limit: 1 });
    expect([first.Tags, first.Truncated]).toEqual([[{ TagKey: "k48", TagValue: "v" }], true]);
    expect((await kms.listResourceTags({ KeyId, Limit: 1, Marker: first.NextMarker })).Tags?.[0]?.TagKey).toBe("k49");
    await expect(kms.createKey({ MultiRegion: true })).rejects.toMatchObject({ name: "NotImplemented" });
    await expect(kms.encrypt({ KeyId, Plaintext: Buffer.from("x") })).rejects.toMatchObject({ name: "NotImplemented" });
  });
});

describe("wafv2", () => {
  const shown = { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: "m" };
  const Scope = "REGIONAL" as const;
  const base = { Scope, DefaultAction: { Allow: {} }, VisibilityConfig: shown };
  const managed = (Name: string, Priority: number, more: object = { OverrideAction: { None: {} } }) => ({
    Name,
    Priority,
    VisibilityConfig: shown,
    Statement: { ManagedRuleGroupStatement: { VendorName: "AWS", Name: "AWSManagedRulesCommonRuleSet" } },
    ...more,
  });

  test("a change needs the present lock token, so one of two simultaneous changes fails", async () => {
    const { Summary } = await waf.createWebACL({ ...base, Name: "one", Rules: [managed("common", 0)] });
    const at = { Scope, Name: "one", Id: Summary?.Id };
    const read = await waf.getWebACL(at);
    expect(read.WebACL).toMatchObject({ Name: "one", Capacity: 700, ARN: Summary?.ARN });
    expect(read.LockToken).toBe(Summary?.LockToken);
    const { NextLockToken } = await waf.updateWebACL({ ...base, ...at, Rules: [], LockToken: read.LockToken });
    await expect(waf.updateWebACL({ ...base, ...at, LockToken: read.LockToken })).rejects.toMatchObject({
      name: "WAFOptimisticLockException",
    });
    expect((await waf.getWebACL(at)).WebACL?.Rules).toEqual([]);
    await expect(waf.createWebACL({ ...base, Name: "one" })).rejects.toMatchObject({ name: "WAFDuplicateItemException" });
    await expect(waf.deleteWebACL({ ...at, LockToken: read.LockToken })).rejects.toMatchObject({ name: "WAFOptimisticLockException" });
    await waf.deleteWebACL({ ...at, LockToken: NextLockToken });
    await expect(waf.getWebACL(at)).rejects.toMatchObject({ name: "WAFNonexistentItemException" });
  });

  test("rules are checked; the error of an unsupported rule names it", async () => {
    const make = (...Rules: object[]) => waf.createWebACL({ ...base, Name: "checked", Rules: Rules as never });
    const rate = { Name: "r", Priority: 1, VisibilityConfig: shown, Action: { Block: {} } };
    for (const rules of [
      [managed("a", 0), managed("b", 0)],
      [managed("a", 0), managed("a", 1)],
      [managed("a", 0, { Action: { Block: {} } })],
      [{ ...rate, Statement: { RateBasedStatement: { Limit: 9, AggregateKeyType: "IP" } } }],
    ])
      await expect(make(...rules)).rejects.toMatchObject({ name: "WAFInvalidParameterException" });
    await expect(waf.createWebACL({ ...base, Name: "far", Scope: "CLOUDFRONT" })).rejects.toMatchObject({ name: "NotImplemented" });
  });

  test("a web ACL is associated with a stage, cannot be deleted meanwhile, and is free after the stage is deleted", async () => {
    const gateway = aws.client(APIGateway);
    const document = {
      openapi: "3.0.1",
      info: { title: "w", version: "1" },
      paths: { "/": { get: { "x-amazon-apigateway-integration": { type: "mock" } } } },
    };
    const { id: restApiId } = await gateway.importRestApi({ body: Buffer.from(JSON.stringify(document)) });
    await gateway.createDeployment({ restApiId, stageName: "prod" });
    const ResourceArn = `arn:aws:apigateway:us-east-1::/restapis/${restApiId}/stages/prod`;
    const { Summary } = await waf.createWebACL({ ...base, Name: "guard" });
    const WebACLArn = Summary?.ARN;
    await expect(waf.associateWebACL({ WebACLArn, ResourceArn: `${ResourceArn}x` })).rejects.toMatchObject({
      name: "WAFNonexistentItemException",
    });
    await expect(waf.associateWebACL({ WebACLArn, ResourceArn: "arn:aws:s3:::b" })).rejects.toMatchObject({
      name: "WAFInvalidParameterException",
    });
    await waf.associateWebACL({ WebACLArn, ResourceArn });
    expect((await waf.getWebACLForResource({ ResourceArn })).WebACL?.Name).toBe("guard");
    expect((await waf.listResourcesForWebACL({ WebACLArn })).ResourceArns).toEqual([ResourceArn]);
    const gone = { Scope, Name: "guard", Id: Summary?.Id, LockToken: Summary?.LockToken };
    await expect(waf.deleteWebACL(gone)).rejects.toMatchObject({ name: "WAFAssociatedItemException" });
    await gateway.deleteRestApi({ restApiId });
    await expect(waf.getWebACLForResource({ ResourceArn })).rejects.toMatchObject({ name: "WAFNonexistentItemException" });
    await waf.deleteWebACL(gone);
  });

  test("tags are stored; lists have pages", async () => {
    const names = many(3).map((i) => `page-${i}`);
    const made = await Promise.all(names.map((Name) => waf.createWebACL({ ...base, Name, Tags: [{ Key: "a", Value: "1" }] })));
    const ResourceARN = made[0]?.Summary?.ARN;
    await waf.tagResource({ ResourceARN, Tags: [{ Key: "b", Value: "2" }] });
    await waf.untagResource({ ResourceARN, TagKeys: ["a"] });
    expect((await waf.listTagsForResource({ ResourceARN })).TagInfoForResource?.TagList).toEqual([{ Key: "b", Value: "2" }]);
    await expect(waf.tagResource({ ResourceARN, Tags: [{ Key: "aws:x", Value: "" }] })).rejects.toMatchObject({
      name: "WAFTagOperationException",
    });
    const page = await waf.listWebACLs({ Scope, Limit: 2 });
    const rest = await waf.listWebACLs({ Scope, NextMarker: page.NextMarker });
    expect([...(page.WebACLs ?? []), ...(rest.WebACLs ?? [])].map(({ Name }) => Name)).toEqual(names);
  });
});
