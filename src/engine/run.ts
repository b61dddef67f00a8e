import type { AnyKind, Ctx, Observation } from "./contract.ts";
import type { Policy } from "./decide.ts";
import type { Emit } from "./events.ts";
import type { Ports } from "./ports.ts";
import { interrupted } from "./problems.ts";
import type { Slots } from "./slots.ts";

/** One resource, found: what every step of the engine is about. */
export interface Subject {
  readonly id: string;
  readonly kind: AnyKind;
  /** What the kind finds it by; undefined while it cannot exist because what it is part of does not. */
  readonly identity: unknown;
  readonly label: string;
  readonly rank: number;
}
/** What a run carries from step to step. */
export interface Run {
  readonly ctx: Ctx;
  readonly policy: Policy;
  readonly ports: Ports;
  readonly slots: Slots;
  readonly emit: Emit;
}
export type Present = Exclude<Observation<unknown>, { state: "absent" }>;

/** Starts nothing new once the run is interrupted; what is in flight is let finish. */
export function goOn(run: Run): void {
  if (run.ctx.signal.aborted) throw interrupted();
}
export async function pause(run: Run, ms: number): Promise<void> {
  goOn(run);
  try {
    await run.ports.clock.sleep(ms, run.ctx.signal);
  } catch (error) {
    if (!run.ctx.signal.aborted) throw error;
  }
  goOn(run);
}
/** The one door to a kind's effects. */
export function call<T>(subject: Subject, run: Run, effect: () => Promise<T>): Promise<T> {
  return run.slots(subject.rank, async () => {
    goOn(run);
    return run.ports.around ? run.ports.around(subject.id, effect) : effect();
  });
}
