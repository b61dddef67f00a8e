const ALLOWED_HEADERS = "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key,X-Correlation-Id";
const EXPOSED_HEADERS = "Retry-After,X-Correlation-Id";
const PREFLIGHT_SECONDS = 600;

/**
 * Headers of API Gateway's own errors, so that a browser shows a page of ours the error instead of a CORS failure.
 * They cannot choose among several origins: then the caller's is repeated. These answers hold nothing of anybody's.
 */
export function corsOnErrors(origins: readonly string[]): Readonly<Record<string, string>> {
  const [only, ...others] = origins;
  if (only === undefined) return {};
  return {
    "gatewayresponse.header.Access-Control-Allow-Origin": others.length === 0 ? `'${only}'` : "method.request.header.Origin",
    "gatewayresponse.header.Access-Control-Expose-Headers": `'${EXPOSED_HEADERS}'`,
    "gatewayresponse.header.Vary": "'Origin'",
  };
}

/** The preflight of a path, answered by API Gateway itself: without a key, for browsers send none with it. */
export function preflight(methods: readonly string[], origins: readonly string[]): object {
  const fixed = { "Access-Control-Allow-Methods": [...methods, "OPTIONS"].join(","), "Access-Control-Allow-Headers": ALLOWED_HEADERS };
  const headers = { ...fixed, "Access-Control-Max-Age": String(PREFLIGHT_SECONDS), Vary: "Origin" };
  const [only, ...others] = origins;
  const all: Readonly<Record<string, string>> = others.length === 0 ? { ...headers, "Access-Control-Allow-Origin": only ?? "" } : headers;
  const declared = [...Object.keys(headers), "Access-Control-Allow-Origin"];
  return {
    responses: {
      "204": {
        description: "What a browser may send.",
        headers: Object.fromEntries(declared.map((name) => [name, { schema: { type: "string" } }])),
      },
    },
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": '{"statusCode": 204}' },
      passthroughBehavior: "when_no_match",
      responses: {
        default: {
          statusCode: "204",
          responseParameters: Object.fromEntries(
            Object.entries(all).map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
          ),
          responseTemplates: { "application/json": others.length === 0 ? "" : chooseOrigin(origins) },
        },
      },
    },
  };
}
/** Velocity: the caller's origin, if it is one of ours. */
const chooseOrigin = (origins: readonly string[]) =>
  [
    // Names of headers come as they were sent: HTTP/2 writes them small.
    '#set($origin = $input.params().header.get("Origin"))#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
    `#set($allowed = [${origins.map((o) => `"${o}"`).join(",")}])`,
    "#if($allowed.contains($origin))#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end",
  ].join("\n");
