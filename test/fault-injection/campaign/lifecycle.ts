import { rmSync } from "node:fs";
import type { Plan } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import type { FaultRule, LoggedCall } from "../../../src/local/core/faults.ts";
import type { InvariantId } from "../catalogue.ts";
import type { RunEnd } from "../invariants/invariants.ts";
import * as invariants from "../invariants/invariants.ts";
import { type Holders, leaveSentinels } from "../invariants/sentinels.ts";
import { difference, snapshot, withoutPast } from "../invariants/snapshot.ts";
import { type CommandRun, type Fixture, type FixtureOptions, type SavedFixture, startFixture } from "./fixture.ts";

export type Command = "up" | "teardown";
/** The undisturbed runs of one configuration, with which every scenario is compared. */
export interface Reference {
  readonly upCalls: readonly LoggedCall[];
  readonly downCalls: readonly LoggedCall[];
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** The finished stack, to begin from. */
  readonly stack: SavedFixture;
}
/** Shared by all scenarios of one process. */
export interface CampaignContext {
  readonly setting: FixtureOptions;
  /** Runs once for each configuration. */
  reference(config: Config): Promise<Reference>;
  close(): Promise<void>;
}
/** Counts one look at an invariant; `violation` says what is wrong, or is undefined where it holds. */
export type Check = (invariant: InvariantId, violation: string | undefined) => void;
export interface PlayOptions {
  /**
   * Goes on to the teardown in any case. Otherwise a scenario ends when the stack equals the undisturbed one: the command stores
   * nothing outside of AWS, so equal stacks have equal futures.
   */
  readonly toTeardown: boolean;
}
export interface Scenario {
  readonly name: string;
  /** Reports every look at an invariant to `check`. */
  play(context: CampaignContext, check: Check, how: PlayOptions): Promise<void>;
}

/** One lifecycle of the stack, from `up` to `teardown`, under one fault. */
export interface Lifecycle {
  readonly name: string;
  /** The command that meets the fault. */
  readonly during: Command;
  /** Default: `up` begins from nothing, `teardown` from a finished stack. A stack that `up` finds is of the campaign's own configuration. */
  readonly from?: "nothing" | "stack";
  /** The stack that `up` finds has the configuration `config`, too. */
  readonly stackOfConfig?: boolean;
  /** How many runs may be needed once the fault is gone: one, or two for double faults. */
  readonly runs?: 1 | 2;
  readonly concurrency: number;
  /** Configuration of the disturbed run; default: the campaign's own. */
  readonly config?: Config;
  /** An out-of-band change, or an earlier run. */
  readonly before?: (fixture: Fixture, config: Config) => Promise<unknown>;
  /** Judges the plan that is made after `before`; undefined: the plan is right. */
  readonly expectPlan?: (plan: Plan) => string | undefined;
  readonly rules?: (run: CommandRun, fixture: Fixture) => readonly FaultRule[];
  /** Judges the end of the disturbed run, beyond I10; undefined: it is right. */
  readonly expectEnd?: (ending: RunEnd, fixture: Fixture) => string | undefined;
  /** The fault makes it right to create a resource a second time. */
  readonly mayRecreate?: boolean;
  /** Two runs at once may both create a resource where AWS accepts two of a name; one of the two is deleted again (I3). */
  readonly twoRuns?: boolean;
  /** The comparison with the undisturbed run counts as I13 instead of I1. */
  readonly reordered?: boolean;
  /** Documents that an out-of-band change left in a resource of ours: nothing uses them, and they are deleted with the resource. */
  readonly leftBehind?: RegExp;
  /** The stack had another configuration before: older versions of functions stay. */
  readonly hasHistory?: boolean;
  /** For how long the disturbed run waits for an answer, in real milliseconds; default: a minute. */
  readonly requestTimeoutMs?: number;
}
export const UP_OPTIONS = { adopt: false, allowDataLoss: [], wait: true };
const TEARDOWN_OPTIONS = { deleteData: true, skipFinalSnapshot: true, wait: true };

export function openContext(setting: FixtureOptions): CampaignContext {
  const known = new Map<string, Promise<Reference>>();
  return {
    setting,
    reference(config) {
      const key = JSON.stringify(config);
      const made = known.get(key) ?? reference({ ...setting, config });
      known.set(key, made);
      return made;
    },
    async close() {
      for (const made of known.values()) rmSync((await made).stack.dataDir, { recursive: true, force: true });
    },
  };
}

async function reference(setting: FixtureOptions): Promise<Reference> {
  const fixture = await startFixture(setting);
  await runUndisturbed(fixture, "up", setting.config);
  const upCalls = [...fixture.faults.calls()];
  const up = snapshot(fixture.documents(), fixture.foreign);
  const stack = await fixture.save();
  const again = await startFixture(setting, stack);
  await runUndisturbed(again, "teardown", setting.config);
  const downCalls = [...again.faults.calls()];
  const down = snapshot(again.documents(), again.foreign);
  await again.close();
  return { upCalls, downCalls, up, down, stack };
}

export function lifecycle(how: Lifecycle): Scenario {
  return {
    name: how.name,
    async play(context, check, { toTeardown }) {
      const { config } = { config: context.setting.config, ...how };
      const wanted = await context.reference(config);
      const from = how.from ?? (how.during === "up" ? "nothing" : "stack");
      const before = how.during === "teardown" || how.stackOfConfig ? config : context.setting.config;
      const fixture = await startFixture(context.setting, from === "stack" ? (await context.reference(before)).stack : undefined);
      try {
        await playLifecycle(fixture, how, config, wanted, toTeardown, check);
      } finally {
        await fixture.close();
      }
    },
  };
}

