import { getSystemErrorMap } from "node:util";

/** Reason of an abort: a signal, or the reader of stdout closed it. */
export type Ending = "signal" | "reader";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const INTERRUPTED = 130;

/** The first signal aborts, and calls in flight finish. The second one ends the process at once. A rerun continues after both. */
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
 * With `fleetlogix logs | head` the reader closes stdout, which is not an error. Any other failure to write, such as a full disk, is one.
 * Only stdout stops the work, because the answer is not on stderr.
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
    /** True when the answer could not be written, which is reported; false when the reader closed stdout. */
    async lost() {
      await new Promise<void>((done) => stdout.write("", () => setImmediate(done)));
      if (failure === undefined || failure.code === "EPIPE") return false;
      const words = getSystemErrorMap().get(failure.errno ?? 0)?.[1] ?? failure.message;
      stderr.write(`OUTPUT_LOST  the answer could not be written: ${words}\n`);
      return true;
    },
  };
}

/** Ignores Ctrl-C while a child program has the terminal, which handles it. Returns a function that undoes this. */
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
