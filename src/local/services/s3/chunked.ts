import { createHash } from "node:crypto";
import { LocalFault } from "../../core/service.ts";
import type { ChunkVerifier } from "./chunk-signature.ts";

const MAX_LINE = 16 * 1024;

/**
 * Decodes `aws-chunked`: a line `<hex size>[;chunk-signature=…]` before each chunk's data, a chunk of size 0, and then the trailing
 * headers, which are added to `trailers`. `verifier` is called for each whole chunk, and for the trailers.
 */
export async function* unchunk(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
  verifier: ChunkVerifier | undefined,
): AsyncGenerator<Buffer> {
  const input = reader(source);
  for (;;) {
    const { size, signature } = headOf(await input.line());
    const hash = verifier && createHash("sha256");
    for await (const part of input.take(size)) {
      hash?.update(part);
      yield part;
    }
    if (hash) verifier.chunk(hash.digest("hex"), signature);
    if (size === 0) break;
    if ((await input.line()) !== "") throw malformed();
  }
  let signed = "";
  for (let text = await input.line({ last: true }); text; text = await input.line({ last: true })) {
    const [, name = "", value = ""] = /^([^:]+):(.*)$/.exec(text) ?? [];
    trailers.set(name.trim().toLowerCase(), value.trim());
    if (name.trim().toLowerCase() !== SIGNATURE) signed += `${name.trim().toLowerCase()}:${value.trim()}\n`;
  }
  verifier?.trailer(signed, trailers.get(SIGNATURE));
}
const SIGNATURE = "x-amz-trailer-signature";

function headOf(line: string): { readonly size: number; readonly signature: string | undefined } {
  const size = /^([0-9a-f]+)\s*(?:;|$)/i.exec(line)?.[1];
  if (size === undefined) throw malformed();
  return { size: Number.parseInt(size, 16), signature: /;\s*chunk-signature=([0-9a-f]+)/i.exec(line)?.[1] };
}

function reader(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done) return false;
    held = held.length > 0 ? Buffer.concat([held, next.value]) : next.value;
    return true;
  };
  return {
    /** `last`: some clients omit the final empty line. */
    async line({ last } = { last: false }): Promise<string> {
      for (;;) {
        const end = held.indexOf("\r\n");
        const whole = end >= 0 ? end : undefined;
        if (whole === undefined && held.length > MAX_LINE) throw malformed();
        if (whole === undefined && (await more())) continue;
        if (whole === undefined && !last) throw incomplete();
        const text = held.toString("latin1", 0, whole);
        held = held.subarray(whole === undefined ? held.length : whole + 2);
        return text;
      }
    },
    async *take(size: number): AsyncGenerator<Buffer> {
      for (let left = size; left > 0; ) {
        if (held.length === 0 && !(await more())) throw incomplete();
        const part = held.subarray(0, left);
        held = held.subarray(part.length);
        left -= part.length;
        yield part;
      }
    },
  };
}

const malformed = (): LocalFault => new LocalFault("InvalidRequest", "The aws-chunked body is malformed.", 400);
const incomplete = (): LocalFault =>
  new LocalFault("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header", 400);
