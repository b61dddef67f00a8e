import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

/** `fleetlogix local …` as a person types it: two projects, one port. */
const BIN = resolve("bin/fleetlogix.js");
let home: string;
let port: number;
const projects = ["mine", "other"] as const;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "local-control-"));
  for (const name of projects) mkdirSync(join(home, name));
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  port = (server.address() as { port: number }).port;
  await new Promise((done) => server.close(done));
});
afterAll(async () => {
  for (const name of projects) await run("stop", name);
  removeFolder(home);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
function run(args: string, project: (typeof projects)[number] = "mine"): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: home, FLEETLOGIX_LOCAL_PORT: String(port) };
  return new Promise((done) => {
    const child = execFile(process.execPath, [BIN, "local", ...args.split(" ")], { cwd: join(home, project), env }, (_, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test("a second start finds the first one and warns about different options; a port in use is named with its owner", async () => {
  expect(await run("status")).toMatchObject({ code: 0, stdout: expect.stringContaining("is not running; there is no data in") });
  expect(await run("mail")).toMatchObject({ code: 1, stderr: expect.stringContaining("LOCAL_NOT_RUNNING") });
  expect(await run("start --realism")).toMatchObject({ code: 0, stdout: expect.stringContaining(`runs at http://127.0.0.1:${port}`) });
  const same = await run("start --realism");
  expect([same.code, same.stdout, same.stderr]).toEqual([0, expect.stringContaining("is running already"), ""]);
  writeFileSync(join(home, "plan.json"), "[]");
  expect((await run("start --faults ../plan.json")).stderr).toContain("the new options have no effect");
  const other = await run("start", "other");
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining(`the local AWS of ${join(home, "mine")}`) });
});

test("status shows address, memory and sizes; mail shows the messages that AWS would send", async () => {
  const sns = new SNS({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  await sns.publish({ PhoneNumber: "+573001112233", Message: "a late truck" });
  expect((await run("mail")).stdout).toMatch(/sms {2}\+573001112233\na late truck/);
  expect((await run("status")).stdout).toMatch(
    /^The local AWS is running\.\naddress +http:.+\nprocess +\d+, up .+, with realism\nmemory +[\d.]+ MB in 1 process\nfolder .+\nlog .+\ndata\n/,
  );
  const status = JSON.parse((await run("status --json")).stdout);
  expect(status).toMatchObject({ ok: true, running: true, port, realism: true, processes: 1, services: { sns: { mail: 1 } } });
  expect(status.memory_bytes).toBeGreaterThan(20e6);
  expect(status.data_parts.journal).toBeGreaterThan(0);
  const sum = Object.values<number>(status.data_parts).reduce((total, part) => total + part, 0);
  expect(status.data_bytes).toBe(sum);
});

test("reset deletes the data of the running local AWS, stop ends it; an invalid fault plan starts nothing", async () => {
  expect(await run("reset")).toMatchObject({ code: 0, stdout: "The local AWS is empty and running.\n" });
  expect((await run("mail")).stdout).toMatch(/^No mail yet: the configuration names no recipient/);
  expect(await run("stop")).toMatchObject({ code: 0, stdout: "The local AWS has stopped; its data stays.\n" });
  writeFileSync(join(home, "bad.json"), '{ "rules": [{ "fault": { "kind": "explode" } }] }');
  const refused = await run("start --faults ../bad.json");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/FAULTS_INVALID .*bad\.json: [\s\S]*rules\[0\]\.fault\.kind/) });
  expect((await run("status --json")).stdout).toContain('"running":false');
});
