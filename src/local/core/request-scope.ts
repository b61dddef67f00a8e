import { AsyncLocalStorage } from "node:async_hooks";

interface Scope {
  readonly fail: (error: unknown) => void;
}
const scopes = new AsyncLocalStorage<Scope>();

/**
 * Runs the work of a request; ends with its answer, or with the first error that anything begun by it throws, also in a
 * callback that nobody waits for (an engine's stream, a timer): a request whose engine broke is answered all the same.
 */
export function inScope<T>(work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    scopes.run({ fail: reject }, work).then(resolve, reject);
  });
}
/** An error that nobody caught: true when a request was waiting for it. */
export function failScope(error: unknown): boolean {
  const scope = scopes.getStore();
  scope?.fail(error);
  return scope !== undefined;
}
