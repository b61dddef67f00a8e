import { orAbsent } from "../aws/faults.ts";
import type { FunctionName } from "../config/config.ts";
import type { LogLine } from "./contract.ts";
import { notDeployed } from "./invoke.ts";
import type { Session } from "./session.ts";

const POLL_MS = 2_000;
/** Lines arrive late and out of order: so far back a follower looks again. */
const LATE_MS = 30_000;

interface Options {
  readonly sinceMs: number;
  readonly follow: boolean;
}
interface Line extends LogLine {
  readonly id: string;
}

/** Oldest first. FilterLogEvents with a filter of time only: unlike a live tail it costs nothing by the minute. */
export async function* readLogs(session: Session, names: readonly FunctionName[], options: Options): AsyncGenerator<LogLine> {
  const { clock } = session.ports;
  const { signal } = session.options;
  const shown = new Map<string, number>();
  let since = clock.now() - options.sinceMs;
  for (let first = true; ; first = false) {
    const found = await Promise.all(names.map((name) => linesOf(session, name, since)));
    const missing = names[found.indexOf(undefined)];
    if (missing && first && !options.follow) throw notDeployed(session.config.functions.names[missing], `function.${missing}`);
    const fresh = found.flatMap((lines) => lines ?? []).filter((line) => !shown.has(line.id));
    for (const { id, ...line } of fresh.sort((a, b) => a.timestamp - b.timestamp)) {
      shown.set(id, line.timestamp);
      yield line;
    }
    if (!options.follow || signal.aborted) return;
    since = Math.max(since, clock.now() - LATE_MS);
    for (const [id, timestamp] of shown) if (timestamp < since) shown.delete(id);
    await clock.sleep(POLL_MS, signal);
    if (signal.aborted) return;
  }
}

/** undefined: there is no log group yet. A page may be empty and yet have a next one. */
async function linesOf(session: Session, name: FunctionName, startTime: number): Promise<readonly Line[] | undefined> {
  const logs = await session.clients.logs();
  const logGroupName = `/aws/lambda/${session.config.functions.names[name]}`;
  const lines: Line[] = [];
  let nextToken: string | undefined;
  do {
    const ask = () => orAbsent(logs.filterLogEvents({ logGroupName, startTime, nextToken }), "ResourceNotFoundException");
    const page = await session.ask(`the logs of ${name}`, ask);
    if (!page) return undefined;
    for (const { eventId, timestamp = 0, message = "" } of page.events ?? []) {
      lines.push({ id: `${name} ${eventId ?? `${timestamp} ${message}`}`, function: name, timestamp, message });
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return lines;
}
