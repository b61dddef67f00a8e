import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { examples, page } from "../../scripts/api-docs.ts";
import { types } from "../../scripts/api-types.ts";
import { removeFolder } from "../support/folders.ts";
import { type Deployed, deploy } from "./deployed.ts";

let api: Deployed;
let folder: string;
beforeAll(async () => {
  api = await deploy();
  folder = mkdtempSync(join(tmpdir(), "examples-"));
  writeFileSync(join(folder, "key.header"), `x-api-key: ${api.key}\n`, { mode: 0o600 });
});
afterAll(async () => {
  removeFolder(folder);
  await api?.close();
});

test("docs/api.md and docs/api.d.ts equal the OpenAPI document; `npm run docs:api` writes them", () => {
  expect(readFileSync("docs/api.md", "utf8")).toBe(page());
  expect(readFileSync("docs/api.d.ts", "utf8")).toBe(types());
});

/** Masks the times of receipt, which differ from run to run. */
const masked = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner) => (key === "notified_at" || (key === "updated_at" && String(inner).includes(".")) ? "…" : inner)),
  );

test.each(examples())("the example of $operationId runs unchanged and gets the documented answer", async ({ command, answer }) => {
  const env = { PATH: process.env.PATH, API_URL: api.url };
  const { stdout } = await promisify(execFile)("bash", ["-c", command], { cwd: folder, env });
  expect(masked(JSON.parse(stdout))).toEqual(masked(answer));
});
