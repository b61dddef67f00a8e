import type { IncomingMessage, ServerResponse } from "node:http";
import type { Buckets } from "../../../core/token-bucket.ts";
import type { AuthorizationCache } from "../authorization-cache.ts";
import type { UsageCounter } from "../control/usage.ts";
import { type ApiDoc, deploymentKey, type Gateway, type StageDoc, stageKey } from "../state.ts";
import type { AccessLog } from "./access-log.ts";
import { admit } from "./admission.ts";
import { answerFor } from "./answers.ts";
import { authorize } from "./authorization.ts";
import { type Answer, configurationError, type Exchange, GatewayError, type Incoming, MAX_BODY_BYTES, openExchange } from "./exchange.ts";
import { type CallCounts, passFirewall } from "./firewall.ts";
import { callFunctionByTemplates } from "./function-integration.ts";
import { callEndpoint } from "./http-integration.ts";
import { measure } from "./metrics.ts";
import { mockAnswer } from "./mock-integration.ts";
import { callFunction } from "./proxy-integration.ts";
import { validateRequest } from "./request-validation.ts";
import { routeOf } from "./router.ts";

const ADDRESS =
  /^(?:\/restapis\/(?<id>[^/]+)\/(?<stage>[^/]+)\/_user_request_|\/_aws\/execute-api\/(?<id2>[^/]+)\/(?<stage2>[^/]+))(?<path>\/.*)?$/;

/** Of a body that is too long, this much is listened to before it is refused. */
const HEARD_BYTES = 8 * MAX_BODY_BYTES;

export const isAddress = (url: URL): boolean => ADDRESS.test(url.pathname);

export interface DataPlane {
  readonly gateway: Gateway;
  readonly buckets: Buckets;
  readonly usage: UsageCounter;
  readonly log: AccessLog;
  readonly authorizations: AuthorizationCache;
  /** For the rules of web ACLs that count. */
  readonly calls: CallCounts;
}

/** Answers requests to deployed APIs. False: not an address of one. */
export async function serve(plane: DataPlane, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const [address = "", search = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const parts = ADDRESS.exec(address)?.groups;
  if (!parts) return false;
  const { gateway } = plane;
  const found = deployedAt(gateway, parts);
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
  const answer = await answerTo(plane, exchange, body === undefined);
  send(response, exchange, answer, body === undefined);
  plane.log.write(exchange, answer);
  measure(exchange, answer);
  return true;
}

function deployedAt(
  gateway: Gateway,
  { id, id2, stage: name, stage2 }: Readonly<Record<string, string | undefined>>,
): { readonly stage: StageDoc; readonly snapshot: ApiDoc } | undefined {
  const stage = gateway.stages.get(stageKey(id ?? id2 ?? "", name ?? stage2 ?? ""));
  const deployment = stage && gateway.deployments.get(deploymentKey(stage.apiId, stage.deploymentId));
  const api = stage && gateway.apis.get(stage.apiId);
  return deployment && api && !api.disableExecuteApiEndpoint ? { stage, snapshot: deployment.snapshot } : undefined;
}

/** A page of another origin is let in where the API itself tells its browser so: asked as the browser asks, with OPTIONS. */
export async function invitesOrigin({ gateway }: DataPlane, request: IncomingMessage, url: URL): Promise<boolean> {
  const parts = ADDRESS.exec(url.pathname)?.groups;
  const { origin } = request.headers;
  if (!parts || origin === undefined) return false;
  if (request.method === "OPTIONS") return true;
  const found = deployedAt(gateway, parts);
  // Where nothing would run, the API says so itself.
  if (found && !routeOf(found.snapshot, request.method ?? "GET", parts.path ?? "/")) return true;
  const route = found && routeOf(found.snapshot, "OPTIONS", parts.path ?? "/");
  if (!found || !route || route.method.apiKeyRequired || (route.method.authorizationType ?? "NONE") !== "NONE") return false;
  const asked = incomingOf(request, url.pathname, parts.path ?? "/", "", Buffer.alloc(0));
  const headers: [string, string][] = [
    ["Origin", origin],
    ["Access-Control-Request-Method", request.method ?? "GET"],
  ];
  const exchange = openExchange(gateway, found.snapshot, found.stage, { ...asked, verb: "OPTIONS", headers });
  Object.assign(exchange, route);
  const answer = await integrate(exchange).catch(() => undefined);
  const allowed = answer?.headers.find(([name]) => name.toLowerCase() === "access-control-allow-origin")?.[1];
  return answer !== undefined && answer.status >= 200 && answer.status < 300 && (allowed === "*" || allowed === origin);
}

async function answerTo(plane: DataPlane, exchange: Exchange, tooLarge: boolean): Promise<Answer> {
  try {
    if (tooLarge) throw new GatewayError("REQUEST_TOO_LARGE", `HTTP content length exceeded ${MAX_BODY_BYTES} bytes.`);
    const answer = await pass(plane, exchange);
    if (answer.body.length > MAX_BODY_BYTES) throw new GatewayError("DEFAULT_5XX", "Internal server error", { status: 500 });
    return answer;
  } catch (error) {
    if (error instanceof GatewayError) return answerFor(exchange, error);
    plane.gateway.env.log(`bug in apigateway: ${error instanceof Error ? error.stack : String(error)}`);
    return answerFor(exchange, new GatewayError("DEFAULT_5XX", "Internal server error"));
  }
}

/** The stations of a request, in AWS's order. */
async function pass(plane: DataPlane, exchange: Exchange): Promise<Answer> {
  const { api, incoming } = exchange;
  await passFirewall(exchange, plane.calls);
  const route = routeOf(api, incoming.verb, incoming.path);
  if (!route) throw new GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token");
  Object.assign(exchange, route);
  await authorize(exchange, plane.authorizations);
  admit(exchange, plane.buckets, plane.usage);
  validateRequest(exchange);
  return integrate(exchange);
}

async function integrate(exchange: Exchange): Promise<Answer> {
  const type = exchange.method?.methodIntegration?.type;
  if (type === "AWS_PROXY") return callFunction(exchange);
  if (type === "MOCK") return mockAnswer(exchange);
  if (type === "AWS") return callFunctionByTemplates(exchange);
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

/** Undefined when it is longer than API Gateway takes. Heard to its end all the same, within reason: many clients listen only then. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > HEARD_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > HEARD_BYTES) return undefined;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function send(response: ServerResponse, exchange: Exchange, { status, headers, body }: Answer, unread: boolean): void {
  const out = new Map<string, string[]>();
  for (const [name, value] of headers) out.set(name, [...(out.get(name) ?? []), value]);
  out.set("x-amzn-RequestId", [exchange.requestId]);
  out.set("x-amz-apigw-id", [exchange.extendedRequestId]);
  if (status >= 200 && status !== 204 && status !== 304) out.set("Content-Length", [String(body.length)]);
  // The rest of an oversized body may be unread: the connection cannot be used again.
  if (unread) out.set("Connection", ["close"]);
  response.writeHead(
    status,
    Object.fromEntries([...out].map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values])),
  );
  response.end(exchange.incoming.verb === "HEAD" ? undefined : body);
}
