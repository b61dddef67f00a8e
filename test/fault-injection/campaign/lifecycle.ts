import { rmSync } from "node:fs";
import type { Plan } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import type { FaultRule, LoggedCall } from "../../../src/local/core/faults.ts";
import type { RunEnd } from "../invariants/invariants.ts";
import * as invariants from "../invariants/invariants.ts";
import {
  type Command,
  checkDisturbed,
  checkEnd,
  checkIdleUp,
  checkRecovery,
  checkTeardown,
  type Observed,
  type Tolerance,
  type UndisturbedStates,
} from "../invariants/order.ts";
import type { Holders } from "../invariants/sentinels.ts";
import { snapshot } from "../invariants/snapshot.ts";
import type { Check } from "../report.ts";
import { type CommandRun, type Fixture, type FixtureOptions, type SavedFixture, startFixture } from "./fixture.ts";

/** The undisturbed runs of one configuration, with which every scenario is compared. */
export interface Reference extends UndisturbedStates {
  readonly upCalls: readonly LoggedCall[];
  readonly downCalls: readonly LoggedCall[];
  /** The finished stack: scenarios can begin from it. */
  readonly stack: SavedFixture;
}
/** Shared by all scenarios of one process. */
export interface CampaignContext {
  readonly setting: FixtureOptions;
  /** Runs once for each configuration. */
  reference(config: Config): Promise<Reference>;
  close(): Promise<void>;
}
export interface PlayOptions {
  /**
   * The scenario continues to the teardown in any case. Otherwise a scenario ends when the stack equals the undisturbed one: the command stores
   * nothing outside of AWS, so equal stacks behave equally afterwards.
   */
  readonly toTeardown: boolean;
}
export interface Scenario {
  readonly name: string;
  /** Reports every check of an invariant to `check`. */
  play(context: CampaignContext, check: Check, how: PlayOptions): Promise<void>;
}

/** One lifecycle of the stack, from `up` to `teardown`, under one fault. */
export interface Lifecycle extends Tolerance {
  readonly name: string;
  /** The command that meets the fault. */
  readonly during: Command;
  /**
   * Default: `up` begins from nothing, `teardown` from a finished stack. A stack that `up` finds is of the campaign's own configuration.
   */
  readonly from?: "nothing" | "stack";
  /** The stack that `up` finds has the configuration `config`. */
  readonly stackOfConfig?: boolean;
  /** The number of runs that may be needed once the fault is gone: one, or two for double faults. */
  readonly runs?: 1 | 2;
  readonly concurrency: number;
  /** Configuration of the disturbed run; default: the campaign's own. */
  readonly config?: Config;
  /** An out-of-band change, or an earlier run. */
  readonly before?: (fixture: Fixture, config: Config) => Promise<unknown>;
  /** The error in the plan that is made after `before`; undefined: none. */
  readonly expectPlan?: (plan: Plan) => string | undefined;
  readonly rules?: (run: CommandRun, fixture: Fixture) => readonly FaultRule[];
  /** The error in the end of the disturbed run, beyond I10; undefined: none. */
  readonly expectEnd?: (ending: RunEnd, fixture: Fixture) => string | undefined;
  /** Timeout of each call of the disturbed run, in real milliseconds; default: a minute. */
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
      const current = known.get(key) ?? reference({ ...setting, config });
      known.set(key, current);
      return current;
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
  const second = await startFixture(setting, stack);
  await runUndisturbed(second, "teardown", setting.config);
  const downCalls = [...second.faults.calls()];
  const down = snapshot(second.documents(), second.foreign);
  await second.close();
  return { upCalls, downCalls, up, down, stack };
}

export function lifecycle(how: Lifecycle): Scenario {
  return {
    name: how.name,
    async play(context, check, { toTeardown }) {
      const { config } = { config: context.setting.config, ...how };
      const expected = await context.reference(config);
      const from = how.from ?? (how.during === "up" ? "nothing" : "stack");
      const before = how.during === "teardown" || how.stackOfConfig ? config : context.setting.config;
      const fixture = await startFixture(context.setting, from === "stack" ? (await context.reference(before)).stack : undefined);
      try {
        await playLifecycle(fixture, how, config, expected, toTeardown, check);
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
  expected: Reference,
  toTeardown: boolean,
  check: Check,
): Promise<void> {
  const observed = observe(fixture, how, config);
  await how.before?.(fixture, config);
  if (how.expectPlan) await checkPlan(fixture, how, config, check);
  // Secrets that a teardown deletes are not in the documents afterwards.
  const secrets = [...invariants.secretsOf(fixture.documents())];
  const ending = await runDisturbed(fixture, how, config);
  if (ending) {
    check("I10", invariants.dishonestEnd(ending));
    check("I2", how.expectEnd?.(ending, fixture));
  }
  checkDisturbed(observed, check);
  const equal = how.during === "up" && (await checkRecovery(observed, expected, how, check));
  secrets.push(...invariants.secretsOf(fixture.documents()));
  if (!equal || toTeardown) {
    if (how.during === "up") await checkIdleUp(observed, check);
    await checkTeardown(observed, expected, check);
  }
  checkEnd(observed, secrets, check);
}

function observe(fixture: Fixture, how: Lifecycle, config: Config): Observed {
  return {
    rerun: (command) => rerun(fixture, command, how, config),
    async plannedActions() {
      const { app } = await fixture.start(how.concurrency, config);
      const { resources } = await app.plan({ part: "all" }, UP_OPTIONS);
      return new Map(resources.map(({ id, decision }) => [id, decision.action]));
    },
    calls: fixture.faults.calls,
    clearCalls: fixture.faults.clear,
    documents: fixture.documents,
    foreign: fixture.foreign,
    output: () => fixture.output.join("\n"),
    holders: holdersOf(fixture, config),
  };
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

export async function runCommand(started: CommandRun, command: Command, { output }: Pick<Fixture, "output">): Promise<RunEnd> {
  const record = (event: unknown): void => void output.push(JSON.stringify(event));
  try {
    const result = await (command === "up"
      ? started.app.apply({ part: "all" }, UP_OPTIONS, record)
      : started.app.teardown(TEARDOWN_OPTIONS, record));
    record(result.resources);
    if (result.error) output.push(textOf(result.error));
    return { result };
  } catch (thrown) {
    output.push(textOf(thrown));
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
