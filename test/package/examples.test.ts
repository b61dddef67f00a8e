import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { installedPackage } from "./installed.ts";

const handlerTests = join(process.cwd(), "examples", "handler-tests");

let folder: string;
beforeAll(() => {
  const { dependencies } = JSON.parse(readFileSync(join(handlerTests, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  folder = installedPackage(dependencies);
}, 300_000);
afterAll(() => removeFolder(folder));

test("the example's test suite for a handler passes with the packed package", { timeout: 300_000 }, () => {
  const example = join(folder, "handler-tests");
  cpSync(join(folder, "node_modules", "fleetlogix", "examples", "handler-tests"), example, { recursive: true });
  // A runner inside of a runner: node --test would else report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--test", "--test-reporter", "tap"], {
    cwd: example,
    env,
    encoding: "utf8",
  });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/^# pass 4$/m);
});