async function playLifecycle(
  fixture: Fixture,
  how: Lifecycle,
  config: Config,
  wanted: Reference,
  toTeardown: boolean,
  check: Check,
): Promise<void> {
  await how.before?.(fixture, config);
  if (how.expectPlan) await checkPlan(fixture, how, config, check);
  // Secrets that a teardown deletes are not in the documents afterwards.
  const secrets = [...invariants.secretsOf(fixture.documents())];
  const ending = await runDisturbed(fixture, how, config);
  if (ending) {
    check("I10", invariants.dishonestEnd(ending));
    check("I2", how.expectEnd?.(ending, fixture));
  }
  check("I12", invariants.unboundedCalls(fixture.faults.calls()));
  const equal = how.during === "up" && (await checkRecovery(fixture, how, config, wanted, check));
  secrets.push(...invariants.secretsOf(fixture.documents()));
  if (!equal || toTeardown) await checkTeardown(fixture, how, config, wanted, check);
  check("I7", invariants.secretLeaked(fixture.documents(), fixture.said.join("\n"), secrets));
  check("I5", invariants.foreignChanged(fixture.foreign, fixture.documents(), fixture.faults.calls()));
}

/** Runs `up` until it succeeds. Answers whether the stack equals the undisturbed one. */
async function checkRecovery(fixture: Fixture, how: Lifecycle, config: Config, wanted: Reference, check: Check): Promise<boolean> {
  check("I2", await rerun(fixture, "up", how, config));
  const seen = snapshot(fixture.documents(), fixture.foreign).filter((line) => !how.leftBehind?.test(line));
  const differs = how.hasHistory ? difference(withoutPast(wanted.up), withoutPast(seen)) : difference(wanted.up, seen);
  check(how.reordered ? "I13" : "I1", differs);
  check("I3", invariants.duplicateNames(fixture.documents(), fixture.foreign));
  if (!how.mayRecreate) check("I9", invariants.createdTwice(fixture.faults.calls(), how.twoRuns));
  check("I11", invariants.exposed(fixture.faults.calls()));
  check("I6", how.mayRecreate ? undefined : invariants.dataDeleted(fixture.faults.calls()));
  return differs === undefined;
}

/** A run with nothing to do, then a teardown. */
async function checkTeardown(fixture: Fixture, how: Lifecycle, config: Config, wanted: Reference, check: Check): Promise<void> {
  if (how.during === "up") await checkIdleRun(fixture, how, config, check);
  check("I2", await rerun(fixture, "teardown", how, config));
  check("I4", difference(wanted.down, snapshot(fixture.documents(), fixture.foreign)));
}
async function checkIdleRun(fixture: Fixture, how: Lifecycle, config: Config, check: Check): Promise<void> {
  const sentinels = await leaveSentinels(holdersOf(fixture, config));
  fixture.faults.clear();
  check("I2", await rerun(fixture, "up", how, config));
  check("I8", invariants.writesMade(fixture.faults.calls()));
  check("I6", await sentinels.lost());
}

const holdersOf = ({ s3, dynamodb }: Fixture, { bucket, tables, region }: Config): Holders => ({
  s3,
  dynamodb,
  bucket: bucket.name ?? `fleetlogix-data-000000000000-${region}`,
  table: tables.deliveries,
});

async function checkPlan(fixture: Fixture, how: Lifecycle, config: Config, check: Check): Promise<void> {
  fixture.faults.clear();
  const { app } = await fixture.start(how.concurrency, config);
  check("I14", how.expectPlan?.(await app.plan({ part: "all" }, UP_OPTIONS)));
  check("I8", invariants.writesMade(fixture.faults.calls()));
}

export async function runCommand(started: CommandRun, command: Command, { said }: Pick<Fixture, "said">): Promise<RunEnd> {
  const hear = (event: unknown): void => void said.push(JSON.stringify(event));
  try {
    const result = await (command === "up"
      ? started.app.apply({ part: "all" }, UP_OPTIONS, hear)
      : started.app.teardown(TEARDOWN_OPTIONS, hear));
    hear(result.resources);
    if (result.error) said.push(textOf(result.error));
    return { result };
  } catch (thrown) {
    said.push(textOf(thrown));
    return { thrown };
  }
}
const textOf = (error: unknown): string => `${error instanceof Error ? error.stack : ""} ${JSON.stringify(error)} ${String(error)}`;

/** Throws unless the undisturbed command succeeds. */
export async function runUndisturbed(fixture: Fixture, command: Command, config: Config): Promise<void> {
  const { result, thrown } = await runCommand(await fixture.start(8, config), command, fixture);
  if (!result?.ok) throw thrown ?? result?.error;
}

/** The run that meets the fault. Undefined when it was killed: a killed process reports nothing. */
async function runDisturbed(
  fixture: Fixture,
  { rules, during, concurrency, requestTimeoutMs }: Lifecycle,
  config: Config,
): Promise<RunEnd | undefined> {
  const started = await fixture.start(concurrency, config, requestTimeoutMs);
  fixture.faults.clear();
  fixture.faults.add(...(rules?.(started, fixture) ?? []));
  const ending = await runCommand(started, during, fixture);
  // The rules end; the log of calls stays.
  for (const rule of fixture.faults.rules()) Object.assign(rule, { times: 0 });
  return started.isDead() ? undefined : ending;
}

export async function rerun(
  fixture: Fixture,
  command: Command,
  { runs = 1, concurrency }: Pick<Lifecycle, "runs" | "concurrency">,
  config: Config,
): Promise<string | undefined> {
  let last = "";
  for (let attempt = 0; attempt < runs; attempt++) {
    const ending = await runCommand(await fixture.start(concurrency, config), command, fixture);
    if (ending.result?.ok) return undefined;
    last = String(invariants.errorOf(ending));
  }
  return `${command} does not succeed once the fault is gone: ${last}`;
}
