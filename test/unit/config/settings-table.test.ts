import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withSettingsTable } from "../../../scripts/settings-table.ts";
import { settingsSchema } from "../../../src/config/schema.ts";

const page = readFileSync("docs/configuration.md", "utf8");

test("the table of settings in docs/configuration.md is up to date (npm run docs:configuration)", () => {
  expect(page).toBe(withSettingsTable(page));
});

test("the table names every setting of the schema", () => {
  const paths = (value: object, prefix = ""): string[] =>
    Object.entries(value).flatMap(([key, part]) =>
      part !== null && typeof part === "object" && !Array.isArray(part) && Object.keys(part).length > 0
        ? paths(part, `${prefix}${key}.`)
        : [`${prefix}${key}`],
    );
  const missing = paths(settingsSchema.parse({})).filter((path) => !page.includes(`| \`${path}`));
  expect(missing).toEqual([]);
});

test("a page without a place for the table is refused", () => {
  expect(() => withSettingsTable("# A page")).toThrow("no place for the table");
});
