import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

/**
 * Lines in numbered files. A line is written before the call that caused it is answered, so `kill -9` loses none (the operating system
 * holds them). A half-written last line was never acknowledged. The oldest file can be removed after its current records were appended to a
 * newer one.
 */
export interface Log {
  /** Appends a line and returns the number of its file. After an error, no part of the line remains. */
  append(line: string): number;
  /** Bytes of all files. */
  size(): number;
  /** The oldest file that is complete. */
  oldest(): number | undefined;
  /** Passes each line of a file to `read`. Other requests get a turn meanwhile. */
  read(file: number, read: (line: string) => void): Promise<void>;
  remove(file: number): void;
  close(): void;
}

const FILE_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const nameOf = (file: number): string => `${String(file).padStart(8, "0")}.log`;

/** Opens the folder and passes each line to `read`, in the order of writing. */
export async function openLog(folder: string, read: (line: string, file: number) => void): Promise<Log> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sizes = new Map<number, number>();
  for (const file of filesOf(folder)) {
    const whole = await readLines(join(folder, nameOf(file)), (line) => read(line, file));
    sizes.set(file, whole);
  }
  let current = [...sizes.keys()].at(-1) ?? 1;
  let size = sizes.get(current) ?? 0;
  let handle = openFile(folder, current);
  // Text after the last whole line was never acknowledged. The next line would be appended to it.
  ftruncateSync(handle, size);
  const nextFile = (): void => {
    closeSync(handle);
    sizes.set(current, size);
    current++;
    size = 0;
    handle = openFile(folder, current);
  };
  return {
    append(line) {
      if (size >= FILE_BYTES) nextFile();
      size += writeLine(handle, line, size);
      sizes.set(current, size);
      return current;
    },
    size: () => [...sizes.values()].reduce((sum, one) => sum + one, 0),
    oldest: () => [...sizes.keys()].find((file) => file !== current),
    read: async (file, take) => void (await readLines(join(folder, nameOf(file)), take)),
    remove(file) {
      unlinkSync(join(folder, nameOf(file)));
      sizes.delete(file);
    },
    close: () => closeSync(handle),
  };
}

const filesOf = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => /^\d{8}\.log$/.test(name))
    .map((name) => Number(name.slice(0, 8)))
    .sort((a, b) => a - b);
const openFile = (folder: string, file: number): number => openSync(join(folder, nameOf(file)), "a", 0o600);

function writeLine(handle: number, line: string, size: number): number {
  const bytes = Buffer.from(`${line}\n`);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
  } catch (error) {
    // The next line would be appended to half a line.
    ftruncateSync(handle, size);
    throw error;
  }
  return bytes.length;
}

/** Returns the position at which the last whole line ends. */
async function readLines(path: string, read: (line: string) => void): Promise<number> {
  const handle = openSync(path, "r");
  try {
    let rest: Buffer = Buffer.alloc(0);
    let position = 0;
    let whole = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(handle, chunk, 0, CHUNK_BYTES, position);
      if (count === 0) return whole;
      position += count;
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, count)]) : chunk.subarray(0, count);
      rest = splitLines(bytes, read);
      whole = position - rest.length;
      await turn();
    }
  } finally {
    closeSync(handle);
  }
}
/** Returns the bytes after the last newline. */
function splitLines(bytes: Buffer, read: (line: string) => void): Buffer {
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE, from); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    if (end > from) read(bytes.toString("utf8", from, end));
    from = end + 1;
  }
  return bytes.subarray(from);
}
