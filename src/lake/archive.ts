import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** A raw copy as one line of the archive: its bytes, which are one line of JSON. Any other object is wrapped: `{"key": …, "base64": …}`. */
export function archiveLine(key: string, content: Buffer): Buffer {
  if (isJsonLine(content)) return content;
  return Buffer.from(JSON.stringify({ key, base64: content.toString("base64") }));
}
function isJsonLine(content: Buffer): boolean {
  if (content.includes(0x0a) || content.includes(0x0d)) return false;
  try {
    // An object that looks like our wrapper is wrapped, too, so that it is not unwrapped by mistake.
    const value: unknown = JSON.parse(content.toString("utf8"));
    return typeof value === "object" && value !== null && !("base64" in value) && Buffer.from(content.toString("utf8")).equals(content);
  } catch {
    return false;
  }
}

/** Counts lines, and sums hashes of their content, independent of the order. Equal sums on both sides mean equal content. */
export interface Tally {
  count: number;
  sum: bigint;
}
export const newTally = (): Tally => ({ count: 0, sum: 0n });
export function addTo(tally: Tally, line: Buffer): void {
  tally.count++;
  tally.sum = (tally.sum + createHash("sha256").update(line).digest().readBigUInt64BE(0)) & 0xffff_ffff_ffff_ffffn;
}
export const sameTally = (a: Tally, b: Tally): boolean => a.count === b.count && a.sum === b.sum;

/** Reads an archive from the bucket for a comparison. */
export async function tallyArchive(source: Readable): Promise<Tally> {
  const tally = newTally();
  let rest: Buffer[] = [];
  for await (const chunk of source.pipe(createGunzip()) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      rest.push(chunk.subarray(from, end));
      addTo(tally, rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest));
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)));
  }
  return tally;
}
