import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

interface Report {
  readonly summary: {
    readonly error: number;
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
  };
  readonly modules: readonly { readonly source: string }[];
}

/** The report of the import rules for the files of a folder. */
function cruise(folder: string): Report {
  const program = resolve("node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = ["src", "handlers", "test", "--config", ".dependency-cruiser.mjs", "--output-type", "json"];
  const run = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8", maxBuffer: 1e9 });
  return JSON.parse(run.stdout) as Report;
}
const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`);

/** One violation of each rule. They are added to a copy of the project, never to the sources. */
const PLANTED: readonly (readonly [rule: string, file: string, content: string])[] = [
  ["imports-of:local", "src/local/core/planted.ts", 'export { CODES as planted } from "../../errors.ts";\n'],
  ["one-kind-does-not-know-another", "src/resources/planted.ts", 'export { snsTopic as planted } from "./sns-topic.ts";\n'],
  ["one-kind-does-not-know-another", "src/resources/rds-instance/planted.ts", 'export { snsTopic as planted } from "../sns-topic.ts";\n'],
  ["closed-by-default", "src/planted/everything.ts", 'export { openApp } from "../app.ts";\nexport { plan } from "../engine/plan.ts";\n'],
  ["closed-by-default", "src/planted.ts", 'export { CODES as planted } from "./errors.ts";\n'],
  ["engine-is-pure-of-node", "src/engine/planted.ts", 'export { readFileSync as planted } from "node:fs";\n'],
  ["types-only:resources", "src/resources/sns-topic/planted.ts", 'export { plan as planted } from "../../engine/plan.ts";\n'],
  ["sdk-stays-at-the-edge", "src/database/planted.ts", 'export { SNSClient as planted } from "@aws-sdk/client-sns";\n'],
  [
    "one-local-service-does-not-know-another",
    "src/local/services/sns/planted.ts",
    'export { stsService as planted } from "../sts/index.ts";\n',
  ],
  [
    "api-gateway-imports-one-way",
    "src/local/services/apigateway/control/planted.ts",
    'export * as planted from "../openapi/document.ts";\n',
  ],
  [
    "kinds-through-their-index",
    "src/stack/planted.ts",
    'export type { DatabaseSpec as Planted } from "../resources/rds-instance/types.ts";\n',
  ],
  [
    "kinds-through-their-index",
    "test/contract/planted.ts",
    'export type { StageSpec as Planted } from "../../src/resources/apigateway-stage.ts";\n',
  ],
  ["no-circles", "src/lake/planted.ts", 'export type { Planted } from "./planted.ts";\n'],
  ["handlers-stand-alone", "handlers/shared/planted.ts", 'export { CODES as planted } from "../../src/errors.ts";\n'],
];

let copy: string;
let report: Report;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "import-rules-"));
  for (const part of ["src", "handlers", ".dependency-cruiser.mjs", "tsconfig.json", "package.json"])
    cpSync(part, join(copy, part), { recursive: true });
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"), "junction");
  for (const [, file, content] of PLANTED) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), content);
  }
  report = cruise(copy);
});
afterAll(() => removeFolder(copy));

test("the import rules see every file", () => {
  const seen = new Set(report.modules.map((m) => m.source));
  expect([...sources("src"), ...sources("handlers")].filter((file) => !seen.has(file))).toEqual([]);
});

test("each planted violation is caught by its rule, and the project itself has none", () => {
  const found = report.summary.violations.map((v) => `${v.rule.name}: ${v.from}`);
  expect([...new Set(found)].toSorted()).toEqual(PLANTED.map(([rule, file]) => `${rule}: ${file}`).toSorted());
});

/** Names of folders in a list such as `app, config`; other words are not names. */
const foldersIn = (list: string | undefined): readonly string[] =>
  (list ?? "").split(", ").flatMap((word) => (/^[a-z]+$/.test(word) && !SMALL_FILES.has(word) ? [word] : []));
/** Single files that most folders may import. docs/architecture.md names them below its table. */
const SMALL_FILES = new Set(["errors", "secret", "printable", "defined", "nothing"]);

test("the table of docs/architecture.md equals the rules", async () => {
  const { default: rules } = (await import(pathToFileURL(resolve(".dependency-cruiser.mjs")).href)) as {
    default: { forbidden: readonly { name: string; comment: string }[] };
  };
  const ruled = rules.forbidden.flatMap(({ name, comment }) => {
    const [, folder = ""] = /^imports-of:([a-z]+)$/.exec(name) ?? [];
    const [, values, types] = / may import: ([^;.]*?)(?: of ours)?(?:; types only from ([^.]*))?\. See/.exec(comment) ?? [];
    return folder === "" || SMALL_FILES.has(folder) ? [] : [[folder, foldersIn(values).toSorted(), (types ?? "").split(",").toSorted()]];
  });
  const rows = [...readFileSync("docs/architecture.md", "utf8").matchAll(/^\| `src\/([a-z]+)(?:\.ts)?`.*? \| .* \| (.*?) \|$/gm)];
  const listed = rows.map(([, folder, may = ""]) => {
    const [, types = ""] = /types of ([a-z, ]+)/.exec(may) ?? [];
    return [folder, foldersIn(may.replace(/;?\s*(types of|`).*/, "")).toSorted(), types.split(", ").toSorted()];
  });
  expect(new Map(listed.map((row) => [row[0], row]))).toEqual(new Map(ruled.map((row) => [row[0], row])));
});
