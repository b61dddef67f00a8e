import { orAbsent } from "../aws/faults.ts";
import type { FunctionName } from "../config/config.ts";
import type { LogLine, LogOptions } from "./contract.ts";
import { notDeployed } from "./invoke.ts";
import type { Session } from "./session.ts";

const POLL_MS = 2_000;
/** Lines arrive late and out of order, so `follow` reads this time range a second time. */
const LATE_MS = 30_000;

interface Line extends LogLine {
  readonly id: string;
}

/**
 * Streams the lines, oldest first. Each page is requested after the previous one was read, so a large log needs little memory.
 * FilterLogEvents has no charge per minute, unlike a live tail. NOT_DEPLOYED when the log group of a function is missing.
 */
export async function* readLogs(session: Session, names: readonly FunctionName[], options: LogOptions): AsyncGenerator<LogLine> {
  const { clock } = session.ports;
  const { signal } = session.options;
  const printed = new Map<string, number>();
  let since = clock.now() - options.sinceMs;
  for (let first = true; ; first = false) {
    const lenient = options.follow || !first;
    const groups = names.map((name) => linesOf(session, name, { startTime: since, filterPattern: options.filterPattern, lenient }));
    for await (const { id, ...line } of inOrderOfTime(groups)) {
      if (printed.has(id)) continue;
      if (options.follow) printed.set(id, line.timestamp);
      yield line;
    }
    if (!options.follow || signal.aborted) return;
    since = Math.max(since, clock.now() - LATE_MS);
    for (const [id, timestamp] of printed) if (timestamp < since) printed.delete(id);
    await clock.sleep(options.pollMs ?? POLL_MS, signal);
    if (signal.aborted) return;
  }
}

/** Merges several groups by time. CloudWatch sorts the lines within a group. */
async function* inOrderOfTime(groups: readonly AsyncGenerator<Line>[]): AsyncGenerator<Line> {
  const heads = await Promise.all(groups.map(async (group) => ({ group, next: await group.next() })));
  for (;;) {
    const waiting = heads.filter(({ next }) => !next.done);
    const [oldest] = waiting.toSorted((a, b) => a.next.value.timestamp - b.next.value.timestamp);
    if (!oldest) return;
    yield oldest.next.value as Line;
    oldest.next = await oldest.group.next();
  }
}

/** An empty page may have a next one. `lenient`: a missing group has no lines. */
async function* linesOf(
  session: Session,
  name: FunctionName,
  query: { readonly startTime: number; readonly filterPattern: string | undefined; readonly lenient: boolean },
): AsyncGenerator<Line> {
  const logs = await session.clients.logs();
  const { startTime, filterPattern, lenient } = query;
  const functionName = session.config.functions.names[name];
  const request = { logGroupName: `/aws/lambda/${functionName}`, startTime, filterPattern };
  let nextToken: string | undefined;
  do {
    const ask = () => orAbsent(logs.filterLogEvents({ ...request, nextToken }), "ResourceNotFoundException");
    const page = await session.ask(`the logs of ${name}`, ask);
    if (!page && !lenient) throw notDeployed(functionName, `function.${name}`);
    for (const { eventId, timestamp = 0, message = "" } of page?.events ?? [])
      yield { id: `${name} ${eventId ?? `${timestamp} ${message}`}`, function: name, timestamp, message };
    nextToken = page?.nextToken;
  } while (nextToken);
}
