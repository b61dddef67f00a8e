import { execFileSync } from "node:child_process";
import { linkSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { REPLACE } from "../core/files.ts";

/** Names of a local AWS's files in its data folder. */
export const JOURNAL = "journal.jsonl";
export const LOG = "local.log";
const STATE = "local.json";
const LOCK = "local.lock";

/** The contents of the state file, by which a running local AWS is found and restarted. */
export interface DaemonState {
  readonly pid: number;
  readonly port: number;
  readonly startedAt: string;
  readonly options: ServeOptions;
}
export interface ServeOptions {
  readonly realism: boolean;
  /** Path of a fault plan, JSON. */
  readonly faultsFile?: string | undefined;
  readonly databases: "real" | "none";
  /** First port tried for databases; 0 = any free one. */
  readonly databasePort: number;
  /** Further host names at which deployed APIs are reachable. */
  readonly hosts?: readonly string[] | undefined;
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
  writeFileSync(temporary, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600, flag: REPLACE as never });
  renameSync(temporary, join(dataDir, STATE));
}
/** Removes the state file that this process has written. Another process's file stays. */
export function dropState(dataDir: string, pid: number): void {
  if (readState(dataDir)?.pid === pid) rmSync(join(dataDir, STATE), { force: true });
}

/** True when the process runs. A process that ended and was not collected by its parent (a zombie) does not run. */
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

/** True when this process is proven to be the local AWS of this folder. The system may reuse process ids. */
export function servesFolder(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    const line = commandOf(pid);
    return line.includes(` ${dataDir} `) && /(daemon[/\\]serve\.ts|fleetlogix-local\.cjs) /.test(line);
  } catch {
    return false;
  }
}
/** The command line of a process: its words, with a space after each. */
function commandOf(pid: number): string {
  if (process.platform === "linux") return `${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")} `;
  // Windows has no such command. There, no process is proven to be ours.
  return `${execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()} `;
}

/** True when both paths lead to the same folder, through any links, whether or not the folder still exists. */
export const isSameFolder = (one: string, other: string): boolean => canonical(one) === canonical(other);
function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(canonical(dirname(path)), basename(path));
  }
}

/** The first symbolic link in a data folder, if there is one. We create none in the places that we write. */
export function linkIn(dataDir: string, depth = 0): string | undefined {
  for (const entry of readdirSync(dataDir, { withFileTypes: true })) {
    const path = join(dataDir, entry.name);
    if (entry.isSymbolicLink()) return path;
    // Databases and unzipped code have their own links. We write through neither.
    const own = depth === 0 && (entry.name === "rds" || entry.name === "lambda");
    const found = entry.isDirectory() && !own ? linkIn(path, depth + 1) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Time in which another process that found the same abandoned lock takes it. */
const SETTLE_MS = 60;

export interface Lock {
  /** False once the folder was deleted, or another process has taken it. */
  readonly isHeld: () => boolean;
  readonly release: () => void;
}
/** Takes the folder for this process alone, or names the process that holds it. A killed process's lock is taken over. */
export async function lockFolder(dataDir: string): Promise<Lock | { readonly heldBy: number }> {
  const lock = join(dataDir, LOCK);
  const ownLock = join(dataDir, `${LOCK}.${process.pid}`);
  writeFileSync(ownLock, String(process.pid), { mode: 0o600, flag: REPLACE as never });
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
    linkSync(ownLock, lock);
    if (before) await sleep(SETTLE_MS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(ownLock);
  }
  const now = holder();
  if (now !== process.pid) return { heldBy: now };
  const isHeld = (): boolean => holder() === process.pid;
  return { isHeld, release: () => isHeld() && rmSync(lock, { force: true }) };
}
