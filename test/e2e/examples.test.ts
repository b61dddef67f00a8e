import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { removeFolder } from "../support/folders.ts";

/** Runs the examples as their READMEs describe, with the built command on a local AWS of its own. `handler-tests` runs in test/package. */
const BIN = resolve("bin/fleetlogix.js");
let home: string;
let port: number;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "examples-"));
  cpSync("examples", join(home, "examples"), { recursive: true });
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  port = (server.address() as { port: number }).port;
  await new Promise((done) => server.close(done));
});
afterAll(() => {
  shell("npx fleetlogix local stop");
  shell("npx fleetlogix local stop --config examples/production/fleetlogix.config.json");
  removeFolder(home);
});

/** `npx fleetlogix` is the built command; `gh` and `npm` write down how they are called. */
function shell(script: string, env: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> {
  const programs = `npx() { shift; node "${BIN}" "$@" </dev/null; }\ngh() { printf '%s\\n' "$*" >> gh.log; }\nset -eo pipefail\n`;
  const here = { PATH: process.env.PATH, HOME: home, FLEETLOGIX_LOCAL_PORT: String(port), ...env };
  const text = programs + script.replaceAll("127.0.0.1:4566", `127.0.0.1:${port}`);
  return spawnSync("bash", ["-c", text], { cwd: home, env: here, encoding: "utf8" });
}
function expectOk(script: string, env?: Readonly<Record<string, string>>): string {
  const { status, stdout, stderr } = shell(script, env);
  expect(status, `${script}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}
/** Commands of a README's shell blocks, without comments. */
const commandsOf = (example: string): string[] =>
  [...readFileSync(join("examples", example, "README.md"), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = ""]) =>
    code
      .split("\n")
      .map((line) => line.replace(/\s+# .*$/, ""))
      .filter((line) => line !== ""),
  );

test("every example has a row in the list", () => {
  const list = readFileSync("examples/README.md", "utf8");
  const folders = readdirSync("examples", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).filter((name) => !list.includes(`[${name}](${name})`))).toEqual([]);
});

test("fault-plan: `up` under the faults creates the whole stack, and each rule affects a call", { timeout: 180_000 }, async () => {
  const commands = commandsOf("fault-plan");
  const up = commands.findIndex((command) => command.includes(" up "));
  for (const command of commands.slice(0, up + 1)) expectOk(command);
  const { rules } = (await (await fetch(`http://127.0.0.1:${port}/_local/faults`)).json()) as { rules: readonly { hits: number }[] };
  expect(rules.map(({ hits }) => hits > 0)).toEqual([true, true, true, true, true]);
  const rest = commands.slice(up + 1).map((command) => [command, expectOk(command)] as const);
  expect(rest.find(([command]) => command.includes(" plan "))?.[1]).toMatch(/^63 unchanged$/m);
});

interface Workflow {
  readonly on: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: {
    readonly plan: { readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[] };
  };
}

test("plan-on-pull-request: the workflow's steps write a plan and comment it", { timeout: 180_000 }, () => {
  const workflow = parse(readFileSync("examples/plan-on-pull-request/plan.yml", "utf8")) as Workflow;
  expect([workflow.on, workflow.permissions["pull-requests"]]).toEqual(["pull_request", "write"]);
  const steps = workflow.jobs.plan.steps.filter(({ run }) => run !== undefined && run !== "npm ci");
  expect(steps.map(({ env }) => Object.keys(env ?? {}))).toEqual([[], ["GH_TOKEN", "PULL_REQUEST"]]);
  expectOk("npx fleetlogix local start");
  const keys = { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
  for (const { run = "" } of steps) expectOk(run, { ...keys, AWS_REGION: "us-east-1", GH_TOKEN: "t", PULL_REQUEST: "17" });
  const comment = readFileSync(join(home, "plan.md"), "utf8");
  expect(comment).toMatch(/FleetLogix\/dev/);
  // GitHub takes 65,536 characters in a comment.
  expect(comment.length).toBeLessThan(65_536);
  expect(readFileSync(join(home, "gh.log"), "utf8")).toBe("pr comment 17 --body-file plan.md --edit-last --create-if-none\n");
  expectOk("npx fleetlogix local stop");
});

describe("production", () => {
  const config = "--config examples/production/fleetlogix.config.json";
  test("its configuration is valid for both environments", () => {
    const [validate = ""] = commandsOf("production");
    expect(expectOk(validate)).toContain("(environments staging, production)");
    const wrong = readFileSync("examples/production/fleetlogix.config.json", "utf8").replace('"https://dispatch.example.com"', '"*"');
    writeFileSync(join(home, "wrong.json"), wrong);
    expect(shell("npx fleetlogix config validate --config wrong.json").status).toBe(2);
  });
  test("its plans create a hardened stack and a smaller second one", { timeout: 180_000 }, () => {
    const [, plan = ""] = commandsOf("production");
    const created = (command: string): string[] =>
      (JSON.parse(expectOk(`${command} --local --json`)) as { changes: readonly { id: string; action: string }[] }).changes
        .filter(({ action }) => action === "create")
        .map(({ id }) => id);
    expectOk(`npx fleetlogix local start ${config}`);
    const production = created(plan);
    const staging = created(`npx fleetlogix plan ${config}`);
    expect(production).toEqual(expect.arrayContaining(staging));
    expect(production.filter((id) => !staging.includes(id))).toEqual(expect.arrayContaining(["key.stack", "bucket.logs", "api.firewall"]));
  });
});
