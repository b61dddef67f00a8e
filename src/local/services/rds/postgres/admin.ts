import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { changeOwner, type Owner } from "../../../core/data-folder.ts";
import { copyData, LEFT_OUT } from "./files.ts";
import { SUPERUSER } from "./server.ts";

/** Address and password of a server's superuser. */
export interface Access {
  readonly port: number;
  readonly password: string;
  /** PEM of the certificate that verifies the server. */
  readonly ca: string;
}

async function asSuperuser<T>(access: Access, work: (client: Client) => Promise<T>): Promise<T> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    host: "127.0.0.1",
    port: access.port,
    user: SUPERUSER,
    password: access.password,
    database: "postgres",
    ssl: { ca: access.ca },
    // Statements that contain passwords must not be logged, whatever the parameters of the server are.
    options: "-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic",
  });
  // Without a listener, the error of a server that ends would end this process. The running statement fails in any case.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates AWS's roles, the administrator and the database, as they are after CreateDBInstance. */
export function createRoles(access: Access, user: string, password: string, database: string | undefined): Promise<void> {
  return asSuperuser(access, async (client) => {
    const master = client.escapeIdentifier(user);
    const statements = [
      ...["rds_superuser", "rds_password", "rds_replication", "rds_iam", "rds_ad"].map((role) => `CREATE ROLE ${role} NOLOGIN`),
      `GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_maintain, pg_use_reserved_connections, pg_create_subscription,
        rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION`,
      `CREATE ROLE ${master} LOGIN CREATEDB CREATEROLE PASSWORD ${client.escapeLiteral(password)} VALID UNTIL 'infinity'`,
      `GRANT rds_superuser TO ${master} WITH ADMIN OPTION`,
      `ALTER DATABASE postgres OWNER TO ${master}`,
      ...(database && database !== "postgres" ? [`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${master}`] : []),
    ];
    for (const statement of statements) await client.query(statement);
  });
}

export function changePassword(access: Access, user: string, password: string): Promise<void> {
  return asSuperuser(access, async (client) => {
    await client.query(`ALTER ROLE ${client.escapeIdentifier(user)} PASSWORD ${client.escapeLiteral(password)}`);
  });
}

/** Makes a consistent copy of a running server's data with PostgreSQL's backup mode. The server continues to work. */
export function backUp(access: Access, data: string, target: string, owner: Owner | undefined): Promise<number> {
  return asSuperuser(access, async (client) => {
    // The replication slot keeps the write-ahead log that the copy needs. It ends with the connection.
    await client.query("SELECT pg_create_physical_replication_slot('snapshot_' || pg_backend_pid(), true, true)");
    await client.query("SELECT pg_backup_start('snapshot', true)");
    const bytes = await copyData(data, target, owner, new Set([...LEFT_OUT, "pg_wal"]));
    const { rows } = await client.query("SELECT labelfile, spcmapfile FROM pg_backup_stop(false)");
    const label = join(target, "backup_label");
    await writeFile(label, rows[0].labelfile, { mode: 0o600 });
    changeOwner(label, owner);
    // The copy includes the write-ahead log up to here.
    return bytes + (await copyData(join(data, "pg_wal"), join(target, "pg_wal"), owner));
  });
}
