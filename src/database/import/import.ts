import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { FleetlogixError } from "../../errors.ts";
import { DATABASE_ID } from "../../stack-ids.ts";
import { type Connection, nameOf, openClient, withClient } from "../connection.ts";
import { toolFor } from "../tools.ts";
import { firstFilled, listTables, type Method, proveSequences, type SequenceProof, type TableProof } from "./catalog.ts";
import { proveCopied, proveDump } from "./dump-proof.ts";
import { checkFit, factsOf } from "./preflight.ts";
import { compareTables, proveAll, type TableResult } from "./proof.ts";
import { parseSource, type Source } from "./source.ts";
import { dropReplaced, dropStaging, lockImports, maintenance, makeStaging, stagingName, swap } from "./staging.ts";
import { dump, restore, type Transfer } from "./transfer.ts";

export interface ImportOptions {
  readonly from: string;
  /** Whether existing rows of the target may be deleted. */
  readonly replace: boolean;
  /** Compares the two sides and writes nothing. */
  readonly check: boolean;
  readonly jobs: number | undefined;
  readonly storageGb: number;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}
export type ImportEvent =
  | { readonly type: "warning"; readonly text: string }
  | { readonly type: "step"; readonly text: string }
  | { readonly type: "table"; readonly step: "dumped" | "restored"; readonly table: string; readonly done: number; readonly of: number };
export interface ImportResult {
  /** false: nothing was imported, because the target already has the rows of this source or `check` is set. */
  readonly moved: boolean;
  readonly tables: readonly TableResult[];
  readonly sequences: readonly SequenceProof[];
  readonly duration_ms: number;
}
type Emit = (event: ImportEvent) => void;
const MOST_JOBS = 4;

/**
 * Imports a database into a staging database beside the stack's, compares all rows, and then swaps the two. A run that ends at any
 * moment leaves the stack's database unchanged or with all rows, and can be repeated.
 */
export async function importDatabase(target: Connection, options: ImportOptions, emit: Emit): Promise<ImportResult> {
  const began = performance.now();
  const source = parseSource(options.from, options.variables);
  if (source.kind === "server" && source.passwordInUrl)
    emit({
      type: "warning",
      text: "The password is in the command line, where other users of this machine can read it. Remove it from the URL and use PGPASSWORD or ~/.pgpass.",
    });
  const admin = await openClient(maintenance(target));
  try {
    await lockImports(admin, target);
  } catch (error) {
    await admin.end().catch(() => {});
    throw error;
  }
  try {
    await dropReplaced(admin, target);
    const result = await (source.kind === "server"
      ? fromServer(admin, target, source.connection, options, emit)
      : fromDump(admin, target, source, options, emit));
    return { ...result, duration_ms: Math.round(performance.now() - began) };
  } catch (error) {
    // An incomplete staging database must not fill the storage. After a kill, the next run drops it.
    await dropStaging(admin, target).catch(() => undefined);
    throw error;
  } finally {
    await admin.end().catch(() => {});
  }
}
type Moved = Omit<ImportResult, "duration_ms">;

