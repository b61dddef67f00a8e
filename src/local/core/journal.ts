import { closeSync, constants, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { READ_APPEND, REPLACE } from "./files.ts";

/** A file of lines. A line is written before the call that caused it is answered. */
export interface Journal {
  /** Adds a line, whole or not at all. */
  append(line: string): void;
  /** Bytes of the file. */
  size(): number;
  /** Replaces all lines atomically: a reader sees either the old lines or the new ones. */
  replace(lines: Iterable<string>): void;
  close(): void;
}

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Opens the file and passes each whole line to `read`. A half-written last line was never acknowledged and is dropped. */
export function openJournal(file: string, read: (line: string) => void): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  let handle = openSync(file, READ_APPEND, 0o600);
  let size = readLines(handle, read);
  ftruncateSync(handle, size);
  return {
    append(line) {
      const bytes = Buffer.from(`${line}\n`);
      try {
        writeWhole(handle, bytes);
      } catch (error) {
        // Otherwise the next line would be appended to half a line.
        ftruncateSync(handle, size);
        throw error;
      }
      size += bytes.length;
    },
    size: () => size,
    replace(lines) {
      const temporary = `${file}.new`;
      const fresh = openSync(temporary, REPLACE | constants.O_APPEND, 0o600);
      try {
        const written = writeLines(fresh, lines);
        fsyncSync(fresh);
        renameSync(temporary, file);
        size = written;
      } catch (error) {
        closeSync(fresh);
        throw error;
      }
      closeSync(handle);
      handle = fresh;
    },
    close: () => closeSync(handle),
  };
}

/** Returns the position at which the last whole line ends. */
function readLines(handle: number, read: (line: string) => void): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let parts: Buffer[] = [];
  let position = 0;
  let completeBytes = 0;
  for (;;) {
    const count = readSync(handle, chunk, 0, CHUNK_BYTES, position);
    if (count === 0) return completeBytes;
    let from = 0;
    for (let end = lineEnd(chunk, from, count); end >= 0; end = lineEnd(chunk, from, count)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]).toString("utf8");
      parts = [];
      from = end + 1;
      completeBytes = position + from;
      if (line) read(line);
    }
    if (from < count) parts.push(Buffer.from(chunk.subarray(from, count)));
    position += count;
  }
}
function lineEnd(chunk: Buffer, from: number, count: number): number {
  const end = chunk.indexOf(NEWLINE, from);
  return end < count ? end : -1;
}

function writeLines(handle: number, lines: Iterable<string>): number {
  let size = 0;
  let batch: string[] = [];
  let characters = 0;
  const flush = (): void => {
    size += writeWhole(handle, Buffer.from(batch.map((line) => `${line}\n`).join("")));
    batch = [];
    characters = 0;
  };
  for (const line of lines) {
    batch.push(line);
    characters += line.length;
    if (characters > CHUNK_BYTES) flush();
  }
  flush();
  return size;
}

function writeWhole(handle: number, bytes: Buffer): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
  return bytes.length;
}
