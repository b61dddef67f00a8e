import { appendFileSync, createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";

/** Typed events in a local file, one JSON object in a line. */
export interface Rows {
  readonly file: string;
  readonly count: number;
  readonly bytes: number;
  /** Bytes of the longest line. */
  readonly longest: number;
  /** Subjects of a fixed number of rows: they show how the subjects are distributed. */
  readonly sample: readonly string[];
}
/** The rows whose subject lies in a range: `from` included, `below` excluded; undefined: no limit on that side. */
export interface Piece {
  readonly file: string;
  readonly count: number;
  readonly from: string | undefined;
  readonly below: string | undefined;
}

const SAMPLE = 8192;

/** Opens a file for rows. `subject` names the column that the rows are split by. */
export function writeRows(file: string, subject: string) {
  const stream = createWriteStream(file, { mode: 0o600 });
  const sample: string[] = [];
  let [count, bytes, longest] = [0, 0, 0];
  const random = pseudoRandom();
  return {
    async add(row: Readonly<Record<string, unknown>>): Promise<void> {
      const line = Buffer.from(`${JSON.stringify(row)}\n`);
      // Reservoir sampling: each row is in the sample with the same probability.
      const slot = count < SAMPLE ? count : Math.floor(random() * (count + 1));
      if (slot < SAMPLE) sample[slot] = String(row[subject]);
      count++;
      bytes += line.length;
      longest = Math.max(longest, line.length);
      if (!stream.write(line)) await new Promise<void>((drained) => stream.once("drain", () => drained()));
    },
    async end(): Promise<Rows> {
      stream.end();
      await finished(stream);
      return { file, count, bytes, longest, sample };
    },
  };
}
/** The same numbers in every run, because the run after a killed one must write the same files. Constants of Numerical Recipes. */
function pseudoRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const BUFFERED_BYTES = 4 * 1024 * 1024;

/** Splits the rows by ranges of their subject into files of about `pieceBytes`, in the order of the ranges. */
export async function splitRows(rows: Rows, subject: string, pieceBytes: number, folder: string): Promise<readonly Piece[]> {
  const bounds = boundsOf(rows.sample, Math.ceil(rows.bytes / pieceBytes));
  if (bounds.length === 0) return [{ file: rows.file, count: rows.count, from: undefined, below: undefined }];
  const keys = bounds.map((bound) => Buffer.from(bound));
  const pieces = Array.from({ length: bounds.length + 1 }, (_, i) => ({
    file: join(folder, `rows-${i}.ndjson`),
    count: 0,
    from: bounds[i - 1],
    below: bounds[i],
  }));
  const buffers = pieces.map(({ file }) => buffered(file, Math.ceil(BUFFERED_BYTES / pieces.length)));
  for await (const line of createInterface({ input: createReadStream(rows.file), crlfDelay: Number.POSITIVE_INFINITY })) {
    const place = placeOf(Buffer.from(String((JSON.parse(line) as Record<string, unknown>)[subject])), keys);
    const piece = pieces[place];
    if (piece === undefined) continue;
    piece.count++;
    buffers[place]?.add(`${line}\n`);
  }
  for (const buffer of buffers) buffer.flush();
  return pieces.filter(({ count }) => count > 0);
}
/** Appends to a file through a buffer of `size` bytes: lines that waited as strings would become old garbage of the heap. */
function buffered(file: string, size: number) {
  const buffer = Buffer.allocUnsafe(size);
  let used = 0;
  const flush = () => {
    if (used > 0) appendFileSync(file, buffer.subarray(0, used), { mode: 0o600 });
    used = 0;
  };
  const add = (text: string) => {
    const bytes = Buffer.byteLength(text);
    if (used + bytes > size) flush();
    if (bytes > size) appendFileSync(file, text, { mode: 0o600 });
    else used += buffer.write(text, used);
  };
  return { add, flush };
}

/** Subjects that divide the sample into `parts` equal parts; fewer where one subject has many rows. */
function boundsOf(sample: readonly string[], parts: number): readonly string[] {
  const sorted = sample.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const bounds = Array.from({ length: parts - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / parts)] ?? "");
  return [...new Set(bounds)];
}
/** Number of bounds that are not above the subject. DuckDB orders text by its UTF-8 bytes, so we compare bytes too. */
function placeOf(subject: Buffer, bounds: readonly Buffer[]): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(bounds[middle] as Buffer, subject) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
