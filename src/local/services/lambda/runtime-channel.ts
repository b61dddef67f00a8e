import type { Duplex } from "node:stream";
import { frameOf, frameReader, type ResultHeader } from "./sandbox-protocol.ts";

/** AWS's limit of a response: 6 MB, and some bytes for its envelope. */
const MAX_RESPONSE_BYTES = 6_291_556;

export interface Invocation {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly timeoutMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  /** JSON text. */
  readonly clientContext?: string | undefined;
}
export type RuntimeResponse =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly body: Buffer; readonly errorType: string };

/** The server's side of one sandbox's calls. */
export interface RuntimeChannel {
  /** Settles with undefined when the function is loaded, or with its init error. */
  readonly started: Promise<RuntimeResponse | undefined>;
  invoke(invocation: Invocation): Promise<RuntimeResponse>;
  /** Settles when the sandbox can take the next call. */
  idle(): Promise<void>;
}

/** `onMalformed`: the process wrote something that is not a response, so nothing that it writes later can be understood. */
export function openChannel(stream: Duplex, onMalformed: () => void): RuntimeChannel {
  const start = deferred<RuntimeResponse | undefined>();
  let idle = deferred<void>();
  let current: { readonly requestId: string; readonly settle: (response: RuntimeResponse) => void } | undefined;

  const onFrame = ({ type, requestId, errorType, next }: ResultHeader, body: Buffer | undefined): void => {
    if (type === "init-error") start.resolve(responseOf(body, errorType ?? "Unknown"));
    else if (type === "ready") start.resolve(undefined);
    else if (current?.requestId === requestId) {
      current?.settle(responseOf(body, type === "error" ? (errorType ?? "Unknown") : undefined));
      current = undefined;
    }
    if (next) idle.resolve();
  };
  const read = frameReader(MAX_RESPONSE_BYTES, onFrame);
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    try {
      read(chunk);
    } catch {
      stream.destroy();
      onMalformed();
    }
  });
  return {
    started: start.promise,
    idle: () => idle.promise,
    invoke: ({ payload, timeoutMs, ...header }) =>
      new Promise((settle) => {
        idle = deferred();
        current = { requestId: header.requestId, settle };
        stream.write(frameOf({ ...header, deadlineMs: Date.now() + timeoutMs }, payload));
      }),
  };
}

function responseOf(body: Buffer | undefined, errorType: string | undefined): RuntimeResponse {
  if (!body)
    return failure(
      "Function.ResponseSizeTooLarge",
      `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    );
  return errorType === undefined ? { ok: true, body } : { ok: false, body, errorType };
}

export const failure = (errorType: string, errorMessage: string): RuntimeResponse => ({
  ok: false,
  errorType,
  body: Buffer.from(JSON.stringify({ errorType, errorMessage })),
});

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
