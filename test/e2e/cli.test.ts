import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

/** The command as users start it: a process on the compiled files, without a terminal, in an empty folder, without credentials. */
const BIN = resolve("bin/fleetlogix.js");
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "cli-"));
});
afterEach(() => removeFolder(cwd));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
function run(args: string, options: { env?: Record<string, string>; node?: string[] } = {}): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: cwd, AWS_EC2_METADATA_DISABLED: "true", ...options.env };
  const child = spawn(process.execPath, [...(options.node ?? []), BIN, ...args.split(" ").filter(Boolean)], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((done) => child.on("close", (code) => done({ code, stdout, stderr })));
}
const config = (content: unknown) =>
  writeFileSync(join(cwd, "fleetlogix.config.json"), typeof content === "string" ? content : JSON.stringify(content));

/** The files that a run loads. Each part of the bundle is named after the source file that it is loaded for: `app-HASH.cjs`. */
async function modulesOf(args: string): Promise<string> {
  const file = join(cwd, "modules.txt");
  const hook = join(cwd, "hook.cjs");
  writeFileSync(
    hook,
    `const m=require("node:module"),f=require("node:fs"),load=m._load;
    m._load=function(request,parent,...rest){f.appendFileSync(${JSON.stringify(file)},m._resolveFilename(request,parent)+"\\n");return load.call(this,request,parent,...rest)}`,
  );
  const ended = await run(args, { node: ["--require", hook] });
  expect(ended.code).toBe(0);
  return readFileSync(file, "utf8");
}

describe("commands without AWS load no SDK", () => {
  test.each(["--help", "--version", "help"])("%s loads nothing but its text", async (args) => {
    expect(await modulesOf(args)).not.toContain("fleetlogix.cjs");
  });
  test.each(["up --help", "completion bash", "config show", "config schema"])("%s", async (args) => {
    const modules = await modulesOf(args);
    expect(modules).toContain("fleetlogix.cjs");
    expect(modules).not.toMatch(/dist\/(app|dist-es|control|serve)|esbuild|postgres/);
  });
});

describe("help, version and usage errors", () => {
  test("help and version answer on stdout", async () => {
    const help = await run("--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    for (const command of [
      "setup",
      "deploy-lambdas",
      "create-api",
      "up",
      "teardown",
      "plan",
      "status",
      "outputs",
      "invoke",
      "logs",
      "doctor",
      "local",
      "config",
    ]) {
      expect(help.stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    }
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await run("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([
    ["", "A command is missing"],
    ["", "up --local`."],
    ["local", "A command is missing"],
    ["upp", "Did you mean up?"],
    ["up --lokal", "Did you mean --local?"],
    ["invoke", "function"],
    ["up --concurrency 0", "from 1 to 64"],
    ["up --endpoint-url nonsense", "http or https URL"],
    ["deploy-lambdas verify-deliveries", "verify-delivery, calculate-eta, route-deviation"],
    ["logs --since yesterday", "30s, 10m, 2h or 1d"],
    ["logs --follow --json", "one document"],
    ["outputs api_key", "--show-secrets"],
    ["up --env Staging", "lower-case"],
    ["status --local --endpoint-url https://example.com", "calls only this machine"],
  ])("%j is a usage error: exit code 2, empty stdout, a hint on stderr", async (args, remedy) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(2);
    if (!args.includes("--json")) expect(stdout).toBe("");
    expect(stdout + stderr).toContain(remedy);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).not.toContain("\u001b");
  });
});

describe("--json prints one document in every case", () => {
  test.each([
    ["upp --json", 2, "USAGE"],
    ["--json up --nonsense", 2, "USAGE"],
    ["plan --json --config gone.json", 2, "CONFIG_MISSING"],
    ["teardown --json", 4, "CONFIRMATION_MISSING"],
    ["status --json --env Bad", 2, "USAGE"],
  ])("%s", async (args, exit, code) => {
    const ended = await run(args);
    expect(ended).toMatchObject({ code: exit, stderr: "" });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: false,
      error: { code, message: expect.any(String), hint: expect.any(String), resource: null, aws_code: null, request_id: null },
    });
  });

  test("the document of a provisioning command has its format also after an error", async () => {
    const { stdout } = await run("teardown --json --region eu-west-1 --env staging");
    expect(JSON.parse(stdout)).toMatchObject({
      command: "teardown",
      stack: "FleetLogix/staging",
      account: null,
      region: "eu-west-1",
      changes: [],
      summary: { create: 0, update: 0, replace: 0, delete: 0, keep: 0 },
      outputs: null,
    });
  });
});

describe("configuration", () => {
  test("an invalid file gives exit code 2 and every problem with its position, and starts nothing", async () => {
    config('{\n  "regoin": "eu-west-1",\n  "database": { "allowedCidrs": ["0.0.0.0/0"], "storageGb": 1 }\n}');
    const { code, stdout, stderr } = await run("up --local");
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("fleetlogix.config.json has 3 problems");
    expect(stderr).toMatch(/2:3 \/regoin .*\n\s+Did you mean "region"\?/);
    expect(stderr).toMatch(/3:34 \/database\/allowedCidrs\/0 .*whole internet/);
    expect(stderr).toMatch(/3:61 \/database\/storageGb/);
    expect(existsSync(join(cwd, ".fleetlogix"))).toBe(false);
  });

  test("with --json the problems are data", async () => {
    config({ api: { auth: "token" } });
    const { code, stdout } = await run("config validate --json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { code: "CONFIG_INVALID", problems: [{ path: "/api/auth", place: { line: 1 } }] },
    });
  });

  test("init writes a valid file and overwrites none; show names the origin of each value", async () => {
    expect(await run("config init")).toMatchObject({ code: 0 });
    expect(await run("config validate")).toMatchObject({ code: 0 });
    const written = readFileSync(join(cwd, "fleetlogix.config.json"), "utf8");
    expect(await run("config init")).toMatchObject({ code: 2, stderr: expect.stringContaining("exists already") });
    expect(readFileSync(join(cwd, "fleetlogix.config.json"), "utf8")).toBe(written);
    const { stdout } = await run("config show --json", { env: { AWS_REGION: "eu-south-2" } });
    expect(JSON.parse(stdout)).toMatchObject({ config: { region: "us-east-1" }, origins: { region: "file", "bucket.name": "default" } });
  });

  test("init in a folder without write permission prints one sentence", async () => {
    writeFileSync(join(cwd, "file"), "");
    mkdirSync(join(cwd, "x"));
    const { code, stderr } = await run("config init --config file/below/f.json");
    expect(code).toBe(1);
    expect(stderr).toContain("FOLDER_UNWRITABLE");
  });

  test("the published JSON Schema equals that of the code", async () => {
    const { stdout } = await run("config schema");
    expect(readFileSync("docs/fleetlogix.schema.json", "utf8")).toBe(stdout);
    expect(JSON.parse(stdout)).toMatchObject({ additionalProperties: false, properties: { region: { default: "us-east-1" } } });
  });
});

test("a teardown without terminal and without --yes is refused before any call", async () => {
  const { code, stdout, stderr } = await run("teardown", { env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" } });
  expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
  expect(stderr).toContain("--yes");
});

test("a closed stdout is not an error", async () => {
  const child = spawn("bash", ["-c", `"${process.execPath}" "${BIN}" config schema | head -c 10; echo " \${PIPESTATUS[0]}"`], { cwd });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += chunk;
    });
  await new Promise((done) => child.on("close", done));
  expect(text).toMatch(/^\{\s+"\$sche 0\n$/);
});
