import type { Client } from "pg";

/** Not PostgreSQL's own, and not an extension's. */
const OURS = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;
const NO_EXTENSION = (classid: string, oid: string) =>
  `NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '${classid}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

/** Tables that hold rows, as `schema.table` quoted where needed; of a partitioned one its parts. */
export async function listTables(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND ${OURS} AND ${NO_EXTENSION("pg_class", "c.oid")} ORDER BY pg_relation_size(c.oid) DESC, 1`,
  );
  return rows.map(({ name }) => name);
}

export interface TableProof {
  readonly table: string;
  /** As text: a table may have more rows than JavaScript counts. */
  readonly rows: string;
  readonly checksum: string;
}
/** A row alias that no column is called by. */
const ROW = '"fleetlogix row"';
export type Method = "fast" | "md5";

/** A column as SQL writes it, and whether it may hold NULL. */
interface Column {
  readonly name: string;
  readonly nullable: boolean;
}
/** Columns of every table, by the table's name as `listTables` gives it. */
export async function listColumns(client: Client): Promise<ReadonlyMap<string, readonly Column[]>> {
  const { rows } = await client.query<{ table: string; columns: readonly Column[] }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS table, json_agg(json_build_object('name', quote_ident(a.attname), 'nullable', NOT a.attnotnull) ORDER BY a.attnum) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind = 'r' AND ${OURS} GROUP BY 1`,
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

/** concat() takes 100 arguments: a column and a separator each. */
const MOST_COLUMNS = 50;
/**
 * A number for one row. `fast`: PostgreSQL's own hash, the same on servers from 11 to 17, over the columns' texts without the quoting of a
 * whole row, which costs as much as the hash; which columns are NULL goes into the hash's seed. `md5` is over UTF-8 whatever the server's
 * encoding, and says who is right when the fast one differs.
 */
function rowHash(columns: readonly Column[], method: Method): string {
  if (method === "md5") return `('x' || substr(md5(convert_to(${ROW}::text, 'UTF8')), 1, 16))::bit(64)::bigint`;
  if (columns.length === 0 || columns.length > MOST_COLUMNS) return `hashtextextended(${ROW}::text, 0)`;
  const names = columns.map(({ name }) => `${ROW}.${name}`);
  const nulls = columns.flatMap(({ nullable }, i) => (nullable ? [`((${names[i]} IS NULL)::int::bigint << ${i})`] : []));
  return `hashtextextended(concat(${names.join(", E'\\x1f', ")}), ${nulls.length === 0 ? "0" : nulls.join(" + ")})`;
}
/** Rows and the sum of the rows' hashes, which does not depend on their order. It guards against loss, not against an attacker. */
export async function proveTable(client: Client, table: string, columns: readonly Column[], method: Method): Promise<TableProof> {
  const { rows } = await client.query<{ rows: string; checksum: string }>(
    `SELECT count(*)::text AS rows, coalesce(sum(${rowHash(columns, method)}), 0)::text AS checksum FROM ONLY ${table} AS ${ROW}`,
  );
  return { table, rows: rows[0]?.rows ?? "0", checksum: rows[0]?.checksum ?? "0" };
}

export interface SequenceProof {
  readonly sequence: string;
  readonly column: string;
  /** The next value that it will give, and the column's greatest; null: no rows. */
  readonly next: string;
  readonly greatest: string | null;
  readonly ahead: boolean;
}
/** Every sequence that a column takes its values from. One that lies behind its column is moved ahead of it: the next insert would fail. */
export async function proveSequences(client: Client, mend: boolean): Promise<readonly SequenceProof[]> {
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
    if (!ahead && mend) await client.query(`SELECT setval('${sequence.replaceAll("'", "''")}', $1::bigint)`, [greatest]);
    proofs.push({ sequence, column: `${relation}.${column}`, next, greatest, ahead });
  }
  return proofs;
}

/** The first table with rows; the list of applied schema versions alone is none. */
export async function firstFilled(client: Client): Promise<string | undefined> {
  for (const table of await listTables(client)) {
    if (/(^|\.)schema_migrations$/.test(table)) continue;
    const { rows } = await client.query(`SELECT 1 FROM ONLY ${table} LIMIT 1`);
    if (rows.length > 0) return table;
  }
  return undefined;
}
