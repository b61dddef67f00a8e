import { Compile, parse } from "velocityjs";
import { withTimeLimit } from "../../../core/time-limit.ts";
import { contextVariables } from "./context.ts";
import { configurationError, type Exchange } from "./exchange.ts";
import { jsonAt } from "./json-path.ts";

type Values = Readonly<Record<string, unknown>>;
export interface Rendered {
  readonly text: string;
  /** `$context.requestOverride`, as the template set it. */
  readonly request: { readonly header: Values; readonly querystring: Values; readonly path: Values };
  /** `$context.responseOverride`, as the template set it. */
  readonly response: { readonly header: Values; readonly status?: unknown };
}

/**
 * Runs a mapping template (Velocity) with `$context`, `$input`, `$stageVariables` and `$util`. Unknown variables are empty.
 * `body` is the body that `$input` reads, by default the request's.
 */
export function renderTemplate(template: string, exchange: Exchange, body: Buffer = exchange.incoming.body): Rendered {
  const text = body.toString("utf8");
  const render = (): Rendered => {
    const request = { header: {}, querystring: {}, path: {} };
    const response = { header: {} };
    const scope = {
      context: { ...nested(contextVariables(exchange)), requestOverride: request, responseOverride: response },
      input: inputOf(exchange, text),
      stageVariables: exchange.stage.variables,
      util: UTIL,
    };
    const compiled = new Compile(parse(template), { escape: false, customMethodHandlers: [CONTAINS] });
    return { text: compiled.render(scope, {}, true), request, response };
  };
  try {
    return withTimeLimit(render, MAX_MS);
  } catch (error) {
    throw configurationError(exchange, `mapping template: ${error}`);
  }
}

/** Bounds the time of a template, which may loop without end. */
const MAX_MS = 90;

/** Java's `contains`, which JavaScript calls `includes`. */
const CONTAINS = {
  uid: "contains",
  match: ({ property }: { readonly property: string }) => property === "contains",
  resolve: ({ context, params }: { readonly context: unknown; readonly params: readonly unknown[] }) =>
    (Array.isArray(context) || typeof context === "string") && context.includes(params[0] as string),
};

const UTIL = {
  escapeJavaScript: (text: unknown) => JSON.stringify(String(text)).slice(1, -1).replaceAll("'", "\\'"),
  parseJson: (text: unknown) => JSON.parse(String(text)),
  urlEncode: (text: unknown) => encodeURIComponent(String(text)),
  urlDecode: (text: unknown) => decodeURIComponent(String(text)),
  base64Encode: (text: unknown) => Buffer.from(String(text)).toString("base64"),
  base64Decode: (text: unknown) => Buffer.from(String(text), "base64").toString("utf8"),
};

function inputOf({ incoming, pathParameters }: Exchange, body: string): object {
  const maps = { path: pathParameters, querystring: Object.fromEntries(incoming.query), header: Object.fromEntries(incoming.headers) };
  const at = (path: string): unknown => jsonAt(JSON.parse(body || "{}"), path);
  return {
    body,
    params: (name?: string) => (name === undefined ? maps : (maps.path[name] ?? maps.querystring[name] ?? maps.header[name] ?? "")),
    path: at,
    json: (path: string) => JSON.stringify(at(path)) ?? "",
  };
}

/** `{ "identity.sourceIp": x }` → `{ identity: { sourceIp: x } }`. */
function nested(flat: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat)) {
    const [first = "", second] = name.split(".");
    if (second === undefined) out[first] = value;
    else out[first] = { ...(out[first] as object | undefined), [second]: value };
  }
  return out;
}
