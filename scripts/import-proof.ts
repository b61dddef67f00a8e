import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { databaseStack } from "../test/database/stack.ts";
import { companySql } from "./company/generate.ts";
import { startSource } from "./company/server.ts";

/**
 * `npm run proof:import [size] [rounds]`: imports the company's database (size 1: about 505,000 rows) with `db import`, and with pg_dump
 * and pg_restore, in turns on the same two servers. Prints each time, both medians, and the result of the proof.
 */
const size = Number(process.argv[2] ?? 1);
const rounds = Number(process.argv[3] ?? 5);
const source = await startSource();
const stack = await databaseStack();
const variables = { ...process.env };
process.env.PGPASSWORD = source.password;

/** Empties the database, so that both methods begin alike. */
async function emptyDatabase(name: string): Promise<void> {
  await stack.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, "postgres");
  await stack.query(`CREATE DATABASE ${name}`, "postgres");
}

async function byImport(): Promise<number> {
  await emptyDatabase(stack.target.database);
  const result = await stack.app.database.importFrom(source.url("company"), { replace: false, check: false }, () => {});
  const { tables, sequences } = result;
  const rows = tables.reduce((sum, { target_rows }) => sum + Number(target_rows), 0);
  const equal = `${tables.filter((table) => table.equal).length} of ${tables.length} tables equal`;
  const ahead = `${sequences.filter((sequence) => sequence.ahead).length} of ${sequences.length} sequences ahead`;
  console.log(`db import: ${seconds(result.duration_ms)}, ${rows} rows, ${equal}, ${ahead}`);
  return result.duration_ms;
}

async function byHand(): Promise<number> {
  await emptyDatabase("by_hand");
  const { host, port, user, password } = stack.target;
  const folder = mkdtempSync(join(tmpdir(), "by-hand-"));
  const run = promisify(execFile);
  const jobs = `--jobs=${Math.min(4, availableParallelism())}`;
  const from = { ...variables, PGHOST: "127.0.0.1", PGPORT: String(source.port), PGUSER: "postgres", PGPASSWORD: source.password };
  const to = { ...variables, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
  const began = performance.now();
  await run("pg_dump", ["-Fd", jobs, "-f", join(folder, "dump"), "company"], { env: from });
  await run("pg_restore", [jobs, "--no-owner", "--no-privileges", "-d", "by_hand", join(folder, "dump")], { env: to });
  const took = performance.now() - began;
  rmSync(folder, { recursive: true, force: true });
  console.log(`pg_dump and pg_restore by hand: ${seconds(took)}`);
  return took;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

try {
  await source.query("CREATE DATABASE company");
  await source.query(companySql(size), "company");
  const [imports, manual]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    imports.push(await byImport());
    manual.push(await byHand());
  }
  const [importMedian, manualMedian] = [median(imports), median(manual)];
  const times = (importMedian / manualMedian).toFixed(2);
  console.log(
    `medians of ${rounds}: ${seconds(importMedian)} and ${seconds(manualMedian)}; db import takes ${times} times as long, proof included`,
  );
} finally {
  await Promise.all([source.close(), stack.close()]);
}
