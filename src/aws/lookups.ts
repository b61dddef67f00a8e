/** Looks one thing up by its key with this client. */
export type Lookup<Client, Found> = (client: Client, key: string) => Promise<Found>;
interface Waiting<Found> {
  readonly promise: Promise<Found>;
  readonly resolve: (found: Found) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Answers lookups that wait at the same time with one call of `ask`, for at most `most` keys. `ask` returns how to find a key in its answer.
 * A lookup joins only a call that has not begun, so that an answer is never older than the question. When `ask` fails, each of its
 * lookups fails with that error.
 */
export function joinedLookups<Client extends object, Found>(
  most: number,
  ask: (client: Client, keys: readonly string[]) => Promise<(key: string) => Found>,
): Lookup<Client, Found> {
  const byClient = new WeakMap<Client, (key: string) => Promise<Found>>();
  return (client, key) => {
    const known = byClient.get(client) ?? makeQueue(most, (keys) => ask(client, keys));
    byClient.set(client, known);
    return known(key);
  };
}

/** Lookups of the same key that wait at the same time share one call of `ask`. Different keys are asked for in parallel. */
export function sharedLookups<Client extends object, Found>(ask: Lookup<Client, Found>): Lookup<Client, Found> {
  const byClient = new WeakMap<Client, Map<string, (key: string) => Promise<Found>>>();
  return (client, key) => {
    const queues = byClient.get(client) ?? new Map<string, (key: string) => Promise<Found>>();
    byClient.set(client, queues);
    const queue =
      queues.get(key) ??
      makeQueue(1, async () => {
        const found = await ask(client, key);
        return () => found;
      });
    queues.set(key, queue);
    return queue(key);
  };
}

/** One call at a time: the lookups that arrive meanwhile go together with the next one. */
function makeQueue<Found>(most: number, ask: (keys: readonly string[]) => Promise<(key: string) => Found>) {
  const waiting = new Map<string, Waiting<Found>>();
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    // The lookups of this turn of the event loop wait already when the call is made.
    await new Promise(setImmediate);
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, most);
      for (const [key] of batch) waiting.delete(key);
      try {
        const find = await ask(batch.map(([key]) => key));
        for (const [key, { resolve }] of batch) resolve(find(key));
      } catch (error) {
        for (const [, { reject }] of batch) reject(error);
      }
    }
    running = false;
  };
  return (key: string): Promise<Found> => {
    const joined = waiting.get(key) ?? deferred<Found>();
    waiting.set(key, joined);
    if (!running) void run();
    return joined.promise;
  };
}

function deferred<Found>(): Waiting<Found> {
  let resolve: Waiting<Found>["resolve"] = () => {};
  let reject: Waiting<Found>["reject"] = () => {};
  const promise = new Promise<Found>((onFound, onError) => {
    [resolve, reject] = [onFound, onError];
  });
  return { promise, resolve, reject };
}
