import { S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { acquireLock, breakLock, LOCK_KEY, type LockPlace } from "../../../src/aws/lock.ts";
import { localAws } from "../../support/local-aws.ts";

const Bucket = "fleetlogix-data";
let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
let now = Date.UTC(2026, 0, 1, 12);
const living = new Set<number>([1, 2]);
const place = (): LockPlace => ({
  clients: { s3: async () => s3 },
  bucket: Bucket,
  account: "000000000000",
  now: () => now,
  alive: (pid) => living.has(pid),
});
const owner = (pid: number, host = "desk") => ({ host, pid, user: "ada", command: "up" });
const versions = async () => {
  const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
  return Versions.length + DeleteMarkers.length;
};

beforeAll(async () => {
  aws = await localAws();
  s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket });
  await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Enabled" } });
});
afterAll(() => aws.close());
beforeEach(() => breakLock(place()));

test("a second run gets the holder and start of the first one, continues after its end, and nothing remains", async () => {
  const release = await acquireLock(place(), owner(1));
  const refusal = await acquireLock(place(), owner(2)).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "LOCKED", exit: 6 });
  for (const word of ["ada", "desk", "process 1", "fleetlogix up", "2026-01-01T12:00:00Z"]) expect(String(refusal)).toContain(word);
  await release();
  await (await acquireLock(place(), owner(2)))();
  expect(await versions()).toBe(0);
});
test("a lock of a dead process on this computer is replaced at once, one of another computer after its lease", async () => {
  await acquireLock(place(), owner(77));
  const release = await acquireLock(place(), owner(1));
  await release();
  expect(await versions()).toBe(0);

  await acquireLock(place(), owner(77, "elsewhere"));
  await expect(acquireLock(place(), owner(1))).rejects.toThrow("elsewhere");
  now += 11 * 60_000;
  await (await acquireLock(place(), owner(1)))();
  expect(await versions()).toBe(0);
});
test("of two runs that replace one expired lock one wins", async () => {
  await acquireLock(place(), owner(77));
  const results = await Promise.allSettled([acquireLock(place(), owner(1)), acquireLock(place(), owner(2))]);
  expect(results.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect((await s3.getObject({ Bucket, Key: LOCK_KEY })).ETag).toBeDefined();
});
test("force-unlock removes any lock, and the release by the old holder does not remove the new lock", async () => {
  const old = await acquireLock(place(), owner(1));
  await breakLock(place());
  await acquireLock(place(), owner(2));
  await old();
  await expect(acquireLock(place(), owner(1))).rejects.toMatchObject({ code: "LOCKED" });
});
test("a run continues without a lock where none can be written", async () => {
  const nowhere = { ...place(), bucket: "no-such-bucket" };
  await (await acquireLock(nowhere, owner(1)))();
  await breakLock(nowhere);
});

const put = (Body: string) => s3.putObject({ Bucket, Key: LOCK_KEY, Body });
const good = { host: "elsewhere", user: "bob", command: "up", pid: 5, since: 1, until: 99_999_999_999_999 };
const DAMAGED: readonly (readonly [name: string, body: string])[] = [
  ["not JSON", "not json"],
  ["empty", ""],
  ["null", "null"],
  ["{}", "{}"],
  ["a list", "[]"],
  ["since is a word", JSON.stringify({ ...good, since: "x" })],
  ["since is no date", JSON.stringify({ ...good, since: 1e20 })],
  ["until is a word", JSON.stringify({ ...good, until: "zzz" })],
  ["until is far away", JSON.stringify(good)],
  ["too large", JSON.stringify({ ...good, more: "x".repeat(20_000) })],
  ["no owner", JSON.stringify({ since: 1, until: 2 })],
];
describe("a damaged lock counts as a lock of an unknown holder for one lease", () => {
  test.each(DAMAGED)("%s", async (_name, body) => {
    await put(body);
    now = Date.now();
    const refusal = await acquireLock(place(), owner(1)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "LOCKED", exit: 6, message: expect.stringMatching(/since \d{4}-\d\d-\d\dT/) });
    now = Date.now() + 11 * 60_000;
    await (await acquireLock(place(), owner(1)))();
    expect(await versions()).toBe(0);
    await put(body);
    await breakLock(place());
    expect(await versions()).toBe(0);
  });
});
test("text in a lock cannot control the terminal", async () => {
  now = Date.now();
  await put(JSON.stringify({ ...good, user: "\u001b[31mroot\nDone: nothing to do", host: "\u001b[2Jx\u009b1m", since: now }));
  const refusal = (await acquireLock(place(), owner(1)).catch((error: unknown) => error)) as Error;
  expect(refusal.message).toContain("\\u001b[31mroot\\nDone: nothing to do on \\u001b[2Jx\\u009b1m");
  expect(refusal.message).not.toMatch(/\n/);
});
