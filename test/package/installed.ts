import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The package as its users get it: packed, and installed with its dependencies into an empty project, beside the project's
 * own `dependencies` (versions by name). One install, because each one asks the registry again. Returns the project's folder.
 */
export function installedPackage(dependencies: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "fleetlogix-user-"));
  const pack = npm(["pack", "--ignore-scripts", "--json", "--pack-destination", folder], process.cwd());
  const [{ filename }] = JSON.parse(pack) as [{ filename: string }];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module", dependencies }));
  npm(["install", join(folder, filename), "--prefer-offline", "--no-audit", "--no-fund"], folder);
  return folder;
}

// A silent run of the tests would else hide what npm says of a failure.
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync("npm", [...args, "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
