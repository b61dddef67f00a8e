import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { type LakeStack, lakeStack, rawCopy } from "./stack.ts";

/** The real command in an installation without DuckDB. */
let stack: LakeStack;
let root: string;
beforeAll(async () => {
  stack = await lakeStack();
  root = mkdtempSync(join(tmpdir(), "no-duckdb-"));
  for (const part of ["bin", "dist", "package.json"]) cpSync(part, join(root, part), { recursive: true });
  mkdirSync(join(root, "node_modules"));
  for (const name of readdirSync("node_modules"))
    if (name !== "@duckdb" && !name.startsWith(".")) symlinkSync(resolve("node_modules", name), join(root, "node_modules", name));
});
afterAll(async () => {
  await stack.close();
  removeFolder(root);
});

async function run(...args: string[]): Promise<{ readonly code: number | null; readonly err: string }> {
  const env = { PATH: process.env.PATH, HOME: root, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const child = spawn(process.execPath, [join(root, "bin/fleetlogix.js"), ...args, "--endpoint-url", stack.aws.url], { cwd: root, env });
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, err };
}

test("without DuckDB one sentence says how to install it, and no raw copy is changed", { timeout: 120_000 }, async () => {
  const { key, body } = rawCopy({ area: "vehicles", at: "2026-03-01T06:00:00.000Z", eventId: "e1", payload: { vehicle_id: "V-1" } });
  await stack.put(key, body);
  for (const args of [
    ["lake", "query", "SELECT count(*) FROM fixes"],
    ["lake", "compact", "--date", "2026-03-01"],
  ]) {
    const { code, err } = await run(...args);
    expect(err, args[1]).toContain("DuckDB, which is not installed");
    expect(err, args[1]).toContain("npm install @duckdb/node-api");
    expect(err, args[1]).not.toMatch(/^\s+at /m);
    expect(code, args[1]).toBe(1);
  }
  expect(await stack.keys("raw-data/")).toEqual([key]);
});
