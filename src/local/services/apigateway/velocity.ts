import { Compile, parse } from "velocityjs";
import { contextVariables } from "./context.ts";
import { type Exchange, GatewayError } from "./exchange.ts";

/** What a template wrote into `$context.responseOverride`. */
export interface Overrides {
  readonly header: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
}
export interface Rendered {
  readonly text: string;
  readonly overrides: Overrides;
}

/** Runs a mapping template (Velocity) with `$context`, `$input`, `$stageVariables` and `$util`. Unknown variables are empty. */
export function renderTemplate(template: string, exchange: Exchange): Rendered {
  const overrides: Overrides = { header: {} };
  const scope = {
    context: { ...nested(contextVariables(exchange)), responseOverride: overrides },
    input: inputOf(exchange),
    stageVariables: exchange.stage.variables,
    util: UTIL,
  };
  try {
    const compiled = new Compile(parse(template), { escape: false, customMethodHandlers: [CONTAINS] });
    return { text: compiled.render(scope, {}, true), overrides };
  } catch (error) {
    exchange.gateway.env.log(`mapping template of ${exchange.incoming.verb} ${exchange.resource?.path}: ${error}`);
    throw new GatewayError("API_CONFIGURATION_ERROR", "Internal server error");
  }
}

/** Java's lists and strings know this; JavaScript's call it otherwise. */
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

function inputOf({ incoming, pathParameters }: Exchange): object {
  const body = incoming.body.toString("utf8");
  const maps = { path: pathParameters, querystring: Object.fromEntries(incoming.query), header: Object.fromEntries(incoming.headers) };
  const at = (path: string): unknown =>
    path
      .replace(/^\$\.?/, "")
      .split(".")
      .filter(Boolean)
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], JSON.parse(body || "{}"));
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
