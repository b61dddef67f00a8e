import { constants, type Dirent } from "node:fs";
import { copyFile, mkdir, readdir, readlink, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { give, type Owner } from "./place.ts";

/** What belongs to a running server alone and must not be in a copy. */
const LEFT_OUT = new Set(["postmaster.pid", "postmaster.opts", "log"]);
/** Folders that a copy has, empty. */
const EMPTIED = new Set(["pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"]);

/** Copies a data folder (its files may change and vanish meanwhile, as PostgreSQL's backup mode allows); answers its size in bytes. */
export async function copyData(from: string, to: string, owner: Owner | undefined, depth = 0): Promise<number> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  give(to, owner);
  let bytes = 0;
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (depth === 0 && LEFT_OUT.has(entry.name)) continue;
    bytes += await copyEntry(entry, join(from, entry.name), join(to, entry.name), owner, depth);
  }
  return bytes;
}

async function copyEntry(entry: Dirent, source: string, target: string, owner: Owner | undefined, depth: number): Promise<number> {
  if (entry.isDirectory()) {
    if (depth > 0 || !EMPTIED.has(entry.name)) return copyData(source, target, owner, depth + 1);
    await mkdir(target, { mode: 0o700 });
    give(target, owner);
    return 0;
  }
  try {
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await copyFile(source, target, constants.COPYFILE_FICLONE);
    if (!entry.isSymbolicLink()) give(target, owner);
    return entry.isFile() ? (await stat(target)).size : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
