import type { CommandContext } from "./context.ts";
import { commandWith, nextCommand, program, quote } from "./next-command.ts";

/** Commands in a hint are in backticks. */
const COMMAND = /`(fleetlogix|aws|--[a-z][\w-]*)((?: [^`\n]+)?)`/g;

/**
 * Writes the commands of a text as they have to be typed. `fleetlogix …` gets the flags of the stack, `aws …` the endpoint, region and
 * profile, and a `--flag …` alone becomes the present command line with that flag.
 */
export function toTypedCommands(text: string, run: CommandContext | undefined): string {
  if (run === undefined) return text;
  return text.replace(COMMAND, (_whole, word: string, rest: string) => {
    const words = rest.trim();
    if (word === "aws") return `\`${awsCommand(run, words)}\``;
    if (word === "fleetlogix") return `\`${ours(run, words)}\``;
    return `\`${commandWith(run, word, words)}\``;
  });
}

function ours(run: CommandContext, words: string): string {
  const [command = "", ...args] = words.split(" ");
  return command === "" ? program(run.io) : nextCommand(run, command, ...args);
}

/** These `aws` commands use the user's configuration only; they take no endpoint and no region. */
const ABOUT_THE_USER = /^(configure|sso) ?/;

function awsCommand(run: CommandContext, words: string): string {
  const { endpoint, region, local } = run.reached;
  const { profile } = run.flags;
  const has = (flag: string) => new RegExp(`(^| )${flag}\\b`).test(words);
  const where = ABOUT_THE_USER.test(words)
    ? []
    : [
        ...(endpoint === undefined || has("--endpoint-url") ? [] : ["--endpoint-url", quote(endpoint)]),
        ...(region === undefined || has("--region") ? [] : ["--region", quote(region)]),
      ];
  const as = profile === undefined || local || has("--profile") ? [] : ["--profile", quote(profile)];
  // The local AWS accepts any key; the `aws` command requires one.
  const keys = local ? ["AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"] : [];
  return [...keys, "aws", words, ...where, ...as].filter((word) => word !== "").join(" ");
}
