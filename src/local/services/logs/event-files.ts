import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface StoredEvent {
  /** 56 digits that sort by time, then by arrival. */
  readonly id: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
}
export interface StreamSummary {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly lastIngestion: number | undefined;
  readonly bytes: number;
}
export interface EventFiles {
  append(stream: StreamKey, events: readonly { readonly timestamp: number; readonly message: string }[], now: number): void;
  /** Events in order of time; `from` and `to` (milliseconds) are inclusive. */
  read(stream: StreamKey, from: number, to: number): Promise<StoredEvent[]>;
  summary(stream: StreamKey): StreamSummary;
  removeStream(stream: StreamKey): void;
  removeGroup(group: string): void;
  /** Deletes the files whose newest event is older than `before`. */
  expire(stream: StreamKey, before: number): void;
  /** Deletes the folders of all other groups. */
  keepOnly(groups: ReadonlySet<string>): void;
}
export interface StreamKey {
  readonly id: string;
  readonly group: string;
}

/** A stream is stored in files of this size. Beyond the number of segments the oldest file is deleted. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const SEGMENTS = 16;

type Line = [timestamp: number, ingestionTime: number, sequence: number, message: string];
interface Segment {
  readonly file: string;
  readonly number: number;
  bytes: number;
  oldest: number;
  newest: number;
  lastIngestion: number;
}
interface StreamSegments {
  readonly segments: Segment[];
  sequence: number;
}

/** Stores events in append-only files, one JSON line each, so that acknowledged events survive `kill -9`. */
export function eventFiles(folder: string): EventFiles {
  const known = new Map<string, StreamSegments>();
  const groupFolder = (group: string): string => join(folder, group);

  const load = (stream: StreamKey): StreamSegments => {
    const state = known.get(stream.id) ?? readSegments(groupFolder(stream.group), stream.id);
    known.set(stream.id, state);
    return state;
  };
  const files: EventFiles = {
    append(stream, events, now) {
      if (events.length === 0) return;
      const state = load(stream);
      const lines = events.map(({ timestamp, message }): Line => [timestamp, now, state.sequence++, message]);
      const segment = openSegment(state, groupFolder(stream.group), stream.id);
      appendFileSync(segment.file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""), { mode: 0o600 });
      for (const line of lines) count(segment, line);
    },
    async read(stream, from, to) {
      const found: StoredEvent[] = [];
      const place = streamDigits(stream);
      for (const segment of load(stream).segments)
        if (segment.newest >= from && segment.oldest <= to) found.push(...(await eventsIn(segment, place, from, to)));
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    summary: (stream) => summaryOf(load(stream).segments),
    removeStream(stream) {
      for (const { file } of load(stream).segments) rmSync(file, { force: true });
      known.delete(stream.id);
    },
    removeGroup: (group) => rmSync(groupFolder(group), { recursive: true, force: true }),
    expire(stream, before) {
      const state = load(stream);
      for (const segment of state.segments.filter(({ newest }) => newest < before)) {
        rmSync(segment.file, { force: true });
        state.segments.splice(state.segments.indexOf(segment), 1);
      }
    },
    keepOnly(groups) {
      for (const name of listed(folder)) if (!groups.has(name)) files.removeGroup(name);
    },
  };
  return files;
}

/** The last segment, or a new one when it is full. Deletes the oldest segments beyond the limit. */
function openSegment(state: StreamSegments, folder: string, id: string): Segment {
  const last = state.segments.at(-1);
  if (last && last.bytes < SEGMENT_BYTES) return last;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const segment = newSegment(folder, id, (last?.number ?? -1) + 1);
  state.segments.push(segment);
  for (const old of state.segments.splice(0, Math.max(0, state.segments.length - SEGMENTS))) rmSync(old.file, { force: true });
  return segment;
}

function readSegments(folder: string, id: string): StreamSegments {
  const state: StreamSegments = { segments: [], sequence: 0 };
  for (const number of segmentNumbers(folder, id)) {
    const segment = newSegment(folder, id, number);
    for (const line of readWholeLines(segment.file)) {
      count(segment, line);
      state.sequence = Math.max(state.sequence, line[2] + 1);
    }
    state.segments.push(segment);
  }
  return state;
}

async function eventsIn(segment: Segment, place: string, from: number, to: number): Promise<StoredEvent[]> {
  const lines = (await readFile(segment.file, "utf8")).split("\n").filter(Boolean);
  return lines
    .map((text) => JSON.parse(text) as Line)
    .filter(([timestamp]) => timestamp >= from && timestamp <= to)
    .map((line) => toEvent(place, line));
}

function summaryOf(segments: readonly Segment[]): StreamSummary {
  const [one] = segments;
  return {
    first: one && Math.min(...segments.map(({ oldest }) => oldest)),
    last: one && Math.max(...segments.map(({ newest }) => newest)),
    lastIngestion: one && Math.max(...segments.map(({ lastIngestion }) => lastIngestion)),
    bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
  };
}

const newSegment = (folder: string, id: string, number: number): Segment => ({
  file: join(folder, `${id}.${number}.jsonl`),
  number,
  bytes: 0,
  oldest: Number.POSITIVE_INFINITY,
  newest: 0,
  lastIngestion: 0,
});
function count(segment: Segment, [timestamp, ingestionTime, , message]: Line): void {
  // AWS adds 26 bytes of overhead per event.
  segment.bytes += Buffer.byteLength(message) + 26;
  segment.oldest = Math.min(segment.oldest, timestamp);
  segment.newest = Math.max(segment.newest, timestamp);
  segment.lastIngestion = Math.max(segment.lastIngestion, ingestionTime);
}

const listed = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const segmentNumbers = (folder: string, id: string): number[] =>
  listed(folder)
    .filter((name) => name.startsWith(`${id}.`))
    .map((name) => Number(name.split(".").at(-2)))
    .sort((a, b) => a - b);

/** Reads the complete lines. An incomplete last line was never acknowledged; it is cut off, so that the next event starts on a new line. */
function readWholeLines(file: string): Line[] {
  const data = readFileSync(file);
  const end = data.lastIndexOf(0x0a) + 1;
  if (end < data.length) truncateSync(file, end);
  return data
    .subarray(0, end)
    .toString("utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

/** The part of an event id that distinguishes streams. */
const streamDigits = ({ id }: StreamKey): string =>
  String(BigInt(`0x${createHash("sha256").update(id).digest("hex").slice(0, 16)}`)).padStart(21, "0");

const toEvent = (place: string, [timestamp, ingestionTime, sequence, message]: Line): StoredEvent => ({
  id: String(timestamp).padStart(14, "0") + place + String(sequence).padStart(21, "0"),
  timestamp,
  ingestionTime,
  message,
});
