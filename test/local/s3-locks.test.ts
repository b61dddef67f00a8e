import { S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

const DAY_MS = 86_400_000;
let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
const Bucket = "locked";
beforeAll(async () => {
  aws = await localAws();
  s3 = aws.client(S3);
  await s3.createBucket({ Bucket, ObjectLockEnabledForBucket: true });
});
afterAll(() => aws.close());
const set = (DefaultRetention: object, ObjectLockEnabled = "Enabled") =>
  s3.putObjectLockConfiguration({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled, Rule: { DefaultRetention } } as never });
const later = (ms: number) => new Date(Date.now() + ms);

describe("default retention", () => {
  test("A configuration that S3 does not accept is refused", async () => {
    const malformed = { name: "MalformedXML" };
    await expect(set({ Mode: "GOVERNANCE", Days: 1, Years: 1 })).rejects.toMatchObject(malformed);
    await expect(set({ Mode: "GOVERNANCE" })).rejects.toMatchObject(malformed);
    await expect(set({ Days: 1 })).rejects.toMatchObject(malformed);
    await expect(set({ Mode: "GOVERNANCE", Days: 1 }, "Disabled")).rejects.toMatchObject(malformed);
    for (const period of [{ Days: 0 }, { Years: -1 }, { Days: 36_501 }])
      await expect(set({ Mode: "GOVERNANCE", ...period })).rejects.toMatchObject({
        name: "InvalidArgument",
        ArgumentName: Object.keys(period)[0],
      });
  });

  test("An object without a retention gets the bucket's", async () => {
    await set({ Mode: "GOVERNANCE", Days: 2 });
    const { VersionId } = await s3.putObject({ Bucket, Key: "default", Body: "1" });
    const { Retention } = await s3.getObjectRetention({ Bucket, Key: "default" });
    expect(Retention?.Mode).toBe("GOVERNANCE");
    const days = (Number(Retention?.RetainUntilDate) - Date.now()) / DAY_MS;
    expect(Math.round(days)).toBe(2);
    await expect(s3.deleteObject({ Bucket, Key: "default", VersionId })).rejects.toMatchObject({ name: "AccessDenied" });
    await s3.putObjectLockConfiguration({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } });
  });
});

describe("retention of an object", () => {
  test("Mode and date must both be given, and the date must be in the future", async () => {
    const put = (lock: object) => s3.putObject({ Bucket, Key: "k", Body: "1", ...lock });
    await expect(put({ ObjectLockMode: "GOVERNANCE" })).rejects.toMatchObject({ name: "InvalidArgument" });
    await expect(put({ ObjectLockRetainUntilDate: later(DAY_MS) })).rejects.toMatchObject({ name: "InvalidArgument" });
    await expect(put({ ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: later(-DAY_MS) })).rejects.toMatchObject({
      message: "The retain until date must be in the future!",
    });
    await put({});
    const retain = (Retention: object) => s3.putObjectRetention({ Bucket, Key: "k", Retention });
    await expect(retain({ Mode: "GOVERNANCE" })).rejects.toMatchObject({ name: "MalformedXML" });
    await expect(retain({ Mode: "GOVERNANCE", RetainUntilDate: later(-DAY_MS) })).rejects.toMatchObject({ name: "InvalidArgument" });
  });

  test("A retention in force can only get longer, unless a governance lock is bypassed", async () => {
    const at = { Bucket, Key: "retained" };
    await s3.putObject({ ...at, Body: "1", ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: later(2 * DAY_MS) });
    const retain = (Mode: "GOVERNANCE" | "COMPLIANCE", ms: number, bypass = false) =>
      s3.putObjectRetention({ ...at, Retention: { Mode, RetainUntilDate: later(ms) }, BypassGovernanceRetention: bypass });
    await expect(retain("GOVERNANCE", DAY_MS)).rejects.toMatchObject({
      message: "Access Denied because object protected by object lock.",
    });
    await retain("GOVERNANCE", 3 * DAY_MS);
    await retain("GOVERNANCE", DAY_MS, true);
    await retain("COMPLIANCE", 2 * DAY_MS, true);
    await expect(retain("GOVERNANCE", 3 * DAY_MS, true)).rejects.toMatchObject({ name: "AccessDenied" });
    await retain("COMPLIANCE", 3 * DAY_MS);
  });
});
