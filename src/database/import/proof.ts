import { type Connection, openClient } from "../connection.ts";
import { listColumns, listTables, type Method, proveTable, type TableProof } from "./catalog.ts";

export interface TableResult {
  readonly table: string;
  readonly source_rows: string;
  readonly target_rows: string;
  readonly source_checksum: string;
  readonly target_checksum: string;
  readonly equal: boolean;
}

/** Proofs of all tables of a database, `jobs` tables at a time; with `snapshot`, of the rows in that exported snapshot. */
export async function proveAll(connection: Connection, jobs: number, method: Method, snapshot?: string): Promise<readonly TableProof[]> {
  const clients = await Promise.all(Array.from({ length: jobs }, () => openClient(connection)));
  try {
    for (const client of clients) {
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      if (snapshot !== undefined) await client.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`);
    }
    const first = clients[0];
    const tables = first ? [...(await listTables(first))] : [];
    const columns = first ? await listColumns(first) : new Map();
    const proofs: TableProof[] = [];
    await Promise.all(
      clients.map(async (client) => {
        for (let table = tables.shift(); table !== undefined; table = tables.shift())
          proofs.push(await proveTable(client, table, columns.get(table) ?? [], method));
      }),
    );
    return proofs;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

/** Compares the tables of both sides by name. A table that one side lacks has the values `missing` there. */
export function compareTables(source: readonly TableProof[], target: readonly TableProof[]): readonly TableResult[] {
  const [left, right] = [source, target].map((side) => new Map(side.map((proof) => [proof.table, proof])));
  const names = [...new Set([...source, ...target].map(({ table }) => table))].toSorted();
  return names.map((table) => {
    const [a, b] = [left?.get(table), right?.get(table)];
    return {
      table,
      source_rows: a?.rows ?? "missing",
      target_rows: b?.rows ?? "missing",
      source_checksum: a?.checksum ?? "missing",
      target_checksum: b?.checksum ?? "missing",
      equal: a !== undefined && b !== undefined && a.rows === b.rows && a.checksum === b.checksum,
    };
  });
}
