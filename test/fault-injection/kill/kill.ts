import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Documents } from "../invariants/documents.ts";
import { secretsOf } from "../invariants/invariants.ts";
import { leaveSentinels, type Sentinels } from "../invariants/sentinels.ts";
import { sample } from "../sample.ts";
import {
  Broken,
  hold,
  madeOnce,
  must,
  mustKeep,
  nothingLost,
  othersUntouched,
  sameState,
  secretsKept,
  stateOf,
  writesOf,
} from "./expectations.ts";
import { makeWorld, type Point, type World } from "./fixture.ts";
import type { PassingCall } from "./proxy.ts";

export interface KillOptions {
  /** Only so many kills, chosen by the seed. */
  readonly sample?: number | undefined;
  readonly seed: number;
  /** Scenarios at once. */
  readonly lanes: number;
  /** Also with a real PostgreSQL that lives through a teardown: with a row in it. */
  readonly lives: boolean;
  readonly say: (line: string) => void;
}
export interface KillReport {
  readonly kills: Readonly<Record<string, number>>;
  readonly violations: readonly { readonly scenario: string; readonly invariant: string }[];
}
interface Scenario {
  readonly name: string;
  readonly kind: "up" | "teardown" | "life";
  readonly play: () => Promise<void>;
}
const UP = ["up", "--json"] as const;
const DOWN = ["teardown", "--delete-data", "--yes", "--json"] as const;
const KEEP = ["teardown", "--yes", "--json"] as const;
/** Every second run is pointed at the endpoint as at the local AWS, where nothing is forgiven. */
const aimed = (world: World, index: number): readonly string[] => (index % 2 ? local(world) : []);
const local = (world: World): readonly string[] => ["--endpoint-url", world.url];

/** Kills the real command at every writing call, before AWS hears of it and after it took effect, and runs it again. */
export async function killEverywhere(options: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), "kill-up-"));
  const violations: { scenario: string; invariant: string }[] = [];
  const kills: Record<string, number> = {};
  try {
    const reference = await undisturbed(join(folder, "data"));
    const scenarios: Scenario[] = [
      ...pointsOf(reference.upCalls).map(
        (point, i): Scenario => ({ name: named("up", point), kind: "up", play: () => killUp(point, reference, i) }),
      ),
      ...pointsOf(reference.downCalls).map(
        (point, i): Scenario => ({ name: named("teardown", point), kind: "teardown", play: () => killDown(point, reference, i) }),
      ),
    ];
    const mine = sample(scenarios, options.sample, options.seed);
    const queue = mine.values();
    const lane = async (): Promise<void> => {
      for (const { name, kind, play } of queue) {
        kills[kind] = (kills[kind] ?? 0) + 1;
        const broken = await play().then(() => undefined, reasonOf);
        if (broken) violations.push({ scenario: name, invariant: broken });
        options.say(broken ? `VIOLATION ${name}\n  ${broken}` : `held  ${name}`);
      }
    };
    await Promise.all(Array.from({ length: options.lanes }, lane));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (options.lives) await lives(options, kills, violations);
  return { kills, violations };
}
const named = (command: string, { name, nth, when }: Point) => `${command}: killed ${when} ${name} (${nth})`;
const reasonOf = (error: unknown): string =>
  error instanceof Broken ? error.message : `the scenario itself failed: ${(error as Error).stack}`;

/** Each writing call twice: by its name and its number among those of that name, which parallel work does not change. */
function pointsOf(calls: readonly PassingCall[]): readonly Point[] {
  const seen = new Map<string, number>();
  return writesOf(calls).flatMap(({ name }) => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return [
      { name, nth, when: "before" as const },
      { name, nth, when: "after" as const },
    ];
  });
}

/** A life of the stack in which nothing goes wrong: against it every scenario is held. */
interface Reference {
  readonly upCalls: readonly PassingCall[];
  readonly downCalls: readonly PassingCall[];
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly foreign: Documents;
  /** Data of a local AWS on which the stack is up, with sentinels. */
  readonly data: string;
}
async function undisturbed(data: string): Promise<Reference> {
  const first = await makeWorld();
  const foreign = first.documents();
  await must(first, "reference", ...UP);
  const upCalls = first.proxy.calls();
  const up = stateOf(first, foreign);
  await leaveSentinels(first.holders);
  await first.freeze(data);
  const second = await makeWorld({ from: data });
  try {
    await must(second, "reference", ...DOWN);
    return { upCalls, downCalls: second.proxy.calls(), up, down: stateOf(second, foreign), foreign, data };
  } finally {
    await second.close();
  }
}

