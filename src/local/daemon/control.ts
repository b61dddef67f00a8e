import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { APPEND } from "../core/files.ts";
import { removeDatabases } from "../services/rds/orphaned-databases.ts";
import { type DaemonState, dropState, isAlive, JOURNAL, LOG, linkIn, readState, type ServeOptions, servesFolder } from "./files.ts";
import { askToStop, find, health, servesHere, urlOf } from "./health.ts";
import type { ServeMessage } from "./serve.ts";
import type { Where } from "./status.ts";

export { type LocalStatus, statusLocal } from "./status.ts";

/** Codes: FOLDER_IN_USE, PORT_BUSY, FOLDER_UNWRITABLE, FOLDER_LINKED, LOCAL_START_FAILED, LOCAL_STOP_FAILED, LOCAL_DATA_NEWER, FAULTS_INVALID. */
export class LocalAwsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface StartOptions extends Partial<ServeOptions> {
  readonly dataDir: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly timeoutMs?: number | undefined;
}
export interface Started {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly alreadyRunning: boolean;
  /** The options of its start, now or earlier. */
  readonly options: ServeOptions;
}

const START_MS = 60_000;
const STOP_MS = 30_000;
const POLL_MS = 25;

/** Starts the local AWS in the background and returns when it answers. One that already runs on this folder is used as it is. */
export async function startLocal(options: StartOptions): Promise<Started> {
  const dataDir = resolve(options.dataDir);
  prepareFolder(dataDir);
  const running = await find(dataDir, options.port || undefined);
  if (running) return asStarted(running, true);
  if (options.port !== 0) await checkPort(options.port);
  const outcome = await launch({ ...options, dataDir });
  if ("ready" in outcome) return asStarted(outcome.ready, false);
  const { code, message } = outcome.failed;
  if (code === "LOCKED") return awaitOther(dataDir, options.timeoutMs ?? START_MS);
  if (code === "EADDRINUSE") await checkPort(options.port);
  if (code === "LOCAL_DATA_NEWER" || code === "FAULTS_INVALID") throw new LocalAwsError(code, message);
  throw new LocalAwsError("LOCAL_START_FAILED", `The local AWS did not start: ${message} Its log is ${join(dataDir, LOG)}.`);
}

const asStarted = ({ port, pid, options }: DaemonState, alreadyRunning: boolean): Started => ({
  url: urlOf(port),
  port,
  pid,
  alreadyRunning,
  options,
});

/** Node answers ENOENT when a recursive mkdir meets a read-only file system. The nearest existing folder shows the real reason. */
function reasonOf(folder: string, error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT") return code;
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return code;
  } catch (refused) {
    return (refused as NodeJS.ErrnoException).code;
  }
}

/** Makes the data folder and closes it to other users. Throws FOLDER_UNWRITABLE, FOLDER_LINKED. */
export function prepareFolder(dataDir: string): void {
  try {
    // Only the data folder itself is closed: the user of the databases may have to pass through the folders above it.
    mkdirSync(dirname(dataDir), { recursive: true });
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
    hideFromGit(dataDir);
  } catch (error) {
    throw new LocalAwsError("FOLDER_UNWRITABLE", `The folder ${dataDir} cannot be written (${reasonOf(dataDir, error)}).`);
  }
  const link = linkIn(dataDir);
  if (link) throw new LocalAwsError("FOLDER_LINKED", `${link} is a symbolic link: the local AWS would write where it leads. Remove it.`);
}

/**
 * Keeps the data out of Git. The file goes into the hidden folder around the data (`.fleetlogix`), if there is one, because that folder
 * holds nothing else.
 */
