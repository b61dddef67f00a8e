import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

test("small objects share files, which shrink after most of their objects are deleted", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "packs-"));
  const folder = join(dataDir, "s3", "objects");
  const bytes = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .reduce((sum, file) => sum + statSync(join(file.parentPath ?? file.path, file.name)).size, 0);
  const body = (i: number) => `${i}:`.padEnd(60_000, String(i % 10));
  const first = await localAws({ dataDir });
  const s3 = first.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: "packs" });
  for (let i = 0; i < 40; i++) await s3.putObject({ Bucket: "packs", Key: `k${i}`, Body: body(i) });
  await s3.copyObject({ Bucket: "packs", Key: "copy", CopySource: "packs/k7" });
  for (let i = 0; i < 40; i++) if (i !== 7) await s3.deleteObject({ Bucket: "packs", Key: `k${i}` });
  expect(bytes()).toBeGreaterThan(2_000_000);
  await first.close();
  const second = await localAws({ dataDir });
  const again = second.client(S3, { forcePathStyle: true });
  expect(bytes()).toBe(120_000);
  for (const Key of ["k7", "copy"]) expect(await (await again.getObject({ Bucket: "packs", Key })).Body?.transformToString()).toBe(body(7));
  const part = await again.getObject({ Bucket: "packs", Key: "k7", Range: "bytes=1-3" });
  expect(await part.Body?.transformToString()).toBe(body(7).slice(1, 4));
  for (const Key of ["k7", "copy"]) await again.deleteObject({ Bucket: "packs", Key });
  await second.close();
  const third = await localAws({ dataDir });
  expect(bytes()).toBe(0);
  await third.close();
  removeFolder(dataDir);
});

test("an empty object and the small object after it survive restarts", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "packs-"));
  const first = await localAws({ dataDir });
  const s3 = first.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: "packs" });
  const bodies = { "folder/": "", a: "x", b: "", c: "yz" };
  for (const [Key, Body] of Object.entries(bodies)) await s3.putObject({ Bucket: "packs", Key, Body });
  await first.close();
  for (let restart = 0; restart < 2; restart++) {
    const next = await localAws({ dataDir });
    const again = next.client(S3, { forcePathStyle: true });
    for (const [Key, body] of Object.entries(bodies))
      expect(await (await again.getObject({ Bucket: "packs", Key })).Body?.transformToString()).toBe(body);
    await next.close();
  }
  removeFolder(dataDir);
});
