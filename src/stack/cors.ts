const ALLOWED_HEADERS = "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key,X-Correlation-Id";
const EXPOSED_HEADERS = "Retry-After,X-Correlation-Id";
const PREFLIGHT_SECONDS = 600;

/**
 * Headers of API Gateway's own errors. With them a browser reports the error to our page, not a CORS failure. API Gateway cannot choose
 * among several origins here, so it returns the caller's origin. These answers contain no data.
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

/** The preflight request of a path. API Gateway answers it, without an API key, because browsers send none. */
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
/** Velocity template: returns the caller's origin when it is in the list. */
const chooseOrigin = (origins: readonly string[]) =>
  [
    // Header names have the case in which they were sent; HTTP/2 sends lower case.
    '#set($origin = $input.params().header.get("Origin"))#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
    `#set($allowed = [${origins.map((o) => `"${o}"`).join(",")}])`,
    "#if($allowed.contains($origin))#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end",
  ].join("\n");
