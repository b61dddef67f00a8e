import type { AnyKind, Ctx, Observation } from "./contract.ts";
import type { Policy } from "./decide.ts";
import { interrupted } from "./errors.ts";
import type { Emit } from "./events.ts";
import type { Ports } from "./ports.ts";

/** One resource with its identity. All steps of the engine work on it. */
export interface Subject {
  readonly id: string;
  readonly kind: AnyKind;
  /** Identity by which the kind finds the resource; undefined while its parent does not exist. */
  readonly identity: unknown;
  readonly label: string;
  readonly rank: number;
}
/** Context of one run of the engine. */
export interface EngineRun {
  readonly ctx: Ctx;
  readonly policy: Policy;
  readonly ports: Ports;
  readonly slots: Slots;
  readonly emit: Emit;
}
export type Present = Exclude<Observation<unknown>, { state: "absent" }>;

/** Throws INTERRUPTED after an interrupt, so that nothing new starts. Calls in flight finish. */
export function throwIfInterrupted(run: EngineRun): void {
  if (run.ctx.signal.aborted) throw interrupted();
}
export async function pause(run: EngineRun, ms: number): Promise<void> {
  throwIfInterrupted(run);
  try {
    await run.ports.clock.sleep(ms, run.ctx.signal);
  } catch (error) {
    if (!run.ctx.signal.aborted) throw error;
  }
  throwIfInterrupted(run);
}
/** Every effect of a kind is called through this function. */
export function call<T>(subject: Subject, run: EngineRun, effect: () => Promise<T>): Promise<T> {
  return run.slots(subject.rank, async () => {
    throwIfInterrupted(run);
    return run.ports.around ? run.ports.around(subject.id, effect) : effect();
  });
}

/** Runs `call` when a slot is free. The waiting call with the lowest rank goes first. */
export type Slots = <T>(rank: number, call: () => Promise<T>) => Promise<T>;

/** Limits the calls in flight. A wait for AWS occupies no slot, so one slot is enough for any graph. */
export function makeSlots(limit: number): Slots {
  let free = Math.max(1, limit);
  const queue: { readonly rank: number; readonly go: () => void }[] = [];
  const take = async (rank: number): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((go) => {
      const at = queue.findIndex((other) => other.rank > rank);
      queue.splice(at === -1 ? queue.length : at, 0, { rank, go });
    });
  };
  const give = (): void => {
    const next = queue.shift();
    if (next) next.go();
    else free += 1;
  };
  return async (rank, call) => {
    await take(rank);
    try {
      return await call();
    } finally {
      give();
    }
  };
}
