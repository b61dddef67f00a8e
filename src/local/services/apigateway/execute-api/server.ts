import type { IncomingMessage, ServerResponse } from "node:http";
import type { TokenBuckets } from "../../../core/token-bucket.ts";
import type { AuthorizationCache } from "../authorization-cache.ts";
import type { UsageCounter } from "../control/usage.ts";
import { type ApiDoc, deploymentKey, type Gateway, type StageDoc, stageKey } from "../state.ts";
import type { AccessLog } from "./access-log.ts";
import { admit } from "./admission.ts";
import { authorize } from "./authorization.ts";
import {
  type ApiResponse,
  configurationError,
  type Exchange,
  GatewayError,
  type Incoming,
  MAX_BODY_BYTES,
  openExchange,
} from "./exchange.ts";
import { gatewayResponseFor } from "./gateway-response.ts";
import { callEndpoint } from "./http-integration.ts";
import { callLambda } from "./lambda-integration.ts";
import { callLambdaProxy } from "./lambda-proxy-integration.ts";
import { putMetrics } from "./metrics.ts";
import { mockResponse } from "./mock-integration.ts";
import { validateRequest } from "./request-validation.ts";
import { routeOf } from "./router.ts";
import { applyWebAcl, type RequestCounts } from "./web-acl.ts";

const INVOKE_URL =
  /^(?:\/restapis\/(?<id>[^/]+)\/(?<stage>[^/]+)\/_user_request_|\/_aws\/execute-api\/(?<id2>[^/]+)\/(?<stage2>[^/]+))(?<path>\/.*)?$/;

/** The server reads this much of a body that is too large before it refuses it. */
const MAX_READ_BYTES = 8 * MAX_BODY_BYTES;

export const isInvokeUrl = (url: URL): boolean => INVOKE_URL.test(url.pathname);

export interface DataPlane {
  readonly gateway: Gateway;
  readonly buckets: TokenBuckets;
  readonly usage: UsageCounter;
  readonly log: AccessLog;
  readonly authorizations: AuthorizationCache;
  /** Counts of the web ACLs' rate-based rules. */
  readonly calls: RequestCounts;
}

