import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LocalClock } from "./core/clock.ts";
import type { FaultPlan, WrittenRule } from "./core/fault-types.ts";
import { type Faults, faultPlan } from "./core/faults.ts";
import { checkPort, LocalAwsError, prepareFolder } from "./daemon/control.ts";
import { dropState, type Lock, lockFolder, writeState } from "./daemon/files.ts";
import { find, urlOf } from "./daemon/health.ts";
import { LOCAL_ACCOUNT, type LocalAws as Server, startLocalAws as startServer } from "./index.ts";
import { removeDatabases } from "./services/rds/orphaned-databases.ts";

/**
 * The local AWS as a library, `import … from "fleetlogix/local"`: for test suites of any program that uses AWS. It runs in the process that
 * starts it and listens on 127.0.0.1 only. docs/local-aws.md lists what it supports.
 */
export type { LocalClock, VirtualClock } from "./core/clock.ts";
export { virtualClock } from "./core/clock.ts";
export type { Failure, FaultPlan, WrittenFault as Fault, WrittenRule as FaultRule } from "./core/fault-types.ts";
export { LocalAwsError } from "./daemon/control.ts";

export interface LocalAwsOptions {
  /** Folder that keeps the data over restarts; default: a temporary one, which `stop` removes. */
  readonly folder?: string | undefined;
  /** Port on 127.0.0.1; default 0: any free one. */
  readonly port?: number | undefined;
  /** `real` starts a PostgreSQL server for each database; `none` (default) keeps RDS an API without servers, which is fast. */
  readonly databases?: "real" | "none" | undefined;
  /** With real databases: the first port that is tried for one; default 0: any free one. */
  readonly databasePort?: number | undefined;
  /** AWS's delays, states that change late, and rate limits; default false: every call answers at once and every state is final. */
  readonly realism?: boolean | undefined;
  /** Faults to begin with; `faults.add` adds more. */
  readonly faults?: FaultPlan | undefined;
  /** Time source; default: the system's clock. With `virtualClock()` a wait of minutes takes no time. */
  readonly clock?: LocalClock | undefined;
  /** Receives the server's log lines, such as its own errors. Default: they are dropped. */
  readonly log?: ((line: string) => void) | undefined;
}
export interface LocalAws {
  /** `http://127.0.0.1:<port>`, for every service. */
  readonly endpoint: string;
  readonly port: number;
  /** Absolute path of the data folder. */
  readonly folder: string;
  /** Twelve digits: 000000000000. */
  readonly account: string;
  /** PEM file of the authority that signs the certificates of real databases; it exists once there is a database. */
  readonly certificateFile: string;
  /** Environment variables for a process whose SDK or `aws` command uses this local AWS: endpoint, keys, region. */
  readonly environment: Readonly<Record<string, string>>;
  /** The first argument of every client of the AWS SDK for JavaScript: `new S3Client(local.clientOptions)`. */
  readonly clientOptions: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly faults: LocalFaults;
  /** Removes all resources, all data, all fault rules and the log of calls. The address stays. */
  reset(): Promise<void>;
  /** Stops the server and the processes that it started. A named folder keeps its data; a temporary one is removed. */
  stop(): Promise<void>;
}
export interface LocalFaults {
  /** Adds rules to the active ones; when several hit one call, the first applies. Throws FAULTS_INVALID, naming the path of each wrong value. */
  add(plan: FaultPlan): Promise<void>;
  /** Removes all rules and the log of calls. */
  clear(): void;
  /** The calls since the start, `clear` or `reset`, oldest first; the last 20,000 are kept. */
  calls(): readonly RecordedCall[];
}
export interface RecordedCall {
  /** From 1. */
  readonly sequence: number;
  readonly service: string;
  readonly operation: string;
  readonly write: boolean;
  readonly input: Readonly<Record<string, unknown>>;
  /** `running` until the call is answered. `cut`: the connection was closed without an answer. */
  readonly outcome: "running" | "ok" | "refused" | "cut";
  /** True when the call took effect, whatever the answer was. */
  readonly effect: boolean;
  /** The error code of the answer. */
  readonly code?: string | undefined;
  /** The kind of the fault that hit the call. */
  readonly fault?: string | undefined;
}

