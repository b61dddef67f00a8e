import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODES } from "../../../src/errors.ts";

test("docs/errors.md lists exactly the codes that exist, with their exit codes and meanings, each with something to do", () => {
  const rows = [...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+?) \| (.+?) \|$/gm)];
  const page = Object.fromEntries(rows.map(([, code, exit, means]) => [code, { exit: Number(exit), means }]));
  expect(page).toEqual(CODES);
  expect(rows.every(([, , , , todo]) => (todo ?? "").length > 10)).toBe(true);
});
