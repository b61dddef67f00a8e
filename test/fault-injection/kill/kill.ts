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
import { type CommandFixture, type Point, startFixture } from "./fixture.ts";
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
const aimed = (fixture: CommandFixture, index: number): readonly string[] => (index % 2 ? local(fixture) : []);
const local = (fixture: CommandFixture): readonly string[] => ["--endpoint-url", fixture.url];

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
  const first = await startFixture();
  const foreign = first.documents();
  await must(first, "reference", ...UP);
  const upCalls = first.proxy.calls();
  const up = stateOf(first, foreign);
  await leaveSentinels(first.holders);
  await first.saveTo(data);
  const second = await startFixture({ from: data });
  try {
    await must(second, "reference", ...DOWN);
    return { upCalls, downCalls: second.proxy.calls(), up, down: stateOf(second, foreign), foreign, data };
  } finally {
    await second.close();
  }
}

async function killUp(point: Point, { up }: Reference, index: number): Promise<void> {
  const fixture = await startFixture();
  try {
    const foreign = fixture.documents();
    await killed(fixture, point, [...UP, ...aimed(fixture, index)]);
    await must(fixture, "I2", ...UP, ...aimed(fixture, index));
    sameState(up, stateOf(fixture, foreign));
    madeOnce(fixture);
    const sentinels = await leaveSentinels(fixture.holders);
    await mustKeep(fixture, ...UP, ...aimed(fixture, index));
    await nothingLost(sentinels);
    othersUntouched(fixture, foreign);
    secretsKept(fixture);
  } finally {
    await fixture.close();
  }
}

async function killDown(point: Point, { down, foreign, data }: Reference, index: number): Promise<void> {
  const fixture = await startFixture({ from: data });
  try {
    const secrets = secretsOf(fixture.documents());
    await killed(fixture, point, [...DOWN, ...aimed(fixture, index)]);
    await must(fixture, "I2", ...DOWN, ...aimed(fixture, index));
    sameState(down, stateOf(fixture, foreign));
    await mustKeep(fixture, ...DOWN, ...aimed(fixture, index));
    othersUntouched(fixture, foreign);
    secretsKept(fixture, secrets);
  } finally {
    await fixture.close();
  }
}

async function killed(fixture: CommandFixture, point: Point, args: readonly string[]): Promise<void> {
  const { signal, code, stderr } = await fixture.killAt(point, args);
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
  const fixture = await startFixture({ databases: "real" });
  try {
    const foreign = fixture.documents();
    await must(fixture, "reference", ...UP, ...local(fixture));
    const database = async () =>
      (await fixture.runUnrecorded(["outputs", "database.url", "--show-secrets", ...local(fixture)])).stdout.trim();
    const sentinels = await leaveSentinels({ ...fixture.holders, database });
    await must(fixture, "reference", ...KEEP, ...local(fixture));
    const [downPoints, kept] = [pointsOf(fixture.proxy.calls()), stateOf(fixture, foreign)];
    await must(fixture, "reference", ...UP, ...local(fixture));
    const [upPoints, up] = [pointsOf(fixture.proxy.calls()), stateOf(fixture, foreign)];
    const rounds = Array.from({ length: Math.max(downPoints.length, upPoints.length) }, (_, i) => i);
    for (const round of sample(rounds, options.sample, options.seed)) {
      const [down, again] = [downPoints[round], upPoints[round]];
      const name = [down && named("teardown", down), again && named("up again", again)].filter(Boolean).join(", ");
      kills.life = (kills.life ?? 0) + (down ? 1 : 0) + (again ? 1 : 0);
      const broken = await life(fixture, foreign, sentinels, { down, again, kept, up }).then(() => undefined, reasonOf);
      if (broken) violations.push({ scenario: name, invariant: broken });
      options.say(broken ? `VIOLATION ${name}\n  ${broken}` : `held  ${name}`);
    }
    await must(fixture, "I2", ...DOWN, ...local(fixture), "--skip-final-snapshot");
  } finally {
    await fixture.close();
  }
}
interface Round {
  readonly down: Point | undefined;
  readonly again: Point | undefined;
  readonly kept: readonly string[];
  readonly up: readonly string[];
}
async function life(fixture: CommandFixture, foreign: Documents, sentinels: Sentinels, { down, again, kept, up }: Round): Promise<void> {
  fixture.clearCalls();
  const secrets = secretsOf(fixture.documents());
  if (down) await killed(fixture, down, [...KEEP, ...local(fixture)]);
  await must(fixture, "I2", ...KEEP, ...local(fixture));
  sameState(kept, stateOf(fixture, foreign));
  if (again) await killed(fixture, again, [...UP, ...local(fixture)]);
  await must(fixture, "I2", ...UP, ...local(fixture));
  sameState(up, stateOf(fixture, foreign));
  await mustKeep(fixture, ...UP, ...local(fixture));
  await nothingLost(sentinels);
  othersUntouched(fixture, foreign);
  secretsKept(fixture, secrets);
}
