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
  /** Roles, apart from the current user, that own an object or have a privilege. */
  readonly roles: readonly string[];
}

const GB = 1e9;
/** Factor on the source's size: indexes are built and sorted, and the write-ahead log grows during the import. */
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

/** Throws IMPORT_UNFIT with all obstacles to the import. Returns warnings that do not prevent it. */
export async function checkFit(
  source: Facts,
  target: Client,
  place: { readonly storageGb: number; readonly folder: string },
): Promise<readonly string[]> {
  const targetFacts = await factsOf(target);
  const { rows } = await target.query<{ name: string }>("SELECT name FROM pg_available_extensions");
  const available = new Set(rows.map(({ name }) => name));
  const missing = source.extensions.filter((name) => !available.has(name));
  const needed = Math.ceil((source.bytes * ROOM) / GB);
  const free = freeIn(place.folder);
  const problems = [
    ...(source.version > targetFacts.version
      ? [
          `The source is PostgreSQL ${source.version} and the stack's database ${targetFacts.version}: set database.engineVersion to "${source.version}" and run \`fleetlogix setup\`.`,
        ]
      : []),
    ...(missing.length > 0
      ? [`The stack's database does not offer the extension ${missing.join(", ")}: drop it in the source, if nothing uses it.`]
      : []),
    ...(targetFacts.encoding === "UTF8" ? [] : [`The encoding of the stack's database is ${targetFacts.encoding}, not UTF8.`]),
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
      `The source cannot be imported into the stack's database. Nothing was changed.\n${problems.map((p) => `  ${p}`).join("\n")}`,
      {
        hint: "Correct each of these, then run the same command again.",
        resource: DATABASE_ID,
      },
    );
  }
  return warningsFor(source, targetFacts);
}

function warningsFor(source: Facts, target: Facts): readonly string[] {
  const { roles, largeObjects, encoding } = source;
  return [
    ...(roles.length > 0
      ? [`Roles are not imported: objects of ${roles.join(", ")} will belong to the stack's user, and their privileges are dropped.`]
      : []),
    ...(largeObjects > 0 ? [`${largeObjects} large objects are imported. The comparison does not include them.`] : []),
    ...(encoding !== target.encoding
      ? [`Text is converted from ${encoding} to ${target.encoding}. Checksums are those of the converted text.`]
      : []),
    ...(source.collate !== target.collate
      ? [`The source sorts text as ${source.collate}, the stack's database as ${target.collate}.`]
      : []),
  ];
}

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
