import type { Client } from "pg";
import { FleetlogixError } from "../../errors.ts";
import { type Connection, nameOf, openClient } from "../connection.ts";

/** The rows come into a database beside the stack's own, which takes its name when all is proven: until then nothing of the stack's own is touched. */
export const stagingName = (name: string): string => `${name.slice(0, 50)}_import`;
const replacedName = (name: string): string => `${name.slice(0, 50)}_replaced`;
/** A database that is always there, to make others from. */
export const maintenance = (connection: Connection): Connection => ({
  ...connection,
  database: connection.database === "postgres" ? "template1" : "postgres",
});

const LOCK = "5073151847246950248";
/** One import at a time for a server; the lock ends with the session, whatever ends it. */
export async function lockImports(admin: Client, target: Connection): Promise<void> {
  const { rows } = await admin.query<{ free: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS free`);
  if (rows[0]?.free) return;
  throw new FleetlogixError("LOCKED", `Another import into ${nameOf(target)} is under way.`, {
    hint: "Wait for it, then run the same command again.",
  });
}

/** What a killed run left goes first. The source's order of text is kept where the server knows it. */
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
/** Sessions on a database hold its name: they are ended, but those of the server's own roles, which nobody else may end. */
async function endSessions(admin: Client, names: readonly string[]): Promise<void> {
  await admin.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
      WHERE a.datname = ANY($1) AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend' AND NOT r.rolsuper AND r.rolname <> 'rdsadmin'`,
    [names],
  );
}
/** `work` needs the databases for itself; a session that is just ending, or the server's own vacuum, holds them for a moment. */
async function alone(admin: Client, names: readonly string[], work: () => Promise<unknown>): Promise<void> {
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
  alone(admin, [name], () => admin.query(`DROP DATABASE IF EXISTS ${admin.escapeIdentifier(name)}`));

/** Both names change in one transaction. */
export async function swap(admin: Client, connection: Connection): Promise<void> {
  const { database } = connection;
  const [staging, old] = [stagingName(database), replacedName(database)];
  await drop(admin, old);
  const rename = (from: string, to: string) =>
    admin.query(`ALTER DATABASE ${admin.escapeIdentifier(from)} RENAME TO ${admin.escapeIdentifier(to)}`);
  await alone(admin, [database, staging], async () => {
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
 * Dropping a database first writes to disk what the server still has in memory, here all the new rows, which are safe in its log already.
 * So nobody waits for it for long: PostgreSQL goes on with a statement whose client has left. What stays for any reason goes in the next run.
 */
async function dropSoon(connection: Connection, name: string): Promise<void> {
  const client = await openClient(maintenance(connection));
  const dropped = client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`).catch(() => undefined);
  await Promise.race([dropped, new Promise((resolve) => setTimeout(resolve, DROP_WAIT_MS))]);
  await client.end().catch(() => {});
}

export const dropStaging = (admin: Client, { database }: Connection): Promise<void> => drop(admin, stagingName(database));
/** What a run that was killed between the swap and its end left. */
export const dropReplaced = (admin: Client, { database }: Connection): Promise<void> => drop(admin, replacedName(database));
