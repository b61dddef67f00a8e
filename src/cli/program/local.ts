import type { Command } from "commander";
import type { Act } from "./act.ts";

export function local(program: Command, act: Act): void {
  const group = program.command("local").description("the embedded local AWS");
  group
    .command("start")
    .description("run it in the background")
    .option("--realism", "with AWS's delays, limits and eventual consistency")
    .option("--faults <file>", "with the faults that a file describes")
    .option("--allow-host <name...>", "answer for deployed APIs by this name, too (or FLEETLOGIX_LOCAL_HOSTS)")
    .action(act(async () => (await import("../commands/local.ts")).start));
  group
    .command("stop")
    .description("stop it; its data stays")
    .action(act(async () => (await import("../commands/local.ts")).stop));
  group
    .command("status")
    .description("its state, address and data")
    .action(act(async () => (await import("../commands/local.ts")).status));
  group
    .command("reset")
    .description("delete everything in it")
    .action(act(async () => (await import("../commands/local.ts")).reset));
  group
    .command("mail")
    .description("the e-mails and short messages that it would have sent")
    .action(act(async () => (await import("../commands/local-mail.ts")).mail));
}

export function config(program: Command, act: Act): void {
  const group = program.command("config").description("the configuration file");
  const load = () => import("../commands/config.ts");
  group
    .command("init")
    .description("write a configuration file")
    .action(act(async () => (await load()).init));
  group
    .command("validate")
    .description("check the file, for every environment in it")
    .action(act(async () => (await load()).validate));
  group
    .command("show")
    .description("every setting with its effective value and its origin")
    .action(act(async () => (await load()).show));
  group
    .command("schema")
    .description("print the file's JSON Schema")
    .action(act(async () => (await load()).schema));
}
