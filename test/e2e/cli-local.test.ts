import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

/** The main job as a newcomer does it: one folder, no account, the real command on the embedded local AWS. */
const BIN = resolve("bin/fleetlogix.js");
let cwd: string;
let port: number;
let answerOfUp: string;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const environment = () => ({ PATH: process.env.PATH, HOME: cwd, FLEETLOGIX_LOCAL: "1", FLEETLOGIX_LOCAL_PORT: String(port) });
const start = (args: readonly string[]) =>
  spawn(process.execPath, [BIN, ...args], { cwd, env: environment(), stdio: ["pipe", "pipe", "pipe"] });
function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk) => {
      text[name] += chunk;
    });
  }
  return new Promise((done) => child.on("close", (code) => done({ code, ...text })));
}
const run = (args: string, input = ""): Promise<Ended> => runWords(args.split(" "), input);
function runWords(words: readonly string[], input = ""): Promise<Ended> {
  const child = start(words);
  child.stdin.end(input);
  return ended(child);
}
async function json(args: string): Promise<Record<string, never> & { code: number | null }> {
  const { code, stdout } = await run(`${args} --json`);
  return { ...JSON.parse(stdout), code };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port: free } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return free;
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "newcomer-"));
  port = await freePort();
});
afterAll(async () => {
  await run("local stop");
  removeFolder(cwd);
});

const LONG = 300_000;

test("an interrupted `up` exits with 130, and a rerun completes the stack", { timeout: LONG }, async () => {
  const child = start(["up"]);
  const end = ended(child);
  let asked = false;
  child.stderr.on("data", (chunk) => {
    // A second signal would end it at once.
    if (asked || !String(chunk).includes("creating")) return;
    asked = true;
    child.kill("SIGINT");
  });
  const first = await end;
  expect(first.code).toBe(130);
  expect(first.stderr).toContain("Started the local AWS at");
  expect(first.stderr).toContain("INTERRUPTED");

  const second = await run("up");
  expect(second).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: \d+ created/) });
  expect(second.stdout + second.stderr).not.toMatch(/x-api-key: [A-Za-z0-9]{8}/);
  expect(second.stdout + second.stderr).not.toContain("\u001b");
  answerOfUp = second.stdout;
});

test("the calls that `up` prints work unchanged, and the delivery is in the functions' logs", { timeout: LONG }, async () => {
  const { stdout: verbose } = await run("up --verbose");
  const curl = verbose.split("\n").find((text) => text.startsWith("curl "));
  const short = answerOfUp.split("\n").find((text) => / api POST /.test(text));
  const pasted = (line = "false") => JSON.parse(execFileSync("bash", ["-c", line], { cwd, env: environment(), encoding: "utf8" }));
  expect(pasted(curl)).toMatchObject({ delivery_id: "D-1001", status: "in_transit", applied: true });
  expect(pasted(short)).toMatchObject({ delivery_id: "D-1001", status: "in_transit" });
  const logged = await run("logs verify-delivery --since 10m");
  expect(logged).toMatchObject({ code: 0, stdout: expect.stringContaining("verify-delivery") });
  // Outside of a terminal each line is one JSON object, metrics among them.
  const entries = logged.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const answered = entries.find((entry) => entry.message === "answered");
  expect(answered).toMatchObject({ level: "INFO", function: "verify-delivery", operation: "POST /delivery", status: 200 });
  expect(entries.some((entry) => "_aws" in entry)).toBe(true);
  const pretty = (await run(`logs --format pretty --request-id ${answered.request_id}`)).stdout.trim().split("\n");
  expect(pretty).toHaveLength(1);
  expect(pretty[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}verify-delivery {2}INFO {3}POST \/delivery {2}200 {2}\d+ ms {2}[0-9a-f-]{36}$/);
  expect((await run("logs verify-delivery calculate-eta --level error")).stdout).toBe("");
  expect(await run("logs --level loud")).toMatchObject({ code: 2, stderr: expect.stringContaining("warn") });
});

