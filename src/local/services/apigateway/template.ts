import { contextVariables, type Outcome } from "./context.ts";
import { type Exchange, headerOf } from "./exchange.ts";

/** Puts the variables of `$context` and `$stageVariables` into the text of a gateway response or of an access log's format. */
export function render(template: string, exchange: Exchange, missing = "", outcome?: Outcome): string {
  const context = contextVariables(exchange, outcome);
  return template
    .replace(variable("context"), (_, braced, bare) => context[braced ?? bare] ?? missing)
    .replace(variable("stageVariables"), (_, braced, bare) => exchange.stage.variables[braced ?? bare] ?? missing);
}
/** `$name.a.b` or `${name.a.b}`. */
const variable = (name: string): RegExp => new RegExp(`\\$\\{${name}\\.([A-Za-z0-9_.]+)\\}|\\$${name}\\.([A-Za-z0-9_.]*[A-Za-z0-9_])`, "g");

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
