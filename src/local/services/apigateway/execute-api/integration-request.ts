import type { Integration } from "@aws-sdk/client-api-gateway";
import { converted } from "./content-handling.ts";
import { configurationError, type Exchange, GatewayError, headerOf, type Pairs } from "./exchange.ts";
import { forwarded, isBinary } from "./proxy-event.ts";
import { valuesOf } from "./template.ts";
import { renderTemplate } from "./velocity.ts";

/** The request to the integration's endpoint. */
export interface Outgoing {
  /** By lower-case names. */
  readonly headers: Map<string, readonly string[]>;
  readonly query: Map<string, readonly string[]>;
  /** For the variables in the integration's URI. */
  readonly path: Map<string, string>;
  readonly body: Buffer;
}

/** For a proxy integration everything that the caller sent, otherwise only what the method's mappings and templates name. */
export function integrationRequest(exchange: Exchange): Outgoing {
  const { method, api } = exchange;
  const integration = method?.methodIntegration ?? {};
  const outgoing = integration.type === "HTTP_PROXY" ? everything(exchange) : defaultParameters(exchange);
  try {
    for (const [target, source] of Object.entries(integration.requestParameters ?? {})) put(outgoing, target, valuesOf(source, exchange));
  } catch (error) {
    throw configurationError(exchange, `mapping of request parameters: ${error}`);
  }
  const body = integration.type === "HTTP_PROXY" ? bodyOf(exchange, integration) : templated(exchange, integration, outgoing);
  outgoing.headers.set("x-amzn-apigateway-api-id", [api.id]);
  outgoing.headers.set("x-amzn-trace-id", [exchange.traceId]);
  return { ...outgoing, body };
}

type Parameters = Omit<Outgoing, "body">;
function everything(exchange: Exchange): Parameters {
  const headers = new Map(grouped(forwarded(exchange).map(([name, value]) => [name.toLowerCase(), value] as const)));
  headers.delete("host");
  return { headers, query: grouped(exchange.incoming.query), path: new Map() };
}
const defaultParameters = ({ api, incoming }: Exchange): Parameters => ({
  headers: new Map([
    ["accept", [headerOf(incoming, "accept") ?? "application/json"]],
    ["content-type", [headerOf(incoming, "content-type") ?? "application/json"]],
    ["user-agent", [`AmazonAPIGateway_${api.id}`]],
  ]),
  query: new Map(),
  path: new Map(),
});
function grouped(pairs: Pairs): Map<string, readonly string[]> {
  const out = new Map<string, readonly string[]>();
  for (const [name, value] of pairs) out.set(name, [...(out.get(name) ?? []), value]);
  return out;
}

function put({ headers, query, path }: Parameters, target: string, values: readonly string[]): void {
  const [, place, name = ""] = /^integration\.request\.(?:multivalue)?(header|querystring|path)\.(.+)$/.exec(target) ?? [];
  if (values.length === 0) return;
  if (place === "header") headers.set(name.toLowerCase(), values);
  if (place === "querystring") query.set(name, values);
  if (place === "path") path.set(name, values[0] as string);
}

function templated(exchange: Exchange, integration: Integration, outgoing: Parameters): Buffer {
  const template = requestTemplate(exchange, integration);
  if (template === undefined) return bodyOf(exchange, integration);
  const { text, request } = renderTemplate(template, exchange);
  for (const [place, values] of Object.entries(request))
    for (const [name, value] of Object.entries(values)) put(outgoing, `integration.request.${place}.${name}`, [String(value)]);
  return Buffer.from(text);
}

function bodyOf({ incoming, api }: Exchange, { contentHandling }: Integration): Buffer {
  const binary = isBinary(api.binaryMediaTypes, headerOf(incoming, "content-type"));
  return converted(incoming.body, binary, binary, contentHandling);
}

/** The template for the request's content type (JSON by default); undefined when the body passes through unchanged. */
export function requestTemplate({ incoming }: Exchange, { requestTemplates = {}, passthroughBehavior }: Integration): string | undefined {
  const type = (headerOf(incoming, "content-type") ?? "application/json").split(";")[0]?.trim() ?? "";
  const template = requestTemplates[type];
  if (template !== undefined) return template;
  const none = Object.keys(requestTemplates).length === 0;
  if (passthroughBehavior === "NEVER" || (passthroughBehavior === "WHEN_NO_TEMPLATES" && !none))
    throw new GatewayError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type");
  return undefined;
}