async function killUp(point: Point, { up }: Reference, index: number): Promise<void> {
  const world = await makeWorld();
  try {
    const foreign = world.documents();
    await killed(world, point, [...UP, ...aimed(world, index)]);
    await must(world, "I2", ...UP, ...aimed(world, index));
    sameState(up, stateOf(world, foreign));
    madeOnce(world);
    const sentinels = await leaveSentinels(world.holders);
    await mustKeep(world, ...UP, ...aimed(world, index));
    await nothingLost(sentinels);
    othersUntouched(world, foreign);
    secretsKept(world);
  } finally {
    await world.close();
  }
}

async function killDown(point: Point, { down, foreign, data }: Reference, index: number): Promise<void> {
  const world = await makeWorld({ from: data });
  try {
    const secrets = secretsOf(world.documents());
    await killed(world, point, [...DOWN, ...aimed(world, index)]);
    await must(world, "I2", ...DOWN, ...aimed(world, index));
    sameState(down, stateOf(world, foreign));
    await mustKeep(world, ...DOWN, ...aimed(world, index));
    othersUntouched(world, foreign);
    secretsKept(world, secrets);
  } finally {
    await world.close();
  }
}

async function killed(world: World, point: Point, args: readonly string[]): Promise<void> {
  const { signal, code, stderr } = await world.killAt(point, args);
  hold("kill", signal === "SIGKILL" ? undefined : `the call never came; the run ended with ${code} ${stderr.slice(-500)}`);
}

/**
 * One stack with a real PostgreSQL: taken down and brought up again and again, its data kept, each time killed at another
 * writing call of the teardown and at another of the `up`.
 */
async function lives(
  options: KillOptions,
  kills: Record<string, number>,
  violations: { scenario: string; invariant: string }[],
): Promise<void> {
  const world = await makeWorld({ databases: "real" });
  try {
    const foreign = world.documents();
    await must(world, "reference", ...UP, ...local(world));
    const database = async () => (await world.unheard(["outputs", "database.url", "--show-secrets", ...local(world)])).stdout.trim();
    const sentinels = await leaveSentinels({ ...world.holders, database });
    await must(world, "reference", ...KEEP, ...local(world));
    const [downPoints, kept] = [pointsOf(world.proxy.calls()), stateOf(world, foreign)];
    await must(world, "reference", ...UP, ...local(world));
    const [upPoints, up] = [pointsOf(world.proxy.calls()), stateOf(world, foreign)];
    const rounds = Array.from({ length: Math.max(downPoints.length, upPoints.length) }, (_, i) => i);
    for (const round of sample(rounds, options.sample, options.seed)) {
      const [down, again] = [downPoints[round], upPoints[round]];
      const name = [down && named("teardown", down), again && named("up again", again)].filter(Boolean).join(", ");
      kills.life = (kills.life ?? 0) + (down ? 1 : 0) + (again ? 1 : 0);
      const broken = await life(world, foreign, sentinels, { down, again, kept, up }).then(() => undefined, reasonOf);
      if (broken) violations.push({ scenario: name, invariant: broken });
      options.say(broken ? `VIOLATION ${name}\n  ${broken}` : `held  ${name}`);
    }
    await must(world, "I2", ...DOWN, ...local(world), "--skip-final-snapshot");
  } finally {
    await world.close();
  }
}
interface Round {
  readonly down: Point | undefined;
  readonly again: Point | undefined;
  readonly kept: readonly string[];
  readonly up: readonly string[];
}
async function life(world: World, foreign: Documents, sentinels: Sentinels, { down, again, kept, up }: Round): Promise<void> {
  world.forget();
  const secrets = secretsOf(world.documents());
  if (down) await killed(world, down, [...KEEP, ...local(world)]);
  await must(world, "I2", ...KEEP, ...local(world));
  sameState(kept, stateOf(world, foreign));
  if (again) await killed(world, again, [...UP, ...local(world)]);
  await must(world, "I2", ...UP, ...local(world));
  sameState(up, stateOf(world, foreign));
  await mustKeep(world, ...UP, ...local(world));
  await nothingLost(sentinels);
  othersUntouched(world, foreign);
  secretsKept(world, secrets);
}
