import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export interface Flag {
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The allowed values; empty: any value, and the shell offers files. */
  readonly choices: readonly string[];
  /** The shell runs the command to get these words: they depend on the folder and the user. */
  readonly words?: Words | undefined;
}
/** Lists that the hidden command `complete` prints. */
export type Words = "environments" | "profiles" | "resources";
const WORDS_OF = new Map<string, Words>([
  ["--env", "environments"],
  ["--profile", "profiles"],
  ["--allow-data-loss", "resources"],
]);
export interface Tree {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Allowed or suggested values of positional arguments. */
  readonly choices: readonly string[];
  readonly commands: readonly Tree[];
}

/** By name of an argument: values that the shell offers; the argument accepts others, too. */
export type Suggestions = Readonly<Record<string, readonly string[]>>;

/** The commands as data. */
export function treeOf(command: Command, suggestions: Suggestions): Tree {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    flags: help.visibleOptions(command).map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
      words: WORDS_OF.get(option.long ?? ""),
    })),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? suggestions[argument.name()] ?? []),
    commands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== "help")
      .map((child) => treeOf(child, suggestions)),
  };
}

/** The completion script of a shell. Pure. */
export const completionScript = (shell: Shell, tree: Tree): string => ({ bash, zsh, fish })[shell](tree);

interface Situation {
  /** Words of the command so far: `local start`. */
  readonly path: string;
  readonly tree: Tree;
  readonly flags: readonly Flag[];
}
function situations(tree: Tree, above: readonly Flag[] = [], path: readonly string[] = []): Situation[] {
  const flags = [...tree.flags, ...above];
  const context = { path: path.join(" "), tree, flags };
  return [context, ...tree.commands.flatMap((child) => situations(child, flags, [...path, child.name]))];
}
const offered = ({ tree }: Situation): string[] => [...tree.commands.map((c) => c.name), ...tree.choices];
const valueFlags = (all: readonly Situation[]): string[] => [
  ...new Set(all.flatMap((s) => s.flags.filter((f) => f.takesValue).flatMap((f) => f.names))),
];
const choiceFlags = (all: readonly Situation[]): Flag[] => [
  ...new Map(all.flatMap((s) => s.flags.filter((f) => f.choices.length > 0).map((f) => [f.names.join(), f] as const))).values(),
];

const wordFlags = (all: readonly Situation[]): Flag[] => [
  ...new Map(all.flatMap((s) => s.flags.filter((f) => f.words !== undefined).map((f) => [f.names.join(), f] as const))).values(),
];

/** The script finds the command among the words of the line; the word after a flag with a value is the value. */
function bash(tree: Tree): string {
  const all = situations(tree);
  const cases = all.map((s) => `    "${s.path}") words="${offered(s).join(" ")}"; flags="${s.flags.flatMap((f) => f.names).join(" ")}" ;;`);
  const paths = all.filter((s) => s.path).map((s) => `"${s.path}"`);
  const choices = choiceFlags(all).map(
    (f) => `    ${f.names.join("|")}) COMPREPLY=($(compgen -W "${f.choices.join(" ")}" -- "$current")); return ;;`,
  );
  const dynamicCases = wordFlags(all).map(
    ({ names, words }) =>
      `    ${names.join("|")}) COMPREPLY=($(compgen -W "$("\${COMP_WORDS[0]}" complete ${words} 2>/dev/null)" -- "$current")); return ;;`,
  );
  return `# bash completion for ${tree.name}: source <(${tree.name} completion bash)
_${tree.name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" flags="" word next i skip=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n "$skip" ]]; then skip=""; continue; fi
    case "$word" in
      ${valueFlags(all).join("|")}) skip=1 ;;
      -*) ;;
      *) next="\${path:+$path }$word"
        case "$next" in ${paths.join("|")}) path="$next" ;; esac ;;
    esac
  done
  case "$previous" in
${[...choices, ...dynamicCases, `    ${valueFlags(all).join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;`].join("\n")}
  esac
  case "$path" in
${cases.join("\n")}
  esac
  if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$current")); else COMPREPLY=($(compgen -W "$words" -- "$current")); fi
}
complete -F _${tree.name} ${tree.name}
`;
}

/** `bashcompinit` lets zsh run completions of bash. */
function zsh(tree: Tree): string {
  return `#compdef ${tree.name}
# zsh completion for ${tree.name}: source <(${tree.name} completion zsh)
autoload -Uz compinit bashcompinit
(( \${+_comps} )) || compinit
bashcompinit
${bash(tree)}`;
}

function fish(tree: Tree): string {
  const lines = situations(tree).flatMap(({ path, tree: at }) => {
    const when = condition(path, at);
    return [
      ...at.commands.map((c) => `complete -c ${tree.name} -f -n ${when} -a ${c.name} -d ${fishText(c.description)}`),
      ...(at.choices.length > 0 ? [`complete -c ${tree.name} -f -n ${when} -a "${at.choices.join(" ")}"`] : []),
      ...at.flags.map((f) => `complete -c ${tree.name}${path ? ` -n ${when}` : ""} ${fishFlag(f)}`),
    ];
  });
  return `# fish completion for ${tree.name}: ${tree.name} completion fish | source\n${lines.join("\n")}\n`;
}
function condition(path: string, { commands }: Tree): string {
  const seen = path
    .split(" ")
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const notYet = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.map((c) => c.name).join(" ")}`] : [];
  return `"${[...seen, ...notYet].join("; and ") || "true"}"`;
}
function fishFlag({ names, description, takesValue, choices, words }: Flag): string {
  const parts = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = words
    ? [`-x -a "(fleetlogix complete ${words} 2>/dev/null)"`]
    : choices.length > 0
      ? [`-x -a "${choices.join(" ")}"`]
      : takesValue
        ? ["-r"]
        : [];
  return [...parts, ...value, `-d ${fishText(description)}`].join(" ");
}
const fishText = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
