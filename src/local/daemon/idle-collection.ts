import { Session } from "node:inspector";
import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

const CHECK_MS = 500;
/** Share of the time in which an idle server runs code: its timers and the operating system's noise. */
const IDLE_SHARE = 0.05;
/** Less garbage is not worth the pause. */
const LEAST_GROWTH_BYTES = 32 * 1024 * 1024;

/**
 * Returns memory to the system when a load has ended. V8 collects the old generation only while the heap grows, so a server that has
 * become idle would keep the garbage of its last load. The inspector's collection gives the pages back; `gc()` of `--expose-gc` keeps them.
 * It stops the process for less than a millisecond per MB in use, when nobody waits for an answer.
 */
export function startIdleCollection(): void {
  const inspector = new Session();
  inspector.connect();
  let since = performance.eventLoopUtilization();
  /** The heap after the last collection. It still shrinks for a moment after that. */
  let kept = 0;
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    const { total_heap_size: size } = getHeapStatistics();
    kept = Math.min(kept, size);
    if (utilization > IDLE_SHARE || size - kept < LEAST_GROWTH_BYTES) return;
    inspector.post("HeapProfiler.collectGarbage");
    kept = getHeapStatistics().total_heap_size;
  }, CHECK_MS).unref();
}
