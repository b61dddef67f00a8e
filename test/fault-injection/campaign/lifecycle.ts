import { rmSync } from "node:fs";
import type { Plan } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import type { FaultRule, LoggedCall } from "../../../src/local/core/faults.ts";
import type { InvariantId } from "../catalogue.ts";
import type { Ending } from "../invariants/invariants.ts";
import * as invariants from "../invariants/invariants.ts";
import { type Holders, leaveSentinels } from "../invariants/sentinels.ts";
import { difference, snapshot, withoutPast } from "../invariants/snapshot.ts";
import { makeWorld, type Saved, type Setting, type Started, type World } from "./fixture.ts";

export type Command = "up" | "teardown";
/** What an undisturbed life of a stack looks like: against it every scenario is held. */
export interface Reference {
  readonly upCalls: readonly LoggedCall[];
  readonly downCalls: readonly LoggedCall[];
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** The finished stack, to begin from. */
  readonly stack: Saved;
}
/** What all scenarios of one process share. */
export interface Stage {
  readonly setting: Setting;
  /** Played once per configuration. */
  reference(config: Config): Promise<Reference>;
  close(): Promise<void>;
}
/** Counts one look at an invariant; `violation` says what is wrong, or is undefined where it holds. */
export type Check = (invariant: InvariantId, violation: string | undefined) => void;
export interface Playing {
  /**
   * To the empty account, whatever happens. Else a stack that became equal to the undisturbed one is left there: the command keeps
   * nothing that is not in AWS, so equal stacks have equal futures.
   */
  readonly whole: boolean;
}
export interface Scenario {
  readonly name: string;
  /** Every invariant that it looks at goes through `check`. */
  play(stage: Stage, check: Check, how: Playing): Promise<void>;
}

/** One life of the stack with one thing that goes wrong. */
export interface Life {
  readonly name: string;
  /** The command that meets the fault. */
  readonly during: Command;
  /** Default: `up` begins from nothing, `teardown` from a finished stack. A stack that `up` finds is of the campaign's own configuration. */
  readonly from?: "nothing" | "stack";
  /** The stack that `up` finds is of `config`, too. */
  readonly stands?: boolean;
  /** Runs that may fail after the fault is gone before one must succeed: one, or two for double faults. */
  readonly runs?: 1 | 2;
  readonly concurrency: number;
  /** What the stack is to be; default: the campaign's own configuration. */
  readonly config?: Config;
  /** Somebody changes something before the command runs. */
  readonly before?: (world: World, config: Config) => Promise<unknown>;
  /** What a plan must say then; asking for it must write nothing. */
  readonly plans?: (plan: Plan) => string | undefined;
  readonly rules?: (run: Started, world: World) => readonly FaultRule[];
  /** What the disturbed run must say, beyond being honest. */
  readonly ends?: (ending: Ending, world: World) => string | undefined;
  /** Something may rightly be made a second time. */
  readonly remakes?: boolean;
  /** Two runs at once may both make what AWS does not tell apart by name; one of the two goes again (I3). */
  readonly together?: boolean;
  /** What is I1 elsewhere is I13 here: neither how many calls go at once nor the order of their answers may show. */
  readonly anyOrder?: boolean;
  /** Documents of somebody who reached into what is ours: nothing of ours uses them, and they go with what they are in. */
  readonly leaves?: RegExp;
  /** It succeeds another configuration: older versions of functions stay. */
  readonly successor?: boolean;
  /** For how long the disturbed run waits for an answer, in real milliseconds; default: a minute. */
  readonly requestTimeoutMs?: number;
}
export const HOW = { adopt: false, allowDataLoss: [], wait: true };
const TEARDOWN = { deleteData: true, skipFinalSnapshot: true, wait: true };

