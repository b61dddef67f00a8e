import type { Integration, IntegrationResponse } from "@aws-sdk/client-api-gateway";
import { type Answer, type Exchange, GatewayError, headerOf } from "./exchange.ts";
import { mapped } from "./template.ts";
import { renderTemplate } from "./velocity.ts";

/** An answer made of templates alone; what CORS preflights use. */
export function mockAnswer(exchange: Exchange): Answer {
  const integration = exchange.method?.methodIntegration ?? {};
  const { text: request } = renderTemplate(requestTemplate(exchange, integration), exchange);
  const status = /["']?statusCode["']?\s*:\s*["']?(\d{3})/.exec(request)?.[1];
  const chosen = status && responseFor(integration, status);
  if (!chosen) throw new GatewayError("API_CONFIGURATION_ERROR", "Internal server error");
  exchange.integration = { status: Number(status), latencyMs: 0 };
  const [contentType, template] = Object.entries(chosen.responseTemplates ?? {})[0] ?? ["application/json", ""];
  const { text, overrides } = renderTemplate(template, exchange);
  const headers = new Map<string, readonly [string, string]>([["content-type", ["Content-Type", contentType]]]);
  const set = (name: string, value: string): unknown => headers.set(name.toLowerCase(), [name, value]);
  for (const [target, source] of Object.entries(chosen.responseParameters ?? {})) {
    const name = /^method\.response\.header\.(.+)$/.exec(target)?.[1];
    const value = mapped(source, exchange);
    if (name && value !== undefined) set(name, value);
  }
  for (const [name, value] of Object.entries(overrides.header)) set(name, String(value));
  return { status: Number(overrides.status ?? chosen.statusCode ?? 200), headers: [...headers.values()], body: Buffer.from(text) };
}

/** The template for the request's content type, JSON when it has none. */
function requestTemplate({ incoming }: Exchange, { requestTemplates = {}, passthroughBehavior }: Integration): string {
  const type = (headerOf(incoming, "content-type") ?? "application/json").split(";")[0]?.trim() ?? "";
  const template = requestTemplates[type];
  if (template !== undefined) return template;
  const none = Object.keys(requestTemplates).length === 0;
  if (passthroughBehavior === "NEVER" || (passthroughBehavior === "WHEN_NO_TEMPLATES" && !none))
    throw new GatewayError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type");
  // Passed through, the body itself says which status it wants.
  return "$input.body";
}

const responseFor = ({ integrationResponses }: Integration, status: string): IntegrationResponse | undefined => {
  const all = Object.values(integrationResponses ?? {});
  return (
    all.find(({ selectionPattern }) => selectionPattern && new RegExp(`^(?:${selectionPattern})$`).test(status)) ??
    all.find(({ selectionPattern }) => !selectionPattern)
  );
};
