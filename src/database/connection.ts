import { readFileSync } from "node:fs";
import type { Client, ClientConfig } from "pg";
import { defined } from "../defined.ts";
import { FleetlogixError } from "../errors.ts";
import type { Secret } from "../secret.ts";

export type SslMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** Address and credentials of a PostgreSQL database. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** undefined: libpq finds it (PGPASSWORD, ~/.pgpass, a certificate, the operating system's user). */
  readonly password: Secret | undefined;
  readonly sslMode: SslMode;
  /** PEM file of the certificate authorities to trust, for verify-ca and verify-full. */
  readonly caFile: string | undefined;
}

const CONNECT_TIMEOUT_MS = 15_000;
/**
 * No JIT, because compiling a statement takes longer than it saves in one pass over a table. The other options fix the text format of
 * values: texts of two servers are compared, and must not depend on the servers' settings.
 */
const SESSION = "-c jit=off -c extra_float_digits=3 -c datestyle=ISO,MDY -c intervalstyle=postgres -c timezone=UTC -c bytea_output=hex";

/** Opens a session, passes it to `work`, and ends it. Failures of network, TLS and password become errors with a hint. */
export async function withClient<T>(connection: Connection, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openClient(connection);
  try {
    return await work(client);
  } catch (error) {
    throw lostIn(error, connection) ?? error;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Opens a session. The caller closes it. */
export async function openClient(connection: Connection): Promise<Client> {
  for (const ssl of sslChoices(connection)) {
    try {
      return await connect(connection, ssl);
    } catch (error) {
      if (connection.sslMode === "prefer" && ssl && noTls(error)) continue;
      throw refused(error, connection);
    }
  }
  throw new Error("unreachable");
}

async function connect({ host, port, database, user, password }: Connection, ssl: ClientConfig["ssl"]): Promise<Client> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    ...defined({ password: password?.reveal() }),
    ssl: ssl ?? false,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "fleetlogix",
    options: SESSION,
  });
  // Without a listener, a lost connection would end the process. The running statement is rejected in any case.
  client.on("error", () => {});
  await client.connect();
  return client;
}

function sslChoices({ sslMode, caFile, host }: Connection): readonly ClientConfig["ssl"][] {
  if (sslMode === "disable" || host.startsWith("/")) return [undefined];
  if (sslMode === "prefer") return [{ rejectUnauthorized: false }, undefined];
  if (sslMode === "require" && caFile === undefined) return [{ rejectUnauthorized: false }];
  const ca = caFile === undefined ? {} : { ca: readCa(caFile) };
  return [defined({ ...ca, rejectUnauthorized: true, checkServerIdentity: sslMode === "verify-full" ? undefined : () => undefined })];
}
function readCa(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FleetlogixError(
      "DATABASE_TLS",
      `The file with the database's certificate authorities cannot be read: ${(cause as Error).message}.`,
      {
        hint: "Set PGSSLROOTCERT to a PEM file that can be read, or unset it.",
        cause,
      },
    );
  }
}

const noTls = (error: unknown): boolean => /does not support SSL/i.test((error as Error).message);
export const nameOf = ({ host, port, database }: Connection): string => `${host}:${port}/${database}`;

interface PgFault {
  readonly code?: string;
  readonly message: string;
}
const UNREACHABLE = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "ENOENT"];

/** The error of a failed connect, as a FleetlogixError where the cause is known. */
function refused(error: unknown, connection: Connection): unknown {
  if (error instanceof FleetlogixError) return error;
  const { code = "", message } = error as PgFault;
  const name = nameOf(connection);
  const fail = (kind: "DATABASE_REFUSED" | "DATABASE_TLS" | "DATABASE_UNREACHABLE", text: string, hint: string) =>
    new FleetlogixError(kind, text, { hint, cause: error });
  if (code === "28P01" || code === "28000" || /SASL|password/i.test(message))
    return fail(
      "DATABASE_REFUSED",
      `${name} does not accept the user "${connection.user}": ${message}.`,
      "Check user and password, then run the same command again.",
    );
  if (code === "3D000")
    return fail(
      "DATABASE_REFUSED",
      `There is no database "${connection.database}" on ${connection.host}:${connection.port}.`,
      "Check the name of the database.",
    );
  if (/self.signed|certificate|unable to (get|verify)|altname|ERR_TLS|DEPTH_ZERO|CERT_/i.test(`${code} ${message}`))
    return fail(
      "DATABASE_TLS",
      `The certificate of ${name} is not from a trusted authority: ${message}.`,
      "Set PGSSLROOTCERT to the PEM file of the server's certificate authorities. If address and file are correct, somebody may intercept the connection.",
    );
  if (noTls(error))
    return fail(
      "DATABASE_TLS",
      `${name} does not support TLS.`,
      "Enable TLS on that server, or add ?sslmode=disable to its URL if the network is safe.",
    );
  if (UNREACHABLE.includes(code) || /timeout|terminated|ended unexpectedly/i.test(message))
    return fail(
      "DATABASE_UNREACHABLE",
      `${name} does not answer (${code || message}).`,
      "Check that the server runs and that its firewall accepts this machine (for the stack's database: database.allowedCidrs), then run the same command again.",
    );
  return error;
}

/** A FleetlogixError when the connection was lost, or the server's disk is full, during the work. */
function lostIn(error: unknown, connection: Connection): FleetlogixError | undefined {
  if (error instanceof FleetlogixError) return undefined;
  const { code = "", message = "" } = (error ?? {}) as Partial<PgFault>;
  if (code === "53100")
    return new FleetlogixError("IMPORT_FAILED", `The storage of ${nameOf(connection)} is full: ${message}.`, {
      hint: "Raise database.storageGb and run `fleetlogix setup` (or free space, if it is another server), then the same command again.",
      cause: error,
    });
  if (!/^(57P0|08)/.test(code) && !UNREACHABLE.includes(code) && !/terminated|ended unexpectedly|not queryable|ECONNRESET/i.test(message))
    return undefined;
  return new FleetlogixError("DATABASE_UNREACHABLE", `The connection to ${nameOf(connection)} was lost: ${message}.`, {
    hint: "Run the same command again; that is always safe.",
    cause: error,
  });
}
