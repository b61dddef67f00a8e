import { unavailable } from "./errors.ts";

export interface RetryTiming {
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** A monotonic time in ms. */
  readonly stopwatch: () => number;
}

/**
 * The result of one conditional write: `done`, or another writer was first. `conflicting`: the item of the other writer, where DynamoDB
 * returned it.
 */
export type AttemptResult<T, S> = { readonly done: T } | { readonly done?: never; readonly conflicting: S | undefined };

/** The deadline of the invocation usually ends the loop sooner. */
const ATTEMPTS = 40;
const SHORTEST_ATTEMPT_MS = 5;
const LONGEST_WAIT_MS = 2_000;
const WIDTH = 1;
const GROWTH = 2;

/**
 * Repeats `attempt` until its write succeeds. Each attempt starts from the conflicting item of the attempt before. After every second
 * attempt comes a random pause. The longest pause is the duration of the last attempt times a factor that doubles; the duration grows
 * with the number of competing writers. The attempt after a pause mostly finds that the item has changed again. The next attempt follows
 * at once, because its copy of the item is fresh. Throws UNAVAILABLE (503) after the last attempt: nothing was changed, and the client
 * may send the event again.
 */
export async function retryContended<T, S>(
  attempt: (conflicting: S | undefined) => Promise<AttemptResult<T, S>>,
  pacing: RetryTiming,
): Promise<T> {
  let conflicting: S | undefined;
  let width = WIDTH;
  for (let round = 1; round <= ATTEMPTS; round++) {
    const startedMs = pacing.stopwatch();
    const result = await attempt(conflicting);
    if (!("conflicting" in result)) return result.done;
    conflicting = result.conflicting;
    if (round % 2 === 0) continue;
    const tookMs = Math.max(SHORTEST_ATTEMPT_MS, pacing.stopwatch() - startedMs);
    await pacing.sleep(pacing.random() * Math.min(LONGEST_WAIT_MS, tookMs * width));
    width *= GROWTH;
  }
  throw unavailable(new Error(`The item was contended ${ATTEMPTS} times in a row.`));
}
