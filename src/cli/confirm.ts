import { createInterface } from "node:readline/promises";
import { FleetlogixError } from "../errors.ts";
import { canAsk } from "./progress.ts";
import type { Run } from "./run.ts";

/** CONFIRMATION_MISSING when there is neither --yes nor a person to ask; undefined: it can be confirmed. */
export function unconfirmable(run: Run, what: string): FleetlogixError | undefined {
  if (run.flags.yes || canAsk(run)) return undefined;
  return new FleetlogixError(
    "CONFIRMATION_MISSING",
    `${what} has to be confirmed, and there is no terminal to ask in. Nothing was changed.`,
    {
      hint: "Add --yes to go ahead; --dry-run shows what would happen.",
    },
  );
}

/** Goes on when `word` is typed; the question is skipped with --yes. */
export async function confirmByTyping(run: Run, word: string): Promise<void> {
  if (run.flags.yes) return;
  const typed = await ask(run, `Type ${run.paint.err("strong", word)} to go ahead: `);
  if (typed.trim() !== word) throw declined();
}
export async function confirmByYes(run: Run, question: string): Promise<void> {
  if (run.flags.yes) return;
  const typed = await ask(run, `${question} [y/N] `);
  if (!/^y(es)?$/i.test(typed.trim())) throw declined();
}

const declined = () =>
  new FleetlogixError("CONFIRMATION_MISSING", "Not confirmed; nothing was changed.", { hint: "Run the command again to be asked again." });

async function ask(run: Run, question: string): Promise<string> {
  const lines = createInterface({ input: run.io.stdin, output: run.io.stderr });
  // In a terminal readline takes Ctrl-C for itself: hand it on.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await lines.question(question, { signal: run.signal });
  } finally {
    lines.close();
  }
}
