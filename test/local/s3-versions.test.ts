import { type ListObjectVersionsCommandOutput, S3 } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
beforeAll(async () => {
  aws = await localAws();
  s3 = aws.client(S3);
});
afterAll(() => aws.close());
const text = async (Bucket: string, Key: string, VersionId?: string) =>
  (await s3.getObject({ Bucket, Key, ...(VersionId ? { VersionId } : {}) })).Body?.transformToString();
async function versioned(Bucket: string) {
  await s3.createBucket({ Bucket });
  await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Enabled" } });
}

describe("versions", () => {
  const Bucket = "versions";
  test("every write is kept; a delete only adds a marker", async () => {
    await versioned(Bucket);
    const one = await s3.putObject({ Bucket, Key: "k", Body: "one" });
    const two = await s3.putObject({ Bucket, Key: "k", Body: "two" });
    const gone = await s3.deleteObject({ Bucket, Key: "k" });
    expect(gone).toMatchObject({ DeleteMarker: true });
    await expect(s3.getObject({ Bucket, Key: "k" })).rejects.toMatchObject({
      name: "NoSuchKey",
      $response: { headers: { "x-amz-delete-marker": "true", "x-amz-version-id": gone.VersionId } },
    });
    expect(await text(Bucket, "k", one.VersionId)).toBe("one");
    await expect(s3.getObject({ Bucket, Key: "k", VersionId: gone.VersionId })).rejects.toMatchObject({ name: "MethodNotAllowed" });
    await expect(s3.getObject({ Bucket, Key: "k", VersionId: "none" })).rejects.toMatchObject({ name: "InvalidArgument" });
    expect((await s3.listObjectsV2({ Bucket })).KeyCount).toBe(0);
    const listed = await s3.listObjectVersions({ Bucket });
    expect(listed.Versions?.map((v) => [v.VersionId, v.IsLatest])).toEqual([
      [two.VersionId, false],
      [one.VersionId, false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ Key: "k", VersionId: gone.VersionId, IsLatest: true }]);
    expect(await s3.deleteObject({ Bucket, Key: "k", VersionId: gone.VersionId })).toMatchObject({ DeleteMarker: true });
    expect(await text(Bucket, "k")).toBe("two");
    await s3.deleteObject({ Bucket, Key: "k", VersionId: two.VersionId });
    expect(await text(Bucket, "k")).toBe("one");
  });

  test("a suspended bucket has one null version and keeps the older ones", async () => {
    await s3.createBucket({ Bucket: "suspended" });
    const at = { Bucket: "suspended", Key: "k" };
    await s3.putObject({ ...at, Body: "before" });
    await s3.putBucketVersioning({ Bucket: at.Bucket, VersioningConfiguration: { Status: "Enabled" } });
    const kept = await s3.putObject({ ...at, Body: "kept" });
    await s3.putBucketVersioning({ Bucket: at.Bucket, VersioningConfiguration: { Status: "Suspended" } });
    expect((await s3.putObject({ ...at, Body: "after" })).VersionId).toBeUndefined();
    const ids = async () => (await s3.listObjectVersions({ Bucket: at.Bucket })).Versions?.map((v) => v.VersionId);
    expect(await ids()).toEqual(["null", kept.VersionId]);
    expect(await s3.deleteObject(at)).toMatchObject({ DeleteMarker: true, VersionId: "null" });
    expect(await ids()).toEqual([kept.VersionId]);
  });

  test("a bulk delete reports the result of each object", async () => {
    await versioned("bulk");
    const { VersionId } = await s3.putObject({ Bucket: "bulk", Key: "a", Body: "1" });
    const removed = await s3.deleteObjects({ Bucket: "bulk", Delete: { Objects: [{ Key: "a", VersionId }, { Key: "b" }] } });
    expect(removed.Deleted).toMatchObject([
      { Key: "a", VersionId },
      { Key: "b", DeleteMarker: true },
    ]);
    expect(removed.Errors).toBeUndefined();
    const quiet = await s3.deleteObjects({ Bucket: "bulk", Delete: { Quiet: true, Objects: [{ Key: "c" }] } });
    expect(quiet.Deleted).toBeUndefined();
    const Objects = Array.from({ length: 1001 }, (_, i) => ({ Key: `${i}` }));
    await expect(s3.deleteObjects({ Bucket: "bulk", Delete: { Objects } })).rejects.toMatchObject({ name: "MalformedXML" });
  });

  test("a bulk delete keeps locked objects and reports them", async () => {
    await s3.createBucket({ Bucket: "locked", ObjectLockEnabledForBucket: true });
    const at = { Bucket: "locked", Key: "k" };
    const { VersionId } = await s3.putObject({ ...at, Body: "1", ObjectLockLegalHoldStatus: "ON" });
    const tried = await s3.deleteObjects({ Bucket: "locked", Delete: { Objects: [{ Key: "k", VersionId }] } });
    expect(tried.Errors).toMatchObject([{ Key: "k", VersionId, Code: "AccessDenied" }]);
    await s3.putObjectLegalHold({ ...at, LegalHold: { Status: "OFF" } });
    await s3.putObjectRetention({ ...at, Retention: { Mode: "GOVERNANCE", RetainUntilDate: new Date(Date.now() + 86_400_000) } });
    await expect(s3.deleteObject({ ...at, VersionId })).rejects.toMatchObject({ name: "AccessDenied" });
    await s3.deleteObject({ ...at, VersionId, BypassGovernanceRetention: true });
  });
});

