/** Runs `call` when one of the slots is free; of those that wait, the lowest rank goes first. */
export type Slots = <T>(rank: number, call: () => Promise<T>) => Promise<T>;

/** The limit on calls in flight. Waiting for AWS to finish holds no slot, so one slot is enough for any graph. */
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