async function fromServer(admin: Client, target: Connection, source: Connection, options: ImportOptions, emit: Emit): Promise<Moved> {
  return withClient(source, async (client) => {
    // Dump and proof read the same snapshot, so concurrent writes are in neither.
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const { rows } = await client.query<{ snapshot: string }>("SELECT pg_export_snapshot() AS snapshot");
    const snapshot = rows[0]?.snapshot ?? "";
    const facts = await factsOf(client);
    const jobs = options.jobs ?? Math.min(MOST_JOBS, availableParallelism());
    const mark = markOf(`${source.host}:${source.port}/${source.database}`);
    const state = await stateOf(admin, target, mark, options);
    const side: SourceSide = { source, snapshot, jobs, version: facts.version };
    if (state !== "free") return judged(target, await proveBoth(side, proveSource(side), target));
    const tools = Promise.all([
      toolFor("pg_dump", options.variables, facts.version),
      toolFor("pg_restore", options.variables, facts.version),
    ]);
    tools.catch(() => {}); // awaited below: an unfit source is reported before a missing tool
    const warnings = await withClient(target, (connection) =>
      checkFit(facts, connection, { storageGb: options.storageGb, folder: tmpdir() }),
    );
    const [dumper, restorer] = await tools;
    for (const text of warnings) emit({ type: "warning", text });
    const tables = await listTables(client);
    await makeStaging(admin, target, facts);
    const staging = { ...target, database: stagingName(target.database) };
    const transfer = transferOf(options, jobs, tables.length, emit);
    // The source calculates checksums while the target is written. When they are different machines, this takes no extra time.
    const proven = await inFolder(async (folder) => {
      emit({ type: "step", text: `Reading ${tables.length} tables of ${nameOf(source)}` });
      await dump(dumper, source, snapshot, join(folder, "dump"), transfer);
      emit({ type: "step", text: `Writing them beside ${nameOf(target)}` });
      const proofs = proveSource(side);
      proofs.catch(() => {}); // awaited by the caller: a failure of the restore is reported first
      await restore(restorer, join(folder, "dump"), staging, transfer, true);
      return proofs;
    });
    emit({ type: "step", text: "Comparing both sides" });
    return finish(admin, target, mark, await proveBoth(side, proven, staging), emit);
  });
}

async function fromDump(
  admin: Client,
  target: Connection,
  source: Extract<Source, { kind: "dump" }>,
  options: ImportOptions,
  emit: Emit,
): Promise<Moved> {
  const { variables } = options;
  const [tool, psql] = [await toolFor("pg_restore", variables), await toolFor("psql", variables)];
  const mark = markOf(source.path);
  const state = await stateOf(admin, target, mark, options);
  const held = await proveDump(tool, source.path, variables).catch((cause: Error) => {
    throw new FleetlogixError("IMPORT_FAILED", `${source.path} cannot be read: ${cause.message.split("\n")[0]}.`, {
      hint: "Make a new dump with `pg_dump -Fc`, or use the pg_restore of the version that made it.",
      cause,
    });
  });
  const proven = async (connection: Connection) => compareTables(held, await proveCopied(psql, connection, held, variables));
  if (state !== "free") return judged(target, await proven(target));
  await makeStaging(admin, target, undefined);
  const staging = { ...target, database: stagingName(target.database) };
  const jobs = options.jobs ?? Math.min(MOST_JOBS, availableParallelism());
  emit({ type: "step", text: `Writing ${held.length} tables beside ${nameOf(target)}` });
  await restore(tool, source.path, staging, transferOf(options, jobs, held.length, emit), source.format !== "tar");
  emit({ type: "step", text: "Comparing dump and database" });
  return finish(admin, target, mark, await proven(staging), emit);
}

/** `free`: the target may be written. `same`: it already has this source's rows. `check`: only compare. Throws DATA_PROTECTED. */
async function stateOf(
  admin: Client,
  target: Connection,
  mark: string,
  { replace, check }: ImportOptions,
): Promise<"free" | "same" | "check"> {
  if (check) return "check";
  if (replace) return "free";
  const filled = await withClient(target, firstFilled);
  if (filled === undefined) return "free";
  const { rows } = await admin.query<{ mark: string | null }>(
    "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1",
    [target.database],
  );
  if (rows[0]?.mark?.startsWith(mark)) return "same";
  throw new FleetlogixError("DATA_PROTECTED", `${nameOf(target)} already holds rows (${filled}). Nothing was changed.`, {
    hint: "Save the rows with `pg_dump` if you need them. `--replace` deletes them and imports.",
    resource: DATABASE_ID,
  });
}
/** Identifies the source of an imported database; stored as the database's comment. */
const markOf = (source: string): string => `fleetlogix import ${createHash("sha256").update(source).digest("hex").slice(0, 16)}`;

interface SourceSide {
  readonly source: Connection;
  readonly snapshot: string;
  readonly jobs: number;
  readonly version: number;
}
const FAST_SINCE = 11;
const methodFor = ({ version }: SourceSide): Method => (version >= FAST_SINCE ? "fast" : "md5");
const proveSource = (side: SourceSide, method = methodFor(side)): Promise<readonly TableProof[]> =>
  proveAll(side.source, side.jobs, method, side.snapshot);

