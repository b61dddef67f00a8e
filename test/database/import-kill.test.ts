import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { companySql } from "../../scripts/company/generate.ts";
import { installedServer, type SourceServer, startSource } from "../../scripts/company/server.ts";
import { removeFolder } from "../support/folders.ts";
import { has } from "./stack.ts";

/** The real command against a local AWS of its own, ended with SIGKILL. Needs `apt-get install postgresql-15`, as import.test.ts does. */
const installed = installedServer() !== undefined && has("pg_dump");
const withPostgres = test.skipIf(!installed);
let source: SourceServer;
let cwd: string;
let port: number;
const start = (...args: string[]) =>
  spawn(process.execPath, [resolve("bin/fleetlogix.js"), ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, FLEETLOGIX_LOCAL: "1", FLEETLOGIX_LOCAL_PORT: String(port), PGPASSWORD: source.password },
    stdio: ["ignore", "pipe", "pipe"],
  });
async function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly out: string }> {
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (out += chunk));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, out };
}
const run = (...args: string[]) => ended(start(...args));
const counted = async () => (await run("db", "psql", "--", "-At", "-c", "SELECT count(*) FROM trips")).out;

beforeAll(async () => {
  if (!installed) return;
  cwd = mkdtempSync(join(tmpdir(), "import-kill-"));
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  ({ port } = server.address() as { port: number });
  await new Promise((done) => server.close(done));
  source = await startSource();
  await source.query("CREATE DATABASE company");
  await source.query(companySql(0.05), "company");
  expect(await run("setup", "--yes")).toMatchObject({ code: 0 });
  expect(await run("db", "schema")).toMatchObject({ code: 0 });
}, 240_000);
afterAll(async () => {
  if (!installed) return;
  await run("local", "stop");
  await source.close();
  removeFolder(cwd);
}, 60_000);

withPostgres("SIGKILL at each step leaves the database unchanged, and the next run imports everything", { timeout: 300_000 }, async () => {
  for (const step of ["Reading", "Writing", "Comparing"]) {
    const child = start("db", "import", "--from", source.url("company"));
    child.stderr.on("data", (chunk) => {
      if (String(chunk).includes(step)) child.kill("SIGKILL");
    });
    expect((await ended(child)).code, step).toBe(null);
    expect(await counted(), step).toMatch(/^0$/m);
  }
  const { code, out } = await run("db", "import", "--from", source.url("company"));
  expect(out).toMatch(/7 tables with 25,\d+ rows moved in .*equal on both sides; 8 of 8 sequences/);
  expect(code).toBe(0);
  expect(await counted()).toMatch(/^5000$/m);
  const names = await run("db", "psql", "--", "-At", "-c", "SELECT datname FROM pg_database WHERE datname LIKE 'fleetlogix%'");
  expect(names.out.trim()).toBe("fleetlogix");
  expect((await run("db", "import", "--check", "--from", source.url("company"))).out).toContain("compared");
});
