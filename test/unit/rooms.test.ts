import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";

interface Report {
  readonly summary: { readonly error: number; readonly violations: readonly { readonly rule: { readonly name: string } }[] };
  readonly modules: readonly { readonly source: string }[];
}
const PLANTED = "src/local/core/planted-violation.ts";

function rooms(): Report {
  const run = spawnSync(
    process.execPath,
    [
      "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
      "src",
      "handlers",
      "--config",
      ".dependency-cruiser.mjs",
      "--output-type",
      "json",
    ],
    { encoding: "utf8", maxBuffer: 1e9 },
  );
  return JSON.parse(run.stdout) as Report;
}
const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`);

afterEach(() => rmSync(PLANTED, { force: true }));

test("the guard of the rooms sees every file and finds nothing", () => {
  const { summary, modules } = rooms();
  const seen = new Set(modules.map((m) => m.source));
  expect([...sources("src"), ...sources("handlers")].filter((file) => !seen.has(file))).toEqual([]);
  expect(summary.violations.map((v) => v.rule.name)).toEqual([]);
});

test("the guard catches a planted violation", () => {
  writeFileSync(PLANTED, 'import { CODES } from "../../errors.ts";\nexport const planted = CODES;\n');
  expect([...new Set(rooms().summary.violations.map((v) => v.rule.name))]).toEqual(["room:local"]);
});
