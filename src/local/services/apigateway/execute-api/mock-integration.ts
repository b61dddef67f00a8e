import { type Answer, configurationError, type Exchange } from "./exchange.ts";
import { requestTemplate } from "./integration-request.ts";
import { answerFrom } from "./integration-response.ts";
import { renderTemplate } from "./velocity.ts";

/** An answer made of templates alone; what CORS preflights use. */
export function mockAnswer(exchange: Exchange): Answer {
  // Passed through, the body itself says which status it wants.
  const template = requestTemplate(exchange, exchange.method?.methodIntegration ?? {}) ?? "$input.body";
  const status = /["']?statusCode["']?\s*:\s*["']?(\d{3})/.exec(renderTemplate(template, exchange).text)?.[1];
  if (!status) throw configurationError(exchange, "the request template of a mock integration names no statusCode");
  exchange.integration = { status: Number(status), latencyMs: 0 };
  return answerFrom(exchange, { headers: [], body: Buffer.alloc(0) }, status);
}
