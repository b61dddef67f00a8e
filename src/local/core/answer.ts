import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { spokenIn } from "../wire/dialects.ts";
import { parseRequest } from "../wire/request.ts";
import { type WireResponse, writeFault, writeResponse } from "../wire/response.ts";
import type { Wired } from "./dispatcher.ts";
import { ConnectionCut } from "./faults.ts";
import { type Hall, headersOf } from "./http.ts";
import { type Call, type LocalEnv, LocalFault, type LocalService, type Principal } from "./service.ts";
import { checkExpiry, type Signature, verifySignature } from "./signature.ts";
import { checkInput } from "./validation.ts";
import { expiredToken } from "./wording.ts";

/** Largest body that is held in memory; only S3 payloads stream past it. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

export interface Asked {
  /** Undecoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly wired: Wired;
  /** undefined: an anonymous request. */
  readonly signature: Signature | undefined;
  readonly requestId: string;
}

/** One call of the AWS protocol, from its bytes to its answer. Only a cut connection is thrown. */
export async function answer(request: IncomingMessage, response: ServerResponse, asked: Asked, hall: Hall): Promise<void> {
  const { service, routes } = asked.wired;
  const call = callOf(request, response, asked, hall.env);
  const wire = spokenIn(asked.wired.wire, call.headers);
  const body = memoryBody(request, call.headers, service);
  const head = request.method === "HEAD";
  let operationName = "(unknown operation)";
  try {
    const method = request.method ?? "GET";
    await authenticate({ method, path: asked.path, query: asked.query, headers: call.headers, body }, asked.signature, hall.env);
    const { path, query } = asked;
    const { operation, input } = await parseRequest(wire, routes, { method, path, query, headers: call.headers, body, stream: request });
    operationName = operation.name;
    checkInput(asked.wired.model, service, wire.kind, operation.name, input);
    const output = await hall.dispatcher.run(service, operation.name, input, call);
    await send(response, writeResponse(wire, operation, output, asked.requestId), head, `${service.name}:${operationName}`);
  } catch (error) {
    if (error instanceof ConnectionCut) throw error;
    const fault = error instanceof LocalFault ? error : bug(error, hall.env, service, operationName);
    // What the client still sends is not wanted: without this it would be read to its end, however large.
    const closing = request.complete ? {} : { connection: "close" };
    const written = writeFault(wire, fault, asked.requestId);
    await send(response, { ...written, headers: { ...written.headers, ...closing } }, head, `${service.name}:${operationName}`);
  }
}

/** Checks the signatures of keys that were issued here. Others are the owner's own: any will do. */
async function authenticate(
  request: Parameters<typeof verifySignature>[0],
  signature: Signature | undefined,
  env: LocalEnv,
): Promise<void> {
  if (!signature) return;
  checkExpiry(signature, env.clock.now());
  const issued = env.identify(signature.accessKeyId);
  if (!issued) return;
  if (issued.principal.type === "anonymous") throw expiredToken(signature.service);
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
    // A client that leaves, or a file that ends early: the connection is cut, which is all that can still be said.
    await pipeline(body, response).catch(() => response.destroy());
    return;
  }
  if (!("content-length" in headers) && status !== 204 && status !== 304 && !head)
    headers["content-length"] = String(Buffer.byteLength(body));
  response.writeHead(status, headers).end(head ? undefined : body);
}

function callOf(request: IncomingMessage, response: ServerResponse, { requestId, signature }: Asked, env: LocalEnv): Call {
  const gone = new AbortController();
  response.once("close", () => response.writableFinished || gone.abort(new Error("the client went away")));
  const root: Principal = { type: "root", arn: `arn:aws:iam::${env.account}:root` };
  return {
    requestId,
    region: signature?.region ?? "us-east-1",
    account: env.account,
    principal: signature ? (env.identify(signature.accessKeyId)?.principal ?? root) : { type: "anonymous" },
    headers: headersOf(request),
    signal: gone.signal,
  };
}

/** The whole body, read once. */
function memoryBody(request: IncomingMessage, headers: Readonly<Record<string, string>>, service: LocalService): () => Promise<Buffer> {
  let read: Promise<Buffer> | undefined;
  return () => {
    read ??= readBody(request, headers, service);
    return read;
  };
}
async function readBody(request: IncomingMessage, headers: Readonly<Record<string, string>>, service: LocalService): Promise<Buffer> {
  const tooLarge = () => new LocalFault("RequestEntityTooLargeException", `The request body exceeds ${MAX_BODY_BYTES} bytes.`, 413);
  if (Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (service.decode?.(headers, request) ?? request) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
