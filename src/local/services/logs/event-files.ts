import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface StoredEvent {
  /** 56 digits, in the order of time, then of arrival. */
  readonly id: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
}
export interface Summary {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly lastIngestion: number | undefined;
  readonly bytes: number;
}
export interface EventFiles {
  append(stream: StreamPlace, events: readonly { readonly timestamp: number; readonly message: string }[], now: number): void;
  /** In order of time. `from`, `to`: inclusive. */
  read(stream: StreamPlace, from: number, to: number): Promise<StoredEvent[]>;
  summary(stream: StreamPlace): Summary;
  removeStream(stream: StreamPlace): void;
  removeGroup(group: string): void;
  /** Removes whole files whose newest event is older. */
  expire(stream: StreamPlace, before: number): void;
  /** Removes the folders of groups that are no more. */
  keepOnly(groups: ReadonlySet<string>): void;
}
export interface StreamPlace {
  readonly id: string;
  readonly group: string;
}

/** A stream is a row of files of this size; the oldest beyond the count go. */
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
interface Known {
  readonly segments: Segment[];
  sequence: number;
}

/** Events in append-only files, one JSON line each: what was acknowledged is there after `kill -9`. */
export function eventFiles(folder: string): EventFiles {
  const known = new Map<string, Known>();
  const groupFolder = (group: string): string => join(folder, group);

  const load = (stream: StreamPlace): Known => {
    const cached = known.get(stream.id);
    if (cached) return cached;
    const loaded: Known = { segments: [], sequence: 0 };
    for (const number of segmentNumbers(groupFolder(stream.group), stream.id)) {
      const segment = newSegment(join(groupFolder(stream.group), `${stream.id}.${number}.jsonl`), number);
      for (const line of readWholeLines(segment.file)) {
        count(segment, line);
        loaded.sequence = Math.max(loaded.sequence, line[2] + 1);
      }
      loaded.segments.push(segment);
    }
    known.set(stream.id, loaded);
    return loaded;
  };
  const files: EventFiles = {
    append(stream, events, now) {
      if (events.length === 0) return;
      const state = load(stream);
      const lines = events.map(({ timestamp, message }): Line => [timestamp, now, state.sequence++, message]);
      let segment = state.segments.at(-1);
      if (!segment || segment.bytes >= SEGMENT_BYTES) {
        mkdirSync(groupFolder(stream.group), { recursive: true, mode: 0o700 });
        const number = (segment?.number ?? -1) + 1;
        segment = newSegment(join(groupFolder(stream.group), `${stream.id}.${number}.jsonl`), number);
        state.segments.push(segment);
        for (const old of state.segments.splice(0, Math.max(0, state.segments.length - SEGMENTS))) rmSync(old.file, { force: true });
      }
      appendFileSync(segment.file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""), { mode: 0o600 });
      for (const line of lines) count(segment, line);
    },
    async read(stream, from, to) {
      const found: StoredEvent[] = [];
      const place = placeOf(stream);
      for (const segment of load(stream).segments) {
        if (segment.newest < from || segment.oldest > to) continue;
        for (const text of (await readFile(segment.file, "utf8")).split("\n")) {
          if (!text) continue;
          const line = JSON.parse(text) as Line;
          if (line[0] >= from && line[0] <= to) found.push(toEvent(place, line));
        }
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    summary(stream) {
      const { segments } = load(stream);
      const most = (pick: (segment: Segment) => number): number | undefined =>
        segments.length > 0 ? Math.max(...segments.map(pick)) : undefined;
      return {
        first: segments.length > 0 ? Math.min(...segments.map((segment) => segment.oldest)) : undefined,
        last: most((segment) => segment.newest),
        lastIngestion: most((segment) => segment.lastIngestion),
        bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
      };
    },
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

const newSegment = (file: string, number: number): Segment => ({
  file,
  number,
  bytes: 0,
  oldest: Number.POSITIVE_INFINITY,
  newest: 0,
  lastIngestion: 0,
});
function count(segment: Segment, [timestamp, ingestionTime, , message]: Line): void {
  // AWS counts 26 bytes for what goes with a message.
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

/** A half-written last line was never acknowledged: it goes, so that the next one starts on a line of its own. */
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

/** Tells events of different streams at the same time apart. */
const placeOf = ({ id }: StreamPlace): string =>
  String(BigInt(`0x${createHash("sha256").update(id).digest("hex").slice(0, 16)}`)).padStart(21, "0");

const toEvent = (place: string, [timestamp, ingestionTime, sequence, message]: Line): StoredEvent => ({
  id: String(timestamp).padStart(14, "0") + place + String(sequence).padStart(21, "0"),
  timestamp,
  ingestionTime,
  message,
});
