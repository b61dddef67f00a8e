import { createInterface } from "node:readline/promises";
import type { Plan } from "../app.ts";
import { FleetlogixError } from "../errors.ts";
import type { CommandContext } from "./context.ts";
import { canAsk } from "./progress.ts";

/** CONFIRMATION_MISSING when there is neither --yes nor a person to ask; undefined: it can be confirmed. */
export function unconfirmable(run: CommandContext, what: string): FleetlogixError | undefined {
  if (run.flags.yes || canAsk(run)) return undefined;
  return new FleetlogixError(
    "CONFIRMATION_MISSING",
    `${what} has to be confirmed, and there is no terminal to ask in. Nothing was changed.`,
    {
      hint: "`--dry-run` shows what would happen; `--yes` goes ahead without a question.",
    },
  );
}

/** Goes on when `word` is typed; the question is skipped with --yes. */
export async function confirmByTyping(run: CommandContext, word: string): Promise<void> {
  if (run.flags.yes) return;
  const typed = await ask(run, `Type ${run.paint.err("strong", word)} to go ahead: `);
  if (typed?.trim() !== word) throw declined();
}
/** `what` begins the sentence of the refusal where nobody can be asked. */
export async function confirmByYes(run: CommandContext, question: string, what = "What the plan replaces and removes"): Promise<void> {
  if (run.flags.yes) return;
  const refusal = unconfirmable(run, what);
  if (refusal) throw refusal;
  const typed = await ask(run, `${question} [y/N] `);
  if (!/^y(es)?$/i.test(typed?.trim() ?? "")) throw declined();
}

/** Ids that the plan which was shown removes or replaces; undefined with --yes: then whatever is due. */
export function confirmedBy(run: CommandContext, { resources }: Plan): ReadonlySet<string> | undefined {
  if (run.flags.yes) return undefined;
  return new Set(resources.filter(({ decision }) => decision.action === "delete" || decision.action === "replace").map(({ id }) => id));
}

const declined = () =>
  new FleetlogixError("CONFIRMATION_MISSING", "Not confirmed; nothing was changed.", { hint: "Run the command again to be asked again." });

/** An answer that `fits`; nothing typed: `usual`. Asked again until it fits; CONFIRMATION_MISSING when the input ends. */
export async function askFor(run: CommandContext, question: string, usual: string, fits: (answer: string) => boolean): Promise<string> {
  for (;;) {
    const typed = await ask(run, `${question}${usual === "" ? "" : ` [${usual}]`}: `);
    if (typed === undefined) throw declined();
    const answer = typed.trim() || usual;
    if (fits(answer)) return answer;
    run.voice.err.write(`${JSON.stringify(answer)} does not fit.\n`);
  }
}

/** undefined: the input ended without an answer. */
async function ask(run: CommandContext, question: string): Promise<string | undefined> {
  const lines = createInterface({ input: run.io.stdin, output: run.io.stderr });
  // In a terminal readline takes Ctrl-C for itself: hand it on.
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
