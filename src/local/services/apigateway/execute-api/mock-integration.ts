import { type ApiResponse, configurationError, type Exchange } from "./exchange.ts";
import { requestTemplate } from "./integration-request.ts";
import { responseFrom } from "./integration-response.ts";
import { renderTemplate } from "./velocity.ts";

/** A response made of templates alone, as for CORS preflights. */
export function mockResponse(exchange: Exchange): ApiResponse {
  // Without a template the body itself holds the status.
  const template = requestTemplate(exchange, exchange.method?.methodIntegration ?? {}) ?? "$input.body";
  const status = /["']?statusCode["']?\s*:\s*["']?(\d{3})/.exec(renderTemplate(template, exchange).text)?.[1];
  if (!status) throw configurationError(exchange, "the request template of a mock integration names no statusCode");
  exchange.integration = { status: Number(status), latencyMs: 0 };
  return responseFrom(exchange, { headers: [], body: Buffer.alloc(0) }, status);
}
