import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { give, type Owner } from "./place.ts";

/** The programs of one PostgreSQL installation, run on one data folder. */
export interface ServerFolder {
  /** Holds `data` and `start.log`. */
  readonly folder: string;
  readonly binaries: Binaries;
  readonly owner: Owner | undefined;
}
/** The superuser that AWS keeps for itself; the user's own administrator is not one. */
export const SUPERUSER = "rdsadmin";

const START_SECONDS = 60;
const STOP_SECONDS = 30;
export const dataOf = (server: Pick<ServerFolder, "folder">): string => join(server.folder, "data");

/** A fresh, empty data folder, with the superuser's password. */
export async function initialise(server: ServerFolder, password: string): Promise<void> {
  rmSync(server.folder, { recursive: true, force: true });
  mkdirSync(server.folder, { recursive: true, mode: 0o700 });
  give(server.folder, server.owner);
  const passwordFile = join(server.folder, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  give(passwordFile, server.owner);
  // The collation comes with PostgreSQL itself: every machine sorts alike. What was not synced here is remade after a power cut.
  const locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"];
  const args = ["-D", dataOf(server), "-U", SUPERUSER, "--auth=scram-sha-256", `--pwfile=${passwordFile}`, ...locale, "--no-sync"];
  try {
    await run(server, server.binaries.initdb, args);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Starts the server and returns when it accepts connections; a server that outlived us is stopped first. */
export async function startServer(server: ServerFolder): Promise<void> {
  await stopServer(server);
  const wait = ["-w", "-t", String(START_SECONDS)];
  await run(server, server.binaries.pgCtl, ["start", "-D", dataOf(server), "-s", ...wait, "-l", join(server.folder, "start.log")]);
}

/** Ends it in order: transactions are rolled back, everything is written. */
export async function stopServer(server: ServerFolder): Promise<void> {
  if (!runningPid(dataOf(server))) return;
  await run(server, server.binaries.pgCtl, ["stop", "-D", dataOf(server), "-s", "-m", "fast", "-w", "-t", String(STOP_SECONDS)]);
}

export const reloadServer = (server: ServerFolder): Promise<void> =>
  run(server, server.binaries.pgCtl, ["reload", "-D", dataOf(server), "-s"]);

/** The process that serves this data folder, also one that a killed local AWS left behind. Drops what a dead one left. */
export function runningPid(data: string): number | undefined {
  const file = join(data, "postmaster.pid");
  let pid: number;
  try {
    pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  } catch {
    return undefined;
  }
  if (pid > 0 && serves(pid, data)) return pid;
  // The number may belong to another program by now, which PostgreSQL would take for itself.
  rmSync(file, { force: true });
  return undefined;
}

function serves(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (process.platform !== "linux") return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(data);
  } catch {
    return false;
  }
}

/** Runs a program of PostgreSQL to its end; what it said is in the error. It sees nothing of our environment (keys, tokens). */
function run({ owner, folder }: ServerFolder, program: string, args: readonly string[]): Promise<void> {
  const { PATH = "", SystemRoot, TEMP } = process.env;
  const env = { PATH, LC_ALL: "C", ...(SystemRoot && { SystemRoot }), ...(TEMP && { TEMP }) };
  return new Promise((resolve, reject) => {
    // Its own process group: an interrupt in the terminal is for us, who then stop the server in order.
    const options = { cwd: folder, env, detached: true, stdio: ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"], ...owner };
    const child = spawn(program, args, options);
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk).slice(-2_000);
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args[0]} ended with ${code}: ${said.trim()}`));
    });
  });
}
