import { execFile, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const run = promisify(execFile);
const env = {
  ...process.env,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/dev/null",
};
let aws: Awaited<ReturnType<typeof localAws>>;
const folder = mkdtempSync(join(tmpdir(), "s3-tools-"));
beforeAll(async () => {
  aws = await localAws();
});
afterAll(async () => {
  await aws.close();
  removeFolder(folder);
});

describe.skipIf(!has("aws", "--version"))("the aws command", () => {
  const cli = async (...args: string[]) => (await run("aws", ["--endpoint-url", aws.url, ...args], { env, cwd: folder })).stdout;
  const sum = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");

  test("copies files of all sizes and folders in both directions, and removes them", async () => {
    writeFileSync(join(folder, "big.bin"), randomBytes(100_000_000));
    writeFileSync(join(folder, "small ü.txt"), "hello");
    await cli("s3", "mb", "s3://tour");
    await cli("s3", "cp", "big.bin", "s3://tour/in/big.bin", "--no-progress");
    await cli("s3", "cp", "small ü.txt", "s3://tour/in/", "--no-progress");
    await cli("s3", "cp", "s3://tour/in/big.bin", "back.bin", "--no-progress");
    expect(sum("back.bin")).toBe(sum("big.bin"));
    await cli("s3", "sync", "s3://tour/in", "s3://tour/out", "--no-progress");
    expect(await cli("s3", "ls", "s3://tour")).toMatch(/PRE in\/\s+PRE out\//);
    expect(await cli("s3", "ls", "s3://tour/out/")).toMatch(/100000000 big\.bin[\s\S]*5 small ü\.txt/);
    await expect(cli("s3", "rb", "s3://tour")).rejects.toThrow(/BucketNotEmpty/);
    await cli("s3", "rb", "s3://tour", "--force");
    expect(await cli("s3", "ls")).toBe("");
  }, 240_000);

  test("reads and writes settings with s3api", async () => {
    await cli("s3api", "create-bucket", "--bucket", "api");
    await cli("s3api", "put-bucket-versioning", "--bucket", "api", "--versioning-configuration", "Status=Enabled");
    expect(JSON.parse(await cli("s3api", "get-bucket-versioning", "--bucket", "api"))).toEqual({ Status: "Enabled" });
    await cli("s3api", "put-bucket-tagging", "--bucket", "api", "--tagging", "TagSet=[{Key=a,Value=b}]");
    expect(JSON.parse(await cli("s3api", "get-bucket-tagging", "--bucket", "api"))).toEqual({ TagSet: [{ Key: "a", Value: "b" }] });
    await expect(cli("s3api", "get-bucket-policy", "--bucket", "api")).rejects.toThrow(/NoSuchBucketPolicy/);
    await expect(cli("s3api", "head-bucket", "--bucket", "nobodys")).rejects.toThrow(/404/);
  }, 120_000);
});

test.skipIf(!has("python3", "-c", "import boto3"))(
  "boto3: a tour from the first bucket to the last",
  async () => {
    const { stdout } = await run("python3", [join(import.meta.dirname, "../support/s3-tour.py"), aws.url], { env });
    expect(stdout).toBe("done\n");
  },
  120_000,
);
