/** The time source of the local AWS: the system's clock, or a virtual one that a test moves. */
export interface LocalClock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `task` after `ms` milliseconds; returns a function that cancels it. The timer does not keep the process alive. */
  after(ms: number, task: () => void): () => void;
}

export const realClock: LocalClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason ?? new Error("aborted"));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    }),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export interface VirtualClock extends LocalClock {
  /** Moves the time forward by `ms` and runs the due tasks in the order of their times. */
  advance(ms: number): void;
}

/** `sleep` moves the time forward at once: a wait of twenty minutes takes no real time, and each run sees the same times. */
export function virtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs;
  let due: { at: number; task: () => void }[] = [];
  const advance = (ms: number): void => {
    const until = now + ms;
    for (;;) {
      const next = due.filter((d) => d.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      due = due.filter((d) => d !== next);
      now = Math.max(now, next.at);
      next.task();
    }
    now = Math.max(now, until);
  };
  return {
    now: () => now,
    advance,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      advance(ms);
    },
    after(ms, task) {
      const entry = { at: now + ms, task };
      due.push(entry);
      return () => {
        due = due.filter((d) => d !== entry);
      };
    },
  };
}
