import type { Clock } from "../../core/clock.ts";

/** Receivers that wait for messages, by queue. */
export interface Waiting {
  /** A message has come. */
  wake(queueArn: string): void;
  /** Returns after `ms`, or when a message has come, or the caller has gone. */
  pause(queueArn: string, ms: number, gone: AbortSignal): Promise<void>;
}

export function waitingOn(clock: Clock): Waiting {
  const sleepers = new Map<string, Set<AbortController>>();
  return {
    wake(queueArn) {
      for (const sleeper of sleepers.get(queueArn) ?? []) sleeper.abort();
    },
    async pause(queueArn, ms, gone) {
      const sleeper = new AbortController();
      const others = sleepers.get(queueArn) ?? new Set();
      sleepers.set(queueArn, others.add(sleeper));
      await clock.sleep(ms, AbortSignal.any([sleeper.signal, gone])).catch(() => {});
      others.delete(sleeper);
      if (others.size === 0) sleepers.delete(queueArn);
    },
  };
}
