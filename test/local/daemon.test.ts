import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { IAM } from "@aws-sdk/client-iam";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resetLocal, startLocal, statusLocal, stopLocal } from "../../src/local/daemon/control.ts";
import { removeFolder } from "../support/folders.ts";

/** The local AWS as a background process: real processes, real signals. */
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "local-daemon-"));
});
afterEach(async () => {
  await stopLocal({ dataDir });
  removeFolder(dataDir);
});

const start = (more: object = {}) => startLocal({ dataDir, port: 0, databases: "none", databasePort: 0, ...more });
const config = (endpoint: string) => ({ region: "us-east-1", endpoint, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

test("the local AWS runs in the background, is found by a second start, shows its status, and stops", async () => {
  const first = await start();
  expect(first).toMatchObject({ alreadyRunning: false, url: `http://127.0.0.1:${first.port}` });
  expect(await start()).toEqual({ ...first, alreadyRunning: true });
  await new IAM(config(first.url)).createRole({ RoleName: "r", AssumeRolePolicyDocument: TRUST });
  const status = await statusLocal({ dataDir });
  expect(status).toMatchObject({ running: true, pid: first.pid, port: first.port, services: { iam: { roles: 1 } } });
  expect(status.dataBytes.journal).toBeGreaterThan(0);
  expect(status.memoryBytes).toBeLessThan(300e6);
  expect(statSync(join(dataDir, "local.json")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(dataDir, "local.log"), "utf8")).toContain(`started on ${first.url}`);
  expect(await stopLocal({ dataDir })).toEqual({ wasRunning: true });
  expect(await stopLocal({ dataDir })).toEqual({ wasRunning: false });
  expect(await statusLocal({ dataDir })).toMatchObject({ running: false });
  expect(existsSync(join(dataDir, "local.lock"))).toBe(false);
});

test("the memory of a load is returned when the load has ended", async () => {
  const { url } = await start();
  const db = new DynamoDB(config(url));
  await db.createTable({
    TableName: "load",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  const Items = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { id: { S: `${i}` }, text: { S: "x".repeat(2_000) } } } }));
  const memory = async (): Promise<number> => (await statusLocal({ dataDir })).memoryBytes ?? 0;
  for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 20 }, () => db.batchWriteItem({ RequestItems: { load: Items } })));
  const most = await memory();
  await vi.waitFor(async () => expect(await memory()).toBeLessThan(most - 32e6), { timeout: 15_000, interval: 500 });
});

test("simultaneous starts lead to one process", async () => {
  const all = await Promise.all([start(), start(), start()]);
  expect(new Set(all.map((one) => one.pid)).size).toBe(1);
  expect(all.filter((one) => !one.alreadyRunning)).toHaveLength(1);
});

test("an error names the program that uses the port", async () => {
  const other = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({ code: "PORT_BUSY", message: `Port ${port} is taken by another program.` });
  other.close();
  const running = await start();
  const neighbour = join(dataDir, "neighbour");
  await expect(startLocal({ dataDir: neighbour, port: running.port })).rejects.toMatchObject({
    code: "PORT_BUSY",
    message: `Port ${running.port} is taken by the local AWS of ${dataDir}.`,
  });
});

test("a folder that cannot be written is refused before a process starts", async () => {
  writeFileSync(join(dataDir, "file"), "");
  await expect(startLocal({ dataDir: join(dataDir, "file", "local"), port: 0 })).rejects.toMatchObject({ code: "FOLDER_UNWRITABLE" });
});

test("the error for a read-only file system says so", async (context) => {
  const mount = join(dataDir, "mount");
  mkdirSync(mount);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "none", mount], { stdio: "ignore" });
  } catch {
    // Only an administrator can mount a file system.
    return context.skip();
  }
  try {
    const refused = startLocal({ dataDir: join(mount, ".fleetlogix", "local"), port: 0 });
    await expect(refused).rejects.toMatchObject({
      code: "FOLDER_UNWRITABLE",
      message: expect.stringContaining("cannot be written (EROFS)."),
    });
  } finally {
    execFileSync("umount", [mount]);
  }
});

test("data of a newer release is refused with the next step", async () => {
  writeFileSync(join(dataDir, "journal.jsonl"), `${JSON.stringify(["local.format", "data", { version: 99 }])}\n`);
  await expect(start()).rejects.toMatchObject({
    code: "LOCAL_DATA_NEWER",
    message: expect.stringContaining("written by a newer fleetlogix (format 99"),
  });
});

