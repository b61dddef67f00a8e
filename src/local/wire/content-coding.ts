import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";
import type { WireResponse } from "./response.ts";

const CODERS = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
type Coding = keyof typeof CODERS;

/** Compresses a body in memory that is larger than `above` bytes, when the client accepts a coding. */
export async function compressed(written: WireResponse, accepted: string | undefined, above: number): Promise<WireResponse> {
  const { body } = written;
  const coding = accepted && (typeof body === "string" || body instanceof Uint8Array) ? acceptedCoding(accepted) : undefined;
  if (!coding || Buffer.byteLength(body as string | Uint8Array) <= above) return written;
  return {
    ...written,
    headers: { ...written.headers, "content-encoding": coding },
    body: await CODERS[coding](body as string | Uint8Array),
  };
}

/**
 * The coding that AWS chooses for an Accept-Encoding header: the one of the highest quality; of equal ones the first; for `*` gzip before
 * deflate. `identity` and unknown codings do not count. A quality that is no number, or above 1, counts as 1.
 * Source: ScyllaDB's tests of response compression, which pass on DynamoDB.
 */
export function acceptedCoding(header: string): Coding | undefined {
  const named = new Map<string, number>();
  for (const entry of header.toLowerCase().split(",")) {
    const [name = ""] = entry.split(";", 1);
    named.set(name.trim(), Math.max(named.get(name.trim()) ?? 0, qualityOf(entry.slice(name.length))));
  }
  const others = named.get("*") ?? 0;
  for (const coding of Object.keys(CODERS)) if (!named.has(coding)) named.set(coding, others);
  let best: readonly [Coding | undefined, number] = [undefined, 0];
  for (const [name, quality] of named) if (Object.hasOwn(CODERS, name) && quality > best[1]) best = [name as Coding, quality];
  return best[0];
}

/** AWS takes the first `q=` of the parameters, also inside another name. */
function qualityOf(parameters: string): number {
  const text = /q=([^;]*)/.exec(parameters)?.[1]?.trim();
  const quality = text ? Number(text) : 1;
  return Number.isNaN(quality) ? 1 : Math.min(quality, 1);
}
