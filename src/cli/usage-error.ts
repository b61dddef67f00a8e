import type { Command, CommanderError } from "commander";
import { choiceHint } from "../config/one-of.ts";
import { FleetlogixError } from "../errors.ts";
import { exampleOf } from "./program/notes.ts";

/** An error of commander as an error of this program, with a hint. */
export function usageError(error: CommanderError, program: Command, argv: readonly string[]): FleetlogixError {
  const { command, path } = calledCommand(program, argv);
  const help = `See \`${["fleetlogix", path, "--help"].filter(Boolean).join(" ")}\`.`;
  if (error.code === "commander.help") return missingCommand(program, command, argv, help);
  const text = error.message.replace(/^error: /, "");
  const [, flag = "", value = ""] = /^option '(.+?)' argument '(.*?)' is invalid/s.exec(text) ?? [];
  const [, argument = ""] = /^command-argument value '.*?' is invalid for argument '(.+?)'/s.exec(text) ?? [];
  const [, choices] = /Allowed choices are (.+)\.$/s.exec(text) ?? [];
  const quoted = /'(.*?)'/s.exec(text)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownCommand":
      return usage(`There is no command ${JSON.stringify(quoted)}.`, choiceHint(quoted, namesOf(command), help));
    case "commander.unknownOption":
      return usage(`${path || "fleetlogix"} has no flag ${quoted}.`, choiceHint(quoted, flagsOf(program, command), help));
    case "commander.invalidArgument":
      if (choices !== undefined)
        return flag === ""
          ? usage(`There is no ${argument} ${JSON.stringify(quoted)}.`, choiceHint(quoted, choices.split(", ")))
          : usage(`${longOf(flag)} cannot be ${JSON.stringify(value)}.`, choiceHint(value, choices.split(", ")));
      return usage(`${longOf(flag)} cannot be ${JSON.stringify(value)}.`, text.replace(/^.* is invalid\. /s, ""));
    case "commander.missingArgument":
      return usage(`The argument <${quoted}> is missing.`, `Write, for instance, \`${exampleOf(path)}\`.`);
    case "commander.optionMissingArgument":
      return usage(`${longOf(quoted)} needs a value.`, help);
    case "commander.missingMandatoryOptionValue":
      return usage(`${longOf(quoted)} is missing.`, `Write, for instance, \`${exampleOf(path)}\`.`);
    case "commander.excessArguments":
      return usage(`${path || "fleetlogix"} was called with too many arguments. ${text.replace(/^.*?\. /s, "")}.`.replace("..", "."), help);
    default:
      return usage(`${text}.`, help);
  }
}
const usage = (message: string, hint: string) => new FleetlogixError("USAGE", message, { hint });

/** The innermost command in the words, and its path. */
function calledCommand(program: Command, argv: readonly string[]): { readonly command: Command; readonly path: string } {
  const found = { command: program, path: "" };
  for (const word of argv) {
    const child = found.command.commands.find((one) => one.name() === word);
    if (child && word !== "help") Object.assign(found, { command: child, path: `${found.path} ${word}`.trim() });
  }
  return found;
}
const namesOf = (command: Command): readonly string[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
const flagsOf = (program: Command, command: Command): readonly string[] =>
  [...command.createHelp().visibleOptions(command), ...program.options].flatMap(({ long }) => long ?? []);
/** `-f, --follow <x>` → `--follow`. */
const longOf = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? flags;

function missingCommand(program: Command, command: Command, argv: readonly string[], help: string): FleetlogixError {
  const [word, subcommand] = argv.filter((one) => !one.startsWith("-"));
  if (word === "help" && subcommand !== undefined)
    return usage(
      `There is no command ${JSON.stringify(subcommand)}.`,
      choiceHint(subcommand, namesOf(program), "The commands are listed above."),
    );
  if (command !== program) return usage("A command is missing.", `Name one of ${namesOf(command).filter(isNoHelp).join(", ")}. ${help}`);
  return usage("A command is missing.", "Name one of the commands above, such as `fleetlogix up --local`.");
}
const isNoHelp = (name: string): boolean => name !== "help";
