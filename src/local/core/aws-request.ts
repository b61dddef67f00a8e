import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { compressed } from "../wire/content-coding.ts";
import { withRequestProtocol } from "../wire/protocol.ts";
import { parseRequest } from "../wire/request.ts";
import { type WireResponse, writeFault, writeResponse } from "../wire/response.ts";
import type { LoadedService } from "./dispatcher.ts";
import { ConnectionCut } from "./faults.ts";
import { headersOf, type ServerContext } from "./http.ts";
import { expiredToken } from "./refusals.ts";
import { inRequestScope } from "./request-scope.ts";
import { type Call, type LocalEnv, LocalFault, type LocalService, type Principal } from "./service.ts";
import { checkExpiry, type Signature, verifySignature } from "./signature.ts";
import { checkInput } from "./validation.ts";

/** Largest body that is held in memory where a service has no limit of its own. S3's objects are streamed and have none. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

export interface RoutedRequest {
  /** Undecoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly loaded: LoadedService;
  /** undefined: an anonymous request. */
  readonly signature: Signature | undefined;
  readonly requestId: string;
}

/** Answers one request of an AWS protocol. Throws `ConnectionCut` only: every other error is sent to the client. */
export async function answerAws(
  request: IncomingMessage,
  response: ServerResponse,
  routed: RoutedRequest,
  context: ServerContext,
): Promise<void> {
  const { service, routes } = routed.loaded;
  const call = callOf(request, response, routed, context.env);
  const wire = withRequestProtocol(routed.loaded.wire, call.headers);
  const body = memoryBody(request, call.headers, service);
  const head = request.method === "HEAD";
  let operationName = "(unknown operation)";
  try {
    const method = request.method ?? "GET";
    await authenticate(
      { method, path: routed.path, query: routed.query, headers: call.headers, body },
      routed.signature,
      service,
      context.env,
    );
    const { path, query } = routed;
    const uncompressedBody = async (): Promise<Buffer> => uncompressed(await body(), call.headers, service);
    const asSent = { method, path, query, headers: call.headers, body: uncompressedBody, stream: request };
    const { operation, input } = await parseRequest(wire, routes, asSent);
    operationName = operation.name;
    await breather(call.headers);
    checkInput(routed.loaded.model, service, wire.protocol, operation.name, input);
    await breather(call.headers);
    const output = await inRequestScope(() => context.dispatcher.run(service, operation.name, input, call));
    const written = writeResponse(wire, operation, output, routed.requestId);
    const status = service.successStatus?.[operation.name] ?? written.status;
    const answer = { ...written, status };
    await send(response, await inAcceptedCoding(answer, request, service), head, `${service.name}:${operationName}`);
  } catch (error) {
    if (error instanceof ConnectionCut) throw error;
    const fault = error instanceof LocalFault ? error : bug(error, context.env, service, operationName);
    // Without this, Node would read the rest of the request body, however large it is.
    const closing = request.complete ? {} : { connection: "close" };
    const written = writeFault(wire, fault, routed.requestId);
    await send(response, { ...written, headers: { ...written.headers, ...closing } }, head, `${service.name}:${operationName}`);
  }
}

const LARGE_BYTES = 64 * 1024;
/** Between the steps of a large request, which each may take long, other requests are answered. */
async function breather(headers: Readonly<Record<string, string>>): Promise<void> {
  const large = Number(headers["content-length"] ?? 0) > LARGE_BYTES;
  if (large || headers["transfer-encoding"] !== undefined || headers["content-encoding"] !== undefined) await setImmediate();
}

/** Checks the signature of keys that STS issued here. Every other key belongs to the machine's user and is accepted unchecked. */
async function authenticate(
  request: Parameters<typeof verifySignature>[0],
  signature: Signature | undefined,
  service: LocalService,
  env: LocalEnv,
): Promise<void> {
  if (!signature) return;
  checkExpiry(signature, env.clock.now());
  const issued = env.identify(signature.accessKeyId);
  if (!issued) return;
  if (issued.principal.type === "anonymous") throw expiredToken(service);
  await verifySignature(request, signature, issued.secret);
  const claimed = request.headers["x-amz-content-sha256"];
  if (signature.service === "s3" || !claimed || !/^[0-9a-f]{64}$/.test(claimed)) return;
  if (
    createHash("sha256")
      .update(await request.body())
      .digest("hex") !== claimed
  )
    throw new LocalFault("InvalidSignatureException", "The body does not have the hash that was signed.", 403);
}

