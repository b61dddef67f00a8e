import { LocalFault } from "../../../core/service.ts";
import { MAX_TIMEOUT_MS } from "../control/integrations.ts";
import { type ApiResponse, arnOf, configurationError, type Exchange, GatewayError, headerOf } from "./exchange.ts";
import { type InvocationOutput, invokeFunction, TimedOut } from "./invocation.ts";
import { isBinary, proxyEvent, remapped } from "./proxy-event.ts";

const MEMBERS = new Set(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]);

/** Calls the function of a proxy integration and turns its output into the response. */
export async function callLambdaProxy(exchange: Exchange): Promise<ApiResponse> {
  const output = await invokeIntegration(exchange, Buffer.from(JSON.stringify(proxyEvent(exchange))));
  if (output.FunctionError) {
    exchange.integration.error = "The function failed";
    throw new GatewayError("DEFAULT_5XX", "Internal server error", { status: 502 });
  }
  return responseOf(exchange, Buffer.from(output.Payload ?? []));
}

/** Calls the function of the method's integration and records status and latency in the exchange. */
export async function invokeIntegration(
  exchange: Exchange,
  payload: Uint8Array,
  invocationType: "Event" | "RequestResponse" = "RequestResponse",
): Promise<InvocationOutput> {
  const { uri, credentials, httpMethod, timeoutInMillis = MAX_TIMEOUT_MS } = exchange.method?.methodIntegration ?? {};
  // Lambda's API accepts only POST, whatever the client sent.
  if (httpMethod !== undefined && httpMethod !== "POST")
    throw configurationError(exchange, `a function is called with POST, not with ${httpMethod}`);
  const sourceArn = arnOf(exchange, exchange.resource?.path ?? "");
  const began = performance.now();
  try {
    const call = { uri, credentials, sourceArn, payload, invocationType, timeoutMs: timeoutInMillis };
    const output = await invokeFunction(exchange, call);
    exchange.integration = { status: 200, latencyMs: performance.now() - began };
    return output;
  } catch (error) {
    // Lambda's size limit is below API Gateway's.
    if (error instanceof LocalFault && error.code === "RequestTooLargeException")
      throw new GatewayError("REQUEST_TOO_LARGE", error.message);
    if (!(error instanceof TimedOut)) throw configurationError(exchange, error instanceof Error ? error.message : String(error));
    exchange.integration = { status: 504, latencyMs: timeoutInMillis, error: error.message };
    throw new GatewayError("INTEGRATION_TIMEOUT", error.message);
  }
}

interface ProxyResponse {
  readonly statusCode?: number | string;
  readonly headers?: Readonly<Record<string, unknown>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly unknown[]>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}
function responseOf(exchange: Exchange, payload: Buffer): ApiResponse {
  const response = parsed(payload);
  if (!response) {
    exchange.integration.error = "Malformed Lambda proxy response";
    throw new GatewayError("DEFAULT_5XX", "Internal server error", { status: 502 });
  }
  const status = Number(response.statusCode ?? 200);
  exchange.integration.status = status;
  const own = new Map<string, [string, string][]>();
  for (const [name, value] of Object.entries(response.headers ?? {})) own.set(name.toLowerCase(), [[remapped(name), String(value)]]);
  for (const [name, values] of Object.entries(response.multiValueHeaders ?? {}))
    own.set(
      name.toLowerCase(),
      values.map((value) => [remapped(name), String(value)]),
    );
  const headers = [...own.values()].flat();
  if (!own.has("content-type")) headers.unshift(["Content-Type", "application/json"]);
  headers.push(["X-Amzn-Trace-Id", exchange.traceId]);
  const accepted = headerOf(exchange.incoming, "accept")?.split(",")[0];
  const binary = response.isBase64Encoded === true && isBinary(exchange.api.binaryMediaTypes, accepted);
  return { status, headers, body: Buffer.from(response.body ?? "", binary ? "base64" : "utf8") };
}

/** Undefined for a malformed output: not an object, an unknown member, a body that is not a string, an invalid status. */
function parsed(payload: Buffer): ProxyResponse | undefined {
  let response: ProxyResponse;
  try {
    response = JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof response !== "object" || response === null || Array.isArray(response)) return undefined;
  if (Object.keys(response).some((key) => !MEMBERS.has(key))) return undefined;
  const { statusCode = 200, headers, multiValueHeaders, body, isBase64Encoded = false } = response;
  const status = Number(statusCode);
  const simple = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
  const valid =
    Number.isInteger(status) &&
    status >= 100 &&
    status <= 599 &&
    (body === undefined || body === null || typeof body === "string") &&
    typeof isBase64Encoded === "boolean" &&
    isMapOf(headers, simple) &&
    isMapOf(multiValueHeaders, (values) => Array.isArray(values) && values.every(simple));
  return valid ? response : undefined;
}
const isMapOf = (given: unknown, is: (value: unknown) => boolean): boolean =>
  given === undefined || given === null || (typeof given === "object" && !Array.isArray(given) && Object.values(given).every(is));
