import type { Client } from "pg";

/** SQL conditions: not a schema of PostgreSQL, and not an object of an extension. */
const OURS = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;
const NO_EXTENSION = (classid: string, oid: string) =>
  `NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '${classid}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

/** Tables that hold rows, largest first, as `schema.table` quoted where needed. A partitioned table is listed by its partitions. */
export async function listTables(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND ${OURS} AND ${NO_EXTENSION("pg_class", "c.oid")} ORDER BY pg_relation_size(c.oid) DESC, 1`,
  );
  return rows.map(({ name }) => name);
}

export interface TableProof {
  readonly table: string;
  /** As text, because the number may exceed JavaScript's safe integers. */
  readonly rows: string;
  readonly checksum: string;
}
/** Alias of a row. It must differ from all column names, so it contains a space. */
const ROW = '"fleetlogix row"';
export type Method = "fast" | "md5";

/** A column's name as SQL writes it, and whether it may be NULL. */
interface Column {
  readonly name: string;
  readonly nullable: boolean;
}
/** Columns of every table, by the name that `listTables` returns. */
export async function listColumns(client: Client): Promise<ReadonlyMap<string, readonly Column[]>> {
  const { rows } = await client.query<{ table: string; columns: readonly Column[] }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS table, json_agg(json_build_object('name', quote_ident(a.attname), 'nullable', NOT a.attnotnull) ORDER BY a.attnum) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind = 'r' AND ${OURS} GROUP BY 1`,
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

/** concat() takes 100 arguments, and each column needs two: itself and a separator. */
const MOST_COLUMNS = 50;
/**
 * SQL for the hash of one row. `fast` is PostgreSQL's own hash, equal on servers from 11 to 17. It reads the columns' texts and not the
 * text of the whole row, whose quoting costs as much as the hash; the seed of the hash says which columns are NULL. `md5` reads UTF-8 on
 * every server, so it decides when the fast hashes differ.
 */
function rowHash(columns: readonly Column[], method: Method): string {
  if (method === "md5") return `('x' || substr(md5(convert_to(${ROW}::text, 'UTF8')), 1, 16))::bit(64)::bigint`;
  if (columns.length === 0 || columns.length > MOST_COLUMNS) return `hashtextextended(${ROW}::text, 0)`;
  const names = columns.map(({ name }) => `${ROW}.${name}`);
  const nulls = columns.flatMap(({ nullable }, i) => (nullable ? [`((${names[i]} IS NULL)::int::bigint << ${i})`] : []));
  return `hashtextextended(concat(${names.join(", E'\\x1f', ")}), ${nulls.length === 0 ? "0" : nulls.join(" + ")})`;
}
/** Number of rows and sum of their hashes, which is independent of order. It detects loss, not manipulation by an attacker. */
export async function proveTable(client: Client, table: string, columns: readonly Column[], method: Method): Promise<TableProof> {
  const { rows } = await client.query<{ rows: string; checksum: string }>(
    `SELECT count(*)::text AS rows, coalesce(sum(${rowHash(columns, method)}), 0)::text AS checksum FROM ONLY ${table} AS ${ROW}`,
  );
  return { table, rows: rows[0]?.rows ?? "0", checksum: rows[0]?.checksum ?? "0" };
}

export interface SequenceProof {
  readonly sequence: string;
  readonly column: string;
  /** The next value of the sequence. */
  readonly next: string;
  /** The greatest value in the column; null: no rows. */
  readonly greatest: string | null;
  /** Whether `next` is greater than `greatest`; otherwise the next insert would fail. */
  readonly ahead: boolean;
}
/** Checks every sequence that gives a column its values. With `correct`, a sequence behind its column is set to the greatest value. */
export async function proveSequences(client: Client, correct: boolean): Promise<readonly SequenceProof[]> {
  const { rows } = await client.query<{ sequence: string; relation: string; column: string; increment: string }>(
    `SELECT DISTINCT format('%I.%I', sn.nspname, s.relname) AS sequence, format('%I.%I', n.nspname, t.relname) AS relation, quote_ident(a.attname) AS column,
        q.seqincrement::text AS increment
      FROM pg_class s JOIN pg_namespace sn ON sn.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
      JOIN (SELECT d.objid AS seq, d.refobjid AS tab, d.refobjsubid AS col FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            UNION SELECT d.refobjid, ad.adrelid, ad.adnum FROM pg_depend d JOIN pg_attrdef ad ON ad.oid = d.objid
              WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass) u ON u.seq = s.oid
      JOIN pg_class t ON t.oid = u.tab AND t.relkind IN ('r', 'p') JOIN pg_namespace n ON n.oid = t.relnamespace
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.col AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
      WHERE s.relkind = 'S' AND ${OURS} ORDER BY 1`,
  );
  const proofs: SequenceProof[] = [];
  for (const { sequence, relation, column, increment } of rows) {
    if (increment.startsWith("-")) continue;
    const state = await client.query<{ next: string; greatest: string | null; ahead: boolean }>(
      `SELECT next::text, greatest::text, (greatest IS NULL OR next > greatest) AS ahead FROM
        (SELECT CASE WHEN is_called THEN last_value + ${increment} ELSE last_value END AS next FROM ${sequence}) s, (SELECT max(${column}) AS greatest FROM ${relation}) m`,
    );
    const { next = "1", greatest = null, ahead = true } = state.rows[0] ?? {};
    if (!ahead && correct) await client.query(`SELECT setval('${sequence.replaceAll("'", "''")}', $1::bigint)`, [greatest]);
    proofs.push({ sequence, column: `${relation}.${column}`, next, greatest, ahead });
  }
  return proofs;
}

/** The first table with rows, apart from `schema_migrations`. */
export async function firstFilled(client: Client): Promise<string | undefined> {
  for (const table of await listTables(client)) {
    if (/(^|\.)schema_migrations$/.test(table)) continue;
    const { rows } = await client.query(`SELECT 1 FROM ONLY ${table} LIMIT 1`);
    if (rows.length > 0) return table;
  }
  return undefined;
}
