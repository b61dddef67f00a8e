import { realClock } from "../../core/clock.ts";
import type { Principal } from "../../core/service.ts";
import { type Answer, arnOf, type Exchange, GatewayError, headerOf } from "./exchange.ts";
import { isBinary, proxyEvent } from "./proxy-event.ts";

const MAX_TIMEOUT_MS = 29_000;
const MEMBERS = new Set(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]);
const SESSION_SECONDS = 3_600;

/** Calls the function and takes its answer apart. */
export async function callFunction(exchange: Exchange): Promise<Answer> {
  const integration = exchange.method?.methodIntegration;
  const uri = (integration?.uri ?? "").replace(/\$\{stageVariables\.(\w+)\}/g, (_, name: string) => exchange.stage.variables[name] ?? "");
  const FunctionName = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1];
  if (!FunctionName) throw configurationError(exchange, `No function in ${uri}`);
  const began = performance.now();
  const { principal, region } = { principal: principalOf(exchange), region: FunctionName.split(":")[3] ?? exchange.api.region };
  const input = { FunctionName, Payload: Buffer.from(JSON.stringify(proxyEvent(exchange))) };
  const call = exchange.gateway.env.dispatch("lambda", "Invoke", input, { principal, region });
  const output = await within(exchange, call, integration?.timeoutInMillis ?? MAX_TIMEOUT_MS);
  exchange.integration = { status: 200, latencyMs: performance.now() - began };
  if (output.FunctionError) {
    exchange.integration.error = "The function failed";
    throw new GatewayError("DEFAULT_5XX", "Internal server error", { status: 502 });
  }
  return answerOf(exchange, Buffer.from(output.Payload ?? []));
}

/** The gateway calls in its own name, on behalf of this method; or as the role that the integration names. */
function principalOf(exchange: Exchange): Principal {
  const { env } = exchange.gateway;
  const role = exchange.method?.methodIntegration?.credentials;
  if (!role) return { type: "service", service: "apigateway.amazonaws.com", sourceArn: arnOf(exchange, exchange.resource?.path ?? "") };
  try {
    return env.identify(env.assume(role, "apigateway", SESSION_SECONDS).accessKeyId)?.principal ?? { type: "anonymous" };
  } catch (error) {
    throw configurationError(exchange, String(error));
  }
}

interface Output {
  readonly Payload?: Uint8Array;
  readonly FunctionError?: string;
}
function within(exchange: Exchange, call: Promise<Output>, timeoutMs: number): Promise<Output> {
  return new Promise((resolve, reject) => {
    // What is waited for is a process, which works in real time.
    const cancel = realClock.after(timeoutMs, () => {
      exchange.integration = { status: 504, latencyMs: timeoutMs, error: "Endpoint request timed out" };
      reject(new GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out"));
    });
    call
      .then(resolve, (error) => reject(configurationError(exchange, error instanceof Error ? error.message : String(error))))
      .finally(cancel);
  });
}

/** AWS says nothing to the caller; the reason stands in the logs only. */
function configurationError(exchange: Exchange, reason: string): GatewayError {
  exchange.integration = { ...exchange.integration, status: 500, error: reason };
  return new GatewayError("API_CONFIGURATION_ERROR", "Internal server error");
}

interface ProxyResponse {
  readonly statusCode?: number | string;
  readonly headers?: Readonly<Record<string, unknown>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly unknown[]>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}
function answerOf(exchange: Exchange, payload: Buffer): Answer {
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

/** Undefined for what is no proxy answer: no object, a foreign member, a body that is no text, a status that is none. */
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

/** Headers that belong to the gateway come back under another name. */
const OWN = /^(connection|content-length|date|server|transfer-encoding|upgrade|host|trailer|te|x-amzn-requestid|x-amz-apigw-id)$/i;
const remapped = (name: string): string => (OWN.test(name) ? `x-amzn-Remapped-${name}` : name);
