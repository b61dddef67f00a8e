import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

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

/** The server side of one sandbox: AWS's Lambda Runtime API on its own loopback port. */
export interface RuntimeApi {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Settles with undefined when the runtime asks for its first call, or with its init error. */
  readonly started: Promise<RuntimeResponse | undefined>;
  invoke(invocation: Invocation): Promise<RuntimeResponse>;
  /** Settles when the runtime asks for the next call. */
  idle(): Promise<void>;
  close(): void;
}

export async function openRuntimeApi(): Promise<RuntimeApi> {
  const start = deferred<RuntimeResponse | undefined>();
  const exchange = createExchange(() => start.resolve(undefined));
  const sockets = new Set<Socket>();
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, async (request, response) => {
    if (!isOwnProcess(request, address)) return void response.writeHead(403).end();
    const path = request.url?.replace("/2018-06-01/runtime/", "") ?? "";
    if (request.method === "GET" && path === "invocation/next") return exchange.wait(response);
    const [, requestId = "", verb = ""] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const answer = await readResponse(request, verb === "response");
    if (path === "init/error") start.resolve(answer);
    const known = path === "init/error" || exchange.settle(requestId, answer);
    response
      .writeHead(known ? 202 : 400, { "content-type": "application/json" })
      .end(known ? '{"status":"OK"}' : '{"errorType":"InvalidRequestID"}');
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    started: start.promise,
    invoke: exchange.invoke,
    idle: exchange.idle,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Hands a call to the runtime, whichever of the two arrives first. */
interface WorkExchange extends Pick<RuntimeApi, "invoke" | "idle"> {
  wait(response: ServerResponse): void;
  /** False when no call with this id is running. */
  settle(requestId: string, answer: RuntimeResponse): boolean;
}
function createExchange(onWait: () => void): WorkExchange {
  const idlers: (() => void)[] = [];
  let waiting: ServerResponse | undefined;
  let current: { readonly invocation: Invocation; readonly answer: (answer: RuntimeResponse) => void; sent: boolean } | undefined;
  const deliver = (): void => {
    if (!waiting || !current || current.sent) return;
    current.sent = true;
    waiting.writeHead(200, headersOf(current.invocation)).end(current.invocation.payload);
    waiting = undefined;
  };
  return {
    wait(response) {
      waiting = response;
      onWait();
      for (const resolve of idlers.splice(0)) resolve();
      deliver();
    },
    settle(requestId, answer) {
      if (current?.invocation.requestId !== requestId) return false;
      current.answer(answer);
      current = undefined;
      return true;
    },
    invoke: (invocation) =>
      new Promise((answer) => {
        current = { invocation, answer, sent: false };
        deliver();
      }),
    idle: () => (waiting ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}

/** Refuses web pages, which can reach loopback, too: a browser sends Origin, Sec-Fetch-Site or another Host. */
const isOwnProcess = (request: IncomingMessage, address: string): boolean =>
  request.headers.host === address && !request.headers.origin && !request.headers["sec-fetch-site"];

function headersOf({ requestId, timeoutMs, functionArn, traceId, clientContext }: Invocation): Record<string, string> {
  return {
    "content-type": "application/json",
    "lambda-runtime-aws-request-id": requestId,
    // The function compares this with its own clock, which is the real one.
    "lambda-runtime-deadline-ms": String(Date.now() + timeoutMs),
    "lambda-runtime-invoked-function-arn": functionArn,
    "lambda-runtime-trace-id": traceId,
    ...(clientContext ? { "lambda-runtime-client-context": clientContext } : {}),
  };
}

async function readResponse(request: IncomingMessage, ok: boolean): Promise<RuntimeResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_RESPONSE_BYTES) chunks.push(chunk);
  }
  if (size > MAX_RESPONSE_BYTES)
    return failure(
      "Function.ResponseSizeTooLarge",
      `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    );
  const body = Buffer.concat(chunks);
  if (ok) return { ok, body };
  return { ok: false, body, errorType: String(request.headers["lambda-runtime-function-error-type"] ?? "Unknown") };
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
