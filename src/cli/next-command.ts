import { basename, relative } from "node:path";
import type { CommandContext } from "./context.ts";

/** A command line for the same stack, as the user has to type it. */
export function nextCommand(run: CommandContext, command: string, ...args: string[]): string {
  const given = new Set(args.filter((arg) => arg.startsWith("--")));
  // The help of a command is the same for every stack.
  const flags = given.has("--help") ? [] : flagsOf(run, command).filter(([flag]) => !given.has(flag));
  return [program(run.io), command, ...args, ...flags.flat()].join(" ");
}

/** The flags that choose the stack, with their values. */
function flagsOf({ flags }: CommandContext, command: string): readonly (readonly [flag: string, value?: string])[] {
  const { local, endpointUrl, port, region, profile, config, env } = flags;
  const valued = (flag: string, value: string | undefined) => (value === undefined ? [] : [[flag, quote(value)] as const]);
  const file = valued("--config", config);
  if (command === "local") return [...valued("--port", port?.toString()), ...file];
  const stack = [...valued("--region", region), ...file, ...valued("--env", env)];
  if (command === "config") return stack;
  return [
    ...(local ? [["--local"] as const] : []),
    ...valued("--port", port?.toString()),
    ...valued("--endpoint-url", endpointUrl),
    ...valued("--profile", profile),
    ...stack,
  ];
}

/** The present command line with one more flag. For a plan it is `up`, and for a dry run the command without --dry-run. */
export function commandWith(run: CommandContext, flag: string, value: string): string {
  const words = value === "" ? [flag] : [flag, ...value.split(" ")];
  if (run.command === "plan") return nextCommand(run, "up", ...decisionFlags(run.argv), ...words);
  const kept: string[] = [];
  for (let i = 0; i < run.argv.length; i++) {
    const word = run.argv[i] ?? "";
    const [name = ""] = word.split("=");
    if (word === "--dry-run" || (name === flag && word.includes("=")) || (word === flag && value === "")) continue;
    // The new value of a flag replaces the old one; a repeatable flag keeps both.
    if (word === flag && !REPEATABLE.has(flag)) i++;
    else kept.push(quote(word));
  }
  return [program(run.io), ...kept, ...words].join(" ");
}
/** The flags of a plan that the `up` after it needs, too. */
function decisionFlags(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word, at) => {
    if (word === "--adopt" || word.startsWith("--allow-data-loss=")) return [word];
    return word === "--allow-data-loss" ? [word, quote(argv[at + 1] ?? "")] : [];
  });
}
const REPEATABLE = new Set(["--allow-data-loss"]);

export const quote = (text: string): string => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

export function program(io: CommandContext["io"]): string {
  const { env, script } = io;
  if (env.npm_command === "exec") return "npx fleetlogix";
  if (!script || basename(script) === "fleetlogix") return "fleetlogix";
  const short = relative(io.cwd, script);
  return `node ${quote(short.startsWith("..") ? script : short)}`;
}
