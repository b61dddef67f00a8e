import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { companySql } from "../../scripts/company/generate.ts";
import { installedServer, type SourceServer, startSource } from "../../scripts/company/server.ts";
import type { ImportEvent } from "../../src/app/contract.ts";
import { type DatabaseStack, databaseStack, has } from "./stack.ts";

/**
 * Needs PostgreSQL's server and client programs of the distribution: `apt-get install postgresql-15`. Without them the tests are skipped.
 */
export const installed = installedServer() !== undefined && has("pg_dump");
export const withPostgres = test.skipIf(!installed);

export const SIZE = 0.01;

/** Starts the company's server with its database, and a stack to import it into. Both exist while the tests of this file run. */
export function companyBeside(file: string) {
  if (!installed) process.stderr.write(`${file} is skipped: no PostgreSQL server and pg_dump are installed.\n`);
  const held: { source?: SourceServer; stack?: DatabaseStack } = {};
  const passwordBefore = process.env.PGPASSWORD;
  beforeAll(async () => {
    if (!installed) return;
    const [source, stack] = await Promise.all([startSource(), databaseStack()]);
    Object.assign(held, { source, stack });
    await source.query("CREATE DATABASE company");
    await source.query(companySql(SIZE), "company");
    process.env.PGPASSWORD = source.password;
  });
  beforeEach(() => {
    if (held.source) process.env.PGPASSWORD = held.source.password;
  });
  afterAll(async () => {
    if (passwordBefore === undefined) delete process.env.PGPASSWORD;
    else process.env.PGPASSWORD = passwordBefore;
    await Promise.all([held.source?.close(), held.stack?.close()]);
  });
  const source = (): SourceServer => held.source as SourceServer;
  const stack = (): DatabaseStack => held.stack as DatabaseStack;
  const move = (from = source().url("company"), more: object = {}, emit: (event: ImportEvent) => void = () => {}) =>
    stack().app.database.importFrom(from, { replace: false, check: false, jobs: 2, ...more }, emit);
  const databases = async () =>
    (await stack().query("SELECT datname FROM pg_database WHERE datname LIKE 'fleet%' ORDER BY 1", "postgres")).map(
      ({ datname }) => datname,
    );
  return {
    get source() {
      return source();
    },
    get stack() {
      return stack();
    },
    move,
    databases,
  };
}
