import { type Command, CommanderError } from "commander";
import { FleetlogixError } from "../errors.ts";
import { type Failure, toErrorJson, toErrorText, toFailure } from "./failure.ts";
import { type Act, buildProgram } from "./program.ts";
import { paintFor } from "./render/paint.ts";
import { giveWidth } from "./render/words.ts";
import type { Answer, GlobalFlags, Io, Run } from "./run.ts";
import { watchReaders, watchSignals } from "./signals.ts";

/** Commands whose document has the plan's shape even when nothing could be planned. */
const STORIES = new Set(["up", "setup", "deploy-lambdas", "create-api", "teardown", "plan"]);
const INTERRUPTED = 130;

/** Runs one command line from its words to its exit code; everything it says goes through `io`. */
export async function runCommand(argv: readonly string[], io: Io): Promise<number> {
  const controller = new AbortController();
  watchReaders(controller, io);
  for (const stream of [io.stdout, io.stderr]) giveWidth(stream);
  const unwatch = watchSignals(controller);
  const ended: { run?: Run; answer?: Answer; thrown?: unknown } = {};
  const act: Act =
    (load) =>
    async (...args) => {
      const command = args.pop() as Command;
      const options = args.pop() as Record<string, unknown>;
      ended.run = runOf(command, io, controller.signal);
      ended.answer = await (await load())(ended.run, args, options);
    };
  let help = "";
  const program = quiet(buildProgram(act), io, (text) => {
    help = text;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    ended.thrown = thrown instanceof CommanderError ? toUsageError(thrown, program, argv) : thrown;
    if (help && !argv.includes("--json")) io.stderr.write(`${help}\n`);
  } finally {
    unwatch();
  }
  return report(ended, argv, io, controller.signal);
}

function runOf(command: Command, io: Io, signal: AbortSignal): Run {
  const flags = command.optsWithGlobals<GlobalFlags>();
  const paint = { err: paintFor(io.stderr, io.env, flags.color), out: paintFor(io.stdout, io.env, flags.color) };
  const warnings: string[] = [];
  return {
    command: pathOf(command),
    flags: { ...flags, local: flags.local === true, json: flags.json === true, yes: flags.yes === true },
    io,
    signal,
    paint,
    warnings,
    note: (line) => void (flags.quiet || flags.json || io.stderr.write(`${line}\n`)),
    warn: (line) => {
      warnings.push(line);
      if (!flags.json) io.stderr.write(`${paint.err("warn", "warning")}  ${line}\n`);
    },
  };
}
const pathOf = (command: Command): string => (command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name());

/** Help that was asked for goes out as it is; commander's complaints become errors of ours. */
function quiet(program: Command, io: Io, onHelp: (text: string) => void): Command {
  const each = (command: Command) => {
    command.exitOverride().configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: onHelp, outputError: () => {} });
    for (const child of command.commands) each(child);
  };
  each(program);
  return program;
}

function toUsageError(error: CommanderError, program: Command, argv: readonly string[]): FleetlogixError {
  const command = program.commands.find((c) => c.name() === argv.find((word) => !word.startsWith("-")));
  const help = `fleetlogix ${command ? `${command.name()} ` : ""}--help`;
  if (error.code !== "commander.help") {
    const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
    return new FleetlogixError("USAGE", sentence(message), { hint: suggestion ? suggestion.replace(/^\(|\)$/g, "") : `See \`${help}\`.` });
  }
  const names = (command ?? program).commands.map((c) => c.name()).join(", ");
  return new FleetlogixError("USAGE", "A command is missing.", { hint: `Name one of ${names}; see \`${help}\`.` });
}
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;

interface Ended {
  readonly run?: Run;
  readonly answer?: Answer;
  readonly thrown?: unknown;
}

/** Says how it ended, on the right stream and in the right form, and gives the exit code. */
function report({ run, answer, thrown }: Ended, argv: readonly string[], io: Io, signal: AbortSignal): number {
  const problem = thrown ?? answer?.failure;
  const interrupted = signal.reason === "signal";
  const failure = problem === undefined ? undefined : toFailure(problem, interrupted);
  const words = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const json = run ? run.flags.json : words.includes("--json");
  if (json) {
    const document = thrown === undefined && answer ? answer.json : bareDocument(run?.command ?? commandIn(words), failure);
    io.stdout.write(`${JSON.stringify(document, null, io.stdout.isTTY ? 2 : undefined)}\n`);
  } else {
    if (answer?.text !== undefined && thrown === undefined) io.stdout.write(answer.text === "" ? "" : `${answer.text}\n`);
    const paint = run?.paint.err ?? paintFor(io.stderr, io.env, !words.includes("--no-color"));
    if (failure && signal.reason !== "reader") io.stderr.write(`${toErrorText(failure, paint, run?.flags.verbose ?? false)}\n`);
  }
  if (interrupted && failure) return INTERRUPTED;
  return answer?.exit ?? failure?.exit ?? 0;
}
const commandIn = (words: readonly string[]): string | null => words.find((word) => !word.startsWith("-")) ?? null;

/** For a failure before the command could make its own document. */
function bareDocument(command: string | null, failure: Failure | undefined): Record<string, unknown> {
  const error = failure ? toErrorJson(failure) : null;
  if (command === null || !STORIES.has(command)) return { command, ok: false, error };
  const summary = { create: 0, update: 0, replace: 0, delete: 0, keep: 0 };
  return { command, stack: null, account: null, region: null, ok: false, changes: [], summary, outputs: null, error, duration_ms: 0 };
}
