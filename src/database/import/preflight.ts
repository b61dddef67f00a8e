import { statfsSync } from "node:fs";
import type { Client } from "pg";
import { FleetlogixError } from "../../errors.ts";
import { bytes } from "../../printable.ts";
import { DATABASE_ID } from "../../stack-ids.ts";

interface Facts {
  readonly version: number;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly bytes: number;
  readonly largeObjects: number;
  readonly extensions: readonly string[];
  /** Roles that own or may use something, but the user itself. */
  readonly roles: readonly string[];
}

const GB = 1e9;
/** Indexes are built anew and sorted, and the write-ahead log grows while rows come in. */
const ROOM = 1.3;

export async function factsOf(client: Client): Promise<Facts> {
  const { rows } =
    await client.query<Facts>(`SELECT current_setting('server_version_num')::int / 10000 AS version, pg_encoding_to_char(d.encoding) AS encoding,
      d.datcollate AS collate, d.datctype AS ctype, pg_database_size(d.oid)::float8 AS bytes,
      (SELECT count(*)::int FROM pg_largeobject_metadata) AS "largeObjects",
      (SELECT coalesce(array_agg(extname::text ORDER BY 1), '{}') FROM pg_extension WHERE extname <> 'plpgsql') AS extensions,
      (SELECT coalesce(array_agg(DISTINCT r.rolname::text), '{}') FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
        WHERE s.dbid = d.oid AND s.refclassid = 'pg_authid'::regclass AND s.deptype IN ('o', 'a') AND r.rolname <> current_user AND r.rolname !~ '^pg_') AS roles
    FROM pg_database d WHERE d.datname = current_database()`);
  return rows[0] as Facts;
}

/** Everything that speaks against the import, at once: IMPORT_UNFIT. What only needs a word comes back. */
export async function checkFit(
  source: Facts,
  target: Client,
  place: { readonly storageGb: number; readonly folder: string },
): Promise<readonly string[]> {
  const there = await factsOf(target);
  const { rows } = await target.query<{ name: string }>("SELECT name FROM pg_available_extensions");
  const available = new Set(rows.map(({ name }) => name));
  const missing = source.extensions.filter((name) => !available.has(name));
  const needed = Math.ceil((source.bytes * ROOM) / GB);
  const free = freeIn(place.folder);
  const problems = [
    ...(source.version > there.version
      ? [
          `The source is PostgreSQL ${source.version} and the stack's database ${there.version}: set database.engineVersion to "${source.version}" and run \`fleetlogix setup\`.`,
        ]
      : []),
    ...(missing.length > 0
      ? [`The stack's database does not offer the extension ${missing.join(", ")}: drop it in the source, if nothing uses it.`]
      : []),
    ...(there.encoding === "UTF8" ? [] : [`The stack's database is in ${there.encoding} and not in UTF8.`]),
    ...(needed > place.storageGb
      ? [
          `The source takes ${bytes(source.bytes)} and needs ${needed} GB there: set database.storageGb to ${Math.ceil(needed * 1.5)} and run \`fleetlogix setup\`.`,
        ]
      : []),
    ...(free < source.bytes
      ? [`${place.folder} has ${bytes(free)} free, and the dump may need ${bytes(source.bytes)}: set TMPDIR to a folder with more.`]
      : []),
  ];
  if (problems.length > 0) {
    throw new FleetlogixError(
      "IMPORT_UNFIT",
      `The source does not fit into the stack's database. Nothing was changed.\n${problems.map((p) => `  ${p}`).join("\n")}`,
      {
        hint: "Mend each of these, then run the same command again.",
        resource: DATABASE_ID,
      },
    );
  }
  return wordsFor(source, there);
}

function wordsFor(source: Facts, there: Facts): readonly string[] {
  const { roles, largeObjects, encoding } = source;
  return [
    ...(roles.length > 0
      ? [`Roles are not moved: what belonged to ${roles.join(", ")}, or was granted to them, belongs to the stack's user.`]
      : []),
    ...(largeObjects > 0 ? [`${largeObjects} large objects are moved; the proof counts them and does not compare their content.`] : []),
    ...(encoding !== there.encoding
      ? [`Text is converted from ${encoding} to ${there.encoding}: checksums are of the converted text.`]
      : []),
    ...(source.collate !== there.collate ? [`The source sorts text as ${source.collate}, the stack's database as ${there.collate}.`] : []),
  ];
}

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
