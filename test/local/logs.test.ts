import { appendFileSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

const DAY = 86_400_000;
const clock = virtualClock();
let aws: Awaited<ReturnType<typeof localAws>>;
let logs: CloudWatchLogs;
let logGroupName: string;
beforeAll(async () => {
  aws = await localAws({ clock });
  logs = aws.client(CloudWatchLogs);
});
afterAll(() => aws.close());
let count = 0;
beforeEach(async () => {
  logGroupName = `/aws/lambda/f${++count}`;
  await logs.createLogGroup({ logGroupName, tags: { stack: "FleetLogix/dev" } });
  await logs.createLogStream({ logGroupName, logStreamName: "s" });
});
const put = (messages: string[], logStreamName = "s", at = clock.now()) =>
  logs.putLogEvents({ logGroupName, logStreamName, logEvents: messages.map((message, i) => ({ timestamp: at + i, message })) });
const found = async (filterPattern?: string) =>
  ((await logs.filterLogEvents({ logGroupName, filterPattern })).events ?? []).map(({ message }) => message);

test("a group is created with tags; retention takes AWS's values only; errors are AWS's", async () => {
  await expect(logs.createLogGroup({ logGroupName })).rejects.toMatchObject({
    name: "ResourceAlreadyExistsException",
    message: "The specified log group already exists",
  });
  await logs.putRetentionPolicy({ logGroupName, retentionInDays: 30 });
  await expect(logs.putRetentionPolicy({ logGroupName, retentionInDays: 10 })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: expect.stringContaining(
      "Value '10' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5,",
    ),
  });
  const arn = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`;
  const { logGroups } = await logs.describeLogGroups({ logGroupNamePrefix: logGroupName });
  expect(logGroups).toMatchObject([
    { logGroupName, arn: `${arn}:*`, logGroupArn: arn, retentionInDays: 30, logGroupClass: "STANDARD", metricFilterCount: 0 },
  ]);
  await logs.deleteRetentionPolicy({ logGroupName });
  expect((await logs.describeLogGroups({ logGroupNamePrefix: logGroupName })).logGroups?.[0]?.retentionInDays).toBeUndefined();

  await logs.tagResource({ resourceArn: arn, tags: { a: "1" } });
  await logs.untagResource({ resourceArn: arn, tagKeys: ["stack"] });
  expect((await logs.listTagsForResource({ resourceArn: arn })).tags).toEqual({ a: "1" });
  await logs.tagLogGroup({ logGroupName, tags: { b: "2" } });
  expect((await logs.listTagsLogGroup({ logGroupName })).tags).toEqual({ a: "1", b: "2" });

  await logs.deleteLogGroup({ logGroupName });
  await expect(logs.deleteLogGroup({ logGroupName })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified log group does not exist.",
  });
  await expect(logs.createLogGroup({ logGroupName: "a b" })).rejects.toMatchObject({ name: "InvalidParameterException" });
  await expect(logs.createLogGroup({ logGroupName: "aws/x" })).rejects.toMatchObject({ name: "InvalidParameterException" });
  await expect(logs.createLogGroup({ logGroupName: "a".repeat(513) })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
  });
  await expect(logs.describeLogStreams({ logGroupName: "a", logGroupIdentifier: "a" })).rejects.toMatchObject({
    name: "ValidationException",
    message: "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
  });
});

test("a recreated group has no events of the deleted one", async () => {
  await put(["old"]);
  await logs.deleteLogGroup({ logGroupName });
  await logs.createLogGroup({ logGroupName });
  expect((await logs.describeLogStreams({ logGroupName })).logStreams).toEqual([]);
  expect(await found()).toEqual([]);
});

test("streams are listed by name or by last event", async () => {
  await logs.createLogStream({ logGroupName, logStreamName: "a" });
  await put(["x"], "a", clock.now() - 5_000);
  await put(["y"], "s", clock.now());
  await expect(logs.createLogStream({ logGroupName, logStreamName: "a" })).rejects.toMatchObject({
    name: "ResourceAlreadyExistsException",
  });
  const names = async (input: object) =>
    ((await logs.describeLogStreams({ logGroupName, ...input })).logStreams ?? []).map(({ logStreamName }) => logStreamName);
  expect(await names({})).toEqual(["a", "s"]);
  expect(await names({ orderBy: "LastEventTime", descending: true, limit: 1 })).toEqual(["s"]);
  expect(await names({ logStreamNamePrefix: "a" })).toEqual(["a"]);
  const { logStreams } = await logs.describeLogStreams({ logGroupName, logStreamNamePrefix: "s" });
  expect(logStreams).toMatchObject([{ firstEventTimestamp: clock.now(), lastEventTimestamp: clock.now(), lastIngestionTime: clock.now() }]);
});

test("a stream is read from either end; the token continues, and stays the same at the end", async () => {
  await put(["1", "2", "3", "4", "5"]);
  const read = (input: object) => logs.getLogEvents({ logGroupName, logStreamName: "s", limit: 2, ...input });
  const text = ({ events }: Awaited<ReturnType<typeof read>>) => events?.map(({ message }) => message).join("");
  const head = await read({ startFromHead: true });
  const next = await read({ nextToken: head.nextForwardToken });
  const last = await read({ nextToken: next.nextForwardToken });
  const end = await read({ nextToken: last.nextForwardToken });
  expect([head, next, last, end].map(text)).toEqual(["12", "34", "5", ""]);
  expect(end.nextForwardToken).toBe(last.nextForwardToken);
  const tail = await read({});
  const before = await read({ nextToken: tail.nextBackwardToken });
  expect([tail, before].map(text)).toEqual(["45", "23"]);
  await put(["6"], "s", clock.now() + 100);
  expect(text(await read({ nextToken: end.nextForwardToken }))).toBe("6");
  expect(text(await read({ startTime: clock.now() + 1, endTime: clock.now() + 3, startFromHead: true }))).toBe("23");
});

test("events of several streams are returned in order of time, in pages", async () => {
  await logs.createLogStream({ logGroupName, logStreamName: "t" });
  await put(["a", "c", "e"], "s", clock.now());
  await logs.putLogEvents({
    logGroupName,
    logStreamName: "t",
    logEvents: [
      { timestamp: clock.now() + 1, message: "b" },
      { timestamp: clock.now() + 2, message: "d" },
    ],
  });
  const all: string[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await logs.filterLogEvents({ logGroupName, limit: 2, nextToken });
    expect(answer.events?.length).toBeLessThanOrEqual(2);
    all.push(...(answer.events ?? []).map(({ message }) => message as string));
    nextToken = answer.nextToken;
  } while (nextToken);
  expect(all).toHaveLength(5);
  expect(all[0]).toBe("a");
  expect([...all].sort()).toEqual(["a", "b", "c", "d", "e"]);
  const only = await logs.filterLogEvents({ logGroupName, logStreamNames: ["t"] });
  expect(only.events?.map(({ logStreamName, message }) => `${logStreamName}${message}`)).toEqual(["tb", "td"]);
});

test.each([
  ["ERROR", ["ERROR one two", "ERROR two"]],
  ["ERROR one", ["ERROR one two"]],
  ['"one two"', ["ERROR one two"]],
  ["ERROR -one", ["ERROR two"]],
  ["?INFO ?two", ["ERROR one two", "ERROR two", "INFO three"]],
  ["%t[hw][ro]e?%", ["ERROR one two", "ERROR two", "INFO three"]],
  ['{ $.level = "WARN" }', ['{"level":"WARN","n":5,"user":{"name":"ann"},"tags":["x","y"],"gone":null}']],
  ['{ ($.level = "WARN") && ($.n > 5) }', ['{"level":"WARN","n":7}'].slice(1)],
  ['{ $.n >= 5 && $.user.name = "a*" }', ['{"level":"WARN","n":5,"user":{"name":"ann"},"tags":["x","y"],"gone":null}']],
  ["{ $.n = 6 || $.level = OTHER }", ['{"level":"OTHER","n":6,"ok":true}']],
  ['{ $.tags[1] = "y" }', ['{"level":"WARN","n":5,"user":{"name":"ann"},"tags":["x","y"],"gone":null}']],
  ["{ $.gone IS NULL }", ['{"level":"WARN","n":5,"user":{"name":"ann"},"tags":["x","y"],"gone":null}']],
  ["{ $.ok IS TRUE }", ['{"level":"OTHER","n":6,"ok":true}']],
  ["{ $.user NOT EXISTS }", ['{"level":"OTHER","n":6,"ok":true}']],
  ['{ $.level != "WARN" }', ['{"level":"OTHER","n":6,"ok":true}']],
])("pattern %s", async (pattern, expected) => {
  await put([
    "ERROR one two",
    "ERROR two",
    "INFO three",
    '{"level":"WARN","n":5,"user":{"name":"ann"},"tags":["x","y"],"gone":null}',
    '{"level":"OTHER","n":6,"ok":true}',
  ]);
  expect(await found(pattern)).toEqual(expected);
});

test("an invalid pattern and an unsupported one are refused", async () => {
  await expect(found("{ $.level = }")).rejects.toMatchObject({ name: "InvalidParameterException", message: "Invalid filter pattern" });
  await expect(found("[a, b]")).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
  await expect(
    logs.startLiveTail({ logGroupIdentifiers: [`arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`] }),
  ).rejects.toThrow();
});

test("a batch is checked for order, span and size; events that are too old or too new are reported", async () => {
  const at = (...offsets: number[]) =>
    logs.putLogEvents({
      logGroupName,
      logStreamName: "s",
      logEvents: offsets.map((offset) => ({ timestamp: clock.now() + offset, message: "m" })),
    });
  await expect(at(0, -1)).rejects.toThrow("must be in chronological order");
  await expect(at(-2 * DAY, 0)).rejects.toThrow("cannot span more than 24 hours");
  await expect(put(["x".repeat(1_048_576)])).rejects.toMatchObject({ name: "InvalidParameterException" });
  await expect(put([])).rejects.toMatchObject({ name: "InvalidParameterException" });
  expect((await at(-15 * DAY)).rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
  expect((await at(0, 3 * 3_600_000)).rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
  expect(await found()).toEqual(["m"]);
  await expect(put(["m"], "none")).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified log stream does not exist.",
  });
});

test("expired events and their file are deleted", async () => {
  await logs.putRetentionPolicy({ logGroupName, retentionInDays: 1 });
  await put(["old"]);
  clock.advance(DAY / 2);
  await logs.createLogStream({ logGroupName, logStreamName: "new" });
  await put(["new"], "new");
  clock.advance(DAY / 2 + 1);
  expect(await found()).toEqual(["new"]);
  const files = () =>
    readdirSync(join(aws.env.dataDir, "logs"), { recursive: true }).filter((name) => String(name).endsWith(".jsonl")).length;
  const before = files();
  clock.advance(2 * 3_600_000);
  expect(before - files()).toBe(1);
});

test("events survive a restart; an incomplete line is dropped", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "logs-"));
  const write = async (server: Awaited<ReturnType<typeof localAws>>, message: string) =>
    server.client(CloudWatchLogs).putLogEvents({ logGroupName: "g", logStreamName: "s", logEvents: [{ timestamp: Date.now(), message }] });
  const first = await localAws({ dataDir });
  await first.client(CloudWatchLogs).createLogGroup({ logGroupName: "g" });
  await first.client(CloudWatchLogs).createLogStream({ logGroupName: "g", logStreamName: "s" });
  await write(first, "whole\nwith a second line");
  await first.close();
  const [file] = readdirSync(join(dataDir, "logs"), { recursive: true }).filter((name) => String(name).endsWith(".jsonl"));
  appendFileSync(join(dataDir, "logs", String(file)), '[1,2,3,"ha');
  const second = await localAws({ dataDir });
  await write(second, "after");
  const { events } = await second.client(CloudWatchLogs).getLogEvents({ logGroupName: "g", logStreamName: "s", startFromHead: true });
  expect(events?.map(({ message }) => message)).toEqual(["whole\nwith a second line", "after"]);
  await second.close();
  removeFolder(dataDir);
});

test("a stream keeps its newest 64 MB of events", async () => {
  const filler = "x".repeat(1_000_000);
  for (let i = 0; i < 85; i++)
    await aws.env.dispatch("logs", "PutLogEvents", {
      logGroupName,
      logStreamName: "s",
      logEvents: [{ timestamp: clock.now() + i, message: `${i} ${filler}` }],
    });
  const { events } = await logs.getLogEvents({ logGroupName, logStreamName: "s", limit: 1, startFromHead: true });
  expect(Number(events?.[0]?.message?.split(" ")[0])).toBeGreaterThan(0);
  const { logGroups } = await logs.describeLogGroups({ logGroupNamePrefix: logGroupName });
  expect(logGroups?.[0]?.storedBytes).toBeLessThanOrEqual(16 * 5 * 1024 * 1024);
});
