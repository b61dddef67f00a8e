import type { Command } from "commander";
import { completionScript, type Shell, type Suggestions, treeOf } from "../completion.ts";
import type { Action } from "../context.ts";

/** Prints the completion script. `program` is the tree of commands. */
export const completion =
  (program: Command, suggestions: Suggestions): Action =>
  async (run, [shell]) => {
    const script = completionScript(shell as Shell, treeOf(program, suggestions));
    return { text: script.trimEnd(), json: { command: run.command, ok: true, shell, script } };
  };
