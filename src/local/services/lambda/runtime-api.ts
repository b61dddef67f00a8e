import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** AWS's limit of an answer: 6 MB and a little for its envelope. */
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
export type Answer =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly body: Buffer; readonly errorType: string };

/** The other end of one sandbox: AWS's Lambda Runtime API on a loopback port of its own. */
export interface RuntimeApi {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Settles when the runtime has asked for work, or with its report of a failed start. */
  readonly started: Promise<Answer | undefined>;
  invoke(invocation: Invocation): Promise<Answer>;
  /** Settles when the runtime asks for work again. */
  idle(): Promise<void>;
  close(): void;
}

export async function openRuntimeApi(): Promise<RuntimeApi> {
  const start = deferred<Answer | undefined>();
  const exchange = createExchange(() => start.resolve(undefined));
  const sockets = new Set<Socket>();
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, async (request, response) => {
    if (!isOwnProcess(request, address)) return void response.writeHead(403).end();
    const path = request.url?.replace("/2018-06-01/runtime/", "") ?? "";
    if (request.method === "GET" && path === "invocation/next") return exchange.wait(response);
    const [, requestId = "", verb = ""] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const answer = await readAnswer(request, verb === "response");
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

/** Brings together the runtime that waits for work and the work, whichever comes first. */
interface WorkExchange extends Pick<RuntimeApi, "invoke" | "idle"> {
  wait(response: ServerResponse): void;
  /** False when no such call is under way. */
  settle(requestId: string, answer: Answer): boolean;
}
function createExchange(onWait: () => void): WorkExchange {
  const idlers: (() => void)[] = [];
  let waiting: ServerResponse | undefined;
  let current: { readonly invocation: Invocation; readonly answer: (answer: Answer) => void; sent: boolean } | undefined;
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

/** Web pages reach loopback too; they cannot hide where they come from. */
const isOwnProcess = (request: IncomingMessage, address: string): boolean =>
  request.headers.host === address && !request.headers.origin && !request.headers["sec-fetch-site"];

function headersOf({ requestId, timeoutMs, functionArn, traceId, clientContext }: Invocation): Record<string, string> {
  return {
    "content-type": "application/json",
    "lambda-runtime-aws-request-id": requestId,
    // The function compares with its own clock, which is the real one even when ours is not.
    "lambda-runtime-deadline-ms": String(Date.now() + timeoutMs),
    "lambda-runtime-invoked-function-arn": functionArn,
    "lambda-runtime-trace-id": traceId,
    ...(clientContext ? { "lambda-runtime-client-context": clientContext } : {}),
  };
}

async function readAnswer(request: IncomingMessage, ok: boolean): Promise<Answer> {
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

export const failure = (errorType: string, errorMessage: string): Answer => ({
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
