/** Requests that are being worked on: what fails each of them. */
const running = new Set<(error: unknown) => void>();

/**
 * Runs the work of a request; ends with its answer, or with the first error that nobody caught (an engine's stream, a timer): a
 * request whose engine broke is answered all the same. Which request it was cannot be told without following every promise of the
 * process, which cost a tenth of each call; so all that run end, and their clients call again.
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
/** An error that nobody caught: true when a request was waiting. */
export function failRunningRequests(error: unknown): boolean {
  for (const fail of running) fail(error);
  const found = running.size > 0;
  running.clear();
  return found;
}
