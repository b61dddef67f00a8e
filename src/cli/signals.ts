/** What ended the run from outside: a signal, or the reader of our output going away. */
export type Ending = "signal" | "reader";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const INTERRUPTED = 130;

/** The first signal aborts: calls in flight finish. The second one ends the process at once; both are resumable. */
export function watchSignals(controller: AbortController): () => void {
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort("signal" satisfies Ending);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return () => {
    for (const name of SIGNALS) process.off(name, onSignal);
  };
}

/** `fleetlogix logs | head`: nobody reads on, which is no error. Only a closed stdout stops the work: stderr is company, not the answer. */
export function watchReaders(controller: AbortController, streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream }): void {
  streams.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    controller.abort("reader" satisfies Ending);
  });
  streams.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** While a program has the terminal, Ctrl-C is for it: a query is cancelled and nothing ends. Gives back what undoes it. */
export function leaveSignalsToChild(): () => void {
  const listeners = process.listeners("SIGINT");
  const wait = () => {};
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", wait);
  return () => {
    process.off("SIGINT", wait);
    for (const listener of listeners) process.on("SIGINT", listener as NodeJS.SignalsListener);
  };
}
