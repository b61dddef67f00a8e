import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { placeOf } from "./postgres/place.ts";
import { runningPid } from "./postgres/server.ts";

const STOP_MS = 20_000;

/** Ends the servers that a killed local AWS left running, and removes their data where it lies outside the data folder. */
export async function stopLeftovers(dataDir: string): Promise<void> {
  const { folder } = placeOf(dataDir);
  if (!existsSync(folder)) return;
  const folders = readdirSync(folder).map((name) => join(folder, name, "data"));
  for (const data of folders) {
    const pid = runningPid(data);
    // Their data is to go: they need not write it first.
    if (pid) process.kill(pid, "SIGQUIT");
  }
  for (let waited = 0; waited < STOP_MS && folders.some((data) => runningPid(data)); waited += 50) await sleep(50);
  rmSync(folder, { recursive: true, force: true });
}
