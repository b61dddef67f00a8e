import { Argument, Command, Option } from "commander";
import { FUNCTION_NAMES } from "../../handlers/contract/functions.ts";
import { SHELLS, type Suggestions } from "./completion.ts";
import type { Act } from "./program/act.ts";
import { dashboard } from "./program/dashboard.ts";
import { data } from "./program/data.ts";
import { config, local } from "./program/local.ts";
import { addNotes } from "./program/notes.ts";
import { amount, httpUrl, wholeNumber } from "./program/values.ts";
import { version } from "./version.ts";

/** Every command with its flags and help. The code of the commands is in commands/. */
export function buildProgram(act: Act): Command {
  const program = new Command("fleetlogix")
    .description("The cloud back end of a delivery fleet, on AWS or on an embedded local AWS.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20, styleTitle: (title) => title })
    .showSuggestionAfterError(false)
    .addHelpText("after", EXAMPLES);
  for (const option of globalOptions()) program.addOption(option);
  provisioning(program, act);
  inspection(program, act);
  data(program, act);
  dashboard(program, act);
  local(program, act);
  config(program, act);
  program
    .command("completion")
    .description("print a completion script for your shell")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action(act(async () => (await import("./commands/completion.ts")).completion(program, SUGGESTIONS)));
  program
    .command("complete", { hidden: true })
    .addArgument(new Argument("<what>").choices(["environments", "profiles", "resources"]))
    .action(act(async () => (await import("./commands/complete.ts")).complete));
  addNotes(program);
  return program;
}

const EXAMPLES = `
Examples:
  fleetlogix up --local        the whole stack, no account
  fleetlogix plan              what \`up\` would do on AWS
  fleetlogix outputs api_url   one value, for scripts
  fleetlogix teardown          delete it, keep the data

Exit codes:
  0 done                  1 failed, run again
  2 usage, configuration  3 plan found changes
  4 refused for safety    5 credentials or permissions
  6 another run has the lock   130 interrupted
`;

const SUGGESTIONS: Suggestions = {
  function: FUNCTION_NAMES,
  names: FUNCTION_NAMES,
  output: [
    "api_url",
    "api_id",
    "api_key",
    "api_keys",
    "bucket",
    "topic_arn",
    "tables",
    "functions",
    "database",
    "database.host",
    "database.port",
    "database.password",
    "tables.deliveries",
    "tables.alerts",
    "tables.vehicles",
    "tables.routes",
    "database.url",
  ],
};

function globalOptions(): Option[] {
  return [
    new Option("--local", "use the embedded local AWS, started when it is not running (or FLEETLOGIX_LOCAL=1)"),
    new Option("--port <n>", "port of the local AWS (or FLEETLOGIX_LOCAL_PORT; default 4566)").argParser(wholeNumber(1, 65_535)),
    new Option("--endpoint-url <url>", "another AWS-compatible endpoint (or AWS_ENDPOINT_URL)").argParser(httpUrl),
    new Option("--region <region>", "AWS region; overrides the file"),
    new Option("--profile <name>", "profile of the AWS configuration"),
    new Option("--config <file>", "configuration file (default: fleetlogix.config.json, if there is one)"),
    new Option("--env <name>", "environment: its settings in the file override the others"),
    new Option("--json", "print one JSON document on stdout and nothing else"),
    new Option("-y, --yes", "continue without a question"),
    new Option("-q, --quiet", "only the answer, no progress"),
    new Option("-v, --verbose", "every event, and stack traces"),
    new Option("--no-color", "no colour (or NO_COLOR=1)"),
    new Option("--concurrency <n>", "resources worked on at once").argParser(wholeNumber(1, 64)).default(8),
  ].map((option) => option.helpGroup("Everywhere:"));
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];
const adopt = () => new Option("--adopt", "adopt resources that have our names without our tag");
const allowDataLoss = () =>
  new Option("--allow-data-loss <id>", "allow the replacement of this resource, which holds data; repeatable").argParser(collect);
const dryRun = () => new Option("--dry-run", "print the plan and stop");
const forceUnlock = () => new Option("--force-unlock", "first remove the lock of a run that was killed");
const events = () => new Option("--events <file>", "append each event to this file, one JSON object a line");
const noWait = () => new Option("--no-wait", "do not wait for the database");

function provisioning(program: Command, act: Act): void {
  const action = act(async () => (await import("./commands/provision.ts")).provision);
  const back = act(async () => (await import("./commands/rollback.ts")).rollback);
  const watching = act(async () => (await import("./commands/watch-functions.ts")).watchFunctions);
  const command = (name: string, description: string) =>
    [adopt(), dryRun(), allowDataLoss(), forceUnlock(), events()]
      .reduce((c, option) => c.addOption(option), program.command(name).description(description))
      .action(action);
  command("up", "bring up the whole stack: data, functions, API").addOption(noWait());
  command("setup", "bring up the data layer: bucket, tables, topic, database").addOption(noWait());
  command("deploy-lambdas", "bundle and deploy the functions: all, or those named")
    .addArgument(new Argument("[names...]", "functions, by short or full name"))
    .option("--rollback [version]", "point the alias to the previous version, or to this one")
    .option("--watch", "deploy after each change in handlers/, and follow the logs")
    .action((...args: unknown[]) => {
      const { rollback, watch } = args.at(-2) as { rollback?: unknown; watch?: unknown };
      return (rollback !== undefined ? back : watch === true ? watching : action)(...args);
    });
  command("create-api", "bring up the REST API with its key and limits");
  program
    .command("teardown")
    .description("remove the stack; keeps bucket, tables and database without --delete-data")
    .option("--delete-data", "delete also the resources that hold data; the database gets a final snapshot")
    .option("--skip-final-snapshot", "with --delete-data: no final snapshot")
    .option("--orphans", "delete only resources that are no longer in the configuration")
    .addOption(dryRun())
    .addOption(forceUnlock())
    .addOption(noWait())
    .action(act(async () => (await import("./commands/teardown.ts")).teardown));
}

function inspection(program: Command, act: Act): void {
  program
    .command("plan")
    .description("show what `up` would do, from live reads; also the drift report")
    .option("--detailed-exitcode", "exit with 3 when there are changes")
    .addOption(new Option("--format <form>", "markdown: for a pull request").choices(["text", "json", "markdown"]).default("text"))
    .option("--no-cost", "leave out the estimate of the monthly cost")
    .addOption(adopt())
    .addOption(allowDataLoss())
    .action(act(async () => (await import("./commands/plan.ts")).plan));
  program
    .command("status")
    .description("the stack on one screen: state, size, age and address of every resource, alarms, the present run")
    .option("--watch", "refresh every few seconds until Ctrl-C")
    .option("--exit-code", "exit with 1 unless every resource is ready")
    .action(act(async () => (await import("./commands/status.ts")).status));
  program
    .command("outputs")
    .description("addresses and names for scripts and apps")
    .argument("[output]", "one value by its dotted path, such as api_url or database.host")
    .option("--show-secrets", "print the API keys and the database's password, too")
    .addOption(new Option("--format <form>", "env: lines for a dotenv file").choices(["text", "env"]).default("text"))
    .action(act(async () => (await import("./commands/outputs.ts")).outputs));
  apiCalls(program, act);
  program
    .command("invoke")
    .description("call a function and print response and log tail")
    .argument("<function>", "short or full name")
    .option("--event <file>", "the event as a JSON file; - or nothing: standard input")
    .option("--sample <name>", "the documented example of an operation, such as postDelivery")
    .action(act(async () => (await import("./commands/invoke.ts")).invoke));
  program
    .command("logs")
    .description("the functions' logs in order of time: all functions, or those named")
    .argument("[function...]", "short or full names")
    .option("--since <duration>", "how far back: 30s, 10m, 2h, 1d", "10m")
    .option("-f, --follow", "continue with new lines")
    .option("--level <level>", "only lines of this level or above: debug, info, warn, error")
    .option("--grep <pattern>", "only lines that this regular expression matches")
    .option("--request-id <id>", "only lines of this call: request_id of an answer")
    .addOption(new Option("--format <form>", "pretty in a terminal, else one JSON object a line").choices(["pretty", "json"]))
    .action(act(async () => (await import("./commands/logs.ts")).logs));
  program
    .command("simulate")
    .description("drive a fleet through the API and check that the state of the back end equals the messages")
    .option("--vehicles <n>", "how many vehicles", wholeNumber(1, 500), 20)
    .option("--minutes <n>", "how long", amount(0.1, 60), 1)
    .option("--interval <seconds>", "between two fixes of a vehicle", amount(0.1, 600), 2)
    .option("--rate <n>", "calls a second at most; the API's own limit is 50 unless configured", wholeNumber(1, 1000), 40)
    .option("--seed <n>", "the same seed sends the same messages", wholeNumber(0, 2_147_483_647), 1)
    .action(act(async () => (await import("./commands/simulate.ts")).simulate));
  program
    .command("permissions")
    .description("the smallest IAM policy that a deployer needs for a command")
    .argument("[command]", "up (default), plan, status, teardown and others")
    .addOption(new Option("--part <n>", "one of the parts that each fit into a managed policy").argParser(wholeNumber(1, 10)))
    .action(act(async () => (await import("./commands/permissions.ts")).permissions));
  program
    .command("doctor")
    .description("check credentials, permissions, quotas, network and versions, each with a fix")
    .action(act(async () => (await import("./commands/doctor.ts")).doctor));
  program
    .command("audit")
    .description("check the live stack against the security controls: pass, fail, or declined with its reason")
    .option("--sarif", "print a SARIF 2.1.0 document")
    .action(act(async () => (await import("./commands/audit.ts")).audit));
}

function apiCalls(program: Command, act: Act): void {
  const api = program
    .command("api")
    .description("call the deployed API; adds its address and the key or signature")
    .argument("[method]", "GET, POST or PUT")
    .argument("[path]", "path of the call, such as /delivery/D-1001")
    .option("-d, --data <json>", "body: JSON, @FILE, or @- for standard input")
    .action(act(async () => (await import("./commands/api.ts")).api));
  api
    .command("spec")
    .description("print the API's OpenAPI document")
    .action(act(async () => (await import("./commands/api.ts")).apiSpec));
  const keys = program.command("keys").description("API keys of apps, partners and depots, each with its own limits");
  const load = () => import("./commands/keys.ts");
  keys
    .command("list")
    .description("the keys and their limits, without their values")
    .action(act(async () => (await load()).list));
  keys
    .command("create")
    .description("create a key, or change the limits of the key with this name")
    .argument("<name>", "name of its holder, such as partner-a")
    .option("--rate-limit <n>", "calls a second (default: api.rateLimit)", amount(0.1, 10_000))
    .option("--burst-limit <n>", "calls at once (default: api.burstLimit)", wholeNumber(1, 5_000))
    .option("--daily-quota <n>", "calls a day (default: what the rate allows)", wholeNumber(1, 2_147_483_647))
    .action(act(async () => (await load()).create));
  keys
    .command("revoke")
    .description("delete a key; the API then refuses calls with it")
    .argument("<name>", "name of its holder")
    .action(act(async () => (await load()).revoke));
}
