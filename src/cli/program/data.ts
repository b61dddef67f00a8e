import { type Command, Option } from "commander";
import type { Act } from "./act.ts";

/** Commands for the data in the stack. */
export function data(program: Command, act: Act): void {
  database(program, act);
  lake(program, act);
  program
    .command("snowflake")
    .description("the warehouse")
    .command("sql")
    .description("print Snowflake's set-up for this stack: integration, stage, tables, pipes, star schema, tasks")
    .action(act(async () => (await import("../commands/snowflake.ts")).sql));
}

function lake(program: Command, act: Act): void {
  const group = program.command("lake").description("the history in the bucket");
  const load = () => import("../commands/lake.ts");
  group
    .command("compact")
    .description("pack raw copies into an archive and Parquet files, then remove them")
    .option("--date <day>", "this day, YYYY-MM-DD in UTC")
    .option("--older-than <days>", "every day that is older (default: 2d)")
    .action(act(async () => (await load()).compact));
  group
    .command("query")
    .description("query all events with SQL, packed or not: deliveries, fixes, route_checks, alerts")
    .argument("<sql>", "one statement, in DuckDB's dialect")
    .option("--csv", "print CSV")
    .action(act(async () => (await load()).query));
}

function database(program: Command, act: Act): void {
  const group = program.command("db").description("the stack's PostgreSQL");
  const load = () => import("../commands/db.ts");
  group
    .command("url")
    .description("its address, without the password")
    .addOption(new Option("--format <format>", "for which program").choices(["psql", "jdbc", "dbeaver", "env"]).default("psql"))
    .action(act(async () => (await load()).url));
  group
    .command("psql")
    .description("open it in psql with verified TLS; arguments after -- go to psql")
    .argument("[args...]", "psql's own arguments, such as -- -c 'SELECT 1'")
    .action(act(async () => (await load()).psql));
  group
    .command("schema")
    .description("create FleetLogix's tables, or bring older ones up to date")
    .action(act(async () => (await load()).schema));
  group
    .command("import")
    .description("import a PostgreSQL database, and verify that all of it arrived")
    .requiredOption("--from <source>", "postgres://user@host:5432/database, or a dump of pg_dump -Fc or -Fd")
    .option("--replace", "delete the rows in the stack's database first")
    .option("--check", "only compare the two sides; nothing is written")
    .option("--jobs <n>", "tables moved at once (default: the processors, at most 4)")
    .action(act(async () => (await load()).importFrom));
}
