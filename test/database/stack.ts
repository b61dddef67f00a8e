import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type App, openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { startLocalAws } from "../../src/local/index.ts";
import { removeFolder } from "../support/folders.ts";

export interface DatabaseStack {
  readonly app: App;
  /** The same stack with a signal that aborts its work. */
  open(signal: AbortSignal): Promise<App>;
  /** Address and password of the stack's database, for a client in a test. */
  readonly target: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** The data layer with a real PostgreSQL, on a local AWS in this process. */
export async function databaseStack(settings: object = {}): Promise<DatabaseStack> {
  const aws = await startLocalAws({ settings: { databasePort: 0 } });
  const folder = mkdtempSync(join(tmpdir(), "database-"));
  writeFileSync(join(folder, "fleetlogix.config.json"), JSON.stringify(settings));
  const { config } = loadConfig({ cwd: folder, variables: {} });
  const localCaFile = join(aws.env.dataDir, "rds", "ca.pem");
  const open = (signal: AbortSignal) => openApp(config, { endpoint: aws.url, local: true, concurrency: 8, signal, localCaFile });
  const app = await open(new AbortController().signal);
  const result = await app.apply({ part: "data" }, { adopt: false, allowDataLoss: [], wait: true }, () => {});
  if (!result.ok) throw result.error;
  const { database } = await app.outputs({ secrets: true });
  const target = {
    host: database?.host ?? "",
    port: database?.port ?? 0,
    user: database?.username ?? "",
    password: database?.password?.reveal() ?? "",
    database: database?.name ?? "",
  };
  return {
    app,
    open,
    target,
    query: (sql, name = target.database) => rowsOf({ ...target, database: name, ssl: { rejectUnauthorized: false } }, sql),
    async close() {
      await aws.close();
      removeFolder(folder);
    },
  };
}

export async function rowsOf(config: pg.ClientConfig, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Whether a program is installed on this machine. */
export function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
