import type { Documents } from "../invariants/documents.ts";
import { createdTwice, foreignChanged, secretLeaked } from "../invariants/invariants.ts";
import type { Sentinels } from "../invariants/sentinels.ts";
import { difference, snapshot } from "../invariants/snapshot.ts";
import { type CommandFixture, PLANTED_SECRET } from "./fixture.ts";
import type { PassingCall } from "./proxy.ts";

/** Ends a scenario: what should hold does not. */
export class Broken extends Error {}
export function hold(invariant: string, fault: string | undefined): void {
  if (fault !== undefined) throw new Broken(`${invariant}: ${fault}`);
}

/** Runs the command to its end; Broken unless it ends well. */
export async function must(fixture: CommandFixture, invariant: string, ...args: readonly string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await fixture.run(args);
  hold(invariant, code === 0 ? undefined : `\`${args.join(" ")}\` ended with ${code ?? signal}: ${(stderr || stdout).slice(-1_500)}`);
  return stdout;
}
/** The same, and it may change nothing. */
export async function mustKeep(fixture: CommandFixture, ...args: readonly string[]): Promise<void> {
  await must(fixture, "I2", ...args);
  const writes = writesOf(fixture.proxy.calls());
  hold(
    "I8",
    writes.length === 0 ? undefined : `\`${args.join(" ")}\` had nothing to do and wrote: ${writes.map((call) => call.name).join(", ")}`,
  );
}
export const writesOf = (calls: readonly PassingCall[]): readonly PassingCall[] => calls.filter((call) => call.write);

export const stateOf = (fixture: CommandFixture, foreign: Documents): readonly string[] => snapshot(fixture.documents(), foreign);
export const sameState = (wanted: readonly string[], got: readonly string[]): void => hold("I1", difference(wanted, got));
export const madeOnce = (fixture: CommandFixture): void => hold("I9", createdTwice(fixture.calls()));
export const othersUntouched = (fixture: CommandFixture, before: Documents): void =>
  hold("I5", foreignChanged(before, fixture.documents(), fixture.calls()));
export const secretsKept = (fixture: CommandFixture, removed: readonly string[] = []): void =>
  hold("I7", secretLeaked(fixture.documents(), fixture.output(), [PLANTED_SECRET, ...removed]));
export const nothingLost = async (sentinels: Sentinels): Promise<void> => hold("I6", await sentinels.lost());
