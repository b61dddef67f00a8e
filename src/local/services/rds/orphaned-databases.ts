import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dataFolderOf, isOutside, orphanedFolders } from "../../core/data-folder.ts";
import { runningPid } from "./postgres/server.ts";

const STOP_MS = 20_000;

/** Removes the databases and the functions' code of a local AWS that does not run. `outside`: only those outside of its data folder. */
export async function removeDatabases(dataDir: string, which: "all" | "outside"): Promise<void> {
  for (const part of ["rds", "lambda"]) {
    const place = dataFolderOf(dataDir, part);
    if (which === "all" || isOutside(place)) await removeDataFolder(place.folder);
  }
}

/** Removes the databases of projects that no longer exist. */
export async function removeOrphanedDatabases(log: (line: string) => void): Promise<void> {
  for (const folder of orphanedFolders()) {
    log(`${folder} belongs to a project that is gone: it is removed`);
    await removeDataFolder(folder);
  }
}

/** Stops the servers that a killed local AWS left running, and removes all data. */
async function removeDataFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const folders = readdirSync(folder).map((name) => join(folder, name, "data"));
  for (const data of folders) {
    const pid = runningPid(data);
    // SIGQUIT, because the servers need not write data that will be removed.
    if (pid) process.kill(pid, "SIGQUIT");
  }
  for (let waited = 0; waited < STOP_MS && folders.some((data) => runningPid(data)); waited += 50) await sleep(50);
  rmSync(folder, { recursive: true, force: true });
}
