import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FaultRule, faultPlan } from "../core/faults.ts";
import { failRunningRequests } from "../core/request-scope.ts";
import { type LocalAws, startLocalAws } from "../index.ts";
import { type DaemonState, dropState, LOG, type Lock, lockFolder, readState, type ServeOptions, writeState } from "./files.ts";
import { startIdleCollection } from "./idle-collection.ts";
import { boundedLog } from "./log.ts";

/** The background process: `node fleetlogix-local.cjs --data FOLDER --port N`. It sends its parent one message about the start. */
export type ServeMessage = { readonly ready: DaemonState } | { readonly failed: { readonly code: string; readonly message: string } };

/** Number of calls in the fault plan's log: enough to look at, and few enough to hold in memory. */
const CALLS_KEPT = 1_000;
/** Databases and sandboxes have this long to stop in order. */
const STOP_MS = 25_000;

interface Arguments extends ServeOptions {
  readonly dataDir: string;
  readonly port: number;
}
function readArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      data: { type: "string" },
      port: { type: "string", default: "4566" },
      realism: { type: "boolean", default: false },
      faults: { type: "string" },
      databases: { type: "string", default: "real" },
      "database-port": { type: "string", default: "5432" },
      "allow-host": { type: "string", multiple: true, default: [] },
    },
  });
  if (!values.data) throw new Error("--data FOLDER is required");
  return {
    dataDir: values.data,
    port: Number(values.port),
    realism: values.realism,
    faultsFile: values.faults,
    databases: values.databases === "none" ? "none" : "real",
    databasePort: Number(values["database-port"]),
    hosts: values["allow-host"],
  };
}

async function readFaults(file: string): Promise<FaultRule[]> {
  const { parseFaultPlan } = await import("../core/fault-plan.ts");
  try {
    return parseFaultPlan(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw Object.assign(new Error(`${file}: ${(error as Error).message}`), { code: "FAULTS_INVALID" });
  }
}

async function serve({ dataDir, port, ...options }: Arguments, log: (line: string) => void): Promise<void> {
  const lock = await lockFolder(dataDir);
  if ("heldBy" in lock) return fail("LOCKED", `The folder ${dataDir} is in use by process ${lock.heldBy}.`);
  let aws: LocalAws;
  try {
    const rules = options.faultsFile ? await readFaults(options.faultsFile) : [];
    const { realism, databases, databasePort, hosts = [] } = options;
    const settings = { realism, databases, databasePort, hosts: hosts.map((host) => host.toLowerCase()) };
    aws = await startLocalAws({
      dataDir,
      port,
      settings,
      faults: faultPlan(rules, { keepCalls: CALLS_KEPT }),
      log,
      onStop: () => process.emit("SIGTERM", "SIGTERM"),
    });
  } catch (error) {
    lock.release();
    const { code = "", message } = error as NodeJS.ErrnoException;
    log(`start failed: ${message}`);
    return fail(code, message);
  }
  const state: DaemonState = { pid: process.pid, port: aws.port, startedAt: new Date().toISOString(), options };
  writeState(dataDir, state);
  log(`started on ${aws.url}, process ${process.pid}`);
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log(`stopping (${signal})`);
    setTimeout(() => process.exit(1), STOP_MS).unref();
    await aws.close().catch((error) => log(`stop: ${String(error)}`));
    dropState(dataDir, process.pid);
    lock.release();
    log("stopped");
    process.exit(0);
  };
  watchFolder(dataDir, state, lock, stop);
  startIdleCollection();
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Closing the terminal must not end the server.
  process.on("SIGHUP", () => {});
  tell({ ready: state });
}

const WATCH_MS = 250;
/** Ends the server when its folder is gone or belongs to another process. */
function watchFolder(dataDir: string, state: DaemonState, lock: Lock, stop: (why: string) => Promise<void>): void {
  const watch = setInterval(() => {
    if (lock.isHeld()) {
      if (!readState(dataDir)) writeState(dataDir, state);
      return;
    }
    clearInterval(watch);
    void stop("its folder is gone");
  }, WATCH_MS);
  watch.unref();
}

function tell(message: ServeMessage): void {
  process.send?.(message, () => process.disconnect?.());
}
function fail(code: string, message: string): void {
  process.exitCode = 1;
  tell({ failed: { code, message } });
}

const args = readArguments(process.argv.slice(2));
const log = boundedLog(join(args.dataDir, LOG));
process.on("uncaughtException", (error) => {
  log(`bug: ${error.stack ?? error.message}`);
  if (failRunningRequests(error)) return;
  // A parent that waits for a failed start must get an answer. A running server goes on.
  if (process.connected) {
    fail("", error.message);
    process.exit(1);
  }
});
void serve(args, log);
