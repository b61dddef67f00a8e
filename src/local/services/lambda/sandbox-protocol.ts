/** What the server and a sandbox say to each other. This file is part of the sandbox's bootstrap too, so it imports nothing. */

/** Number of the sandbox's file descriptor for calls and responses. */
export const CALLS_FD = 3;
/** Number of the file descriptor that closes when the server ends. */
export const SERVER_LIFE_FD = 4;

/** Markers in the output: before a console message, for a line break within it, and before the end of a call's output. */
export const OUTPUT = { message: "\u0001", newline: "\u0002", done: "\u0003" } as const;

/** From the server: a call. The payload is the frame's body. */
export interface CallHeader {
  readonly requestId: string;
  /** Milliseconds since the epoch, by the real clock: the function compares it with its own. */
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  /** JSON text. */
  readonly clientContext?: string | undefined;
}
/**
 * From the sandbox. `ready`: the function is loaded. `response` and `error` end a call, `init-error` ends the start; their body is JSON.
 * `next`: the sandbox can take a call.
 */
export interface ResultHeader {
  readonly type: "ready" | "response" | "error" | "init-error";
  readonly requestId?: string | undefined;
  readonly errorType?: string;
  readonly next?: boolean;
}

const PREFIX_BYTES = 8;
const MAX_HEADER_BYTES = 64 * 1024;

/** A frame: the lengths of header and body (32 bits each), the header as JSON, the body. */
export function frameOf(header: CallHeader | ResultHeader, body: Uint8Array): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + head.length + body.length);
  frame.writeUInt32BE(head.length, 0);
  frame.writeUInt32BE(body.length, 4);
  frame.set(head, PREFIX_BYTES);
  frame.set(body, PREFIX_BYTES + head.length);
  return frame;
}

/**
 * Reads frames from chunks of any size. A body of more than `maxBodyBytes` is dropped and given as undefined.
 * The returned function throws on data that is not a frame.
 */
export function frameReader<H>(maxBodyBytes: number, onFrame: (header: H, body: Buffer | undefined) => void): (chunk: Buffer) => void {
  let lengths: { readonly header: number; readonly body: number } | undefined;
  let parts: Buffer[] = [];
  let received = 0;
  const wanted = (): number => (lengths ? lengths.header + lengths.body : PREFIX_BYTES);
  const kept = (): number => (lengths ? lengths.header + Math.min(lengths.body, maxBodyBytes) : PREFIX_BYTES);
  const complete = (): void => {
    const whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    received = 0;
    if (!lengths) {
      lengths = { header: whole.readUInt32BE(0), body: whole.readUInt32BE(4) };
      if (lengths.header > MAX_HEADER_BYTES) throw new Error(`A frame with a header of ${lengths.header} bytes.`);
      return;
    }
    const { header, body } = lengths;
    lengths = undefined;
    onFrame(JSON.parse(whole.toString("utf8", 0, header)), body > maxBodyBytes ? undefined : whole.subarray(header));
  };
  return (chunk) => {
    for (let rest = chunk; rest.length > 0; ) {
      const part = rest.subarray(0, wanted() - received);
      rest = rest.subarray(part.length);
      if (received < kept()) parts.push(part.subarray(0, kept() - received));
      received += part.length;
      if (received === wanted()) complete();
    }
  };
}
