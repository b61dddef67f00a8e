import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { FleetlogixError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Connection, SslMode } from "../connection.ts";

/** Source of the rows: a server, or a dump that pg_restore can read. */
export type Source =
  | { readonly kind: "server"; readonly connection: Connection; readonly passwordInUrl: boolean }
  | { readonly kind: "dump"; readonly path: string; readonly format: "custom" | "directory" | "tar" };

const SSL_MODES: readonly string[] = ["disable", "prefer", "require", "verify-ca", "verify-full"];
const wrong = (message: string, hint: string): FleetlogixError => new FleetlogixError("USAGE", message, { hint });

/** Parses a `postgres://` URL as libpq does, or the path of a dump, of which it reads only the first bytes. Throws USAGE. */
export function parseSource(from: string, variables: Readonly<Record<string, string | undefined>>): Source {
  if (/^postgres(ql)?:\/\//.test(from)) return serverIn(from, variables);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(from))
    throw wrong("--from is not a PostgreSQL URL.", "Write it as postgres://user@host:5432/database, or name a dump file.");
  return dumpAt(from);
}

function serverIn(from: string, variables: Readonly<Record<string, string | undefined>>): Source {
  // libpq allows a URL without a host (a socket's folder is in `?host=`); Node's URL does not, so a host is inserted.
  const text = from
    .replace(/^postgres(ql)?:\/\/(?=[/?]|$)/, "postgres://socket")
    .replace(/^(postgres(?:ql)?:\/\/[^/?]*@)(?=[/?]|$)/, "$1socket");
  if (!URL.canParse(text))
    throw wrong(
      "--from is not a PostgreSQL URL.",
      "Write it as postgres://user@host:5432/database; encode special characters of user and password, such as %40 for @.",
    );
  const url = new URL(text);
  const sslMode = url.searchParams.get("sslmode") ?? variables.PGSSLMODE ?? "prefer";
  if (!SSL_MODES.includes(sslMode)) throw wrong(`sslmode=${sslMode} is not valid.`, `Use one of ${SSL_MODES.join(", ")}.`);
  const user = decodeURIComponent(url.username) || variables.PGUSER || userInfo().username;
  const host = url.searchParams.get("host") ?? (url.hostname === "socket" ? "/var/run/postgresql" : url.hostname.replace(/^\[|\]$/g, ""));
  const connection: Connection = {
    host,
    port: Number(url.port || url.searchParams.get("port") || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    user,
    password: url.password === "" ? undefined : new Secret(decodeURIComponent(url.password)),
    sslMode: sslMode as SslMode,
    caFile: url.searchParams.get("sslrootcert") ?? undefined,
  };
  return { kind: "server", connection, passwordInUrl: url.password !== "" };
}

function dumpAt(path: string): Source {
  if (!existsSync(path))
    throw wrong(`There is no file ${path}.`, "Give the path of an existing dump, or a URL such as postgres://user@host:5432/database.");
  if (statSync(path).isDirectory()) {
    if (existsSync(join(path, "toc.dat"))) return { kind: "dump", path, format: "directory" };
    throw wrong(`The folder ${path} is not a dump: it has no toc.dat.`, "Make one with `pg_dump -Fd -f FOLDER DATABASE`.");
  }
  const head = Buffer.alloc(300);
  const file = openSync(path, "r");
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (head.subarray(0, 5).toString() === "PGDMP") return { kind: "dump", path, format: "custom" };
  if (head.subarray(257, 262).toString() === "ustar") return { kind: "dump", path, format: "tar" };
  throw wrong(
    `${path} is not a dump that pg_restore can read. It cannot read a script of SQL statements.`,
    "Make one with `pg_dump -Fc -f FILE DATABASE`, then import that file.",
  );
}
