import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { escapeXml } from "../wire/body.ts";
import { answerAws } from "./aws-request.ts";
import { control } from "./control.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { ConnectionCut } from "./faults.ts";
import { gate } from "./gate.ts";
import { headersOf, refuse, type ServerContext } from "./http.ts";
import type { LocalEnv, LocalService } from "./service.ts";
import { type Signature, signatureOf } from "./signature.ts";

export interface Listening {
  readonly port: number;
  /** Starts to answer calls. Earlier calls wait for it. */
  readonly open: () => void;
  readonly close: () => Promise<void>;
}
/** One port for everything: signed calls go to the service that their credential scope names, other requests to the services' own HTTP. */
export async function listen(
  port: number,
  dispatcher: Dispatcher,
  services: readonly LocalService[],
  env: LocalEnv,
  stop?: () => void,
): Promise<Listening> {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const context: ServerContext = { dispatcher, services, env, opened, stop };
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000, maxHeaderSize: 64 * 1024 }, (request, response) => {
    respond(request, response, context).catch((error) => {
      if (!(error instanceof ConnectionCut))
        env.log(`bug: ${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}`);
      if (error instanceof ConnectionCut || response.headersSent) request.socket.destroy();
      else refuse(response, 500, "InternalFailure", "The local AWS failed.");
    });
  });
  // Node answers 417 to an expectation that it does not know. S3 ignores such a header (ceph's s3-tests).
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port, open, close: () => closing(server) };
}

const closing = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

async function respond(request: IncomingMessage, response: ServerResponse, context: ServerContext): Promise<void> {
  const target = request.url ?? "";
  const url = target.startsWith("/") ? parseUrl(context.env.endpoint() + target) : undefined;
  if (!url) return refuse(response, 400, "BadRequest", "The request target is not a path.");
  const path = target.split("?")[0] as string;
  // A service that has not loaded its data yet would answer that nothing exists.
  await context.opened;
  // Browsers send OPTIONS before a cross-origin request (CORS preflight). AWS has no signed operation of that method.
  const signature = request.method === "OPTIONS" ? undefined : signatureOf(headersOf(request), url.searchParams);
  const refusal = await gate({ request, response, url, signature }, context.services, context.env);
  if (refusal) return refuse(response, 403, refusal.code, refusal.message);
  if (path.startsWith("/_local/")) return control(request, response, path, context);

  const name = signature ? signature.service : undefined;
  const loaded = name === undefined ? undefined : await context.dispatcher.load(name);
  if (loaded) return answerAws(request, response, { path, query: url.searchParams, loaded, signature, requestId: randomUUID() }, context);
  for (const service of context.services) if (await service.http?.(request, response, url)) return;
  await answerRemaining(request, response, path, url, signature, context);
}

function parseUrl(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

/** Answers a request that no service accepted: an error when it is signed, because no service has that name. Otherwise a service may accept it as an anonymous call. */
async function answerRemaining(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  url: URL,
  signature: Signature | undefined,
  context: ServerContext,
): Promise<void> {
  if (signature) return refuseUnknownService(request, response, signature.service);
  const service = context.services.find((candidate) => candidate.anonymous?.(path));
  const loaded = service && (await context.dispatcher.load(service.name));
  if (!loaded) return refuse(response, 403, "MissingAuthenticationToken", "Unsigned request to an unknown address.");
  return answerAws(request, response, { path, query: url.searchParams, loaded, signature, requestId: randomUUID() }, context);
}

/** Answers that the service does not exist, in the protocol that the client reads. */
function refuseUnknownService({ headers }: IncomingMessage, response: ServerResponse, service: string): void {
  const message = `The local AWS has no service ${service}.`;
  if (!headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    refuse(response, 501, "NotImplemented", message);
    return;
  }
  const error = `<Error><Type>Receiver</Type><Code>NotImplemented</Code><Message>${escapeXml(message)}</Message></Error>`;
  const body = `<ErrorResponse>${error}<RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
  response.writeHead(501, { "content-type": "text/xml", connection: "close" }).end(body);
}
