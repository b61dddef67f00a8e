import { createInterface } from "node:readline/promises";
import type { Plan } from "../app.ts";
import { FleetlogixError } from "../errors.ts";
import type { CommandContext } from "./context.ts";
import { canAsk } from "./progress.ts";
import { widthOf, wrapped } from "./render/layout.ts";

/** CONFIRMATION_MISSING when there is neither --yes nor a terminal; undefined: it can be confirmed. */
export function unconfirmable(run: CommandContext, what: string): FleetlogixError | undefined {
  if (run.flags.yes || canAsk(run)) return undefined;
  return new FleetlogixError(
    "CONFIRMATION_MISSING",
    `${what} has to be confirmed, but there is no terminal for the question. Nothing was changed.`,
    {
      hint: "`--dry-run` shows the plan; `--yes` runs it without a question.",
    },
  );
}

/** Returns when the user types `word`; with --yes there is no question. */
export async function confirmByTyping(run: CommandContext, word: string): Promise<void> {
  if (run.flags.yes) return;
  const typed = await ask(run, `Type ${run.paint.err("strong", word)} to continue: `);
  if (typed?.trim() !== word) throw declined();
}
/** Without a terminal it throws; `what` is the subject of the error. */
export async function confirmByYes(
  run: CommandContext,
  question: string,
  what = "A plan that deletes or replaces resources",
): Promise<void> {
  if (run.flags.yes) return;
  const refusal = unconfirmable(run, what);
  if (refusal) throw refusal;
  const typed = await ask(run, `${question} [y/N] `);
  if (!/^y(es)?$/i.test(typed?.trim() ?? "")) throw declined();
}

/** Ids of the resources that the shown plan deletes or replaces; undefined with --yes, which confirms any plan. */
export function confirmedBy(run: CommandContext, { resources }: Plan): ReadonlySet<string> | undefined {
  if (run.flags.yes) return undefined;
  return new Set(resources.filter(({ decision }) => decision.action === "delete" || decision.action === "replace").map(({ id }) => id));
}

const declined = () =>
  new FleetlogixError("CONFIRMATION_MISSING", "Not confirmed; nothing was changed.", { hint: "Run the command again to be asked again." });

/** A question. `complaint` returns the error in an answer with its correction, or undefined for a valid answer. */
interface Question {
  readonly question: string;
  /** The answer when nothing is typed. */
  readonly usual: string;
  readonly complaint: (answer: string) => string | undefined;
}
/** Repeats the question until the answer is valid. CONFIRMATION_MISSING when the input ends. */
export async function askFor(run: CommandContext, { question, usual, complaint }: Question): Promise<string> {
  for (;;) {
    const typed = await ask(run, `${question}${usual === "" ? "" : ` [${usual}]`}: `);
    if (typed === undefined) throw declined();
    const answer = typed.trim() || usual;
    const wrong = complaint(answer);
    if (wrong === undefined) return answer;
    run.voice.err.write(`${wrapped(wrong, widthOf(run.io.stderr)).join("\n")}\n`);
  }
}

/** undefined: the input ended without an answer. */
async function ask(run: CommandContext, question: string): Promise<string | undefined> {
  const lines = createInterface({ input: run.io.stdin, output: run.io.stderr });
  // In a terminal readline handles Ctrl-C, so it is sent to the process.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ended = new Promise<undefined>((end) => lines.once("close", () => end(undefined)));
  try {
    return await Promise.race([lines.question(run.voice.err.render(question), { signal: run.signal }), ended]);
  } catch (error) {
    // Ctrl-D ends the input.
    if (run.signal.aborted) throw error;
    run.voice.err.write("\n");
    return undefined;
  } finally {
    lines.close();
  }
}
