import { type Command, CommanderError } from "commander";
import type { Answer, CommandContext, GlobalFlags, Io } from "./context.ts";
import { type Failure, toErrorJson, toErrorText, toFailure } from "./failure.ts";
import { refuseContradictions } from "./flag-rules.ts";
import type { Act } from "./program/act.ts";
import { buildProgram } from "./program.ts";
import { displayWidth, giveWidth, labelled, widthOf, wrapped } from "./render/layout.ts";
import { type Voice, voiceOf } from "./render/paint.ts";
import { watchReaders, watchSignals } from "./signals.ts";
import { toTypedCommands } from "./typed-commands.ts";
import { usageError } from "./usage-error.ts";

/** Commands whose document has the form of a plan, also when they fail before the plan. */
const PROVISIONING = new Set(["up", "setup", "deploy-lambdas", "create-api", "teardown", "plan"]);
const INTERRUPTED = 130;
/** The exit code of a plan with changes; it is not a failure. */
const CHANGES_FOUND = 3;

/** Runs one command line and returns its exit code. It reads and writes through `io` only. */
export async function runCommand(argv: readonly string[], io: Io): Promise<number> {
  const controller = new AbortController();
  const output = watchReaders(controller, io);
  for (const stream of [io.stdout, io.stderr]) giveWidth(stream);
  const unwatch = watchSignals(controller);
  const ended: { -readonly [K in keyof Ended]: Ended[K] } = {};
  const act: Act =
    (load) =>
    async (...args) => {
      const command = args.pop() as Command;
      const options = args.pop() as Record<string, unknown>;
      ended.run = runOf(command, argv, io, controller.signal);
      const givenFormat = command.getOptionValueSource("format") === "cli" ? options.format : undefined;
      refuseContradictions({ command: ended.run.command, options: { ...options, givenFormat }, flags: ended.run.flags, env: io.env });
      ended.answer = await (await load())(ended.run, args, options);
    };
  let help = "";
  const program = quiet(buildProgram(act), io, (text) => {
    help += text;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return (await output.lost()) ? 1 : 0;
    ended.caller = ended.run ?? runOf(program, argv, io, controller.signal);
    ended.thrown = thrown instanceof CommanderError ? usageError(thrown, program, argv) : thrown;
    if (help && !argv.includes("--json")) io.stderr.write(`${help}\n`);
  } finally {
    unwatch();
  }
  const exit = report(ended, argv, io, controller.signal);
  const lost = await output.lost();
  // Another failure keeps its own exit code.
  return lost && (exit === 0 || exit === CHANGES_FOUND) ? 1 : exit;
}

function runOf(command: Command, argv: readonly string[], io: Io, signal: AbortSignal): CommandContext {
  const flags = command.optsWithGlobals<GlobalFlags>();
  const voice = voicesOf(io, flags.color);
  const paint = { err: voice.err.paint, out: voice.out.paint };
  const warnings: string[] = [];
  const run: CommandContext = {
    command: pathOf(command),
    flags: { ...flags, local: flags.local === true, json: flags.json === true, yes: flags.yes === true },
    argv,
    reached: {},
    io,
    signal,
    paint,
    voice,
    warnings,
    note: (line, style) => {
      if (flags.quiet || flags.json) return;
      const text = noteText(toTypedCommands(line, run), widthOf(io.stderr));
      voice.err.write(`${style ? paint.err(style, text) : text}\n`);
    },
    warn: (line) => {
      const text = toTypedCommands(line, run);
      warnings.push(text);
      if (!flags.json) voice.err.write(`${labelled("warning", text, widthOf(io.stderr), paint.err, "warn").join("\n")}\n`);
    },
  };
  return run;
}
/** A text of several lines has its layout already. */
const noteText = (text: string, width: number): string =>
  text.includes("\n") || displayWidth(text) <= width ? text : wrapped(text, width).join("\n");
const pathOf = (command: Command): string => (command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name());

/** Prints requested help unchanged; errors of commander become errors of this program. */
function quiet(program: Command, io: Io, onHelp: (text: string) => void): Command {
  const each = (command: Command) => {
    command.exitOverride().configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: onHelp, outputError: () => {} });
    for (const child of command.commands) each(child);
  };
  each(program);
  return program;
}

interface Ended {
  readonly run?: CommandContext;
  /** For hints: the run, or the flags alone where no command was found. */
  readonly caller?: CommandContext;
  readonly answer?: Answer;
  readonly thrown?: unknown;
}

/** Prints answer or failure as text or JSON, and returns the exit code. */
function report({ run, caller, answer, thrown }: Ended, argv: readonly string[], io: Io, signal: AbortSignal): number {
  const problem = thrown ?? answer?.failure;
  const interrupted = signal.reason === "signal";
  const failure = problem === undefined ? undefined : toFailure(problem, interrupted, (text) => toTypedCommands(text, run ?? caller));
  const words = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const json = run ? run.flags.json : words.includes("--json");
  const voice = run?.voice ?? voicesOf(io, !words.includes("--no-color"));
  if (json) {
    const document = thrown === undefined && answer ? answer.json : bareDocument(run?.command ?? commandIn(words), failure);
    // A command that runs until a signal has already printed its document.
    if (document !== undefined) voice.out.write(`${JSON.stringify(document, null, io.stdout.isTTY ? 2 : undefined)}\n`);
  } else {
    if (answer?.text !== undefined && thrown === undefined) voice.out.write(answer.text === "" ? "" : `${answer.text}\n`);
    const text = failure && toErrorText(failure, voice.err.paint, run?.flags.verbose ?? false, widthOf(io.stderr));
    if (text !== undefined && signal.reason !== "reader") voice.err.write(`${text}\n`);
  }
  if (interrupted && failure) return INTERRUPTED;
  return answer?.exit ?? failure?.exit ?? 0;
}
const voicesOf = (io: Io, colour: boolean): { readonly err: Voice; readonly out: Voice } => ({
  err: voiceOf(io.stderr, io.env, colour),
  out: voiceOf(io.stdout, io.env, colour),
});
const commandIn = (words: readonly string[]): string | null => words.find((word) => !word.startsWith("-")) ?? null;

/** The document of a failure that came before the command could make its own. */
function bareDocument(command: string | null, failure: Failure | undefined): Record<string, unknown> {
  const error = failure ? toErrorJson(failure) : null;
  if (command === null || !PROVISIONING.has(command)) return { command, ok: false, error };
  const summary = { create: 0, update: 0, replace: 0, delete: 0, keep: 0 };
  return { command, stack: null, account: null, region: null, ok: false, changes: [], summary, outputs: null, error, duration_ms: 0 };
}
