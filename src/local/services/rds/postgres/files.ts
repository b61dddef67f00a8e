import { constants, type Dirent } from "node:fs";
import { chown, copyFile, mkdir, readdir, readlink, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Owner } from "../../../core/data-folder.ts";

/** Files of a running server that must not be copied. */
export const LEFT_OUT = new Set(["postmaster.pid", "postmaster.opts", "log"]);
/** Folders that are empty in a copy. */
const EMPTIED = new Set(["pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"]);

/** Copies a data folder and returns its size in bytes. Files may change and disappear meanwhile, which PostgreSQL's backup mode allows. */
export async function copyData(
  from: string,
  to: string,
  owner: Owner | undefined,
  leftOut: ReadonlySet<string> = LEFT_OUT,
): Promise<number> {
  return copyFolder(from, to, owner, (name) => (leftOut.has(name) ? "leave" : EMPTIED.has(name) ? "empty" : "copy"));
}

async function copyFolder(
  from: string,
  to: string,
  owner: Owner | undefined,
  choose: (name: string) => "leave" | "empty" | "copy",
): Promise<number> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  if (owner) await chown(to, owner.uid, owner.gid);
  const entries = (await readdir(from, { withFileTypes: true })).filter((entry) => choose(entry.name) !== "leave");
  const sizes = entries.map((entry) =>
    copyEntry(entry, join(from, entry.name), join(to, entry.name), owner, choose(entry.name) === "empty"),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function copyEntry(entry: Dirent, source: string, target: string, owner: Owner | undefined, empty: boolean): Promise<number> {
  if (entry.isDirectory()) return copyFolder(source, target, owner, () => (empty ? "leave" : "copy"));
  try {
    if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target);
      return 0;
    }
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    if (owner) await chown(target, owner.uid, owner.gid);
    return (await stat(target)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
