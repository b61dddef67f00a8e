import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { databaseStack } from "../test/database/stack.ts";
import { companySql } from "./company/generate.ts";
import { startSource } from "./company/server.ts";

/**
 * `npm run proof:import [size]`: the company's database (size 1: about 505,000 rows) moved in by `db import`, and by pg_dump and pg_restore
 * typed by hand, on the same two servers. Says both times and what the proof found.
 */
const size = Number(process.argv[2] ?? 1);
const source = await startSource();
const stack = await databaseStack();
const folder = mkdtempSync(join(tmpdir(), "by-hand-"));
try {
  await source.query("CREATE DATABASE company");
  await source.query(companySql(size), "company");
  process.env.PGPASSWORD = source.password;
  const { tables, sequences, duration_ms } = await stack.app.database.importFrom(
    source.url("company"),
    { replace: false, check: false },
    () => {},
  );
  console.log(
    `db import: ${(duration_ms / 1000).toFixed(1)} s, ${tables.reduce((sum, { target_rows }) => sum + Number(target_rows), 0)} rows, ${tables.filter(({ equal }) => equal).length} of ${tables.length} tables equal, ${sequences.filter(({ ahead }) => ahead).length} of ${sequences.length} sequences ahead`,
  );
  await stack.query("CREATE DATABASE by_hand", "postgres");
  const { host, port, user, password } = stack.target;
  const jobs = `--jobs=${Math.min(4, availableParallelism())}`;
  const began = performance.now();
  const from = { PGHOST: "127.0.0.1", PGPORT: String(source.port), PGUSER: "postgres" };
  await promisify(execFile)("pg_dump", ["-Fd", jobs, "-f", join(folder, "dump"), "company"], { env: { ...process.env, ...from } });
  const to = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
  await promisify(execFile)("pg_restore", [jobs, "--no-owner", "--no-privileges", "-d", "by_hand", join(folder, "dump")], {
    env: { ...process.env, ...to },
  });
  const byHand = performance.now() - began;
  console.log(
    `pg_dump and pg_restore by hand: ${(byHand / 1000).toFixed(1)} s; db import took ${(duration_ms / byHand).toFixed(2)} times as long, proof included`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([source.close(), stack.close()]);
}
