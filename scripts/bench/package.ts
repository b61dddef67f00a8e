import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Line } from "./line.ts";

/** Size and packages of an installation, and the size of the functions' zips. Needs the package registry. */
export function packageLines(): Line[] {
  const folder = mkdtempSync(join(tmpdir(), "bench-package-"));
  try {
    const npm = (args: readonly string[], cwd: string): string =>
      execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const tarball = npm(["pack", "--ignore-scripts", "--pack-destination", folder], process.cwd()).trim().split("\n").at(-1) ?? "";
    npm(["init", "-y"], folder);
    npm(["install", `./${tarball}`, "--no-audit", "--no-fund", "--prefer-offline"], folder);
    const files = filesIn(join(folder, "node_modules"));
    const packages = npm(["ls", "--all", "--parseable"], folder).trim().split("\n").length - 1;
    const zips = filesIn(join("dist", "functions")).filter(({ name }) => name.endsWith(".zip"));
    return [
      { name: "installed", value: files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6, unit: "MB", atMost: 110 },
      { name: "installed", value: packages, unit: "packages", atMost: 70 },
      { name: "largest function zip", value: Math.max(...zips.map(({ bytes }) => bytes)) / 1e3, unit: "KB", atMost: 30 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const filesIn = (folder: string): { readonly name: string; readonly bytes: number }[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, bytes: statSync(join(entry.parentPath, entry.name)).size }));
