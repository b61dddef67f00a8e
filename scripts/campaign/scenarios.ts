import type { FaultRule, LoggedCall } from "../../src/local/core/faults.ts";
import type { Started } from "./world.ts";

export interface Scenario {
  readonly name: string;
  /** Which command meets the fault. */
  readonly during: "up" | "teardown";
  /** Runs that may fail after the fault is gone before one must succeed: one, or two for double faults. */
  readonly runs: 1 | 2;
  readonly concurrency: number;
  readonly rules: (run: Started) => readonly FaultRule[];
  /** The fault stays until the first run has ended, whatever it answers. */
  readonly lasting?: boolean;
}
type Maker = (place: Place) => { readonly name: string; readonly rules: Scenario["rules"]; readonly lasting?: boolean };
/** The n-th writing call. */
interface Place {
  readonly nth: number;
  readonly call: LoggedCall;
}
const at = (nth: number) => ({ write: true, nth }) as const;

/** One fault at one writing call; names and numbers are those of the list of faults the product must survive. */
const AT_A_WRITE: readonly Maker[] = [
  ({ nth }) => ({ name: "F1 killed before", rules: (run) => [{ ...at(nth), fault: { kind: "hook", before: () => run.kill() } }] }),
  ({ nth }) => ({ name: "F2 killed after", rules: (run) => [{ ...at(nth), fault: { kind: "hook", after: () => run.kill() } }] }),
  ({ nth }) => ({ name: "F3 answer lost", rules: () => [{ ...at(nth), fault: { kind: "lose" } }] }),
  ({ nth }) => ({ name: "F4 500 after effect", rules: () => [{ ...at(nth), fault: { kind: "failAfter" } }] }),
  ({ nth }) => ({
    name: "F5 503 twice",
    rules: () => [{ ...at(nth), times: 2, fault: { kind: "fail", code: "ServiceUnavailable", status: 503 } }],
  }),
  ({ nth }) => ({ name: "F6 throttled twice", rules: () => [{ ...at(nth), times: 2, fault: { kind: "throttle" } }] }),
  ({ nth }) => ({ name: "F8 hangs, then takes effect", rules: () => [{ ...at(nth), fault: { kind: "hang", effect: true } }] }),
  ({ call }) => ({
    name: "F7 denied",
    lasting: true,
    rules: () => [{ service: call.service, operation: call.operation, times: null, fault: { kind: "deny" } }],
  }),
  ({ call }) => ({
    name: "F9 stale reads",
    rules: () => [{ service: call.service, write: false, nth: 2, times: 3, fault: { kind: "staleRead" } }],
  }),
  ({ call }) => ({ name: "F10 stale lists", rules: () => [{ service: call.service, nth: 2, times: 3, fault: { kind: "staleList" } }] }),
];

/** Every fault at every writing call of an undisturbed run. */
export function everywhere(writes: readonly LoggedCall[], during: Scenario["during"]): readonly Scenario[] {
  return writes.flatMap((call, index) =>
    AT_A_WRITE.map((make) => {
      const { name, ...rest } = make({ nth: index + 1, call });
      return {
        ...rest,
        name: `${name} at ${during} write ${index + 1} ${call.service}:${call.operation}`,
        during,
        runs: 1 as const,
        concurrency: 1 + (index % 8),
      };
    }),
  );
}

/** Two faults at random places, from a seed (F14, F22). */
export function random(writes: readonly LoggedCall[], seed: number): Scenario {
  const chance = generator(seed);
  const pick = () => {
    const nth = 1 + Math.floor(chance() * writes.length);
    const make = AT_A_WRITE[Math.floor(chance() * AT_A_WRITE.length)] as Maker;
    return make({ nth, call: writes[nth - 1] as LoggedCall });
  };
  const [first, second] = [pick(), pick()];
  return {
    name: `F22 seed ${seed}: ${first.name} and ${second.name}`,
    during: "up",
    runs: 2,
    concurrency: 1 + Math.floor(chance() * 8),
    lasting: true,
    rules: (run) => [...first.rules(run), ...second.rules(run)],
  };
}

/** mulberry32: small, seeded, good enough to choose places. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
