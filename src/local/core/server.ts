import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { checkRequired, parseRequest } from "../wire/request.ts";
import { type WireResponse, writeFault, writeResponse } from "../wire/response.ts";
import type { Dispatcher, Wired } from "./dispatcher.ts";
import { type Call, type LocalEnv, LocalFault, type LocalService } from "./service.ts";

/** Largest body that is held in memory; only S3 payloads stream past it. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

export interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** One port for everything: signed calls go to the service in their credential scope, the rest to the services' own HTTP. */
export async function listen(port: number, dispatcher: Dispatcher, services: readonly LocalService[], env: LocalEnv): Promise<Listening> {
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    respond(request, response, dispatcher, services, env).catch((error) => {
      env.log(`bug: ${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closing(server) };
}

const closing = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  dispatcher: Dispatcher,
  services: readonly LocalService[],
  env: LocalEnv,
): Promise<void> {
  const url = new URL(request.url ?? "/", env.endpoint());
  const scope = scopeOf(request, url);
  const wired = scope && (await dispatcher.wired(scope.service));
  if (!wired) {
    for (const service of services) if (await service.http?.(request, response, url)) return;
    const message = scope ? `The local AWS has no service ${scope.service}.` : "Unsigned request to an unknown address.";
    response.writeHead(scope ? 501 : 403, { "content-type": "application/json" }).end(JSON.stringify({ message }));
    return;
  }
  await answer(request, response, url, wired, callOf(request, scope, env), dispatcher, env);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  wired: Wired,
  call: Call,
  dispatcher: Dispatcher,
  env: LocalEnv,
): Promise<void> {
  const { service, wire, routes } = wired;
  try {
    const path = (request.url ?? "/").split("?")[0] as string;
    const { operation, input } = await parseRequest(wire, routes, {
      method: request.method ?? "GET",
      path,
      query: url.searchParams,
      headers: call.headers,
      body: () => readBody(request),
      stream: request,
    });
    checkRequired(operation, input);
    const output = await dispatcher.run(service, operation.name, input, call);
    await send(response, writeResponse(wire, operation, output, call.requestId), request.method === "HEAD");
  } catch (error) {
    const fault = error instanceof LocalFault ? error : bug(error, env, service);
    await send(response, writeFault(wire, fault, call.requestId), request.method === "HEAD");
  }
}

function bug(error: unknown, env: LocalEnv, service: LocalService): LocalFault {
  env.log(`bug in ${service.name}: ${error instanceof Error ? error.stack : String(error)}`);
  return new LocalFault("InternalFailure", `The local AWS failed: ${error instanceof Error ? error.message : String(error)}`, 500);
}

async function send(response: ServerResponse, { status, headers, body }: WireResponse, head: boolean): Promise<void> {
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    if (head) {
      body.destroy();
      response.end();
      return;
    }
    body.on("error", () => response.destroy());
    body.pipe(response);
    return;
  }
  if (!("content-length" in headers) && status !== 204 && status !== 304 && !head)
    headers["content-length"] = String(Buffer.byteLength(body));
  response.writeHead(status, headers).end(head ? undefined : body);
}

interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}
/** The credential scope of a signed request, in the header or in a presigned URL. */
export function scopeOf(request: IncomingMessage, url: URL): Scope | undefined {
  const text = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? "")?.[1] ?? url.searchParams.get("X-Amz-Credential") ?? "";
  const [accessKeyId, , region, service] = text.split("/");
  return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
}

function callOf(request: IncomingMessage, scope: Scope, env: LocalEnv): Call {
  const gone = new AbortController();
  request.once("close", () => request.destroyed && !request.complete && gone.abort(new Error("the client went away")));
  return {
    requestId: randomUUID(),
    region: scope.region,
    account: env.account,
    principal: env.identify(scope.accessKeyId)?.principal ?? { type: "root", arn: `arn:aws:iam::${env.account}:root` },
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]),
    ),
    signal: gone.signal,
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new LocalFault("RequestEntityTooLargeException", `The request body exceeds ${MAX_BODY_BYTES} bytes.`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
