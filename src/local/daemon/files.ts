import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where the files of a local AWS lie in its data folder. */
export const JOURNAL = "journal.jsonl";
export const LOG = "local.log";
const STATE = "local.json";
const LOCK = "local.lock";

/** How a running local AWS is found and started again. */
export interface DaemonState {
  readonly pid: number;
  readonly port: number;
  readonly startedAt: string;
  readonly options: ServeOptions;
}
export interface ServeOptions {
  readonly realism: boolean;
  /** A fault plan, JSON. */
  readonly faultsFile?: string | undefined;
  readonly databases: "real" | "none";
  /** First port tried for databases; 0 = any free one. */
  readonly databasePort: number;
}

export function readState(dataDir: string): DaemonState | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, STATE), "utf8")) as DaemonState;
  } catch {
    return undefined;
  }
}
export function writeState(dataDir: string, state: DaemonState): void {
  const temporary = join(dataDir, `${STATE}.${process.pid}`);
  writeFileSync(temporary, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, join(dataDir, STATE));
}
export const dropState = (dataDir: string): void => rmSync(join(dataDir, STATE), { force: true });

/** A process that runs; one that has ended and was not collected by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (process.platform !== "linux") return true;
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Is this process the local AWS of this folder? Numbers are used again after a restart of the machine. */
export function servesFolder(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return words.includes(dataDir) && words.some((word) => /(daemon[/\\]serve\.ts|fleetlogix-local\.cjs)$/.test(word));
}

/** Long enough for another process that found the same dead lock to have taken it. */
const SETTLE_MS = 60;

/** Takes the folder for this process alone; answers whose it is when it is taken. What a killed process left is taken over. */
export async function lockFolder(dataDir: string): Promise<{ readonly release: () => void } | { readonly heldBy: number }> {
  const lock = join(dataDir, LOCK);
  const mine = join(dataDir, `${LOCK}.${process.pid}`);
  writeFileSync(mine, String(process.pid), { mode: 0o600 });
  const holder = (): number => {
    try {
      return Number(readFileSync(lock, "utf8"));
    } catch {
      return 0;
    }
  };
  try {
    const before = holder();
    if (before && before !== process.pid && servesFolder(before, dataDir)) return { heldBy: before };
    if (before) rmSync(lock, { force: true });
    linkSync(mine, lock);
    if (before) await sleep(SETTLE_MS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(mine);
  }
  const now = holder();
  return now === process.pid ? { release: () => rmSync(lock, { force: true }) } : { heldBy: now };
}
