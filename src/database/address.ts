import { defined } from "../defined.ts";
import type { Connection } from "./connection.ts";

export const URL_FORMATS = ["psql", "jdbc", "dbeaver", "env"] as const;
export type UrlFormat = (typeof URL_FORMATS)[number];

/**
 * The address in the format of a program, always without the password. `psql`: a libpq URL. `jdbc`: for the JDBC driver.
 * `dbeaver`: for `dbeaver -con` (dbeaver.com/docs/dbeaver/Command-Line). `env`: libpq's variables, one per line, for a shell or a dotenv file.
 */
export function addressAs(format: UrlFormat, connection: Connection, title: string): string {
  return FORMATS[format](connection, title);
}

const FORMATS: Readonly<Record<UrlFormat, (connection: Connection, title: string) => string>> = {
  psql: (c) => `postgresql://${encodeURIComponent(c.user)}@${hostOf(c)}:${c.port}/${encodeURIComponent(c.database)}?${tls(c)}`,
  jdbc: (c) => `jdbc:postgresql://${hostOf(c)}:${c.port}/${encodeURIComponent(c.database)}?user=${encodeURIComponent(c.user)}&${tls(c)}`,
  dbeaver: (c, title) =>
    [
      "driver=postgresql",
      `name=${title.replaceAll("|", " ")}`,
      `host=${c.host}`,
      `port=${c.port}`,
      `database=${c.database}`,
      `user=${c.user}`,
      `prop.sslmode=${c.sslMode}`,
      ...(c.caFile ? [`prop.sslrootcert=${c.caFile}`] : []),
      "savePassword=false",
      "openConsole=true",
    ].join("|"),
  env: (c) =>
    Object.entries(variablesOf(c))
      .map(([name, value]) => `${name}=${/^[\w./:@%+,-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`)
      .join("\n"),
};

const hostOf = ({ host }: Connection): string => (host.includes(":") ? `[${host}]` : host);
const tls = ({ sslMode, caFile }: Connection): string =>
  new URLSearchParams(defined({ sslmode: sslMode, sslrootcert: caFile })).toString().replaceAll("%2F", "/");

/** libpq's variables without the password. */
export const variablesOf = (c: Connection): Readonly<Record<string, string>> => ({
  PGHOST: c.host,
  PGPORT: String(c.port),
  PGDATABASE: c.database,
  PGUSER: c.user,
  PGSSLMODE: c.sslMode,
  ...defined({ PGSSLROOTCERT: c.caFile }),
});
