import { type Command, Option } from "commander";
import type { Act } from "../program.ts";

/** Commands about the data that the stack holds. */
export function data(program: Command, act: Act): void {
  database(program, act);
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
    .description("open it in psql, TLS verified; what follows -- goes to psql")
    .argument("[args...]", "psql's own arguments, such as -- -c 'SELECT 1'")
    .action(act(async () => (await load()).psql));
  group
    .command("schema")
    .description("create FleetLogix's tables, or bring older ones up to date")
    .action(act(async () => (await load()).schema));
}
