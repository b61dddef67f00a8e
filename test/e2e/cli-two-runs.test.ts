import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, afterEach, expect, test } from "vitest";
import type { ProcessEnd } from "../fault-injection/kill/command.ts";
import { type CommandFixture, startFixture } from "../fault-injection/kill/fixture.ts";
import type { CallVerdict } from "../fault-injection/kill/proxy.ts";
import { removeFolder } from "../support/folders.ts";

/**
 * Two real commands on one stack, and foreign resources with our names. The first test leaves a finished stack, and others begin from a
 * copy of it. Tests that need no functions and no API create the data layer only.
 */
const LONG = 300_000;
const BUCKET = "fleetlogix-data-000000000000-us-east-1";
const folder = mkdtempSync(join(tmpdir(), "two-runs-"));
const finished = join(folder, "finished");
let fixture: CommandFixture;
afterEach(() => fixture.close());
afterAll(() => removeFolder(folder));
const own = () => ({ region: "us-east-1", endpoint: fixture.url, credentials: { accessKeyId: "other", secretAccessKey: "other" } });
const s3 = () => new S3({ ...own(), forcePathStyle: true });
const made = (operation: string) => fixture.calls().filter((call) => call.operation === operation && call.effect).length;
const written = () => fixture.proxy.calls().filter((call) => call.write);
const nothingToDo = { code: 0, stdout: expect.stringMatching(/^Nothing to do: /) };
/** Deletes a topic, so that the next run has something to repair. */
const loseTopic = () => new SNS(own()).deleteTopic({ TopicArn: "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts" });

/** Runs `first`. While its call of this name is in flight, runs `meanwhile` to its end. */
async function meanwhile(
  first: readonly string[],
  name: string,
  other: () => Promise<ProcessEnd>,
): Promise<readonly [ProcessEnd, ProcessEnd]> {
  let second: Promise<ProcessEnd> | undefined;
  const end = await fixture.start(first, {}, () => ({
    name,
    nth: 1,
    before: async (): Promise<CallVerdict> => {
      second = other();
      await second;
      return "go on";
    },
  })).ended;
  if (!second) throw new Error(`${name} never came: ${end.stderr}`);
  return [end, await second];
}

test("two concurrent first runs of `up` make one stack", { timeout: LONG }, async () => {
  fixture = await startFixture();
  const ends = await Promise.all([fixture.run(["up"]), fixture.run(["up"])]);
  for (const { code, stderr } of ends) if (code !== 0) expect(stderr).toContain("LOCKED");
  expect(ends.map(({ code }) => code)).toContain(0);
  // A double or a leftover resource would be removed by this run.
  expect(await fixture.run(["up"])).toMatchObject(nothingToDo);
  for (const [operation, count] of [
    ["CreateTable", 4],
    ["CreateFunction", 3],
    ["CreateDBInstance", 1],
  ] as const)
    expect([operation, made(operation)]).toEqual([operation, count]);
  await fixture.saveTo(finished);
});

