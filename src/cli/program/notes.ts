import type { Command } from "commander";

/** Notes below the flags in the help of a command. */
interface Note {
  /** One complete command line. */
  readonly example: string;
  readonly exits: readonly number[];
}
/** The meaning of every exit code. */
const EXITS: ReadonlyMap<number, string> = new Map([
  [0, "done"],
  [1, "something failed; run again to continue"],
  [2, "usage or configuration error, nothing was touched"],
  [3, "--detailed-exitcode found changes"],
  [4, "refused for safety"],
  [5, "credentials or permissions"],
  [6, "another run holds the lock"],
  [130, "interrupted"],
]);
const READS = [0, 1, 2, 5, 130] as const;
const WRITES = [0, 1, 2, 4, 5, 6, 130] as const;
const HERE = [0, 1, 2] as const;

const note = (example: string, exits: readonly number[]): Note => ({ example, exits });
/** By path of the command. */
const NOTES: ReadonlyMap<string, Note> = new Map([
  ["up", note("fleetlogix up --local", WRITES)],
  ["setup", note("fleetlogix setup --no-wait", WRITES)],
  ["deploy-lambdas", note("fleetlogix deploy-lambdas verify-delivery --watch --local", WRITES)],
  ["create-api", note("fleetlogix create-api --dry-run", WRITES)],
  ["teardown", note("fleetlogix teardown --delete-data --dry-run", WRITES)],
  ["plan", note("fleetlogix plan --format markdown > plan.md", [0, 1, 2, 3, 4, 5, 130])],
  ["status", note("fleetlogix status --watch", READS)],
  ["outputs", note("fleetlogix outputs --format env > .env", READS)],
  ["api", note(`fleetlogix api POST /delivery -d '{"delivery_id":"D-1001","status":"in_transit"}'`, READS)],
  ["api spec", note("fleetlogix api spec > openapi.json", HERE)],
  ["keys list", note("fleetlogix keys list", READS)],
  ["keys create", note("fleetlogix keys create partner-a --rate-limit 5", [0, 1, 2, 4, 5, 130])],
  ["keys revoke", note("fleetlogix keys revoke partner-a", [0, 1, 2, 4, 5, 130])],
  ["invoke", note("fleetlogix invoke verify-delivery --sample postDelivery", READS)],
  ["logs", note("fleetlogix logs --since 1h --level error", READS)],
  ["simulate", note("fleetlogix simulate --vehicles 50 --minutes 2 --local", READS)],
  ["dashboard", note("fleetlogix dashboard --local", READS)],
  ["permissions", note("fleetlogix permissions up > policy.json", READS)],
  ["doctor", note("fleetlogix doctor --region eu-west-1", READS)],
  ["audit", note("fleetlogix audit --sarif > audit.sarif", READS)],
  ["db url", note("fleetlogix db url --format jdbc", READS)],
  ["db psql", note("fleetlogix db psql -- -c 'SELECT 1'", READS)],
  ["db schema", note("fleetlogix db schema --local", READS)],
  ["db import", note("fleetlogix db import --from postgres://ana@10.0.0.7:5432/fleet --check", [0, 1, 2, 4, 5, 130])],
  ["lake compact", note("fleetlogix lake compact --older-than 2d", READS)],
  ["lake query", note('fleetlogix lake query "SELECT count(*) FROM deliveries"', READS)],
  ["snowflake sql", note("fleetlogix snowflake sql > warehouse.sql", READS)],
  ["local start", note("fleetlogix local start --port 4600", HERE)],
  ["local stop", note("fleetlogix local stop", HERE)],
  ["local status", note("fleetlogix local status", HERE)],
  ["local reset", note("fleetlogix local reset --yes", [0, 1, 2, 4])],
  ["local mail", note("fleetlogix local mail", HERE)],
  ["config init", note("fleetlogix config init", [0, 1, 2, 4])],
  ["config validate", note("fleetlogix config validate --env staging", HERE)],
  ["config show", note("fleetlogix config show --env staging", HERE)],
  ["config schema", note("fleetlogix config schema > schema.json", HERE)],
  ["completion", note("source <(fleetlogix completion bash)", HERE)],
]);

/** Command with its path (`local start`), without those that only group others, and without hidden ones. */
export function leavesOf(command: Command, path = ""): readonly (readonly [path: string, command: Command])[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== "help")
    .flatMap((child) => {
      const own = path ? `${path} ${child.name()}` : child.name();
      // `api` is a command and a group of commands.
      const calls = child.commands.length === 0 || child.registeredArguments.length > 0;
      return [...(calls ? [[own, child] as const] : []), ...leavesOf(child, own)];
    });
}

/** Adds example and exit codes to the help of each command. The help of the program has the flags of every command. */
export function addNotes(program: Command): void {
  for (const [path, command] of leavesOf(program)) {
    command.configureHelp({ ...command.configureHelp(), showGlobalOptions: false });
    command.addHelpText("after", `\n${noteText(path)}${EVERYWHERE}`);
  }
  for (const group of program.commands.filter((one) => one.commands.length > 0 && one.registeredArguments.length === 0)) {
    group.configureHelp({ ...group.configureHelp(), showGlobalOptions: false });
    group.addHelpText("after", `\n${EVERYWHERE}`);
  }
}
const EVERYWHERE = "Flags that every command takes: fleetlogix --help\n";
export const exampleOf = (path: string): string | undefined => NOTES.get(path)?.example;
export const exitsOf = (path: string): readonly (readonly [code: number, meaning: string])[] =>
  (NOTES.get(path)?.exits ?? []).map((code) => [code, EXITS.get(code) ?? ""]);

function noteText(path: string): string {
  const example = exampleOf(path);
  const exits = exitsOf(path).map(([code, meaning]) => `  ${String(code).padEnd(3)}  ${meaning}\n`);
  return example === undefined ? "" : `Example:\n  ${example}\n\nExit codes:\n${exits.join("")}\n`;
}
