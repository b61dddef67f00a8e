import type { Documents } from "../invariants/documents.ts";
import { doubled, leaked, touched } from "../invariants/invariants.ts";
import type { Sentinels } from "../invariants/sentinels.ts";
import { difference, snapshot } from "../invariants/snapshot.ts";
import { OWN_SECRET, type World } from "./fixture.ts";
import type { PassingCall } from "./proxy.ts";

/** Ends a scenario: what should hold does not. */
export class Broken extends Error {}
export function hold(invariant: string, fault: string | undefined): void {
  if (fault !== undefined) throw new Broken(`${invariant}: ${fault}`);
}

/** Runs the command to its end; Broken unless it ends well. */
export async function must(world: World, invariant: string, ...args: readonly string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await world.run(args);
  hold(invariant, code === 0 ? undefined : `\`${args.join(" ")}\` ended with ${code ?? signal}: ${(stderr || stdout).slice(-1_500)}`);
  return stdout;
}
/** The same, and it may change nothing. */
export async function mustKeep(world: World, ...args: readonly string[]): Promise<void> {
  await must(world, "I2", ...args);
  const writes = writesOf(world.proxy.calls());
  hold(
    "I8",
    writes.length === 0 ? undefined : `\`${args.join(" ")}\` had nothing to do and wrote: ${writes.map((call) => call.name).join(", ")}`,
  );
}
export const writesOf = (calls: readonly PassingCall[]): readonly PassingCall[] => calls.filter((call) => call.write);

export const stateOf = (world: World, foreign: Documents): readonly string[] => snapshot(world.documents(), foreign);
export const sameState = (wanted: readonly string[], got: readonly string[]): void => hold("I1", difference(wanted, got));
export const madeOnce = (world: World): void => hold("I9", doubled(world.calls()));
export const othersUntouched = (world: World, before: Documents): void => hold("I5", touched(before, world.documents(), world.calls()));
export const secretsKept = (world: World, removed: readonly string[] = []): void =>
  hold("I7", leaked(world.documents(), world.heard(), [OWN_SECRET, ...removed]));
export const nothingLost = async (sentinels: Sentinels): Promise<void> => hold("I6", await sentinels.lost());