test("a second concurrent run exits with 6 and names the holder and its start; with --force-unlock it continues", {
  timeout: LONG,
}, async () => {
  fixture = await startFixture({ from: finished });
  await loseTopic();
  const codes: (number | null)[] = [];
  const [first, last] = await meanwhile(["setup"], "sns CreateTopic", async () => {
    const locked = await fixture.runUnrecorded(["setup"]);
    codes.push(locked.code);
    expect(locked.stderr).toMatch(
      /LOCKED {2}\S+ on \S+ \(process \d+, [`"]fleetlogix setup[`"]\) has been working on this stack since 20\d\d-\S+Z\./,
    );
    return fixture.runUnrecorded(["setup", "--force-unlock"]);
  });
  expect([...codes, first.code, last.code]).toEqual([6, 0, 0]);
  expect(await fixture.run(["setup"])).toMatchObject(nothingToDo);
});

test("an expired lease does not block a run; a valid one gives exit code 6 until it is removed", { timeout: LONG }, async () => {
  fixture = await startFixture({ from: finished });
  const long = 3_600_000;
  const stale = { host: "elsewhere", pid: 1, user: "ada", command: "up", since: Date.now() - long, until: Date.now() - 1 };
  await s3().putObject({ Bucket: BUCKET, Key: ".fleetlogix/lock.json", Body: JSON.stringify(stale) });
  await loseTopic();
  expect((await fixture.run(["setup"])).code).toBe(0);
  await s3().putObject({ Bucket: BUCKET, Key: ".fleetlogix/lock.json", Body: JSON.stringify({ ...stale, until: Date.now() + long }) });
  await loseTopic();
  expect(await fixture.run(["setup"])).toMatchObject({ code: 6, stderr: expect.stringContaining("ada on elsewhere") });
  expect((await fixture.run(["setup", "--force-unlock"])).code).toBe(0);
});

test("all foreign resources are listed together and not changed; --adopt adopts them", { timeout: LONG }, async () => {
  fixture = await startFixture();
  await new SNS(own()).createTopic({ Name: "fleetlogix-alerts" });
  await s3().createBucket({ Bucket: BUCKET });
  const up = await fixture.run(["setup"]);
  expect(up).toMatchObject({ code: 4, stdout: "", stderr: expect.stringMatching(/OWNER_FOREIGN[\s\S]*--adopt/) });
  expect(up.stderr).toContain(BUCKET);
  expect(up.stderr).toContain('"fleetlogix-alerts"');
  const { changes, summary, error } = JSON.parse((await fixture.run(["setup", "--json"])).stdout);
  expect(changes.filter((c: { action: string }) => c.action === "refuse").map((c: { id: string }) => c.id)).toEqual([
    "bucket.data",
    "topic.alerts",
  ]);
  expect([summary.create, error.code]).toEqual([changes.length - 2, "OWNER_FOREIGN"]);
  expect(written()).toEqual([]);
  const down = await fixture.run(["teardown", "--delete-data", "--yes"]);
  expect(down).toMatchObject({ code: 4, stderr: expect.stringMatching(/OWNER_FOREIGN[\s\S]*left alone/) });
  for (const name of [BUCKET, "fleetlogix-alerts"]) expect(down.stderr).toContain(name);
  expect(written()).toEqual([]);
  expect((await fixture.run(["setup", "--adopt"])).code).toBe(0);
  expect(await fixture.run(["setup"])).toMatchObject(nothingToDo);
  expect([made("CreateTopic"), made("CreateBucket")]).toEqual([1, 1]);
});

test("a teardown without confirmation prints its plan, changes nothing, and exits with 4", { timeout: LONG }, async () => {
  fixture = await startFixture({ from: finished });
  const end = await fixture.run(["teardown"]);
  expect(end).toMatchObject({
    code: 4,
    stdout: "",
    stderr: expect.stringMatching(/- api\.rest[\s\S]*= bucket\.data[\s\S]*CONFIRMATION_MISSING[\s\S]*--yes/),
  });
  expect(written()).toEqual([]);
  const { changes, error } = JSON.parse((await fixture.run(["teardown", "--json"])).stdout);
  expect(error).toMatchObject({ code: "CONFIRMATION_MISSING" });
  expect(changes.find((change: { id: string }) => change.id === "api.rest")).toMatchObject({ action: "delete", status: "planned" });
});

test("a teardown that cannot delete one resource exits with 1 and lists the rest; the printed command continues", {
  timeout: LONG,
}, async () => {
  fixture = await startFixture({ from: finished });
  const refused = { service: "sns", operation: "DeleteTopic", times: null, fault: { kind: "deny" } };
  await fetch(`${fixture.url}/_local/faults`, { method: "POST", body: JSON.stringify({ rules: [refused] }) });
  const end = await fixture.run(["teardown", "--yes", "--delete-data", "--skip-final-snapshot"]);
  expect(end).toMatchObject({ code: 1, stderr: expect.stringMatching(/2 failed, 0 not started\.[\s\S]*ACCESS_DENIED {2}sns:DeleteTopic/) });
  expect(end.stdout).toMatch(
    /^These resources remain and may cost money:\n {2}topic\.alerts .*arn:aws:sns:\S+:fleetlogix-alerts {2}ACCESS_DENIED\n {2}topic\.alarms .*:fleetlogix-alarms {2}ACCESS_DENIED\n\n/,
  );
  // All other resources are deleted, so only the missing permission is left to report.
  expect(await fixture.run(["teardown", "--yes", "--delete-data"])).toMatchObject({ code: 5 });
  await fetch(`${fixture.url}/_local/faults`, { method: "DELETE" });
  const [, words = ""] = /with\n {2}node \S+ (teardown .*)\n/.exec(end.stdout) ?? [];
  expect(words).toBe("teardown --delete-data --skip-final-snapshot");
  expect(await fixture.run([...words.split(" "), "--yes"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: 2 deleted/) });
  const { resources } = JSON.parse((await fixture.run(["status", "--json"])).stdout) as { resources: { id: string; state: string }[] };
  expect(resources.filter((r) => r.state !== "absent").map((r) => r.id)).toEqual(["api.account"]);
});

/** Runs the command in a terminal without a size and types `answer` when it asks. null: types nothing. */
function inTerminal(args: string, answer: string | null): Promise<{ code: number | null; screen: string }> {
  const line = `${process.execPath} ${resolve("bin/fleetlogix.js")} ${args}${answer === null ? " </dev/null" : ""}`;
  const env = { PATH: process.env.PATH, HOME: folder, TERM: "xterm", NO_COLOR: "1" };
  const aws = { AWS_ENDPOINT_URL: fixture.url, AWS_ACCESS_KEY_ID: "typist", AWS_SECRET_ACCESS_KEY: "typist" };
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd: folder, env: { ...env, ...aws } });
  let [screen, typed] = ["", false];
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    screen += chunk;
    if (typed || answer === null || !/continue: |\[y\/N\] /.test(screen)) return;
    typed = true;
    child.stdin.write(answer);
  });
  return new Promise((done) => child.on("close", (code) => done({ code, screen })));
}
const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

