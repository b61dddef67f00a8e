/** The reject functions of the requests in progress. */
const running = new Set<(error: unknown) => void>();

/**
 * Runs the work of a request. Rejects with the first error that no handler caught, such as one of an engine's stream or a timer, so that a
 * request whose engine broke still gets an answer. To find out which request the error belongs to, we would have to follow every promise of
 * the process, which made each call 10 % slower. Therefore all requests in progress fail, and their clients retry.
 */
export function inRequestScope<T>(work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    running.add(reject);
    const end = (settle: () => void): void => {
      running.delete(reject);
      settle();
    };
    work().then(
      (answer) => end(() => resolve(answer)),
      (error) => end(() => reject(error)),
    );
  });
}
/** Fails all requests in progress with an error that no handler caught. Returns true when there was one. */
export function failRunningRequests(error: unknown): boolean {
  for (const fail of running) fail(error);
  const found = running.size > 0;
  running.clear();
  return found;
}