test("a second `up` and a plan find nothing to do", { timeout: LONG }, async () => {
  const again = await json("up");
  expect(again).toMatchObject({ command: "up", stack: "FleetLogix/dev", account: "000000000000", code: 0, ok: true, error: null });
  expect(again.summary).toMatchObject({ create: 0, update: 0, replace: 0, delete: 0 });
  expect(again.outputs).toMatchObject({ tables: { alerts: "FleetLogix_Alerts" }, database: { status: "available" } });
  expect(JSON.stringify(again.outputs)).not.toMatch(/api_key|password/);
  expect(await run("plan --detailed-exitcode")).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d+ unchanged/) });
});

test("a changed configuration shows in the plan with both values, and exits 3", { timeout: LONG }, async () => {
  writeFileSync(join(cwd, "other.json"), JSON.stringify({ functions: { memoryMb: 512 } }));
  const plan = await run("plan --detailed-exitcode --config other.json");
  expect(plan.code).toBe(3);
  expect(plan.stdout).toMatch(/~ function\.verify-delivery[\s\S]*256 → 512/);
});

test("outputs prints plain values for scripts, and secrets only with --show-secrets", { timeout: LONG }, async () => {
  const { stdout: url } = await run("outputs api_url");
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/restapis\/\w+\/prod\/_user_request_\n$/);
  const env = (await run("outputs --format env")).stdout;
  expect(env).toContain(`API_URL=${url}`);
  expect(env).toMatch(/^TABLES_ALERTS=FleetLogix_Alerts$/m);
  expect(env).not.toMatch(/KEY|PASSWORD|DATABASE_URL/);
  expect(await run("outputs api_rul")).toMatchObject({ code: 2, stderr: expect.stringContaining("api_url") });
  const all = await json("outputs --show-secrets");
  expect(all).toMatchObject({ tables: { alerts: "FleetLogix_Alerts" }, database: { identifier: "fleetlogix-db", status: "available" } });
  expect(all.database).toMatchObject({ url: expect.stringMatching(/^postgresql:\/\/fleetlogix_admin:.+@/) });
});

test("invoke prints the response to stdout and the log tail to stderr", { timeout: LONG }, async () => {
  const event = {
    httpMethod: "GET",
    resource: "/delivery/{delivery_id}",
    path: "/delivery/D-1001",
    headers: {},
    pathParameters: { delivery_id: "D-1001" },
  };
  const answer = await run("invoke fleetlogix-verify-delivery", JSON.stringify({ ...event, requestContext: { requestId: "r" } }));
  expect(answer.code).toBe(0);
  expect(JSON.parse(answer.stdout)).toMatchObject({ statusCode: 200 });
  expect(answer.stderr).toContain('"request_id":"r"');
  const sample = await run("invoke calculate-eta --sample postVehicle");
  expect([sample.code, JSON.parse(sample.stdout).statusCode]).toEqual([0, 200]);
  expect(await run("invoke calculate-eta --sample postDelivery")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("postVehicle"),
  });
});

test("api prints the answer to stdout, exits with an error for an error status, and refuses a wrong call before sending", {
  timeout: LONG,
}, async () => {
  const sent = await runWords(["api", "post", "delivery", "-d", "@-"], '{"delivery_id":"D-7","status":"assigned"}');
  expect(sent.code).toBe(0);
  expect(JSON.parse(sent.stdout)).toMatchObject({ delivery_id: "D-7", status: "assigned" });
  expect(sent.stderr).toMatch(/^200 /m);
  const missing = await run("api GET /delivery/nowhere --json");
  expect(missing.code).toBe(1);
  expect(JSON.parse(missing.stdout)).toMatchObject({
    ok: false,
    status: 404,
    body: { error: { code: "DELIVERY_NOT_FOUND" } },
    error: { code: "CALL_REFUSED" },
  });
  for (const words of [
    ["api", "GETT", "/x"],
    ["api", "GET"],
    ["api"],
    ["api", "POST", "/delivery", "-d", "{"],
    ["api", "GET", "https://elsewhere.example/x"],
  ])
    expect(await runWords(words)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("USAGE") });
  const document = JSON.parse((await run("api spec")).stdout);
  expect(Object.keys(document.paths)).toContain("/delivery");
});

