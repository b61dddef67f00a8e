import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import type { Connection } from "../connection.ts";
import { childVariables, type Tool } from "../tools.ts";
import type { TableProof } from "./catalog.ts";

type Variables = Readonly<Record<string, string | undefined>>;
interface Copied extends TableProof {
  /** Columns in the dump's order, such as `(a, b)`. */
  readonly columns: string;
}

/** Row counts and checksums of a dump's tables, calculated from the lines that pg_restore would send. */
export async function proveDump(tool: Tool, path: string, variables: Variables): Promise<readonly Copied[]> {
  const found: Copied[] = [];
  let current: { table: string; columns: string; rows: number; sum: bigint } | undefined;
  for await (const line of linesOf(tool.path, ["--data-only", "--file=-", path], { ...variables, LC_ALL: "C" })) {
    if (current && line === "\\.") {
      found.push({ table: current.table, columns: current.columns, rows: String(current.rows), checksum: String(current.sum) });
      current = undefined;
    } else if (current) {
      current.rows++;
      current.sum = (current.sum + digest(line)) & MASK;
    } else {
      const [, table = "", columns = ""] = /^COPY (.+?) (\(.*\)) FROM stdin;$/.exec(line) ?? [];
      if (table) current = { table, columns, rows: 0, sum: 0n };
    }
  }
  return found;
}

/** Row counts and checksums of the restored tables, from the same text format. */
export async function proveCopied(
  psql: Tool,
  target: Connection,
  dump: readonly Copied[],
  variables: Variables,
): Promise<readonly TableProof[]> {
  const env = { ...childVariables(target, variables), PGOPTIONS: SESSION, LC_ALL: "C" };
  const proofs: TableProof[] = [];
  for (const { table, columns } of dump) {
    let [rows, sum] = [0, 0n];
    const args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", `COPY (SELECT ${columns.slice(1, -1)} FROM ONLY ${table}) TO STDOUT`];
    for await (const line of linesOf(psql.path, args, env)) {
      rows++;
      sum = (sum + digest(line)) & MASK;
    }
    proofs.push({ table, rows: String(rows), checksum: String(sum) });
  }
  return proofs;
}
/** The settings with which pg_dump formats values. */
const SESSION = "-c extra_float_digits=3 -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC";

const MASK = 0xffff_ffff_ffff_ffffn;
const digest = (line: string): bigint => createHash("md5").update(line).digest().readBigUInt64BE(0);

async function* linesOf(path: string, args: readonly string[], env: Variables): AsyncGenerator<string> {
  const child = spawn(path, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr = `${stderr}${chunk}`.slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  ended.catch(() => {});
  for await (const line of createInterface({ input: child.stdout })) yield line;
  if ((await ended) !== 0) throw new Error(stderr.trim() || `${path} failed`);
}