test("an invalid fault plan fails the start, and the error names the path of the wrong value", async () => {
  const faultsFile = join(dataDir, "faults.json");
  writeFileSync(faultsFile, JSON.stringify([{ service: 7 }]));
  await expect(start({ faultsFile })).rejects.toMatchObject({
    code: "FAULTS_INVALID",
    message: expect.stringMatching(/faults\.json: The fault plan is not valid[\s\S]*rules\[0\]\.service/),
  });
});

test("a reset deletes the data, running or not, and empties no other folder", async () => {
  const first = await start();
  await new IAM(config(first.url)).createRole({ RoleName: "r", AssumeRolePolicyDocument: TRUST });
  await resetLocal({ dataDir });
  const again = await statusLocal({ dataDir });
  expect(again).toMatchObject({ running: true, port: first.port });
  expect((await new IAM(config(first.url)).listRoles({})).Roles).toEqual([]);
  await stopLocal({ dataDir });
  await resetLocal({ dataDir });
  expect(existsSync(join(dataDir, "journal.jsonl"))).toBe(false);
  mkdirSync(join(dataDir, "precious"));
  await resetLocal({ dataDir });
  expect(existsSync(join(dataDir, "precious"))).toBe(true);
});

test("a server whose folder was deleted is found by its port and ends by itself; the next one starts empty", async () => {
  const first = await start();
  const where = { dataDir, port: first.port };
  await new IAM(config(first.url)).createRole({ RoleName: "r", AssumeRolePolicyDocument: TRUST });
  removeFolder(dataDir);
  const second = await startLocal({ ...where, databases: "none", databasePort: 0 });
  expect(second).toMatchObject({ alreadyRunning: false, port: first.port });
  expect(second.pid).not.toBe(first.pid);
  expect((await new IAM(config(second.url)).listRoles({})).Roles).toEqual([]);

  removeFolder(dataDir);
  await resetLocal(where);
  await expect(fetch(`${second.url}/_local/health`)).rejects.toThrow();
  expect(await statusLocal(where)).toMatchObject({ running: false });
  mkdirSync(dataDir);
});

test("a deleted state file is written again; the server is found meanwhile", async () => {
  const first = await start();
  rmSync(join(dataDir, "local.json"));
  expect(await startLocal({ dataDir, port: first.port })).toMatchObject({ alreadyRunning: true, pid: first.pid });
  rmSync(join(dataDir, "local.json"));
  expect(await stopLocal({ dataDir, port: first.port })).toEqual({ wasRunning: true });
});

test("a server ends when another process has taken its folder", async () => {
  const first = await start();
  writeFileSync(join(dataDir, "local.lock"), "1");
  await expect.poll(() => fetch(`${first.url}/_local/health`).catch(() => "gone")).toBe("gone");
  expect(readFileSync(join(dataDir, "local.lock"), "utf8")).toBe("1");
  rmSync(join(dataDir, "local.lock"));
});

test("a symbolic link in the data folder is refused, and the error names it", async () => {
  const elsewhere = join(dataDir, "..", `${basename(dataDir)}-elsewhere`);
  writeFileSync(elsewhere, "mine\n");
  for (const name of ["local.log", "journal.jsonl"]) {
    symlinkSync(elsewhere, join(dataDir, name));
    await expect(start()).rejects.toMatchObject({ code: "FOLDER_LINKED", message: expect.stringContaining(join(dataDir, name)) });
    rmSync(join(dataDir, name));
  }
  mkdirSync(join(dataDir, "s3", "a"), { recursive: true });
  symlinkSync("/etc", join(dataDir, "s3", "a", "b"));
  await expect(start()).rejects.toMatchObject({ code: "FOLDER_LINKED" });
  expect(readFileSync(elsewhere, "utf8")).toBe("mine\n");
  rmSync(elsewhere);
});

test("Git ignores the data folder; the process gets no secrets from the environment", async () => {
  const project = join(dataDir, "project");
  mkdirSync(project);
  execFileSync("git", ["init", "-q"], { cwd: project });
  const where = { dataDir: join(project, ".tool", "local") };
  process.env.SOME_TOKEN = "secret";
  const { pid } = await startLocal({ ...where, port: 0, databases: "none" });
  delete process.env.SOME_TOKEN;
  expect(execFileSync("git", ["status", "--porcelain", "--untracked-files=all"], { cwd: project, encoding: "utf8" })).toBe("");
  if (process.platform === "linux") expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toMatch(/SOME_TOKEN|VITEST/);
  await stopLocal(where);
});
