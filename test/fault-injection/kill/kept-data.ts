import type { Documents } from "../invariants/documents.ts";
import { secretsOf } from "../invariants/invariants.ts";
import {
  checkDisturbed,
  checkEnd,
  checkIdleUp,
  checkRecovery,
  checkTeardown,
  type Observed,
  type UndisturbedStates,
} from "../invariants/order.ts";
import { leaveSentinels, type Sentinels } from "../invariants/sentinels.ts";
import { type Check, type OpenReport, openReport, type Report } from "../report.ts";
import { sample } from "../sample.ts";
import { type CommandFixture, PLANTED_SECRET, type Point, startFixture } from "./fixture.ts";
import { type Arguments, observe, runKilled, runUndisturbed, stateOf } from "./observed.ts";
import { DOWN, UP } from "./reference.ts";
import { killName, pointsOf } from "./scenarios.ts";

/** A teardown that keeps the data, and an `up` after it, each killed, with a real PostgreSQL. */

export interface KeptDataOptions {
  readonly sample?: number | undefined;
  readonly seed: number;
  readonly print: (line: string) => void;
}
interface Stack extends UndisturbedStates {
  readonly fixture: CommandFixture;
  readonly foreign: Documents;
  readonly args: Arguments;
  readonly sentinels: Sentinels;
  readonly upPoints: readonly Point[];
  readonly downPoints: readonly Point[];
}

/** One stack for all rounds: its data stay from round to round. */
export async function keptData(options: KeptDataOptions): Promise<Report> {
  const fixture = await startFixture({ databases: "real" });
  try {
    const stack = await openStack(fixture);
    const all = Array.from({ length: Math.max(stack.downPoints.length, stack.upPoints.length) }, (_, round) => round);
    const rounds = sample(all, options.sample, options.seed);
    const report = openReport(rounds.length, options.print);
    for (const round of rounds) await playRound(stack, round, report);
    await runUndisturbed(fixture, [...DOWN, "--endpoint-url", fixture.url, "--skip-final-snapshot"]);
    return report.report();
  } finally {
    await fixture.close();
  }
}

async function openStack(fixture: CommandFixture): Promise<Stack> {
  const foreign = fixture.documents();
  const local = ["--endpoint-url", fixture.url];
  const args = { up: [...UP, ...local], teardown: ["teardown", "--yes", "--json", ...local], plan: ["plan", "--json", ...local] };
  await runUndisturbed(fixture, args.up);
  const database = async () => (await fixture.runUnrecorded(["outputs", "database.url", "--show-secrets", ...local])).stdout.trim();
  const sentinels = await leaveSentinels({ ...fixture.holders, database });
  await runUndisturbed(fixture, args.teardown);
  const [downPoints, down] = [pointsOf(fixture.proxy.calls()), stateOf(fixture, foreign)];
  await runUndisturbed(fixture, args.up);
  const [upPoints, up] = [pointsOf(fixture.proxy.calls()), stateOf(fixture, foreign)];
  return { fixture, foreign, args, sentinels, upPoints, downPoints, up, down };
}

function playRound(stack: Stack, round: number, { play }: OpenReport): Promise<void> {
  const [down, up] = [stack.downPoints[round], stack.upPoints[round]];
  const kills = [down && killName("teardown", down), up && killName("up", up)].filter(Boolean).join(", ");
  return play(`F14 data kept: ${kills}`, (check) => checkRound(stack, down, up, check));
}

async function checkRound(stack: Stack, down: Point | undefined, up: Point | undefined, check: Check): Promise<void> {
  const { fixture, foreign, args, sentinels } = stack;
  const observed: Observed = observe(fixture, foreign, args);
  fixture.clearCalls();
  const secrets = [PLANTED_SECRET, ...secretsOf(fixture.documents())];
  if (down) await runKilled(fixture, down, args.teardown);
  checkDisturbed(observed, check);
  await checkTeardown(observed, stack, check);
  fixture.clearCalls();
  if (up) await runKilled(fixture, up, args.up);
  checkDisturbed(observed, check);
  await checkRecovery(observed, stack, {}, check);
  await checkIdleUp(observed, check, sentinels);
  checkEnd(observed, secrets, check);
}
