/** Writes docs/commands.md from the commands themselves. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/artifacts/package-root.ts";
import { commandsPage } from "../src/cli/commands-page.ts";

writeFileSync(join(packageRoot(), "docs", "commands.md"), `${commandsPage()}\n`);
