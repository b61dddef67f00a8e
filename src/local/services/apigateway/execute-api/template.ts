import { contextVariables, type ResponseSummary } from "./context.ts";
import { type Exchange, headerOf, type Pairs } from "./exchange.ts";
import { jsonAt } from "./json-path.ts";

/** Fills `$context` and `$stageVariables` into a gateway response template or an access log format. */
export function render(template: string, exchange: Exchange, missing = "", outcome?: ResponseSummary): string {
  const context = contextVariables(exchange, outcome);
  return template
    .replace(variable("context"), (_, braced, bare) => context[braced ?? bare] ?? missing)
    .replace(variable("stageVariables"), (_, braced, bare) => exchange.stage.variables[braced ?? bare] ?? missing);
}
/** `$name.a.b` or `${name.a.b}`. */
const variable = (name: string): RegExp => new RegExp(`\\$\\{${name}\\.([A-Za-z0-9_.]+)\\}|\\$${name}\\.([A-Za-z0-9_.]*[A-Za-z0-9_])`, "g");

/** The response of an integration's endpoint. */
export interface Received {
  readonly headers: Pairs;
  readonly body: Buffer;
}

/**
 * The values that a mapping names: `'static'`, `context.x`, `stageVariables.x`, `method.request.{header,querystring,path,body}.x`,
 * after a call also `integration.response.{header,body}.x`. `multivalue…` gives all values, the others at most one.
 */
export function valuesOf(expression: string, exchange: Exchange, received?: Received): readonly string[] {
  const literal = /^'(.*)'$/s.exec(expression);
  if (literal) return [literal[1] as string];
  const [, side, place = "", name = ""] = /^(method\.request|integration\.response)\.([a-z]+)(?:\.(.+))?$/.exec(expression) ?? [];
  if (side === "method.request") return requested(exchange, place, name);
  if (side) return received ? given(received, place, name) : [];
  const [, map, key = ""] = /^(context|stageVariables)\.(.+)$/.exec(expression) ?? [];
  return present(map === "context" ? contextVariables(exchange)[key] : map ? exchange.stage.variables[key] : undefined);
}
/** The last value of a mapping. */
export const mapped = (expression: string, exchange: Exchange): string | undefined => valuesOf(expression, exchange).at(-1);

function requested({ incoming, pathParameters }: Exchange, place: string, name: string): readonly string[] {
  const named = (pairs: Pairs, wanted: string): string[] => pairs.flatMap(([one, value]) => (one === wanted ? [value] : []));
  if (place === "header") return present(headerOf(incoming, name));
  if (place === "path") return present(pathParameters[name]);
  if (place === "querystring") return named(incoming.query, name).slice(-1);
  if (place === "multivaluequerystring") return named(incoming.query, name);
  if (place === "multivalueheader") return headersNamed(incoming.headers, name);
  return place === "body" ? inBody(incoming.body, name) : [];
}

function given({ headers, body }: Received, place: string, name: string): readonly string[] {
  if (place === "body") return inBody(body, name);
  const found = headersNamed(headers, name);
  return place === "multivalueheader" ? found : found.slice(-1);
}
const headersNamed = (headers: Pairs, name: string): string[] =>
  headers.flatMap(([one, value]) => (one.toLowerCase() === name.toLowerCase() ? [value] : []));

function inBody(body: Buffer, path: string): readonly string[] {
  const text = body.toString("utf8");
  if (path === "") return [text];
  const value = jsonAt(JSON.parse(text || "{}"), path);
  return present(typeof value === "string" || value === undefined ? value : JSON.stringify(value));
}
const present = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);
