import { setImmediate } from "node:timers/promises";
import type {
  FilteredLogEvent,
  FilterLogEventsCommandInput,
  FilterLogEventsCommandOutput,
  GetLogEventsCommandInput,
  GetLogEventsCommandOutput,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Handler, LocalEnv, Operations } from "../../core/service.ts";
import { TimeLimitExceeded, withTimeLimit } from "../../core/time-limit.ts";
import type { EventFiles, StoredEvent } from "./event-files.ts";
import { filterPattern } from "./filter-pattern.ts";
import { constraint, type Group, type Groups, invalid, type Stream } from "./state.ts";

const DAY_MS = 86_400_000;
const PAGE_BYTES = 1_048_576;
const NOTHING = "0".repeat(56);

export function readingOperations(env: LocalEnv, groups: Groups, files: EventFiles): Operations {
  /** The earliest time to read. Retention applies at once, although the file may be deleted later. */
  const earliest = (group: Group, startTime: number | undefined): number =>
    Math.max(startTime ?? 0, group.retentionInDays ? env.clock.now() - group.retentionInDays * DAY_MS : 0);

  const get: Handler<GetLogEventsCommandInput, GetLogEventsCommandOutput> = async (input, { region }) => {
    const group = groups.require(region, input);
    const stream = groups.stream(group, input.logStreamName);
    const limit = checkLimit(input.limit);
    const all = await files.read(stream, earliest(group, input.startTime), (input.endTime ?? Number.POSITIVE_INFINITY) - 1);
    const [, direction, place] = /^([fb])\/(\d{56})$/.exec(input.nextToken ?? "") ?? [];
    if (input.nextToken !== undefined && place === undefined) throw invalid("The specified nextToken is invalid.");
    const later = place !== undefined && direction === "f" ? all.filter(({ id }) => id > place) : undefined;
    const earlier = place !== undefined && direction === "b" ? all.filter(({ id }) => id < place) : undefined;
    const fromHead = later !== undefined || (earlier === undefined && input.startFromHead === true);
    const events = fromHead ? firstPage(later ?? all, limit) : firstPage((earlier ?? all).toReversed(), limit).reverse();
    return {
      events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
      nextForwardToken: `f/${events.at(-1)?.id ?? place ?? NOTHING}`,
      nextBackwardToken: `b/${events[0]?.id ?? place ?? NOTHING}`,
    };
  };

  const filter: Handler<FilterLogEventsCommandInput, FilterLogEventsCommandOutput> = async (input, { region }) => {
    const group = groups.require(region, input);
    const limit = checkLimit(input.limit);
    const matches = filterPattern(input.filterPattern);
    const after = input.nextToken === undefined ? undefined : Buffer.from(input.nextToken, "base64url").toString();
    if (after !== undefined && !/^\d{56}$/.test(after)) throw invalid("The specified nextToken is invalid.");
    const from = earliest(group, input.startTime);
    const found: (StoredEvent & { stream: string })[] = [];
    for (const stream of chosen(groups, group, input))
      for (const event of await matching(await files.read(stream, from, input.endTime ?? Number.POSITIVE_INFINITY), matches))
        if (after === undefined || event.id > after) found.push({ ...event, stream: stream.name });
    found.sort((a, b) => (a.id < b.id ? -1 : 1));
    const events = firstPage(found, limit);
    const last = events.at(-1);
    return {
      events: events.map(
        ({ stream, timestamp, message, ingestionTime, id }): FilteredLogEvent => ({
          logStreamName: stream,
          timestamp,
          message,
          ingestionTime,
          eventId: id,
        }),
      ),
      searchedLogStreams: [],
      ...(last && events.length < found.length && { nextToken: Buffer.from(last.id).toString("base64url") }),
    };
  };
  return { GetLogEvents: get, FilterLogEvents: filter };
}

const BATCH_SIZE = 500;
/** The events that match. It yields to other work in between, and refuses a pattern that exceeds its time. */
async function matching(events: readonly StoredEvent[], matches: (message: string) => boolean): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let at = 0; at < events.length; at += BATCH_SIZE) {
    try {
      found.push(...withTimeLimit(() => events.slice(at, at + BATCH_SIZE).filter(({ message }) => matches(message))));
    } catch (error) {
      if (error instanceof TimeLimitExceeded) throw invalid("Invalid filter pattern: it takes too long.");
      throw error;
    }
    await setImmediate();
  }
  return found;
}

function chosen(groups: Groups, group: Group, { logStreamNames, logStreamNamePrefix }: FilterLogEventsCommandInput): Stream[] {
  if (logStreamNames && logStreamNamePrefix !== undefined)
    throw invalid("Only one of logStreamNames and logStreamNamePrefix can be specified.");
  if (logStreamNames) return logStreamNames.map((name) => groups.stream(group, name));
  return groups.streams(group).filter(({ name }) => name.startsWith(logStreamNamePrefix ?? ""));
}

function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return 10_000;
  if (limit < 1) throw constraint("limit", limit, "Member must have value greater than or equal to 1");
  if (limit > 10_000) throw constraint("limit", limit, "Member must have value less than or equal to 10000");
  return limit;
}

/** The events of the first page, limited by number and by size. */
function firstPage<T extends StoredEvent>(events: readonly T[], limit: number): T[] {
  const taken: T[] = [];
  let bytes = 0;
  for (const event of events) {
    bytes += Buffer.byteLength(event.message) + 26;
    if (taken.length >= limit || (taken.length > 0 && bytes > PAGE_BYTES)) break;
    taken.push(event);
  }
  return taken;
}
