import type { Documents } from "../invariants/documents.ts";
import type { Command, Observed } from "../invariants/order.ts";
import { snapshot } from "../invariants/snapshot.ts";
import type { CommandFixture, Point } from "./fixture.ts";

/** The arguments of each command, in one scenario. */
export type Arguments = Readonly<Record<Command | "plan", readonly string[]>>;

/** The fixture as the checks see it. */
export function observe(fixture: CommandFixture, foreign: Documents, args: Arguments): Observed {
  return {
    async rerun(command) {
      const { code, signal, stdout, stderr } = await fixture.run(args[command]);
      return code === 0 ? undefined : `\`${args[command].join(" ")}\` ended with ${code ?? signal}: ${(stderr || stdout).slice(-1_500)}`;
    },
    async plannedActions() {
      const { stdout } = await fixture.run(args.plan);
      const { changes } = JSON.parse(stdout) as { readonly changes: readonly { readonly id: string; readonly action: string }[] };
      return new Map(changes.map(({ id, action }) => [id, action]));
    },
    calls: fixture.calls,
    clearCalls: fixture.clearCalls,
    documents: fixture.documents,
    foreign,
    output: fixture.output,
    holders: fixture.holders,
  };
}

/** Throws unless the command, undisturbed, succeeds. */
export async function runUndisturbed(fixture: CommandFixture, args: readonly string[]): Promise<void> {
  const { code, signal, stderr } = await fixture.run(args);
  if (code !== 0) throw new Error(`\`${args.join(" ")}\` ended with ${code ?? signal}: ${stderr.slice(-1_500)}`);
}

/** Throws unless the command was killed at this call. */
export async function runKilled(fixture: CommandFixture, point: Point, args: readonly string[]): Promise<void> {
  const { signal, code, stderr } = await fixture.killAt(point, args);
  if (signal !== "SIGKILL") throw new Error(`the call was not made; the run ended with ${code}: ${stderr.slice(-500)}`);
}

export const stateOf = (fixture: CommandFixture, foreign: Documents): readonly string[] => snapshot(fixture.documents(), foreign);
