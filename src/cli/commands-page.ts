import type { Command, Option } from "commander";
import { exampleOf, exitsOf, leavesOf } from "./program/notes.ts";
import { buildProgram } from "./program.ts";

/** Text of docs/commands.md: every command with its flags, an example and its exit codes, generated from the commands. */
export function commandsPage(): string {
  const program = buildProgram(() => async () => {});
  const commands = leavesOf(program);
  return [
    "# Commands",
    "",
    "<!-- Generated from the commands by `npm run docs:commands`. -->",
    "",
    ...commands.map(([path, command]) => `- [\`fleetlogix ${path}\`](#fleetlogix-${path.replaceAll(" ", "-")}): ${command.description()}`),
    "",
    "## Flags of every command",
    "",
    ...flagTable(program),
    ...commands.flatMap(([path, command]) => section(path, command)),
  ].join("\n");
}

function section(path: string, command: Command): readonly string[] {
  const flags = flagTable(command);
  const usage = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? "..." : ""}`;
    return one.required ? ` <${name}>` : ` [${name}]`;
  });
  return [
    "",
    `## fleetlogix ${path}`,
    "",
    `${sentence(command.description())}`,
    "",
    "```",
    `fleetlogix ${path}${usage.join("")}${flags.length > 0 ? " [flags]" : ""}`,
    "```",
    ...command.registeredArguments.flatMap((one) => (one.description ? ["", `\`${one.name()}\`: ${one.description}.`] : [])),
    ...(flags.length > 0 ? ["", ...flags] : []),
    ...["", "Example:", "", "```", exampleOf(path) ?? "", "```", ""],
    `Exit codes: ${exitsOf(path)
      .map(([code, meaning]) => `${code} ${meaning}`)
      .join(" · ")}.`,
  ];
}

function flagTable(command: Command): readonly string[] {
  const flags = command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long !== "--help");
  if (flags.length === 0) return [];
  return ["| flag | what it does |", "|---|---|", ...flags.map((flag) => `| \`${flag.flags}\` | ${cell(flag)} |`)];
}
function cell({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices ? `; one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}` : "";
  const usual = defaultValue === undefined || typeof defaultValue === "boolean" ? "" : `; default \`${String(defaultValue)}\``;
  return `${description}${choices}${usual}`.replaceAll("|", "\\|");
}
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
