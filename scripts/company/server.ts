import { execFile, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

export interface SourceServer {
  readonly port: number;
  readonly password: string;
  /** The URL for `--from`, without the password. */
  url(database: string): string;
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Kills the server while it works. */
  kill(): void;
  close(): Promise<void>;
}
const ROOT = "/usr/lib/postgresql";
/** Folder of the server programs of the distribution's PostgreSQL; undefined: not installed. */
export function installedServer(): { readonly bin: string; readonly version: number } | undefined {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).map(Number) : [];
  const version = versions.filter((each) => existsSync(join(ROOT, String(each), "bin", "initdb"))).toSorted((a, b) => a - b)[0];
  return version === undefined ? undefined : { bin: join(ROOT, String(version), "bin"), version };
}

const PASSWORD = "company-secret";
/** Starts the distribution's PostgreSQL as the company's own server: a folder of its own, a free port, no TLS, a password. */
export async function startSource(): Promise<SourceServer> {
  const server = installedServer();
  if (!server) throw new Error("Install a PostgreSQL server first: apt-get install postgresql-15");
  const folder = mkdtempSync(join(tmpdir(), "company-"));
  // A server refuses to run as root.
  const owner = process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid ?? 0);
  const data = join(folder, "data");
  await promisify(execFile)(join(server.bin, "initdb"), ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"], {
    ...owner,
    cwd: folder,
  });
  const port = await freePort();
  const settings = ["-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
  const child = spawn(join(server.bin, "postgres"), ["-D", data, ...settings], { ...owner, cwd: folder, stdio: "ignore" });
  const query: SourceServer["query"] = async (sql, database = "postgres") => {
    const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", password: PASSWORD, database });
    client.on("error", () => {});
    await client.connect();
    try {
      const result = await client.query(sql);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  };
  await untilUp(query);
  await query(`ALTER ROLE postgres PASSWORD '${PASSWORD}'`);
  execFileSync("sed", ["-i", "s/trust$/scram-sha-256/", join(data, "pg_hba.conf")]);
  await query("SELECT pg_reload_conf()");
  return {
    port,
    password: PASSWORD,
    url: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    query,
    kill: () => void child.kill("SIGQUIT"),
    async close() {
      const ended = child.exitCode !== null ? Promise.resolve() : new Promise<void>((resolve) => child.once("close", () => resolve()));
      child.kill("SIGQUIT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"]).toString());

async function untilUp(query: SourceServer["query"]): Promise<void> {
  for (let attemptsLeft = 100; ; attemptsLeft--) {
    try {
      await query("SELECT 1");
      return;
    } catch (error) {
      if (attemptsLeft === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
