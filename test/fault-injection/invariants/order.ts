import type { LoggedCall } from "../../../src/local/core/faults.ts";
import type { Check } from "../report.ts";
import type { Documents } from "./documents.ts";
import * as invariants from "./invariants.ts";
import { type Holders, leaveSentinels, type Sentinels } from "./sentinels.ts";
import { difference, snapshot, withoutPast } from "./snapshot.ts";

/** The order in which both suites check the invariants: disturbed run, recovery, idle run, teardown, end. */

export type Command = "up" | "teardown";
/** One suite's local AWS, and its way to run the command against it. */
export interface Observed {
  /** Runs the command until it succeeds, at most as often as the scenario allows; otherwise answers with the last error. */
  rerun(command: Command): Promise<invariants.Violation>;
  /** Makes a plan and answers with its actions, by id of the resource. */
  plannedActions(): Promise<ReadonlyMap<string, string>>;
  /** Every call since `clearCalls`, as AWS saw it. */
  calls(): readonly LoggedCall[];
  clearCalls(): void;
  documents(): Documents;
  /** Documents of foreign resources, as they were before the first run. */
  readonly foreign: Documents;
  /** Everything that the runs printed. */
  output(): string;
  readonly holders: Holders;
}
/** States of undisturbed runs. */
export interface UndisturbedStates {
  readonly up: readonly string[];
  readonly down: readonly string[];
}
/** Differences from an undisturbed run that are correct after this fault. */
export interface Tolerance {
  /** After this fault a resource may be created a second time. */
  readonly mayRecreate?: boolean;
  /** Two runs at once may both create a resource where AWS accepts two of a name; one of the two is deleted again (I3). */
  readonly twoRuns?: boolean;
  /** The comparison with the undisturbed run counts as I13 instead of I1. */
  readonly reordered?: boolean;
  /** Documents that an out-of-band change left in a resource of ours: nothing uses them, and they are deleted with the resource. */
  readonly leftBehind?: RegExp;
  /** The stack had another configuration before: older versions of functions stay. */
  readonly hasHistory?: boolean;
}

/** After the disturbed run, which may have been killed. */
export function checkDisturbed({ calls }: Observed, check: Check): void {
  check("I12", invariants.unboundedCalls(calls()));
}

/** Runs `up` until it succeeds. Answers whether the stack equals the undisturbed one. */
export async function checkRecovery(
  observed: Observed,
  { up }: Pick<UndisturbedStates, "up">,
  allowed: Tolerance,
  check: Check,
): Promise<boolean> {
  check("I2", await observed.rerun("up"));
  const lines = snapshot(observed.documents(), observed.foreign).filter((line) => !allowed.leftBehind?.test(line));
  const differs = allowed.hasHistory ? difference(withoutPast(up), withoutPast(lines)) : difference(up, lines);
  check(allowed.reordered ? "I13" : "I1", differs);
  check("I3", invariants.duplicateNames(observed.documents(), observed.foreign));
  if (!allowed.mayRecreate) check("I9", invariants.createdTwice(observed.calls(), allowed.twoRuns));
  check("I11", invariants.exposed(observed.calls()));
  check("I6", allowed.mayRecreate ? undefined : invariants.dataDeleted(observed.calls()));
  return differs === undefined;
}

/** An `up` and a plan with nothing to do. */
export async function checkIdleUp(observed: Observed, check: Check, sentinels?: Sentinels): Promise<void> {
  const written = sentinels ?? (await leaveSentinels(observed.holders));
  clearCalls(observed, check);
  check("I2", await observed.rerun("up"));
  const changes = [...(await observed.plannedActions())].filter(([, action]) => action !== "keep" && action !== "retain");
  check("I14", changes.length === 0 ? undefined : `the plan of an unchanged stack shows ${changes.join(" ")}`);
  check("I8", invariants.writesMade(observed.calls()));
  check("I6", await written.lost());
}

/** Runs `teardown` until it succeeds, and once more with nothing to do. */
export async function checkTeardown(observed: Observed, { down }: Pick<UndisturbedStates, "down">, check: Check): Promise<void> {
  check("I2", await observed.rerun("teardown"));
  check("I4", difference(down, snapshot(observed.documents(), observed.foreign)));
  clearCalls(observed, check);
  check("I2", await observed.rerun("teardown"));
  check("I8", invariants.writesMade(observed.calls()));
}

/** At the end of a scenario. `secrets`: those that AWS held earlier and that a teardown deleted. */
export function checkEnd(observed: Observed, secrets: readonly string[], check: Check): void {
  check("I7", invariants.secretLeaked(observed.documents(), observed.output(), secrets));
  check("I5", invariants.foreignChanged(observed.foreign, observed.documents(), observed.calls()));
}

/** The calls that are cleared must not have named a foreign resource either. */
function clearCalls(observed: Observed, check: Check): void {
  check("I5", invariants.foreignNamed(observed.calls()));
  observed.clearCalls();
}