const REGION = "us-east-1";
const KEY = "local";

/**
 * Starts a local AWS and returns when it accepts calls. Throws a LocalAwsError: FOLDER_IN_USE, FOLDER_UNWRITABLE, FOLDER_LINKED, PORT_BUSY,
 * FAULTS_INVALID, LOCAL_DATA_NEWER.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const temporary = options.folder === undefined;
  const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), "fleetlogix-local-")));
  const faults = faultPlan(options.faults ? await rulesOf(options.faults) : []);
  prepareFolder(folder);
  const lock = await lockFor(folder, options.port);
  const serve = (port: number) => serverOf(folder, port, faults, options);
  let server: Server;
  try {
    server = await serve(options.port ?? 0);
  } catch (error) {
    lock.release();
    throw asLocalError(error);
  }
  const { port, url } = server;
  writeStateFile(folder, port, options);
  return {
    ...address(url, port, folder),
    faults: { add: async (plan) => faults.add(...(await rulesOf(plan))), clear: faults.clear, calls: faults.calls },
    async reset() {
      await server.close();
      await emptyFolder(folder);
      faults.clear();
      server = await serve(port);
    },
    async stop() {
      await server.close();
      dropState(folder, process.pid);
      lock.release();
      if (!temporary) return;
      await removeDatabases(folder, "all");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Locks the folder: one server for each folder, also across processes. */
async function lockFor(folder: string, port: number | undefined): Promise<Lock> {
  const running = await find(folder);
  if (running) throw inUse(folder, `process ${running.pid} at ${urlOf(running.port)}`);
  if (port) await checkPort(port);
  const lock = await lockFolder(folder);
  if ("heldBy" in lock) throw inUse(folder, `process ${lock.heldBy}`);
  return lock;
}
const inUse = (folder: string, by: string): LocalAwsError =>
  new LocalAwsError("FOLDER_IN_USE", `The folder ${folder} is served by ${by}. Stop that one, or name another folder.`);

function serverOf(folder: string, port: number, faults: Faults, options: LocalAwsOptions): Promise<Server> {
  const { databases = "none", databasePort = 0, realism = false, clock, log } = options;
  return startServer({
    dataDir: folder,
    port,
    settings: { databases, databasePort, realism },
    faults,
    ...(clock && { clock }),
    ...(log && { log }),
  });
}
/** Writes the state file, by which a second start and `fleetlogix local status` find this server. */
function writeStateFile(folder: string, port: number, { databases = "none", databasePort = 0, realism = false }: LocalAwsOptions): void {
  writeState(folder, { pid: process.pid, port, startedAt: new Date().toISOString(), options: { databases, databasePort, realism } });
}

function address(endpoint: string, port: number, folder: string): Omit<LocalAws, "faults" | "reset" | "stop"> {
  return {
    endpoint,
    port,
    folder,
    account: LOCAL_ACCOUNT,
    certificateFile: join(folder, "rds", "ca.pem"),
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: KEY,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
    },
    clientOptions: { endpoint, region: REGION, credentials: { accessKeyId: KEY, secretAccessKey: KEY } },
  };
}

async function rulesOf(plan: FaultPlan): Promise<WrittenRule[]> {
  const { parseFaultPlan } = await import("./core/fault-plan.ts");
  try {
    return parseFaultPlan(plan);
  } catch (error) {
    throw new LocalAwsError("FAULTS_INVALID", (error as Error).message);
  }
}

/** Removes everything but the lock, the running server's state file and the `.gitignore`. */
async function emptyFolder(folder: string): Promise<void> {
  await removeDatabases(folder, "all");
  const kept = new Set(["local.lock", "local.json", ".gitignore"]);
  for (const entry of readdirSync(folder)) if (!kept.has(entry)) rmSync(join(folder, entry), { recursive: true, force: true });
}

function asLocalError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return new LocalAwsError("PORT_BUSY", `${message}. Name another port.`);
  return code === "LOCAL_DATA_NEWER" ? new LocalAwsError(code, message) : error;
}
