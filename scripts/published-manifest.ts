/**
 * Writes package.json as it is published, while npm packs it. `--restore` writes the original again.
 *
 * A published package has neither the scripts nor the devDependencies. npm 11 prints a warning when a tarball with a `prepare` script is
 * installed, although the script never runs there.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/artifacts/package-root.ts";

const manifest = join(packageRoot(), "package.json");
const folder = join(packageRoot(), "node_modules", ".cache");
const original = join(folder, "package.json.original");

if (process.argv.includes("--restore")) {
  if (existsSync(original)) renameSync(original, manifest);
} else {
  const { scripts: _, devDependencies: __, ...published } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
  mkdirSync(folder, { recursive: true });
  copyFileSync(manifest, original);
  writeFileSync(`${manifest}.new`, `${JSON.stringify(published, null, 2)}\n`);
  renameSync(`${manifest}.new`, manifest);
}