export function makeStage(setting: Setting): Stage {
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

async function reference(setting: Setting): Promise<Reference> {
  const world = await makeWorld(setting);
  await must(world, "up", setting.config);
  const upCalls = [...world.faults.calls()];
  const up = snapshot(world.documents(), world.foreign);
  const stack = await world.save();
  const again = await makeWorld(setting, stack);
  await must(again, "teardown", setting.config);
  const downCalls = [...again.faults.calls()];
  const down = snapshot(again.documents(), again.foreign);
  await again.close();
  return { upCalls, downCalls, up, down, stack };
}

export function life(how: Life): Scenario {
  return {
    name: how.name,
    async play(stage, check, { whole }) {
      const { config } = { config: stage.setting.config, ...how };
      const wanted = await stage.reference(config);
      const from = how.from ?? (how.during === "up" ? "nothing" : "stack");
      const before = how.during === "teardown" || how.stands ? config : stage.setting.config;
      const world = await makeWorld(stage.setting, from === "stack" ? (await stage.reference(before)).stack : undefined);
      try {
        await live(world, how, config, wanted, whole, check);
      } finally {
        await world.close();
      }
    },
  };
}

async function live(world: World, how: Life, config: Config, wanted: Reference, whole: boolean, check: Check): Promise<void> {
  await how.before?.(world, config);
  if (how.plans) await planned(world, how, config, check);
  // What a teardown removes was said, if it was, before.
  const secrets = [...invariants.secretsOf(world.documents())];
  const ending = await disturbed(world, how, config);
  if (ending) {
    check("I10", invariants.dishonest(ending));
    check("I2", how.ends?.(ending, world));
  }
  check("I12", invariants.endless(world.faults.calls()));
  const equal = how.during === "up" && (await finished(world, how, config, wanted, check));
  secrets.push(...invariants.secretsOf(world.documents()));
  if (!equal || whole) await emptied(world, how, config, wanted, check);
  check("I7", invariants.leaked(world.documents(), world.said.join("\n"), secrets));
  check("I5", invariants.touched(world.foreign, world.documents(), world.faults.calls()));
}

/** Run again until it succeeds, the stack is as if nothing had happened. Answers whether it is. */
async function finished(world: World, how: Life, config: Config, wanted: Reference, check: Check): Promise<boolean> {
  check("I2", await again(world, "up", how, config));
  const seen = snapshot(world.documents(), world.foreign).filter((line) => !how.leaves?.test(line));
  const differs = how.successor ? difference(withoutPast(wanted.up), withoutPast(seen)) : difference(wanted.up, seen);
  check(how.anyOrder ? "I13" : "I1", differs);
  check("I3", invariants.twins(world.documents(), world.foreign));
  if (!how.remakes) check("I9", invariants.doubled(world.faults.calls(), how.together));
  check("I11", invariants.opened(world.faults.calls()));
  check("I6", how.remakes ? undefined : invariants.destroyed(world.faults.calls()));
  return differs === undefined;
}

/** Nothing is left to do, no data is lost meanwhile, and at the end nothing is left. */
async function emptied(world: World, how: Life, config: Config, wanted: Reference, check: Check): Promise<void> {
  if (how.during === "up") await nothingToDo(world, how, config, check);
  check("I2", await again(world, "teardown", how, config));
  check("I4", difference(wanted.down, snapshot(world.documents(), world.foreign)));
}
async function nothingToDo(world: World, how: Life, config: Config, check: Check): Promise<void> {
  const sentinels = await leaveSentinels(holdersOf(world, config));
  world.faults.clear();
  check("I2", await again(world, "up", how, config));
  check("I8", invariants.written(world.faults.calls()));
  check("I6", await sentinels.lost());
}

const holdersOf = ({ s3, dynamodb }: World, { bucket, tables, region }: Config): Holders => ({
  s3,
  dynamodb,
  bucket: bucket.name ?? `fleetlogix-data-000000000000-${region}`,
  table: tables.deliveries,
});

async function planned(world: World, how: Life, config: Config, check: Check): Promise<void> {
  world.faults.clear();
  const { app } = await world.start(how.concurrency, config);
  check("I14", how.plans?.(await app.plan({ part: "all" }, HOW)));
  check("I8", invariants.written(world.faults.calls()));
}

export async function run(started: Started, command: Command, { said }: Pick<World, "said">): Promise<Ending> {
  const hear = (event: unknown): void => void said.push(JSON.stringify(event));
  try {
    const result = await (command === "up" ? started.app.apply({ part: "all" }, HOW, hear) : started.app.teardown(TEARDOWN, hear));
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
export async function must(world: World, command: Command, config: Config): Promise<void> {
  const { result, thrown } = await run(await world.start(8, config), command, world);
  if (!result?.ok) throw thrown ?? result?.error;
}

/** The run that meets the fault. It may fail, but not lie about it; nothing is known of one that was killed. */
async function disturbed(
  world: World,
  { rules, during, concurrency, requestTimeoutMs }: Life,
  config: Config,
): Promise<Ending | undefined> {
  const started = await world.start(concurrency, config, requestTimeoutMs);
  world.faults.clear();
  world.faults.add(...(rules?.(started, world) ?? []));
  const ending = await run(started, during, world);
  // Rules end, the log of calls stays.
  for (const rule of world.faults.rules()) Object.assign(rule, { times: 0 });
  return started.isDead() ? undefined : ending;
}

export async function again(
  world: World,
  command: Command,
  { runs = 1, concurrency }: Pick<Life, "runs" | "concurrency">,
  config: Config,
): Promise<string | undefined> {
  let last = "";
  for (let attempt = 0; attempt < runs; attempt++) {
    const ending = await run(await world.start(concurrency, config), command, world);
    if (ending.result?.ok) return undefined;
    last = String(invariants.errorOf(ending));
  }
  return `${command} does not succeed with the fault gone: ${last}`;
}
