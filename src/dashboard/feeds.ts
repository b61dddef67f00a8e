import { setTimeout as sleep } from "node:timers/promises";
import { CallFailed } from "./api.ts";
import { FEEDS, type Feed, type FeedName, type Reason } from "./model.ts";

export interface Source {
  readonly name: FeedName;
  readonly everyMs: number;
  /** Throws CallFailed, or an error of AWS. */
  read(): Promise<void>;
}
export interface FeedsOptions {
  readonly sources: readonly Source[];
  /** Whether a page is open. While none is open, no source is read. */
  isWatched(): boolean;
  onChange(feed: Feed): void;
  readonly signal: AbortSignal;
  now(): number;
}
export interface Feeds {
  /** Reads all due sources at once. Call it when a page opens. */
  wake(): void;
  readonly ended: Promise<void>;
}

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Reads each source at its own interval while a page is open. A failing source is read with exponential backoff, up to one minute;
 * a 429 pauses all sources.
 */
export function runFeeds({ sources, isWatched, onChange, signal, now }: FeedsOptions): Feeds {
  const state = new Map<FeedName, Feed>(
    FEEDS.map((name) => [name, { name, answeredAt: null, failing: null, everyMs: sources.find((s) => s.name === name)?.everyMs ?? 0 }]),
  );
  let awake = new AbortController();
  let pausedUntil = 0;
  const rest = (ms: number) => sleep(ms, undefined, { signal: AbortSignal.any([signal, awake.signal]) }).catch(() => {});
  const note = (name: FeedName, change: Partial<Feed>) => {
    const feed = { ...(state.get(name) as Feed), ...change };
    state.set(name, feed);
    onChange(feed);
  };
  const once = async (
    { name, everyMs, read }: Source,
    failures: number,
  ): Promise<{ readonly failures: number; readonly waitMs: number }> => {
    try {
      await read();
      note(name, { answeredAt: now(), failing: null });
      return { failures: 0, waitMs: everyMs };
    } catch (error) {
      if (signal.aborted) return { failures, waitMs: 0 };
      const { reason, status, detail, retryAfterMs } = describe(error);
      const waitMs = Math.max(everyMs, retryAfterMs ?? 0, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures));
      if (reason === "limited") pausedUntil = Math.max(pausedUntil, now() + waitMs);
      note(name, { failing: { since: state.get(name)?.failing?.since ?? now(), reason, status, detail } });
      return { failures: failures + 1, waitMs };
    }
  };
  const loop = async (source: Source) => {
    let failures = 0;
    let dueAt = 0;
    while (!signal.aborted) {
      const waitMs = isWatched() ? Math.max(dueAt, pausedUntil) - now() : LONGEST_WAIT_MS;
      if (waitMs > 0) await rest(waitMs);
      if (signal.aborted || !isWatched() || Math.max(dueAt, pausedUntil) > now()) continue;
      const done = await once(source, failures);
      failures = done.failures;
      dueAt = now() + done.waitMs;
    }
  };
  return {
    wake() {
      awake.abort();
      awake = new AbortController();
    },
    ended: Promise.all(sources.map(loop)).then(() => {}),
  };
}

interface Description {
  readonly reason: Reason;
  readonly status: number | null;
  readonly detail: string;
  readonly retryAfterMs: number | null;
}
const REASONS: ReadonlyMap<unknown, Reason> = new Map([
  ["ACCESS_DENIED", "denied"],
  ["CREDENTIALS", "credentials"],
  ["NOT_DEPLOYED", "absent"],
]);
/** Messages of AWS errors may contain ARNs and addresses, so only their code goes to the page. */
function describe(error: unknown): Description {
  if (error instanceof CallFailed) {
    const { reason, status, message, retryAfterMs } = error;
    return { reason, status, detail: message, retryAfterMs };
  }
  const { code } = error as { code?: unknown };
  return { reason: REASONS.get(code) ?? "unreachable", status: null, detail: typeof code === "string" ? code : "", retryAfterMs: null };
}