test.runIf(hasTerminals)("in a terminal a run asks, and continues only after the right answer", { timeout: LONG }, async () => {
  fixture = await startFixture({ from: finished });
  await new SNS(own()).createTopic({ Name: "fleetlogix-old", Tags: [{ Key: "fleetlogix:stack", Value: "FleetLogix/dev" }] });
  const asked: readonly [command: string, answer: string | null, screen: RegExp][] = [
    ["teardown", "FleetLogix\n", /\d+ to delete[\s\S]*Type FleetLogix\/dev to continue: [\s\S]*CONFIRMATION_MISSING {2}Not confirmed/],
    ["up", "\u0004", /Delete the resources as planned\? [\s\S]*CONFIRMATION_MISSING {2}Not confirmed/],
    ["up", null, /CONFIRMATION_MISSING {2}[\s\S]* no terminal for the\s+question[\s\S]*--yes/],
  ];
  fixture.clearCalls();
  for (const [command, answer, screen] of asked) {
    expect(await inTerminal(command, answer)).toMatchObject({ code: 4, screen: expect.stringMatching(screen) });
    expect(fixture.calls().filter((call) => call.write)).toEqual([]);
  }
  const end = await inTerminal("teardown", "FleetLogix/dev\n");
  expect(end).toMatchObject({ code: 0, screen: expect.stringMatching(/Done: \d+ deleted in[\s\S]*Kept:[\s\S]*bucket\.data/) });
  expect(made("DeleteRestApi")).toBe(1);
});
