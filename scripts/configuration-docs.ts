/** Writes the table of settings in docs/configuration.md from the schema. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/artifacts/package-root.ts";
import { withSettingsTable } from "./settings-table.ts";

const page = join(packageRoot(), "docs", "configuration.md");
writeFileSync(page, withSettingsTable(readFileSync(page, "utf8")));
