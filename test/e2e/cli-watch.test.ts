import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

/** The real command in a copy of the package, so that handlers can be edited. */
const LONG = 120_000;
let cwd: string;
let port: number;
const started: ChildProcess[] = [];

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "watch-"));
  for (const part of ["bin", "dist", "handlers", "package.json"]) cpSync(resolve(part), join(cwd, part), { recursive: true });
  symlinkSync(resolve("node_modules"), join(cwd, "node_modules"));
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  port = (server.address() as { port: number }).port;
  await new Promise((done) => server.close(done));
});
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await run("local", "stop").ended;
  removeFolder(cwd);
});

interface Running {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
  /** Resolves when the output of this stream matches. */
  until(stream: "stdout" | "stderr", pattern: RegExp): Promise<void>;
}
function run(...args: string[]): Running {
  const env = { PATH: process.env.PATH, HOME: cwd, FLEETLOGIX_LOCAL: "1", FLEETLOGIX_LOCAL_PORT: String(port) };
  const child = spawn(process.execPath, [join(cwd, "bin/fleetlogix.js"), ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  const output = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk) => {
      output[name] += chunk;
      for (const look of waiting) look();
    });
  }
  return {
    child,
    output,
    ended: new Promise((done) => child.on("close", done)),
    until: (stream, pattern) =>
      new Promise((done) => {
        const look = () => {
          if (!pattern.test(output[stream])) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
      }),
  };
}

test("a saved handler is deployed and its logs are shown; one that does not compile is reported and not deployed", {
  timeout: LONG,
}, async () => {
  const watching = run("deploy-lambdas", "verify-delivery", "--watch");
  await watching.until("stderr", /Watching /);
  const handler = join(cwd, "handlers/verify-delivery/handler.ts");
  const before = readFileSync(handler, "utf8");
  appendFileSync(handler, 'console.log(JSON.stringify({ level: "INFO", message: "said by the saved code" }));\n');
  await watching.until("stderr", /saved verify-delivery\/handler\.ts[\s\S]*✔ deployed verify-delivery/);
  const version = async () => JSON.parse((await called()).stdout).version as string;
  const called = async () => {
    const call = run("invoke", "verify-delivery", "--sample", "postDelivery", "--json");
    await call.ended;
    return call.output;
  };
  const deployed = await version();
  await watching.until("stdout", /verify-delivery .*said by the saved code/);

  writeFileSync(handler, `${before}const broken = ;\n`);
  await watching.until("stderr", /BUNDLE_FAILED.*handler\.ts:\d+:\d+[\s\S]*nothing was deployed/);
  expect(await version()).toBe(deployed);

  writeFileSync(handler, before);
  await watching.until("stderr", /nothing was deployed[\s\S]*✔ deployed verify-delivery/);
  watching.child.kill("SIGINT");
  expect(await watching.ended).toBe(130);
});
