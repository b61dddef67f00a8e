import { unavailable } from "./errors.ts";

export interface Pacing {
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

/** Attempts of one call on an item that others write at the same time. */
const ATTEMPTS = 12;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_500;

/**
 * Repeats `attempt` until it answers something, waiting a random part of a growing time between: `undefined` means that
 * somebody else was faster. Gives up as UNAVAILABLE (503): nothing was changed and the caller may come back.
 */
export async function untilUncontended<T>(attempt: () => Promise<T | undefined>, pacing: Pacing): Promise<T> {
  for (let round = 0; round < ATTEMPTS; round++) {
    const result = await attempt();
    if (result !== undefined) return result;
    await pacing.sleep(pacing.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** round));
  }
  throw unavailable(new Error(`The item was contended ${ATTEMPTS} times in a row.`));
}
