import { FleetlogixError } from "../errors.ts";
import type { GlobalFlags } from "./context.ts";
import { isLocal } from "./target.ts";

type Options = Readonly<Record<string, unknown>>;
/** Input of a rule: the path of the command, its flags, and the environment. */
export interface Called {
  readonly command: string;
  readonly options: Options;
  readonly flags: Pick<GlobalFlags, "local" | "endpointUrl" | "port" | "json" | "quiet" | "verbose">;
  readonly env: Readonly<Record<string, string | undefined>>;
}
interface Rule {
  /** The flags, as they are typed. */
  readonly flags: readonly [string, string];
  readonly why: string;
  readonly hint: string;
  readonly broken: (called: Called) => boolean;
}

const given = (name: string) => (called: Called) => called.options[name] !== undefined && called.options[name] !== false;
const both = (a: string, b: string) => (called: Called) => given(a)(called) && given(b)(called);
const withFlag = (a: string, b: keyof Called["flags"]) => (called: Called) => given(a)(called) && called.flags[b] === true;

const ONE = "Leave out one of the two.";
const LINES = "Leave out --json.";
/** Flags that contradict each other. Each row is a usage error, thrown before any read or call. */
export const FLAG_RULES: readonly Rule[] = [
  {
    flags: ["--local", "--endpoint-url"],
    why: "--local calls only this machine and chooses the address itself",
    hint: "Leave out one of the two; --port chooses the port of the local AWS.",
    broken: ({ flags }) => flags.local && flags.endpointUrl !== undefined,
  },
  {
    flags: ["--port", "(no --local)"],
    why: "--port is the port of the local AWS, and this command calls another endpoint",
    hint: "Add --local, or leave out --port.",
    broken: ({ command, flags, env }) =>
      flags.port !== undefined && !isLocal(flags, env) && !/^(local|config|dashboard|completion)\b/.test(command),
  },
  {
    flags: ["--quiet", "--verbose"],
    why: "one prints less, the other prints more",
    hint: ONE,
    broken: ({ flags }) => flags.quiet && flags.verbose,
  },
  {
    flags: ["--skip-final-snapshot", "(no --delete-data)"],
    why: "--skip-final-snapshot needs a database that is deleted, and this teardown keeps it",
    hint: "Add --delete-data to delete the database without a snapshot, or leave out --skip-final-snapshot.",
    broken: (called) => given("skipFinalSnapshot")(called) && !given("deleteData")(called),
  },
  {
    flags: ["--dry-run", "--force-unlock"],
    why: "a dry run changes nothing, so it removes no lock",
    hint: ONE,
    broken: both("dryRun", "forceUnlock"),
  },
  { flags: ["--dry-run", "--events"], why: "a dry run has no events", hint: ONE, broken: both("dryRun", "events") },
  {
    flags: ["--rollback", "--watch"],
    why: "one deploys an earlier version, the other the newest",
    hint: ONE,
    broken: both("rollback", "watch"),
  },
  { flags: ["--rollback", "--dry-run"], why: "a rollback has no plan", hint: ONE, broken: both("rollback", "dryRun") },
  { flags: ["--rollback", "--adopt"], why: "a rollback adopts nothing", hint: ONE, broken: both("rollback", "adopt") },
  { flags: ["--rollback", "--allow-data-loss"], why: "a rollback loses no data", hint: ONE, broken: both("rollback", "allowDataLoss") },
  { flags: ["--rollback", "--force-unlock"], why: "a rollback takes no lock", hint: ONE, broken: both("rollback", "forceUnlock") },
  { flags: ["--rollback", "--events"], why: "a rollback has no events", hint: ONE, broken: both("rollback", "events") },
  {
    flags: ["--watch", "--force-unlock"],
    why: "run one deployment with --force-unlock first, then --watch",
    hint: ONE,
    broken: both("watch", "forceUnlock"),
  },
  { flags: ["--watch", "--events"], why: "--watch prints each deployment in one line", hint: ONE, broken: both("watch", "events") },
  {
    flags: ["--watch", "--allow-data-loss"],
    why: "--watch deploys functions, which hold no data",
    hint: ONE,
    broken: both("watch", "allowDataLoss"),
  },
  {
    flags: ["--endpoint-url", "(local)"],
    why: "this command works on the local AWS of this folder, and --endpoint-url is another endpoint",
    hint: "Leave out --endpoint-url; --port and --config choose the local AWS.",
    broken: ({ command, flags }) => flags.endpointUrl !== undefined && /^local\b/.test(command),
  },
  {
    flags: ["--watch", "--dry-run"],
    why: "--watch deploys after each change, and a dry run deploys nothing",
    hint: ONE,
    broken: both("watch", "dryRun"),
  },
  {
    flags: ["--watch", "--json"],
    why: "--watch has no end, and --json prints one document at the end",
    hint: LINES,
    broken: withFlag("watch", "json"),
  },
  { flags: ["--watch", "--exit-code"], why: "--watch has no end", hint: ONE, broken: both("watch", "exitCode") },
  {
    flags: ["--follow", "--json"],
    why: "--follow has no end, and --json prints one document at the end",
    hint: "Leave out one of the two; `fleetlogix logs --follow --format json` prints one JSON object a line.",
    broken: withFlag("follow", "json"),
  },
  {
    flags: ["--format", "--json"],
    why: "both choose the format of the answer",
    hint: ONE,
    broken: ({ options, flags }) => flags.json && ["text", "pretty", "env", "markdown"].includes(String(options.givenFormat)),
  },
  { flags: ["--csv", "--json"], why: "both choose the format of the answer", hint: ONE, broken: withFlag("csv", "json") },
  { flags: ["--event", "--sample"], why: "both give the event", hint: ONE, broken: both("event", "sample") },
  { flags: ["--date", "--older-than"], why: "both choose the days", hint: ONE, broken: both("date", "olderThan") },
  { flags: ["--replace", "--check"], why: "--check writes nothing", hint: ONE, broken: both("replace", "check") },
];

/** Throws USAGE for the first rule that is broken. */
export function refuseContradictions(called: Called): void {
  const rule = FLAG_RULES.find(({ broken }) => broken(called));
  if (!rule) return;
  const [one, other] = rule.flags;
  const conflict = other.startsWith("(") ? one : `${one} and ${other}`;
  throw new FleetlogixError("USAGE", `${conflict}: ${rule.why}.`, { hint: rule.hint });
}