describe("listing", () => {
  const Bucket = "listing";
  const keys = ["a", "a/1", "a/2", "a/b/3", "b", "c d+e", "é", "\u{ff5e}", "\u{1f600}"];
  beforeAll(async () => {
    await s3.createBucket({ Bucket });
    for (const Key of keys) await s3.putObject({ Bucket, Key, Body: Key });
  });

  test("keys are listed in the order of UTF-8, with prefix and delimiter", async () => {
    const all = await s3.listObjectsV2({ Bucket });
    expect(all.Contents?.map((o) => o.Key)).toEqual(keys);
    expect(all).toMatchObject({ KeyCount: keys.length, IsTruncated: false, Name: Bucket });
    const folder = await s3.listObjectsV2({ Bucket, Prefix: "a/", Delimiter: "/" });
    expect(folder.Contents?.map((o) => o.Key)).toEqual(["a/1", "a/2"]);
    expect(folder.CommonPrefixes).toEqual([{ Prefix: "a/b/" }]);
    const top = await s3.listObjects({ Bucket, Delimiter: "/" });
    expect(top.CommonPrefixes).toEqual([{ Prefix: "a/" }]);
    expect(top.Contents?.map((o) => o.Key)).toEqual(keys.filter((key) => !key.includes("/")));
    expect((await s3.listObjectsV2({ Bucket, StartAfter: "b" })).Contents?.[0]?.Key).toBe("c d+e");
    expect((await s3.listObjectsV2({ Bucket, Prefix: "c", EncodingType: "url" })).Contents?.[0]?.Key).toBe("c%20d%2Be");
    expect(await s3.listObjectsV2({ Bucket, MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
    await expect(s3.listObjectsV2({ Bucket, ContinuationToken: "!" })).rejects.toMatchObject({ name: "InvalidArgument" });
    const owned = await s3.listObjectsV2({ Bucket, FetchOwner: true, MaxKeys: 1 });
    expect(owned.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
  });

  test("the pages of a list contain the same keys as the whole list, for any keys", async () => {
    const segment = fc.constantFrom("a", "b", "/", "//", "ü", "x y", "\u{1f600}");
    const names = fc.uniqueArray(
      fc.array(segment, { minLength: 1, maxLength: 5 }).map((s) => s.join("")),
      { minLength: 1, maxLength: 12 },
    );
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("", "/"),
        fc.constantFrom("", "a", "a/"),
        async (all, MaxKeys, Delimiter, Prefix) => {
          const bucket = `page-${n++}`;
          await versioned(bucket);
          for (const Key of all) await s3.putObject({ Bucket: bucket, Key, Body: "x" });
          const query = { Bucket: bucket, Prefix, ...(Delimiter ? { Delimiter } : {}) };
          const whole = await s3.listObjectsV2(query);
          const expected = [...(whole.Contents ?? []).map((o) => o.Key), ...(whole.CommonPrefixes ?? []).map((p) => p.Prefix)].sort();
          expect(await v2(query, MaxKeys)).toEqual(expected);
          expect(await v1(query, MaxKeys)).toEqual(expected);
          expect(await versions(query, MaxKeys)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  type Query = { Bucket: string; Prefix: string; Delimiter?: string };
  type Found = { Key?: string | undefined }[] | undefined;
  const named = (contents: Found, prefixes: { Prefix?: string | undefined }[] | undefined) => [
    ...(contents ?? []).map((o) => o.Key),
    ...(prefixes ?? []).map((p) => p.Prefix),
  ];
  async function v2(query: Query, MaxKeys: number) {
    const found: (string | undefined)[] = [];
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await s3.listObjectsV2({ ...query, MaxKeys, ContinuationToken });
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      found.push(...named(page.Contents, page.CommonPrefixes));
      ContinuationToken = page.NextContinuationToken;
      if (!page.IsTruncated) return found.sort();
    }
  }
  async function v1(query: Query, MaxKeys: number) {
    const found: (string | undefined)[] = [];
    for (let Marker: string | undefined; ; ) {
      const page = await s3.listObjects({ ...query, MaxKeys, Marker });
      found.push(...named(page.Contents, page.CommonPrefixes));
      Marker = page.NextMarker ?? page.Contents?.at(-1)?.Key;
      if (!page.IsTruncated) return found.sort();
    }
  }
  async function versions(query: Query, MaxKeys: number) {
    const found: (string | undefined)[] = [];
    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      const from = { KeyMarker: page?.NextKeyMarker, VersionIdMarker: page?.NextVersionIdMarker };
      page = await s3.listObjectVersions({ ...query, MaxKeys, ...from });
      found.push(...named(page.Versions, page.CommonPrefixes));
    } while (page.IsTruncated);
    return found.sort();
  }

  test("the versions of one key may be on several pages", async () => {
    await versioned("many-versions");
    for (let i = 0; i < 5; i++) await s3.putObject({ Bucket: "many-versions", Key: "k", Body: `${i}` });
    await s3.putObject({ Bucket: "many-versions", Key: "l", Body: "x" });
    expect(await versions({ Bucket: "many-versions", Prefix: "" }, 2)).toEqual(["k", "k", "k", "k", "k", "l"]);
  });
});

test("a restart loses no object and removes unused files", async () => {
  const { mkdtempSync, readdirSync, writeFileSync, mkdirSync } = await import("node:fs");
  const { join } = await import("node:path");
  const { tmpdir } = await import("node:os");
  const dataDir = mkdtempSync(join(tmpdir(), "s3-restart-"));
  const files = () =>
    readdirSync(join(dataDir, "s3", "objects"), { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).length;
  const first = await localAws({ dataDir });
  const before = first.client(S3);
  await before.createBucket({ Bucket: "kept" });
  await before.putBucketVersioning({ Bucket: "kept", VersioningConfiguration: { Status: "Enabled" } });
  for (const Body of ["1", "2"]) await before.putObject({ Bucket: "kept", Key: "k", Body, Tagging: "t=1" });
  const versionsBefore = (await before.listObjectVersions({ Bucket: "kept" })).Versions;
  await first.close();
  mkdirSync(join(dataDir, "s3", "objects", "zz"), { recursive: true });
  writeFileSync(join(dataDir, "s3", "objects", "zz", "zz-nobody"), "left behind");
  const used = files();
  const second = await localAws({ dataDir });
  const after = second.client(S3);
  expect((await after.listObjectVersions({ Bucket: "kept" })).Versions).toEqual(versionsBefore);
  expect(await (await after.getObject({ Bucket: "kept", Key: "k" })).Body?.transformToString()).toBe("2");
  expect(files()).toBe(used - 1);
  await second.close();
  removeFolder(dataDir);
});
