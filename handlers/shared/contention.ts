import { unavailable } from "./errors.ts";

export interface RetryTiming {
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** A monotonic time in ms. */
  readonly stopwatch: () => number;
}

/**
 * The result of one conditional write: `done`, or another writer was first. `seen`: the item of the other writer, where DynamoDB
 * returned it.
 */
export type AttemptResult<T, S> = { readonly done: T } | { readonly done?: never; readonly seen: S | undefined };

/** The deadline of the invocation usually ends the loop sooner. */
const ATTEMPTS = 40;
const SHORTEST_ATTEMPT_MS = 5;
const LONGEST_WAIT_MS = 2_000;
const WIDTH = 1;
const GROWTH = 2;

/**
 * Repeats `attempt` until its write succeeds. Each attempt starts from the item that the last one met. After every other attempt comes
 * a random pause. Its upper bound is the duration of the last attempt, which grows with the number of competing writers, times a factor
 * that doubles. The attempt after a pause mostly finds that the item has changed again; the next one follows at once, because its copy
 * of the item is fresh. Throws UNAVAILABLE (503) after the last attempt: nothing was changed and the client may send the event again.
 */
export async function retryContended<T, S>(
  attempt: (seen: S | undefined) => Promise<AttemptResult<T, S>>,
  pacing: RetryTiming,
): Promise<T> {
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
