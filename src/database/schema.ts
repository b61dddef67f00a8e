import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { FleetlogixError } from "../errors.ts";
import { type Connection, nameOf, withClient } from "./connection.ts";

/** One numbered SQL file. */
interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}
export interface SchemaResult {
  /** Version before the run; 0: no schema. */
  readonly from: number;
  /** Version after the run. */
  readonly to: number;
  /** Names of the files that this run applied, in order. */
  readonly applied: readonly string[];
}

/** Key of the advisory lock that all runs on one database share ("FleetLog" as a number). */
const LOCK = "5073151847246950247";
const TABLES = ["vehicles", "drivers", "routes", "trips", "deliveries", "maintenance"];

/**
 * Brings the database to the newest version. Each file and its row in `schema_migrations` are one transaction, so a killed run leaves
 * no half-applied file. Concurrent runs wait for each other. Throws SCHEMA_CONFLICT when another program made the tables.
 */
export async function applySchema(connection: Connection, folder: string, onApplied: (name: string) => void): Promise<SchemaResult> {
  const migrations = readMigrations(folder);
  return withClient(connection, async (client) => {
    await lock(client, connection);
    await refuseForeign(client, connection);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const rows = await appliedTo(client, connection);
    refuseChanged(rows, migrations, connection);
    const from = rows.at(-1)?.version ?? 0;
    const pending = migrations.filter(({ version }) => version > from);
    for (const migration of pending) {
      await applyOne(client, migration);
      onApplied(migration.name);
    }
    return { from, to: Math.max(from, migrations.at(-1)?.version ?? 0), applied: pending.map(({ name }) => name) };
  });
}

/** Waits up to a minute for another run. */
async function lock(client: Client, connection: Connection): Promise<void> {
  await client.query("SET lock_timeout = '60s'");
  await client.query(`SELECT pg_advisory_lock(${LOCK})`).catch((cause: Error & { code?: string }) => {
    if (cause.code !== "55P03") throw cause;
    throw new FleetlogixError("LOCKED", `Another run has been changing the schema of ${nameOf(connection)} for a minute.`, {
      hint: "Wait for it, then run the same command again.",
      cause,
    });
  });
}

async function appliedTo(client: Client, connection: Connection): Promise<readonly Migration[]> {
  try {
    return (await client.query<Migration>("SELECT version, name, checksum FROM schema_migrations ORDER BY version")).rows;
  } catch (cause) {
    if ((cause as { code?: string }).code !== "42703") throw cause;
    throw new FleetlogixError(
      "SCHEMA_CONFLICT",
      `The table schema_migrations of ${nameOf(connection)} belongs to another program. Nothing was changed.`,
      {
        hint: "Leave the schema to that program, or set database.name to another database.",
        cause,
      },
    );
  }
}

async function applyOne(client: Client, { version, name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(sql);
    await client.query("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)", [version, name, checksum]);
    await client.query("COMMIT");
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => {});
    if (!(cause instanceof Error && "severity" in cause)) throw cause;
    throw new FleetlogixError("SCHEMA_CONFLICT", `${name} could not be applied and was rolled back: ${cause.message}.`, {
      hint: "Correct the error that PostgreSQL names, then run the same command again. Earlier files stay applied.",
      cause,
    });
  }
}

/** The files `0001_name.sql`, in order, without gaps. */
function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted();
  return names.map((name) => {
    const sql = readFileSync(join(folder, name), "utf8");
    // The checksum ignores line ends, because they differ between clones.
    return {
      version: Number(name.slice(0, 4)),
      name,
      sql,
      checksum: createHash("sha256").update(sql.replaceAll("\r\n", "\n")).digest("hex"),
    };
  });
}

async function refuseForeign(client: Client, connection: Connection): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND c.relname = ANY($1) AND to_regclass('schema_migrations') IS NULL ORDER BY 1`,
    [TABLES],
  );
  if (rows.length === 0) return;
  const names = rows.map(({ name }) => name).join(", ");
  throw new FleetlogixError(
    "SCHEMA_CONFLICT",
    `${nameOf(connection)} has tables that \`db schema\` did not make: ${names}. Nothing was changed.`,
    {
      hint: "They come from an import or another program. Keep them as they are, or set database.name to another database.",
    },
  );
}

function refuseChanged(
  applied: readonly Pick<Migration, "version" | "name" | "checksum">[],
  known: readonly Migration[],
  connection: Connection,
): void {
  const newest = known.at(-1)?.version ?? 0;
  for (const { version, name, checksum } of applied) {
    const ours = known.find((migration) => migration.version === version);
    if (version > newest)
      throw new FleetlogixError(
        "SCHEMA_CONFLICT",
        `${nameOf(connection)} has schema version ${version} (${name}), but this fleetlogix knows only versions up to ${newest}.`,
        {
          hint: "Use the newer fleetlogix that applied it.",
        },
      );
    if (ours?.checksum === checksum) continue;
    throw new FleetlogixError(
      "SCHEMA_CONFLICT",
      `${name} was applied to ${nameOf(connection)} with other content than this fleetlogix has.`,
      {
        hint: "Use the fleetlogix that applied it, or compare the two files and correct the row in schema_migrations.",
      },
    );
  }
}
