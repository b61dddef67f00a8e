import { unavailable } from "./errors.ts";

export interface Pacing {
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Runs on evenly, in ms. */
  readonly stopwatch: () => number;
}

/** An attempt succeeded, or somebody else was faster: then the item as it was found in the way, where it was shown. */
export type Tried<T, S> = { readonly done: T } | { readonly done?: never; readonly seen: S | undefined };

/** The invocation's own deadline usually ends it sooner. */
const ATTEMPTS = 40;
/** The pause grows to this many times what an attempt takes: enough for as many writers to pass one by one. */
const CROWD = 64;
const SHORTEST_ATTEMPT_MS = 5;
const LONGEST_WAIT_MS = 1_500;

/**
 * Repeats `attempt` until it is done, each time from the item that was in the way of the last one. Every other attempt
 * follows at once, as nothing is fresher than what was just shown; before the rest lies a random part of a growing pause.
 * The pause is measured in attempts: on a slow day everybody waits longer. Gives up as UNAVAILABLE (503): nothing was
 * changed and the caller may come back.
 */
export async function untilUncontended<T, S>(attempt: (seen: S | undefined) => Promise<Tried<T, S>>, pacing: Pacing): Promise<T> {
  let seen: S | undefined;
  let quickestMs = LONGEST_WAIT_MS;
  for (let round = 1; round <= ATTEMPTS; round++) {
    const began = pacing.stopwatch();
    const tried = await attempt(seen);
    if (!("seen" in tried)) return tried.done;
    seen = tried.seen;
    quickestMs = Math.max(SHORTEST_ATTEMPT_MS, Math.min(quickestMs, pacing.stopwatch() - began));
    if (round % 2 === 1) continue;
    await pacing.sleep(pacing.random() * Math.min(LONGEST_WAIT_MS, quickestMs * Math.min(CROWD, 2 ** (round / 2))));
  }
  throw unavailable(new Error(`The item was contended ${ATTEMPTS} times in a row.`));
}
