import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { realClock } from "../../../core/clock.ts";
import { isLoopback } from "../../../core/loopback.ts";
import { MAX_TIMEOUT_MS } from "../control/integrations.ts";
import { type ApiResponse, configurationError, type Exchange, GatewayError, MAX_BODY_BYTES } from "./exchange.ts";
import { integrationRequest, type Outgoing } from "./integration-request.ts";
import { responseBody, responseFrom } from "./integration-response.ts";
import { TimedOut, withStageVariables } from "./invocation.ts";
import { remapped } from "./proxy-event.ts";
import type { Received } from "./template.ts";

/** Calls an endpoint of this machine. HTTP maps request and response; HTTP_PROXY forwards both whole. */
export async function callEndpoint(exchange: Exchange): Promise<ApiResponse> {
  const integration = exchange.method?.methodIntegration ?? {};
  const outgoing = integrationRequest(exchange);
  const target = addressOf(exchange, outgoing);
  const received = await ask(exchange, target, outgoing);
  exchange.integration = { ...exchange.integration, status: received.status };
  if (integration.type === "HTTP") return responseFrom(exchange, received, String(received.status));
  const headers = received.headers.filter(([name]) => name.toLowerCase() !== "transfer-encoding");
  return {
    status: received.status,
    headers: headers.map(([name, value]) => [remapped(name), value]),
    body: responseBody(exchange, received, integration.contentHandling),
  };
}

function addressOf(exchange: Exchange, { path, query }: Outgoing): URL {
  const uri = withStageVariables(exchange.method?.methodIntegration?.uri ?? "", exchange);
  const filled = uri.replace(/\{(\w+)\+?\}/g, (whole, name: string) => path.get(name) ?? whole);
  if (!URL.canParse(filled)) throw configurationError(exchange, `no address: ${filled}`);
  const url = new URL(filled);
  // A path parameter or a stage variable may change the host.
  if (!isLoopback(filled)) throw configurationError(exchange, `the local AWS calls HTTP endpoints of this machine only: ${url.origin}`);
  for (const [name, values] of query) for (const value of values) url.searchParams.append(name, value);
  return url;
}

type Response = Received & { readonly status: number };
async function ask(exchange: Exchange, target: URL, outgoing: Outgoing): Promise<Response> {
  const { timeoutInMillis = MAX_TIMEOUT_MS, httpMethod, tlsConfig } = exchange.method?.methodIntegration ?? {};
  const verb = !httpMethod || httpMethod === "ANY" ? exchange.incoming.verb : httpMethod;
  const began = performance.now();
  try {
    const received = await send(target, verb, outgoing, timeoutInMillis, tlsConfig?.insecureSkipVerification !== true);
    exchange.integration = { latencyMs: performance.now() - began };
    return received;
  } catch (error) {
    const late = error instanceof TimedOut;
    const reason = error instanceof Error ? error.message : String(error);
    exchange.integration = { status: 504, latencyMs: performance.now() - began, error: reason };
    exchange.gateway.env.log(`integration of ${exchange.incoming.verb} ${exchange.resource?.path}, ${target.origin}: ${reason}`);
    throw late
      ? new GatewayError("INTEGRATION_TIMEOUT", reason)
      : new GatewayError("INTEGRATION_FAILURE", "Network error communicating with endpoint");
  }
}

/** Sends one request; follows no redirects and decodes nothing. Throws `TimedOut` or the network error. */
function send(target: URL, verb: string, outgoing: Outgoing, timeoutMs: number, verify: boolean): Promise<Response> {
  const body = verb === "GET" || verb === "HEAD" ? Buffer.alloc(0) : outgoing.body;
  const headers: Record<string, string | string[]> = {};
  for (const [name, values] of outgoing.headers) headers[name] = [...values];
  if (body.length > 0) headers["content-length"] = String(body.length);
  headers.host = target.host;
  // Not every system resolves names below localhost.
  const hostname = target.hostname.endsWith(".localhost") ? "localhost" : target.hostname.replace(/^\[|\]$/g, "");
  const open = target.protocol === "https:" ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const request = open(target, { method: verb, headers, hostname, rejectUnauthorized: verify }, (response) =>
      received(response).then(resolve, (error) => request.destroy(error)),
    );
    const cancel = realClock.after(timeoutMs, () => request.destroy(new TimedOut("Endpoint request timed out")));
    request.on("error", reject).on("close", cancel);
    request.end(body);
  });
}

async function received(response: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
  }
  const names = response.rawHeaders;
  const headers = names.flatMap((name, i) => (i % 2 === 0 ? [[name, names[i + 1] ?? ""] as const] : []));
  return { status: response.statusCode ?? 502, headers, body: Buffer.concat(chunks) };
}
