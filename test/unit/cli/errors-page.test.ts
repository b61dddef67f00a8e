import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODES } from "../../../src/errors.ts";

test("docs/errors.md lists exactly the existing codes with exit code, meaning and correction", () => {
  const rows = [...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+?) \| (.+?) \|$/gm)];
  const page = Object.fromEntries(rows.map(([, code, exit, means]) => [code, { exit: Number(exit), means }]));
  expect(page).toEqual(CODES);
  expect(rows.every(([, , , , todo]) => (todo ?? "").length > 10)).toBe(true);
});
