import type { Client } from "pg";
import { FleetlogixError } from "../../errors.ts";
import { type Connection, nameOf, openClient } from "../connection.ts";

/**
 * Rows are imported into a staging database beside the stack's database. It takes over the name when all rows are proven equal; until
 * then the stack's database is unchanged.
 */
export const stagingName = (name: string): string => `${name.slice(0, 50)}_import`;
const replacedName = (name: string): string => `${name.slice(0, 50)}_replaced`;
/** Connection to a database that always exists, from which others are created, renamed and dropped. */
export const maintenance = (connection: Connection): Connection => ({
  ...connection,
  database: connection.database === "postgres" ? "template1" : "postgres",
});

const LOCK = "5073151847246950248";
/** Allows one import at a time on a server. The lock ends with the session, also when the process is killed. */
export async function lockImports(admin: Client, target: Connection): Promise<void> {
  const { rows } = await admin.query<{ free: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS free`);
  if (rows[0]?.free) return;
  throw new FleetlogixError("LOCKED", `Another import into ${nameOf(target)} is running.`, {
    hint: "Wait for it, then run the same command again.",
  });
}

/**
 * Drops a staging database that a killed run has left, and creates a new one. Returns whether the server knows the source's locale,
 * so that text keeps its sort order.
 */
export async function makeStaging(
  admin: Client,
  target: Connection,
  locale: { readonly collate: string; readonly ctype: string } | undefined,
): Promise<boolean> {
  const name = admin.escapeIdentifier(stagingName(target.database));
  await drop(admin, stagingName(target.database));
  const make = `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`;
  if (locale) {
    const wanted = `${make} LC_COLLATE ${admin.escapeLiteral(locale.collate)} LC_CTYPE ${admin.escapeLiteral(locale.ctype)}`;
    const made = await admin.query(wanted).then(
      () => true,
      (error: { code?: string }) => {
        if (error.code !== "22023" && error.code !== "42809") throw error;
        return false;
      },
    );
    if (made) return true;
  }
  await admin.query(make);
  return false;
}

const TRIES = 10;
const IN_USE = "55006";
/** Ends the sessions on these databases, because a database in use cannot be renamed. Sessions of superusers and rdsadmin cannot be ended. */
async function endSessions(admin: Client, names: readonly string[]): Promise<void> {
  await admin.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
      WHERE a.datname = ANY($1) AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend' AND NOT r.rolsuper AND r.rolname <> 'rdsadmin'`,
    [names],
  );
}
/** Runs `work` while no session uses the databases. It retries, because an ending session or autovacuum holds them for a moment. */
async function withoutSessions(admin: Client, names: readonly string[], work: () => Promise<unknown>): Promise<void> {
  for (let left = TRIES; ; left--) {
    await endSessions(admin, names);
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== IN_USE || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
const drop = (admin: Client, name: string): Promise<void> =>
  withoutSessions(admin, [name], () => admin.query(`DROP DATABASE IF EXISTS ${admin.escapeIdentifier(name)}`));

/** Renames both databases in one transaction, then drops the old one. */
export async function swap(admin: Client, connection: Connection): Promise<void> {
  const { database } = connection;
  const [staging, old] = [stagingName(database), replacedName(database)];
  await drop(admin, old);
  const rename = (from: string, to: string) =>
    admin.query(`ALTER DATABASE ${admin.escapeIdentifier(from)} RENAME TO ${admin.escapeIdentifier(to)}`);
  await withoutSessions(admin, [database, staging], async () => {
    await admin.query("BEGIN");
    try {
      await rename(database, old);
      await rename(staging, database);
      await admin.query("COMMIT");
    } catch (error) {
      await admin.query("ROLLBACK");
      throw error;
    }
  });
  await dropSoon(connection, old);
}

const DROP_WAIT_MS = 250;
/**
 * DROP DATABASE first writes the server's dirty buffers to disk, here all new rows, which are already safe in the write-ahead log. So we
 * wait only briefly: PostgreSQL completes the statement after its client has left. The next run drops a database that is still there.
 */
async function dropSoon(connection: Connection, name: string): Promise<void> {
  const client = await openClient(maintenance(connection));
  const dropped = client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`).catch(() => undefined);
  await Promise.race([dropped, new Promise((resolve) => setTimeout(resolve, DROP_WAIT_MS))]);
  await client.end().catch(() => {});
}

export const dropStaging = (admin: Client, { database }: Connection): Promise<void> => drop(admin, stagingName(database));
/** Drops the replaced database that a run left when it was killed after the swap. */
export const dropReplaced = (admin: Client, { database }: Connection): Promise<void> => drop(admin, replacedName(database));
