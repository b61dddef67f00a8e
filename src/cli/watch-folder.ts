import { watch } from "node:fs";

/** An editor writes a file in several steps. The file counts as saved after so many milliseconds without another one. */
const QUIET_MS = 25;

/**
 * Yields the files below `folder` that are saved from now on, those of one moment together; ends with the signal. A save between two
 * reads is not lost.
 */
export function watchFolder(folder: string, signal: AbortSignal): AsyncIterable<readonly string[]> {
  const changed = new Set<string>();
  const wake = new EventTarget();
  const ring = () => void wake.dispatchEvent(new Event("wake"));
  const watcher = watch(folder, { recursive: true }, (_, file) => {
    if (file === null || /(^|[\\/])\.|~$|\.swp$/.test(file)) return;
    changed.add(file);
    ring();
  });
  signal.addEventListener("abort", ring, { once: true });
  return saved(changed, wake, signal, () => watcher.close());
}

async function* saved(changed: Set<string>, wake: EventTarget, signal: AbortSignal, close: () => void): AsyncGenerator<readonly string[]> {
  try {
    while (!signal.aborted) {
      if (changed.size === 0) await new Promise((done) => wake.addEventListener("wake", done, { once: true }));
      await quiet(changed, signal);
      if (signal.aborted) return;
      const files = [...changed].sort();
      changed.clear();
      if (files.length > 0) yield files;
    }
  } finally {
    close();
  }
}

async function quiet(changed: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  for (let before = -1; before !== changed.size && !signal.aborted; ) {
    before = changed.size;
    await new Promise((done) => setTimeout(done, QUIET_MS));
  }
}
