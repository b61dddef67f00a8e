import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { RDS } from "@aws-sdk/client-rds";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCK_KEY } from "../../src/aws/lock.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

/** The real command on a stack whose database takes its time, as on AWS. */
const LONG = 180_000;
let cwd: string;
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "status-"));
  aws = await localAws({ settings: { realism: true } });
});
afterAll(async () => {
  await aws.close();
  removeFolder(cwd);
});

function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "y",
  };
  const child = spawn(process.execPath, [resolve("bin/fleetlogix.js"), ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk) => {
      output[name] += chunk;
    });
  }
  return new Promise((done) => child.on("close", (code) => done({ code, ...output })));
}
const databaseStatus = async () => (await aws.client(RDS).describeDBInstances({})).DBInstances?.[0]?.DBInstanceStatus;

test("without a stack all resources are absent: --exit-code gives 1, and without the flag the exit code is 0", {
  timeout: LONG,
}, async () => {
  const first = await run("status", "--exit-code");
  expect(first).toMatchObject({ code: 1, stdout: expect.stringMatching(/\d+ resources: \d+ absent\./) });
  expect(await run("status")).toMatchObject({ code: 0, stdout: first.stdout });
});

test("a database in creation is shown as changing, not as an error, and is not ready", { timeout: LONG }, async () => {
  expect(await run("up", "--no-wait")).toMatchObject({ code: 0 });
  expect(await databaseStatus()).toBe("creating");
  const { code, stdout } = await run("status", "--exit-code");
  expect(stdout).toMatch(/^ *… +database .*creating/m);
  expect(stdout).toMatch(/ready, 1 changing\.\n$/);
  expect(stdout).not.toMatch(/✖ +database/);
  expect(code).toBe(1);
  expect(JSON.parse((await run("status", "--json")).stdout)).toMatchObject({ ok: true, lock: null });
});

test("with a complete stack --exit-code gives 0, and the holder of the lock is shown", { timeout: LONG }, async () => {
  await aws.close();
  // A local AWS without AWS's delays.
  aws = await localAws();
  expect(await run("up")).toMatchObject({ code: 0 });
  expect(await run("status", "--exit-code")).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d+ resources: \d+ ready\.\n$/) });
  const since = Date.now() - 120_000;
  const held = { host: "laptop", pid: 12, user: "ana", command: "up", since, until: Date.now() + 600_000 };
  const place = { Bucket: "fleetlogix-data-000000000000-us-east-1", Key: LOCK_KEY };
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.putObject({ ...place, Body: JSON.stringify(held) });
  const locked = await run("status", "--exit-code");
  expect(locked).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^… ana.*laptop.* runs `fleetlogix up` on this stack since 2 m/m),
  });
  expect(JSON.parse((await run("status", "--json")).stdout).lock).toMatchObject({ command: "up", since: new Date(since).toISOString() });
  await s3.deleteObject(place);
});

test("after a resource was deleted --exit-code gives 1 and its line shows absent", { timeout: LONG }, async () => {
  await aws.client(SNS).deleteTopic({ TopicArn: "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts" });
  const { code, stdout } = await run("status", "--exit-code");
  expect(stdout).toMatch(/✖ +topic\.alerts .*absent/);
  expect(code).toBe(1);
});