test("a named key has its own limits, works until it is revoked, and `up` does not change it", { timeout: LONG }, async () => {
  const url = (await run("outputs api_url")).stdout.trim();
  const status = async (key: string) => (await fetch(`${url}/delivery/D-7`, { headers: { "x-api-key": key } })).status;
  const made = await json("keys create partner-a --rate-limit 5 --burst-limit 6");
  expect(made).toMatchObject({ code: 0, key: { name: "partner-a", state: "enabled", rate_limit: 5, burst_limit: 6 } });
  const value = (await run("outputs api_keys.partner-a --show-secrets")).stdout.trim();
  expect((await run("outputs --json")).stdout).not.toContain(value);
  expect(await run("outputs api_keys.partner-a")).toMatchObject({ code: 2, stdout: "" });
  expect(await status(value)).toBe(200);
  expect((await json("up")).summary).toMatchObject({ create: 0, update: 0, delete: 0 });
  expect(await json("keys create partner-a --rate-limit 7 --burst-limit 8")).toMatchObject({ key: { rate_limit: 7, burst_limit: 8 } });
  expect((await json("keys list")).keys).toHaveLength(1);
  expect(await status(value)).toBe(200);
  expect(await run("keys revoke partner-b")).toMatchObject({ code: 1, stderr: expect.stringContaining("partner-a") });
  expect(await run("keys revoke partner-a")).toMatchObject({ code: 0 });
  expect(await status(value)).toBe(403);
  expect((await json("keys list")).keys).toEqual([]);
  // The teardown below removes this key.
  expect(await run("keys create depot")).toMatchObject({ code: 0 });
});

test("a rollback points the alias to the previous version, and the next deployment to the newest", { timeout: LONG }, async () => {
  const version = async () => (await run("outputs functions.verify-delivery.version")).stdout.trim();
  expect(await run("deploy-lambdas verify-delivery --rollback")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no version before 1"),
  });
  expect(await run("deploy-lambdas --rollback 1")).toMatchObject({ code: 2, stderr: expect.stringContaining("one function") });
  writeFileSync(join(cwd, "other.json"), JSON.stringify({ functions: { memoryMb: 512 } }));
  expect(await run("deploy-lambdas verify-delivery --config other.json")).toMatchObject({ code: 0 });
  expect(await version()).toBe("2");
  expect(await json("deploy-lambdas --rollback verify-delivery")).toMatchObject({
    code: 0,
    rollbacks: [{ function: "verify-delivery", from: "2", to: "1" }],
  });
  expect(await version()).toBe("1");
  expect(await run("deploy-lambdas verify-delivery --rollback 7")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no version 7"),
  });
  expect(await run("deploy-lambdas verify-delivery --config other.json")).toMatchObject({ code: 0 });
  expect(await version()).toBe("2");
  expect(await run("up")).toMatchObject({ code: 0 });
});

test("status and doctor report no problem", { timeout: LONG }, async () => {
  const status = (await json("status")) as unknown as { resources: { id: string; healthy: boolean; state: string }[] };
  expect(status.resources.length).toBeGreaterThan(20);
  expect(status.resources.filter((r) => !r.healthy)).toEqual([]);
  expect(await json("doctor")).toMatchObject({ code: 0, ok: true });
});

test("a teardown keeps resources with data; with --delete-data nothing remains", { timeout: LONG }, async () => {
  const kept = await run("teardown --yes");
  expect(kept).toMatchObject({ code: 0, stdout: expect.stringContaining("fleetlogix-db") });
  expect(kept.stdout).toMatch(/Kept:[\s\S]*table\.deliveries[\s\S]*teardown --delete-data/);
  const gone = await json("teardown --yes --delete-data --skip-final-snapshot");
  expect(gone).toMatchObject({ code: 0, ok: true });
  expect((await json("keys list")).keys).toEqual([]);
  const { resources } = (await json("status")) as unknown as { resources: { id: string; state: string }[] };
  expect(resources.filter((r) => r.state !== "absent").map((r) => r.id)).toEqual(["api.account"]);
});

test("a port in use is one sentence with a hint", { timeout: LONG }, async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port: taken } = server.address() as { port: number };
  const { code, stderr } = await run(`local start --port ${taken} --config elsewhere/fleetlogix.config.json`);
  server.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`PORT_BUSY  Port ${taken} is taken by another program\\.\n.*--port`));
});