function bug(error: unknown, env: LocalEnv, service: LocalService, operation: string): LocalFault {
  // Only an input that nests deeper than any valid one overflows the stack.
  if (error instanceof RangeError && /call stack/.test(error.message))
    return new LocalFault("SerializationException", "The input nests too deep.", 400);
  const text = error instanceof Error ? error.message : String(error);
  env.log(`bug in ${service.name}:${operation}: ${error instanceof Error ? error.stack : text}`);
  return new LocalFault("InternalFailure", `The local AWS failed in ${service.name}:${operation}: ${text}`, 500);
}

async function send(response: ServerResponse, { status, headers, body }: WireResponse, head: boolean, operation: string): Promise<void> {
  headers["x-local-aws-operation"] = operation;
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    if (head) {
      body.destroy();
      response.end();
      return;
    }
    // The status is sent already. When the client leaves or the file ends early, only closing the connection shows the failure.
    await pipeline(body, response).catch(() => response.destroy());
    return;
  }
  if (!("content-length" in headers) && status !== 204 && status !== 304 && !head)
    headers["content-length"] = String(Buffer.byteLength(body));
  response.writeHead(status, headers).end(head ? undefined : body);
}

/** AWS reads the first Accept-Encoding header only. */
function inAcceptedCoding(
  answer: WireResponse,
  request: IncomingMessage,
  { compressAbove }: LocalService,
): WireResponse | Promise<WireResponse> {
  if (compressAbove === undefined || !request.headers["accept-encoding"]) return answer;
  return compressed(answer, request.headersDistinct["accept-encoding"]?.[0], compressAbove);
}

function callOf(request: IncomingMessage, response: ServerResponse, routed: RoutedRequest, env: LocalEnv): Call {
  const { requestId, signature } = routed;
  let signal: AbortSignal | undefined;
  const root: Principal = { type: "root", arn: `arn:aws:iam::${env.account}:root` };
  return {
    requestId,
    region: signature?.region ?? "us-east-1",
    account: env.account,
    principal: signature ? (env.identify(signature.accessKeyId)?.principal ?? root) : { type: "anonymous" },
    headers: withQueryHeaders(headersOf(request), routed),
    // Created on first use: few operations wait for anything.
    get signal() {
      signal ??= signalOf(response);
      return signal;
    },
  };
}

/** A presigned URL may carry headers in its query. A real header takes precedence. */
function withQueryHeaders(
  headers: Readonly<Record<string, string>>,
  { query, signature, loaded: { service } }: RoutedRequest,
): Readonly<Record<string, string>> {
  if (signature?.expires === undefined || !service.headerInQuery) return headers;
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of query) if (service.headerInQuery(name.toLowerCase())) found[name.toLowerCase()] = value;
  return Object.assign(found, headers);
}

/** Aborts when the client closes the connection before the response is sent. */
function signalOf(response: ServerResponse): AbortSignal {
  const disconnected = new AbortController();
  const abort = (): void => disconnected.abort(new Error("the client went away"));
  if (response.destroyed && !response.writableFinished) abort();
  else response.once("close", () => response.writableFinished || abort());
  return disconnected.signal;
}

/** The whole body, read once. */
function memoryBody(request: IncomingMessage, headers: Readonly<Record<string, string>>, service: LocalService): () => Promise<Buffer> {
  let read: Promise<Buffer> | undefined;
  return () => {
    read ??= readBody(request, headers, service);
    return read;
  };
}
const bodyLimitOf = ({ maxBodyBytes = MAX_BODY_BYTES }: LocalService): number => maxBodyBytes;
function tooLarge(service: LocalService, path = ""): LocalFault {
  return (
    service.tooLarge?.(path) ??
    new LocalFault("RequestEntityTooLargeException", `The request body exceeds ${bodyLimitOf(service)} bytes.`, 413)
  );
}
async function readBody(request: IncomingMessage, headers: Readonly<Record<string, string>>, service: LocalService): Promise<Buffer> {
  if (Number(headers["content-length"] ?? 0) > bodyLimitOf(service)) throw tooLarge(service, request.url);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (service.decode?.(headers, request) ?? request) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitOf(service)) throw tooLarge(service, request.url);
    chunks.push(chunk);
  }
  if (size <= LARGE_BYTES) return Buffer.concat(chunks);
  // The copy and the reading of 60 MB take 50 ms each.
  await setImmediate();
  const body = Buffer.concat(chunks);
  await setImmediate();
  return body;
}

/** AWS's services accept requests compressed with gzip. S3 stores the bytes of an object as they were sent. */
async function uncompressed(body: Buffer, headers: Readonly<Record<string, string>>, service: LocalService): Promise<Buffer> {
  if (headers["content-encoding"] !== "gzip" || service.decode) return body;
  try {
    return await promisify(gunzip)(body, { maxOutputLength: bodyLimitOf(service) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(service);
    throw new LocalFault("SerializationException", "The request body is not the gzip that its Content-Encoding says.", 400);
  }
}
