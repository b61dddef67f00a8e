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
const SHORTEST_ATTEMPT_MS = 5;
const LONGEST_WAIT_MS = 2_000;
const WIDTH = 1;
const GROWTH = 2;

/**
 * Repeats `attempt` until it is done, each time from the item that was in the way of the last one. Before every other
 * attempt lies a random pause. It is measured in what the last attempt took, which is the longer the more writers stand in
 * line, and grows. The attempt after a pause is mostly a look at what has become of the item; the next follows at once, as
 * nothing is fresher. Gives up as UNAVAILABLE (503): nothing was changed and the caller may come back.
 */
export async function untilUncontended<T, S>(attempt: (seen: S | undefined) => Promise<Tried<T, S>>, pacing: Pacing): Promise<T> {
  let seen: S | undefined;
  let width = WIDTH;
  for (let round = 1; round <= ATTEMPTS; round++) {
    const began = pacing.stopwatch();
    const tried = await attempt(seen);
    if (!("seen" in tried)) return tried.done;
    seen = tried.seen;
    if (round % 2 === 0) continue;
    const tookMs = Math.max(SHORTEST_ATTEMPT_MS, pacing.stopwatch() - began);
    await pacing.sleep(pacing.random() * Math.min(LONGEST_WAIT_MS, tookMs * width));
    width *= GROWTH;
  }
  throw unavailable(new Error(`The item was contended ${ATTEMPTS} times in a row.`));
}
