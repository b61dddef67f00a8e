import { randomUUID } from "node:crypto";
import type {
  CreateLogStreamCommandInput,
  CreateLogStreamCommandOutput,
  DeleteLogStreamCommandInput,
  DeleteLogStreamCommandOutput,
  DescribeLogStreamsCommandInput,
  DescribeLogStreamsCommandOutput,
  InputLogEvent,
  PutLogEventsCommandInput,
  PutLogEventsCommandOutput,
  RejectedLogEventsInfo,
} from "@aws-sdk/client-cloudwatch-logs";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import { putEmbeddedMetrics } from "./embedded-metrics.ts";
import type { EventFiles } from "./event-files.ts";
import { constraint, type Group, type Groups, invalid, page } from "./state.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_BATCH_BYTES = 1_048_576;
const MAX_EVENT_BYTES = 1_048_576;

export function streamOperations(env: LocalEnv, groups: Groups, files: EventFiles): Operations {
  const create: Handler<CreateLogStreamCommandInput, CreateLogStreamCommandOutput> = (input, { region }) => {
    const name = input.logStreamName as string;
    if (!/^[^:*]{1,512}$/.test(name)) throw constraint("logStreamName", name, "Member must satisfy regular expression pattern: [^:*]*");
    const group = groups.require(region, { logGroupName: input.logGroupName });
    if (groups.hasStream(group, name)) throw new LocalFault("ResourceAlreadyExistsException", "The specified log stream already exists");
    groups.putStream({ id: randomUUID(), group: group.id, name, createdAt: env.clock.now() });
    return {};
  };
  const remove: Handler<DeleteLogStreamCommandInput, DeleteLogStreamCommandOutput> = (input, { region }) => {
    const stream = groups.stream(groups.require(region, { logGroupName: input.logGroupName }), input.logStreamName);
    groups.removeStream(stream);
    files.removeStream(stream);
    return {};
  };
  const put: Handler<PutLogEventsCommandInput, PutLogEventsCommandOutput> = (input, { region }) => {
    const group = groups.require(region, { logGroupName: input.logGroupName });
    const stream = groups.stream(group, input.logStreamName);
    const events = input.logEvents ?? [];
    checkBatch(events);
    const now = env.clock.now();
    const { accepted, rejected } = splitBatch(events, group, now);
    files.append(stream, accepted, now);
    putEmbeddedMetrics(env, accepted, region);
    return { nextSequenceToken: String(now).padStart(56, "0"), rejectedLogEventsInfo: rejected };
  };
  return { CreateLogStream: create, DeleteLogStream: remove, PutLogEvents: put, DescribeLogStreams: describeStreams(groups, files) };
}

function checkBatch(events: readonly InputLogEvent[]): void {
  if (events.length < 1) throw constraint("logEvents", "[]", "Member must have length greater than or equal to 1");
  if (events.length > 10_000)
    throw constraint("logEvents", `${events.length} events`, "Member must have length less than or equal to 10000");
  const sizes = events.map(({ message }) => Buffer.byteLength(message ?? "") + 26);
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_BATCH_BYTES)
    throw invalid(`Upload too large: ${sizes.reduce((sum, size) => sum + size, 0)} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  if (sizes.some((size) => size > MAX_EVENT_BYTES)) throw invalid(`Log event too large: limit is ${MAX_EVENT_BYTES} bytes`);
  const times = events.map(({ timestamp }) => timestamp as number);
  if (times.some((time, i) => i > 0 && time < (times[i - 1] as number)))
    throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
  if ((times.at(-1) as number) - (times[0] as number) > DAY_MS)
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
}

/** Separates the events to store from those that are too old, too new or expired, which the response reports. */
function splitBatch(events: readonly InputLogEvent[], group: Group, now: number) {
  const expiry = group.retentionInDays ? now - group.retentionInDays * DAY_MS : 0;
  const isOld = ({ timestamp = 0 }: InputLogEvent): boolean => timestamp < now - 14 * DAY_MS;
  const isExpired = ({ timestamp = 0 }: InputLogEvent): boolean => timestamp < expiry;
  const tooNew = events.findIndex(({ timestamp = 0 }) => timestamp > now + 2 * HOUR_MS);
  const rejected: RejectedLogEventsInfo = {
    ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
    ...(events.some(isOld) && { tooOldLogEventEndIndex: events.filter(isOld).length }),
    ...(events.some(isExpired) && { expiredLogEventEndIndex: events.filter(isExpired).length }),
  };
  const accepted = events
    .filter((event, i) => !isOld(event) && !isExpired(event) && (tooNew < 0 || i < tooNew))
    .map(({ timestamp, message }) => ({ timestamp: timestamp as number, message: message ?? "" }));
  return { accepted, rejected: Object.keys(rejected).length > 0 ? rejected : undefined };
}

const describeStreams =
  (groups: Groups, files: EventFiles): Handler<DescribeLogStreamsCommandInput, DescribeLogStreamsCommandOutput> =>
  (input, { region }) => {
    const group = groups.require(region, input);
    const { logStreamNamePrefix: prefix = "", orderBy = "LogStreamName", descending, limit = 50 } = input;
    if (prefix && orderBy === "LastEventTime") throw invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
    const all = groups
      .streams(group)
      .filter(({ name }) => name.startsWith(prefix))
      .map((stream) => ({ stream, summary: files.summary(stream) }))
      .sort((a, b) => (a.stream.name < b.stream.name ? -1 : 1));
    if (orderBy === "LastEventTime") all.sort((a, b) => (a.summary.last ?? 0) - (b.summary.last ?? 0));
    if (descending) all.reverse();
    const { items, ...next } = page(all, input.nextToken, Math.min(limit, 50));
    const logStreams = items.map(({ stream, summary }) => ({
      logStreamName: stream.name,
      creationTime: stream.createdAt,
      firstEventTimestamp: summary.first,
      lastEventTimestamp: summary.last,
      ...(summary.lastIngestion !== undefined && {
        lastIngestionTime: summary.lastIngestion,
        uploadSequenceToken: String(summary.lastIngestion).padStart(56, "0"),
      }),
      arn: `${group.arn}:log-stream:${stream.name}`,
      // AWS has returned 0 since 2019.
      storedBytes: 0,
    }));
    return { logStreams, ...next };
  };
