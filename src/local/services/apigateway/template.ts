import { contextVariables, type Outcome } from "./context.ts";
import { type Exchange, GatewayError, headerOf } from "./exchange.ts";

/**
 * The part of API Gateway's mapping templates that static answers need: variables of `$context`, `$stageVariables`,
 * `$input.params('x')`, `$input.body`, `$input.json('$')`. A template with directives is refused, not guessed at.
 */
export function render(template: string, exchange: Exchange, missing = "", outcome?: Outcome): string {
  const text = template.replace(/##.*$/gm, "");
  if (/#(set|if|foreach|macro|parse|include)\b/.test(text))
    throw new GatewayError("API_CONFIGURATION_ERROR", "Internal server error: the local AWS does not run directives in mapping templates");
  const context = contextVariables(exchange, outcome);
  return text
    .replace(variable("context"), (_, braced, bare) => context[braced ?? bare] ?? missing)
    .replace(variable("stageVariables"), (_, braced, bare) => exchange.stage.variables[braced ?? bare] ?? missing)
    .replace(/\$input\.params\(\s*['"]([^'"]+)['"]\s*\)/g, (_, name: string) => parameterOf(exchange, name) ?? missing)
    .replace(/\$input\.(body|json\(\s*['"]\$['"]\s*\))/g, () => exchange.incoming.body.toString("utf8") || "{}");
}

/** `$name.a.b` or `${name.a.b}`. */
const variable = (name: string): RegExp => new RegExp(`\\$\\{${name}\\.([A-Za-z0-9_.]+)\\}|\\$${name}\\.([A-Za-z0-9_.]*[A-Za-z0-9_])`, "g");

/** Path before query before header. */
const parameterOf = ({ pathParameters, incoming }: Exchange, name: string): string | undefined =>
  pathParameters[name] ?? incoming.query.findLast(([one]) => one === name)?.[1] ?? headerOf(incoming, name);

/** The source of a header in a response mapping: `'static'`, `context.x`, `method.request.header.x`, `stageVariables.x`. */
export function mapped(expression: string, exchange: Exchange): string | undefined {
  const literal = /^'(.*)'$/s.exec(expression);
  if (literal) return literal[1];
  const { incoming, pathParameters, stage } = exchange;
  const request = /^method\.request\.(header|querystring|path)\.(.+)$/.exec(expression);
  if (request) {
    const [, place, name = ""] = request;
    if (place === "header") return headerOf(incoming, name);
    return place === "path" ? pathParameters[name] : incoming.query.findLast(([one]) => one === name)?.[1];
  }
  if (expression.startsWith("context.")) return contextVariables(exchange)[expression.slice("context.".length)];
  if (expression.startsWith("stageVariables.")) return stage.variables[expression.slice("stageVariables.".length)];
  return undefined;
}