/** Compares with the fast method. It depends on the server's encoding, so a difference is checked again with md5. */
async function proveBoth(
  side: SourceSide,
  begun: Promise<readonly TableProof[]> | readonly TableProof[],
  target: Connection,
): Promise<readonly TableResult[]> {
  const prove = async (ours: typeof begun, method: Method) =>
    compareTables(...(await Promise.all([ours, proveAll(target, side.jobs, method)])));
  const first = await prove(begun, methodFor(side));
  return methodFor(side) === "md5" || first.every(({ equal }) => equal) ? first : prove(proveSource(side, "md5"), "md5");
}

async function judged(target: Connection, tables: readonly TableResult[]): Promise<Moved> {
  refuseDifferent(tables, `${nameOf(target)} is unchanged`, "If the source has changed since the import, import it again with --replace.");
  const sequences = await withClient(target, (client) => proveSequences(client, false));
  const behind = sequences.filter(({ ahead }) => !ahead);
  if (behind.length === 0) return { moved: false, tables, sequences };
  const lines = behind.map(
    ({ sequence, column, next, greatest }) => `\n  the next value of ${sequence} is ${next}, but ${column} already contains ${greatest}`,
  );
  throw new FleetlogixError(
    "IMPORT_DIFFERS",
    `The rows are equal, but sequences of ${nameOf(target)} are behind their columns, so the next insert would fail.${lines.join("")}`,
    {
      hint: `Set them in \`npx fleetlogix db psql\`: ${behind.map(({ sequence, greatest }) => `SELECT setval('${sequence}', ${greatest});`).join(" ")}`,
      resource: DATABASE_ID,
    },
  );
}

async function finish(admin: Client, target: Connection, mark: string, tables: readonly TableResult[], emit: Emit): Promise<Moved> {
  refuseDifferent(tables, `${nameOf(target)} is unchanged`, "Run the same command again. If the tables differ again, report them.");
  const staging = { ...target, database: stagingName(target.database) };
  const sequences = await withClient(staging, (client) => withCorrectSequences(client, emit));
  await admin.query(
    `COMMENT ON DATABASE ${admin.escapeIdentifier(staging.database)} IS ${admin.escapeLiteral(`${mark} at ${new Date().toISOString()}`)}`,
  );
  await swap(admin, target);
  return { moved: true, tables, sequences };
}

async function withCorrectSequences(client: Client, emit: Emit): Promise<readonly SequenceProof[]> {
  const proofs = await proveSequences(client, true);
  for (const { sequence, column, next, greatest } of proofs.filter(({ ahead }) => !ahead))
    emit({
      type: "warning",
      text: `The next value of the sequence ${sequence} was ${next}, but ${column} already contains ${greatest}; the sequence was moved ahead.`,
    });
  return proofs.map((proof) => ({ ...proof, ahead: true }));
}

function refuseDifferent(tables: readonly TableResult[], state: string, hint: string): void {
  const different = tables.filter(({ equal }) => !equal);
  if (different.length === 0) return;
  const lines = different.map(
    ({ table, source_rows, target_rows }) =>
      `\n  ${table}: ${source_rows} rows in the source, ${target_rows} in the target${source_rows === target_rows ? ", with other content" : ""}`,
  );
  throw Object.assign(
    new FleetlogixError(
      "IMPORT_DIFFERS",
      `The two sides differ in ${different.length} of ${tables.length} tables; ${state}.${lines.join("")}`,
      { hint, resource: DATABASE_ID },
    ),
    { problems: different },
  );
}

function transferOf({ variables, signal }: ImportOptions, jobs: number, of: number, emit: Emit): Transfer {
  const done = { dumped: 0, restored: 0 };
  return { variables, signal, jobs, onTable: (step, table) => emit({ type: "table", step, table, done: ++done[step], of }) };
}

const PREFIX = "fleetlogix-import-";
/** Runs `work` with a temporary folder. It first removes the folders of killed runs, because dumps are large. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const pid = Number(/^\d+/.exec(name.slice(PREFIX.length))?.[0]);
    if (!isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
