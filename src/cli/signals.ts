import { getSystemErrorMap } from "node:util";

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

/**
 * `fleetlogix logs | head`: nobody reads on, which is no error. Any other failure to write the answer (a full disk) is one. Only stdout
 * stops the work: stderr is company, not the answer.
 */
export function watchReaders(
  controller: AbortController,
  { stdout, stderr }: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream },
): { lost(): Promise<boolean> } {
  let failure: NodeJS.ErrnoException | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    failure ??= error;
    controller.abort("reader" satisfies Ending);
  });
  stderr.on("error", () => {});
  return {
    /** Could the answer not be written? Then it says so. Nobody who wanted it is no loss. */
    async lost() {
      await new Promise<void>((done) => stdout.write("", () => setImmediate(done)));
      if (failure === undefined || failure.code === "EPIPE") return false;
      const words = getSystemErrorMap().get(failure.errno ?? 0)?.[1] ?? failure.message;
      stderr.write(`OUTPUT_LOST  the answer could not be written: ${words}\n`);
      return true;
    },
  };
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
