import { type SpawnOptions, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { changeOwner, type Owner } from "../../../core/data-folder.ts";
import type { Binaries } from "./binaries.ts";

/** The programs of a PostgreSQL installation with one data folder. */
export interface ServerFolder {
  /** Contains `data` and `start.log`. */
  readonly folder: string;
  readonly binaries: Binaries;
  readonly owner: Owner | undefined;
}
/** The superuser, which AWS keeps for itself. The user's administrator is no superuser. */
export const SUPERUSER = "rdsadmin";

const START_MS = 60_000;
const POLL_MS = 10;
const RETRY_MS = 100;
const STOP_SECONDS = 30;
export const dataOf = (server: Pick<ServerFolder, "folder">): string => join(server.folder, "data");

/** Creates an empty data folder with the superuser's password. */
export async function initialise(server: ServerFolder, password: string): Promise<void> {
  rmSync(server.folder, { recursive: true, force: true });
  mkdirSync(server.folder, { recursive: true, mode: 0o700 });
  changeOwner(server.folder, server.owner);
  const passwordFile = join(server.folder, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  changeOwner(passwordFile, server.owner);
  // PostgreSQL's built-in collation sorts in the same way on every machine. Data that was not synced here is created anew after a power cut.
  const locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"];
  const args = ["-D", dataOf(server), "-U", SUPERUSER, "--auth=scram-sha-256", `--pwfile=${passwordFile}`, ...locale, "--no-sync"];
  try {
    await runProgram(server, server.binaries.initdb, args);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

type OnExit = (how: string) => void;

/** The running servers that this process started. `stopping`: the server was told to stop. */
const started = new Map<string, { stopping: boolean }>();

/**
 * Starts the server as a child process and returns when it accepts connections. It first stops a server that a killed local AWS left
 * running. `onExit` is called once, with the reason, when the server later ends although nobody stopped it.
 */
export async function startServer(server: ServerFolder, onExit: OnExit): Promise<void> {
  await stopServer(server);
  for (let waited = 0; ; waited += RETRY_MS) {
    const end = await launch(server, onExit);
    if (end === undefined) return;
    if (!/still in use/.test(end) || waited >= START_MS) throw new Error(`PostgreSQL does not start: ${end}`);
    endOrphans(dataOf(server));
    await sleep(RETRY_MS);
  }
}

/** Ends the remaining child processes of a killed server. They hold its shared memory until they finish their work. */
function endOrphans(data: string): void {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) === data) process.kill(Number(pid), "SIGKILL");
    } catch {
      // The process has ended, or we may not read it.
    }
  }
}

/** Starts the server. Returns its error output when it ended before it was ready. */
async function launch(server: ServerFolder, onExit: OnExit): Promise<string | undefined> {
  const data = dataOf(server);
  const output = openSync(join(server.folder, "start.log"), "w", 0o600);
  const child = spawn(server.binaries.postgres, ["-D", data], optionsOf(server, output));
  closeSync(output);
  const run = { stopping: false };
  let end: string | undefined;
  child.once("error", (error) => {
    end ??= error.message;
  });
  child.once("exit", (code, signal) => {
    end ??= `it ended with ${signal ?? code}`;
    if (started.get(data) !== run) return;
    started.delete(data);
    if (!run.stopping) onExit(end);
  });
  child.unref();
  for (let waited = 0; end === undefined && waited < START_MS; waited += POLL_MS) {
    if (isReady(data, child.pid)) {
      started.set(data, run);
      return undefined;
    }
    await sleep(POLL_MS);
  }
  if (end === undefined) child.kill("SIGQUIT");
  const log = readFileSync(join(server.folder, "start.log"), "utf8").trim().slice(-2_000);
  return `${end ?? `it was not ready after ${START_MS / 1000} s`}: ${log}`;
}

/** PostgreSQL writes its status into the eighth line of its pid file. */
function isReady(data: string, pid: number | undefined): boolean {
  const lines = pidFile(data);
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

/** Stops the server in order: it rolls back transactions and writes all data. */
export async function stopServer(server: ServerFolder): Promise<void> {
  const data = dataOf(server);
  const run = started.get(data);
  if (run) run.stopping = true;
  if (!runningPid(data)) return;
  try {
    await runProgram(server, server.binaries.pgCtl, ["stop", "-D", data, "-s", "-m", "fast", "-w", "-t", String(STOP_SECONDS)]);
  } catch (error) {
    if (run) run.stopping = false;
    throw error;
  }
}

export const reloadServer = (server: ServerFolder): Promise<void> =>
  runProgram(server, server.binaries.pgCtl, ["reload", "-D", dataOf(server), "-s"]);

/** The process that serves this data folder, including one that a killed local AWS left running. */
export function runningPid(data: string): number | undefined {
  const pid = Number(pidFile(data)[0]);
  if (!(pid > 0) || !isAlive(pid)) return undefined;
  if (serves(pid, data)) return pid;
  // The process id belongs to another program now, which PostgreSQL would take for a server. For a dead process, PostgreSQL itself decides what to do
  // with the file.
  rmSync(join(data, "postmaster.pid"), { force: true });
  return undefined;
}

function pidFile(data: string): readonly string[] {
  try {
    return readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function serves(pid: number, data: string): boolean {
  if (process.platform !== "linux") return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(data);
  } catch {
    return false;
  }
}

/**
 * The server gets none of our environment (keys, tokens). It has its own process group, so that an interrupt in the terminal reaches only
 * us, and we stop the server in order.
 */
function optionsOf({ owner, folder }: ServerFolder, errors: number | "pipe"): SpawnOptions {
  const { PATH = "", SystemRoot, TEMP } = process.env;
  const env = { PATH, LC_ALL: "C", SystemRoot, TEMP };
  return { cwd: folder, env, detached: true, windowsHide: true, stdio: ["ignore", "ignore", errors], ...owner };
}

/** Runs a program of PostgreSQL to its end. An error contains its output. */
function runProgram(server: ServerFolder, program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, optionsOf(server, "pipe"));
    let output = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      output = (output + chunk).slice(-2_000);
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      child.stderr?.destroy();
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args[0]} ended with ${code}: ${output.trim()}`));
    });
  });
}