function hideFromGit(dataDir: string): void {
  const around = dirname(dataDir);
  const file = join(basename(around).startsWith(".") ? around : dataDir, ".gitignore");
  try {
    writeFileSync(file, "*\n", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Refuses a port that is in use (PORT_BUSY), and names the data folder when a local AWS uses it. */
export async function checkPort(port: number): Promise<void> {
  const taken = await new Promise<boolean>((done) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.destroy());
  });
  if (!taken) return;
  const other = await health(port);
  const who = other?.dataDir ? `the local AWS of ${other.dataDir}` : "another program";
  throw new LocalAwsError("PORT_BUSY", `Port ${port} is taken by ${who}.`);
}

async function launch(options: StartOptions): Promise<ServeMessage> {
  const child = spawnServe(options);
  const timeoutMs = options.timeoutMs ?? START_MS;
  const outcome = await new Promise<ServeMessage>((done) => {
    const failed = (message: string) => done({ failed: { code: "", message } });
    const timer = setTimeout(() => failed(`it was not ready after ${timeoutMs / 1000} s.`), timeoutMs);
    timer.unref();
    child.once("message", (message) => done(message as ServeMessage));
    child.once("error", (error) => failed(`${error.message}.`));
    child.once("exit", (code, signal) => failed(`it ended with ${signal ?? code}.`));
  });
  if (child.connected) child.disconnect();
  if ("failed" in outcome) child.kill("SIGTERM");
  child.unref();
  return outcome;
}

function spawnServe({ dataDir, port, realism, faultsFile, databases, databasePort, hosts = [] }: StartOptions): ChildProcess {
  const self = fileURLToPath(import.meta.url);
  // When it runs from its sources (in our tests) it needs the loader. The package holds plain JavaScript.
  const fromSource = self.endsWith(".ts");
  const serve = join(dirname(self), fromSource ? "serve.ts" : "fleetlogix-local.cjs");
  const args = [
    ...(fromSource ? ["--import", "tsx"] : []),
    ...[serve, "--data", dataDir, "--port", String(port)],
    ...(realism ? ["--realism"] : []),
    ...(faultsFile ? ["--faults", resolve(faultsFile)] : []),
    ...(databases ? ["--databases", databases] : []),
    ...(databasePort !== undefined ? ["--database-port", String(databasePort)] : []),
    ...hosts.flatMap((host) => ["--allow-host", host]),
  ];
  const log = openSync(join(dataDir, LOG), APPEND, 0o600);
  const child = spawn(process.execPath, args, {
    cwd: fromSource ? join(dirname(self), "../../..") : dataDir,
    env: cleanEnvironment(),
    detached: true,
    windowsHide: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  return child;
}

/** The environment variables that Node.js and PostgreSQL need. Keys and tokens must not reach the daemon or the processes that it starts. */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TMP|TEMP|LD_LIBRARY_PATH|SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA)$/i;
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
  return { ...Object.fromEntries(kept), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
}

/** Waits for a local AWS that another process started on the same folder at the same time. */
async function awaitOther(dataDir: string, timeoutMs: number): Promise<Started> {
  for (let waited = 0; waited < timeoutMs; waited += POLL_MS) {
    const running = await find(dataDir);
    if (running) return asStarted(running, true);
    await sleep(POLL_MS);
  }
  throw new LocalAwsError(
    "LOCAL_START_FAILED",
    `Another local AWS holds ${dataDir} and does not answer. Its log is ${join(dataDir, LOG)}.`,
  );
}

/** Stops the local AWS in order: the processes that it started end first. The data stays. */
export async function stopLocal(options: Where): Promise<{ readonly wasRunning: boolean }> {
  const dataDir = resolve(options.dataDir);
  const found = await find(dataDir, options.port);
  const pid = (found ?? readState(dataDir))?.pid;
  const ours = pid !== undefined && (found !== undefined || servesFolder(pid, dataDir));
  if (ours) await end(pid, dataDir, found);
  if (options.port && (await servesHere(options.port, dataDir)))
    throw new LocalAwsError("LOCAL_STOP_FAILED", `The local AWS of ${dataDir} still answers at ${urlOf(options.port)}.`);
  return { wasRunning: ours };
}

/** Tells a server that answers to stop. Sends a signal only to a process that is proven to be this folder's server. */
async function end(pid: number, dataDir: string, found: DaemonState | undefined): Promise<void> {
  // A test suite may serve the folder in its own process. That process must not be ended.
  if (found && !servesFolder(pid, dataDir) && process.platform !== "win32")
    throw new LocalAwsError("LOCAL_STOP_FAILED", `Process ${pid} serves ${dataDir} and is no background process. End it.`);
  const accepted = found && (await askToStop(found.port));
  if (!accepted && servesFolder(pid, dataDir)) process.kill(pid, "SIGTERM");
  for (let waited = 0; waited < STOP_MS && isAlive(pid); waited += POLL_MS) await sleep(POLL_MS);
  if (servesFolder(pid, dataDir)) process.kill(pid, "SIGKILL");
  dropState(dataDir, pid);
}

/** Deletes the data. A running local AWS is restarted, empty, on the same port and with the same options. */
export async function resetLocal(options: Where): Promise<{ readonly wasRunning: boolean }> {
  const dataDir = resolve(options.dataDir);
  const running = await find(dataDir, options.port);
  await stopLocal({ dataDir, port: options.port });
  const entries = await readdir(dataDir).catch((): string[] => []);
  // Only a folder that a local AWS has written is emptied, because the name may be mistyped.
  const ours = entries.includes(JOURNAL);
  await removeDatabases(dataDir, ours ? "all" : "outside");
  if (ours) for (const entry of entries) rmSync(join(dataDir, entry), { recursive: true, force: true });
  if (running) await startLocal({ dataDir, port: running.port, ...running.options });
  return { wasRunning: running !== undefined };
}
