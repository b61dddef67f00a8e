import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { defined } from "../defined.ts";
import { FleetlogixError } from "../errors.ts";
import { variablesOf } from "./address.ts";
import type { Connection } from "./connection.ts";

export type ToolName = "psql" | "pg_dump" | "pg_restore";
export interface Tool {
  readonly path: string;
  /** Major version. */
  readonly version: number;
}
type Variables = Readonly<Record<string, string | undefined>>;

const run = promisify(execFile);
/** Folders in which packages install versions that are not in PATH: Debian, Red Hat, Homebrew, Postgres.app. */
const FOLDERS: readonly (readonly [string, string])[] = [
  ["/usr/lib/postgresql", "bin"],
  ["/usr", "bin"],
  ["/opt/homebrew/opt", "bin"],
  ["/usr/local/opt", "bin"],
  ["/Applications/Postgres.app/Contents/Versions", "bin"],
];

/** Every version of a program on this machine, oldest first. PATH takes precedence over the packages' folders. */
export async function findTools(name: ToolName, variables: Variables): Promise<readonly Tool[]> {
  const inPath = (variables.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const packaged =
    variables.FLEETLOGIX_PG_TOOLS === "path"
      ? []
      : FOLDERS.flatMap(([folder, bin]) => versionsIn(folder).map((version) => join(folder, version, bin)));
  const found = new Map<number, Tool>();
  const paths = [...inPath, ...packaged].map((folder) => join(folder, name)).filter((path) => existsSync(path));
  const versions = await Promise.all(paths.map((path) => versionOf(path, variables)));
  for (const [i, path] of paths.entries()) {
    const version = versions[i];
    if (version !== undefined && !found.has(version)) found.set(version, { path, version });
  }
  return [...found.values()].toSorted((a, b) => a.version - b.version);
}
function versionsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^(\d+|pgsql-\d+|postgresql@\d+|libpq)$/.test(name));
  } catch {
    return [];
  }
}
async function versionOf(path: string, variables: Variables): Promise<number | undefined> {
  try {
    const { stdout } = await run(path, ["--version"], { env: { ...variables, LC_ALL: "C" }, timeout: 10_000 });
    const version = /\(PostgreSQL\)\s+(\d+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : Number(version);
  } catch {
    return undefined;
  }
}

/**
 * The oldest version that is new enough, because a newer one writes settings that an older server does not know.
 * Throws TOOL_MISSING when there is none.
 */
export async function toolFor(name: ToolName, variables: Variables, atLeast = 0): Promise<Tool> {
  const tools = await findTools(name, variables);
  const fit = tools.find(({ version }) => version >= atLeast);
  if (fit) return fit;
  const newest = tools.at(-1);
  const needed = atLeast > 0 ? atLeast : 17;
  const message = newest
    ? `${name} ${newest.version} on this machine is too old: the server is PostgreSQL ${atLeast}.`
    : `${name} is not installed on this machine.`;
  throw new FleetlogixError("TOOL_MISSING", message, {
    hint: `Install PostgreSQL's client programs, version ${needed} or newer (Debian, Ubuntu: apt-get install postgresql-client-${needed}; macOS: brew install libpq; others: postgresql.org/download), then run the same command again.`,
  });
}

/** Environment of a child process, with the connection and the password. In arguments, other users could read the password. */
export const childVariables = (connection: Connection, variables: Variables): Record<string, string | undefined> => ({
  ...variables,
  ...variablesOf(connection),
  ...defined({ PGPASSWORD: connection.password?.reveal() }),
  // Set in the user's shell, these would override our connection.
  PGSERVICE: undefined,
  PGHOSTADDR: undefined,
  PGAPPNAME: "fleetlogix",
});
