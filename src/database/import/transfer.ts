import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { FleetlogixError } from "../../errors.ts";
import { DATABASE_ID } from "../../stack-ids.ts";
import { type Connection, nameOf } from "../connection.ts";
import { childVariables, type Tool } from "../tools.ts";

export interface Transfer {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly jobs: number;
  /** Called once for each table, when the tool's output reports that it has begun or finished. */
  readonly onTable: (step: "dumped" | "restored", table: string) => void;
}

/** Writes the source's snapshot into a folder. It is not compressed, because this machine reads it soon after. */
export async function dump(tool: Tool, source: Connection, snapshot: string, folder: string, transfer: Transfer): Promise<void> {
  const args = [
    "--format=directory",
    `--jobs=${transfer.jobs}`,
    "--compress=0",
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
  ];
  args.push("--no-tablespaces", "--no-security-labels", "--encoding=UTF8", `--snapshot=${snapshot}`, "--verbose", `--file=${folder}`);
  await run(tool, args, source, transfer, (line) => {
    const table = /dumping contents of table "(.+)"/.exec(line)?.[1];
    if (table) transfer.onTable("dumped", table);
  });
}

/** The staging database is used only when it is complete, so single statements need no durable commit. */
const FAST = "-c synchronous_commit=off -c maintenance_work_mem=256MB -c jit=off -c statement_timeout=0";

export async function restore(tool: Tool, path: string, target: Connection, transfer: Transfer, parallel: boolean): Promise<void> {
  const args = [
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--exit-on-error",
    "--verbose",
  ];
  if (parallel) args.push(`--jobs=${transfer.jobs}`);
  args.push(`--dbname=${target.database}`, path);
  const variables = { ...transfer.variables, PGOPTIONS: FAST };
  await run(tool, args, target, { ...transfer, variables }, (line) => {
    const table = (parallel ? /finished item \d+ TABLE DATA (.+)/ : /processing data for table "(.+)"/).exec(line)?.[1];
    if (table) transfer.onTable("restored", table);
  });
}

function run(
  { path }: Tool,
  args: readonly string[],
  connection: Connection,
  { variables, signal }: Transfer,
  onLine: (line: string) => void,
): Promise<void> {
  // English output, because the code below parses it.
  const env = { ...childVariables(connection, variables), LC_ALL: "C" };
  const child: ChildProcess = spawn(path, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const last: string[] = [];
  if (child.stderr)
    createInterface({ input: child.stderr }).on("line", (line) => {
      onLine(line);
      if (/error|fatal|could not|No space|DETAIL|HINT/i.test(line) && last.push(line) > 12) last.shift();
    });
  const stop = () => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  return new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(signal.aborted ? signal.reason : explained(last, path, connection))));
  }).finally(() => signal.removeEventListener("abort", stop));
}

/** The error for a failed tool, from the last lines of its output. */
function explained(last: readonly string[], path: string, connection: Connection): FleetlogixError {
  const tool = path.split("/").at(-1) ?? path;
  const cause =
    last.find((line) => /error:|FATAL|No space/i.test(line))?.replace(/^pg_\w+: (error: )?/, "") ?? last.at(-1) ?? `${tool} failed`;
  const all = last.join("\n");
  const fail = (code: "IMPORT_FAILED" | "DATABASE_UNREACHABLE" | "DATABASE_REFUSED", text: string, hint: string) =>
    new FleetlogixError(code, `${text}: ${cause}. The stack's database is unchanged.`, { hint, resource: DATABASE_ID });
  if (/No space left on device|disk full/i.test(all))
    return tool === "pg_dump"
      ? fail("IMPORT_FAILED", "The folder for the dump is full", "Set TMPDIR to a folder with more room, then run the same command again.")
      : fail(
          "IMPORT_FAILED",
          "The storage of the stack's database is full",
          "Raise database.storageGb, run `fleetlogix setup`, then the same command again.",
        );
  if (/authentication failed|no password supplied/i.test(all))
    return fail(
      "DATABASE_REFUSED",
      `${nameOf(connection)} refuses the login of ${tool}`,
      "Check user and password, then run the same command again.",
    );
  if (
    /server closed the connection|connection to server|terminating connection|SSL (SYSCALL|error)|could not (send|receive)|no connection to the server|connection not open|communication channel|worker process died/i.test(
      all,
    )
  )
    return fail(
      "DATABASE_UNREACHABLE",
      `The connection of ${tool} to ${nameOf(connection)} was lost`,
      "Run the same command again; it starts from the beginning.",
    );
  return fail(
    "IMPORT_FAILED",
    `${tool} failed`,
    "Correct the error that it names, then run the same command again; it starts from the beginning.",
  );
}
