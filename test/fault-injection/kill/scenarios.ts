import { secretsOf } from "../invariants/invariants.ts";
import { checkDisturbed, checkEnd, checkIdleUp, checkRecovery, checkTeardown } from "../invariants/order.ts";
import type { Check } from "../report.ts";
import { type CommandFixture, PLANTED_SECRET, type Point, startFixture } from "./fixture.ts";
import { type Arguments, observe, runKilled } from "./observed.ts";
import type { PassingCall } from "./proxy.ts";
import { DOWN, type Reference, UP, writesOf } from "./reference.ts";

/** One run of the real command that is killed, or that works on another number of resources at once, and the runs that follow. */
export interface Scenario {
  readonly name: string;
  play(reference: Reference, check: Check): Promise<void>;
}

/** Every kill of `up` and `teardown`, and `up` with other concurrencies. */
export function scenariosOf(reference: Pick<Reference, "upCalls" | "downCalls">): readonly Scenario[] {
  return [
    ...pointsOf(reference.upCalls).map((point, index): Scenario => ({ name: killName("up", point), play: killUp(point, index) })),
    ...pointsOf(reference.downCalls).map(
      (point, index): Scenario => ({ name: killName("teardown", point), play: killTeardown(point, index) }),
    ),
    ...[1, 2, 64].map((concurrency): Scenario => ({ name: `I13 up: ${concurrency} resources at once`, play: reordered(concurrency) })),
  ];
}
export function killName(command: "up" | "teardown", { name, nth, when }: Point): string {
  const fault = command === "teardown" ? "F15" : when === "before" ? "F1" : "F2";
  return `${fault} ${command}: killed ${when} ${name} (${nth})`;
}

/**
 * Two kills for each writing call. A call is known by its name and its number among those of that name: concurrency does not change them.
 */
export function pointsOf(calls: readonly PassingCall[]): readonly Point[] {
  const seen = new Map<string, number>();
  return writesOf(calls).flatMap(({ name }): readonly Point[] => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return [
      { name, nth, when: "before" },
      { name, nth, when: "after" },
    ];
  });
}

/** Every second run has a flag for the local AWS, for which fleetlogix makes fewer retries. */
const argumentsOf = (fixture: CommandFixture, index: number): Arguments => {
  const target = index % 2 ? ["--endpoint-url", fixture.url] : [];
  return { up: [...UP, ...target], teardown: [...DOWN, ...target], plan: ["plan", "--json", ...target] };
};

/** One in this number of kills of `up` continues to the teardown, as in the campaign. */
const TEARDOWN_SHARE = 4;

const killUp =
  (point: Point, index: number): Scenario["play"] =>
  (reference, check) =>
    inFixture(undefined, async (fixture) => {
      const args = argumentsOf(fixture, index);
      const observed = observe(fixture, fixture.documents(), args);
      await runKilled(fixture, point, args.up);
      checkDisturbed(observed, check);
      const equal = await checkRecovery(observed, reference, {}, check);
      await checkIdleUp(observed, check);
      const secrets = [PLANTED_SECRET, ...secretsOf(fixture.documents())];
      if (!equal || index % TEARDOWN_SHARE === 0) await checkTeardown(observed, reference, check);
      checkEnd(observed, secrets, check);
    });

const killTeardown =
  (point: Point, index: number): Scenario["play"] =>
  (reference, check) =>
    inFixture(reference.data, async (fixture) => {
      const args = argumentsOf(fixture, index);
      const observed = observe(fixture, reference.foreign, args);
      const secrets = [PLANTED_SECRET, ...secretsOf(fixture.documents())];
      await runKilled(fixture, point, args.teardown);
      checkDisturbed(observed, check);
      await checkTeardown(observed, reference, check);
      checkEnd(observed, secrets, check);
    });

const reordered =
  (concurrency: number): Scenario["play"] =>
  (reference, check) =>
    inFixture(undefined, async (fixture) => {
      const args = argumentsOf(fixture, concurrency);
      const observed = observe(fixture, fixture.documents(), { ...args, up: [...args.up, "--concurrency", String(concurrency)] });
      await checkRecovery(observed, reference, { reordered: true }, check);
      checkDisturbed(observed, check);
      await checkIdleUp(observed, check);
      checkEnd(observed, [PLANTED_SECRET], check);
    });

async function inFixture(from: string | undefined, play: (fixture: CommandFixture) => Promise<void>): Promise<void> {
  const fixture = await startFixture({ from });
  try {
    await play(fixture);
  } finally {
    await fixture.close();
  }
}