/** Serves a request to a deployed API. False when the URL is not an invoke URL. */
export async function serve(plane: DataPlane, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const [address = "", search = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const parts = INVOKE_URL.exec(address)?.groups;
  if (!parts) return false;
  const { gateway } = plane;
  const found = deployedApi(gateway, parts);
  if (!found) {
    request.resume();
    response
      .writeHead(403, { "content-type": "application/json", "x-amzn-errortype": "ForbiddenException" })
      .end('{"message":"Forbidden"}');
    return true;
  }
  const body = await readBody(request);
  const incoming = incomingOf(request, address, parts.path ?? "/", search, body ?? Buffer.alloc(0));
  const exchange = openExchange(gateway, found.snapshot, found.stage, incoming);
  const answer = await responseTo(plane, exchange, body === undefined);
  send(response, exchange, answer, body === undefined);
  plane.log.write(exchange, answer);
  putMetrics(exchange, answer);
  return true;
}

function deployedApi(
  gateway: Gateway,
  { id, id2, stage: name, stage2 }: Readonly<Record<string, string | undefined>>,
): { readonly stage: StageDoc; readonly snapshot: ApiDoc } | undefined {
  const stage = gateway.stages.get(stageKey(id ?? id2 ?? "", name ?? stage2 ?? ""));
  const deployment = stage && gateway.deployments.get(deploymentKey(stage.apiId, stage.deploymentId));
  const api = stage && gateway.apis.get(stage.apiId);
  return deployment && api && !api.disableExecuteApiEndpoint ? { stage, snapshot: deployment.snapshot } : undefined;
}

/** True when the API's own CORS answer allows the page's origin. To find out, the API gets the OPTIONS request that a browser would send. */
export async function allowsOrigin({ gateway }: DataPlane, request: IncomingMessage, url: URL): Promise<boolean> {
  const parts = INVOKE_URL.exec(url.pathname)?.groups;
  const { origin } = request.headers;
  if (!parts || origin === undefined) return false;
  if (request.method === "OPTIONS") return true;
  const found = deployedApi(gateway, parts);
  // Without a route nothing runs, and the answer is the API's own error.
  if (found && !routeOf(found.snapshot, request.method ?? "GET", parts.path ?? "/")) return true;
  const route = found && routeOf(found.snapshot, "OPTIONS", parts.path ?? "/");
  if (!found || !route || route.method.apiKeyRequired || (route.method.authorizationType ?? "NONE") !== "NONE") return false;
  const preflight = incomingOf(request, url.pathname, parts.path ?? "/", "", Buffer.alloc(0));
  const headers: [string, string][] = [
    ["Origin", origin],
    ["Access-Control-Request-Method", request.method ?? "GET"],
  ];
  const exchange = openExchange(gateway, found.snapshot, found.stage, { ...preflight, verb: "OPTIONS", headers });
  Object.assign(exchange, route);
  const answer = await integrate(exchange).catch(() => undefined);
  const allowed = answer?.headers.find(([name]) => name.toLowerCase() === "access-control-allow-origin")?.[1];
  return answer !== undefined && answer.status >= 200 && answer.status < 300 && (allowed === "*" || allowed === origin);
}

async function responseTo(plane: DataPlane, exchange: Exchange, tooLarge: boolean): Promise<ApiResponse> {
  try {
    if (tooLarge) throw new GatewayError("REQUEST_TOO_LARGE", `HTTP content length exceeded ${MAX_BODY_BYTES} bytes.`);
    const answer = await handle(plane, exchange);
    if (answer.body.length > MAX_BODY_BYTES) throw new GatewayError("DEFAULT_5XX", "Internal server error", { status: 500 });
    return answer;
  } catch (error) {
    if (error instanceof GatewayError) return gatewayResponseFor(exchange, error);
    plane.gateway.env.log(`bug in apigateway: ${error instanceof Error ? error.stack : String(error)}`);
    return gatewayResponseFor(exchange, new GatewayError("DEFAULT_5XX", "Internal server error"));
  }
}

/** The steps of a request, in AWS's order. */
async function handle(plane: DataPlane, exchange: Exchange): Promise<ApiResponse> {
  const { api, incoming } = exchange;
  await applyWebAcl(exchange, plane.calls);
  const route = routeOf(api, incoming.verb, incoming.path);
  if (!route) throw new GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token");
  Object.assign(exchange, route);
  await authorize(exchange, plane.authorizations);
  admit(exchange, plane.buckets, plane.usage);
  validateRequest(exchange);
  return integrate(exchange);
}

async function integrate(exchange: Exchange): Promise<ApiResponse> {
  const type = exchange.method?.methodIntegration?.type;
  if (type === "AWS_PROXY") return callLambdaProxy(exchange);
  if (type === "MOCK") return mockResponse(exchange);
  if (type === "AWS") return callLambda(exchange);
  if (type === "HTTP" || type === "HTTP_PROXY") return callEndpoint(exchange);
  throw configurationError(exchange, `no integrations of the type ${type}`);
}

function incomingOf(request: IncomingMessage, fullPath: string, path: string, search: string, body: Buffer): Incoming {
  const headers: [string, string][] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2)
    headers.push([request.rawHeaders[i] as string, request.rawHeaders[i + 1] as string]);
  return {
    verb: request.method ?? "GET",
    path,
    fullPath,
    headers,
    query: [...new URLSearchParams(search)],
    body,
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
    port: request.socket.localPort ?? 0,
  };
}

/**
 * Reads the body; undefined when it is too large for API Gateway. It still reads the rest, up to a limit, because many clients read the
 * response only after they have sent everything.
 */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_READ_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_READ_BYTES) return undefined;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function send(response: ServerResponse, exchange: Exchange, { status, headers, body }: ApiResponse, unread: boolean): void {
  const out = new Map<string, string[]>();
  for (const [name, value] of headers) out.set(name, [...(out.get(name) ?? []), value]);
  out.set("x-amzn-RequestId", [exchange.requestId]);
  out.set("x-amz-apigw-id", [exchange.extendedRequestId]);
  if (status >= 200 && status !== 204 && status !== 304) out.set("Content-Length", [String(body.length)]);
  // The rest of an oversized body may be unread, so the connection cannot be reused.
  if (unread) out.set("Connection", ["close"]);
  response.writeHead(
    status,
    Object.fromEntries([...out].map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values])),
  );
  response.end(exchange.incoming.verb === "HEAD" ? undefined : body);
}
