import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { changeOwner, type DataFolder } from "../../core/data-folder.ts";
import { logWriter } from "../../core/log-writer.ts";
import type { CodeStore } from "./code.ts";
import { environmentOf, roleSession } from "./environment.ts";
import { initLine } from "./report.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";
import type { FunctionRecord, Lambda, Revision } from "./state.ts";

/** A sandbox with its log stream. */
export interface Session {
  readonly sandbox: Sandbox;
  /** When the sandbox started, milliseconds since the epoch of the local AWS's clock. */
  readonly since: number;
  /** Writes a line to the log and to the listener of the running call. */
  readonly line: (text: string | undefined) => void;
  listener: ((text: string) => void) | undefined;
  /** Duration of the init phase by the real clock; undefined once the first call has reported it. */
  initMs: number | undefined;
  readonly flushed: () => Promise<void>;
}

export interface SessionDeps {
  readonly lambda: Lambda;
  readonly code: CodeStore;
  readonly bootstrap: () => Promise<string>;
  /** The folder of the code, and the user that it runs as. */
  readonly place: DataFolder;
  /** Path of Node.js. */
  readonly node: string;
}

/** Starts a sandbox for a revision with the function's role. Throws AWS's fault when the role cannot be assumed. */
export async function startSession(deps: SessionDeps, fn: FunctionRecord, revision: Revision): Promise<Session> {
  const { env } = deps.lambda;
  const { config, version } = revision;
  const { credentials, principal } = roleSession(env, config.role, fn.name);
  const since = env.clock.now();
  const logStream = streamName(since, fn.name, config.logGroup, version);
  const writer = logWriter(env, { group: config.logGroup, stream: logStream, region: fn.region, principal, createGroup: true });
  const codeFolder = await deps.code.folder(revision.codeSha256);
  const temporaryFolder = makeTemporary(deps.place);
  const bootstrap = await deps.bootstrap();
  const line = (text: string | undefined): void => {
    if (text === undefined) return;
    writer.write({ timestamp: env.clock.now(), message: text });
    session.listener?.(text);
  };
  const place = { name: fn.name, region: fn.region, revision, logStream, codeFolder, temporaryFolder, credentials };
  const environment = environmentOf({ ...place, node: deps.node, endpoint: env.endpoint() });
  const { node, place: runs } = deps;
  const folders = { codeFolder, temporaryFolder };
  const sandbox = startSandbox({
    node,
    owner: runs.owner,
    bootstrap,
    environment,
    ...folders,
    memoryMb: config.memoryMb,
    onLine: line,
  });
  const session: Session = { sandbox, since, line, listener: undefined, initMs: undefined, flushed: writer.flushed };
  line(initLine(config, version, fn.region, since));
  const began = performance.now();
  void sandbox.started.then(() => {
    session.initMs = performance.now() - began;
  });
  return session;
}

function makeTemporary({ folder, owner }: DataFolder): string {
  const all = join(folder, "tmp");
  mkdirSync(all, { recursive: true });
  chmodSync(all, 0o711);
  const own = join(all, randomUUID());
  mkdirSync(own, { mode: 0o700 });
  changeOwner(own, owner);
  return own;
}

function streamName(now: number, name: string, logGroup: string, version: string): string {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "/");
  const shared = logGroup === `/aws/lambda/${name}` ? "" : name;
  return `${day}/${shared}[${version}]${randomUUID().replaceAll("-", "")}`;
}
