import type { Integration, IntegrationResponse } from "@aws-sdk/client-api-gateway";
import { converted } from "./content-handling.ts";
import { type ApiResponse, configurationError, type Exchange, headerOf, type Pairs } from "./exchange.ts";
import { isBinary, remapped } from "./proxy-event.ts";
import { type Received, valuesOf } from "./template.ts";
import { renderTemplate } from "./velocity.ts";

/**
 * Maps the endpoint's response by the method's integration responses. `outcome` is compared with their selection patterns
 * (a status, or a function's error message); undefined selects the response without a pattern.
 */
export function responseFrom(exchange: Exchange, received: Received, outcome: string | undefined): ApiResponse {
  const integration = exchange.method?.methodIntegration ?? {};
  const chosen = responseFor(integration, outcome);
  if (!chosen)
    throw configurationError(exchange, `No match for output mapping and no default output mapping configured: ${outcome ?? "success"}`);
  const [contentType, template] = responseTemplate(exchange, chosen);
  const headers = new Map<string, Pairs>([["content-type", [["Content-Type", contentType]]]]);
  const set = (name: string, values: readonly string[]): unknown =>
    headers.set(
      name.toLowerCase(),
      values.map((value) => [remapped(name), value] as const),
    );
  for (const [target, source] of Object.entries(chosen.responseParameters ?? {})) {
    const name = /^method\.response\.(?:multivalue)?header\.(.+)$/.exec(target)?.[1];
    const values = mappedFrom(exchange, source, received);
    if (name && values.length > 0) set(name, values);
  }
  const rendered = template === undefined ? undefined : renderTemplate(template, exchange, received.body);
  for (const [name, value] of Object.entries(rendered?.response.header ?? {})) set(name, [String(value)]);
  return {
    status: Number(rendered?.response.status ?? chosen.statusCode ?? 200),
    headers: [...headers.values()].flat(),
    body: rendered ? Buffer.from(rendered.text) : responseBody(exchange, received, chosen.contentHandling),
  };
}

/** A body that passes through: bytes if the caller accepts them, base64 otherwise. */
export function responseBody({ api, incoming }: Exchange, received: Received, handling: Integration["contentHandling"]): Buffer {
  const type = received.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const types = api.binaryMediaTypes;
  return converted(received.body, isBinary(types, type), isBinary(types, headerOf(incoming, "accept")?.split(",")[0]), handling);
}

function mappedFrom(exchange: Exchange, source: string, received: Received): readonly string[] {
  try {
    return valuesOf(source, exchange, received);
  } catch (error) {
    throw configurationError(exchange, `mapping of response parameters: ${error}`);
  }
}

function responseFor({ integrationResponses }: Integration, outcome: string | undefined): IntegrationResponse | undefined {
  const all = Object.values(integrationResponses ?? {});
  const matching = (pattern: string | undefined): boolean =>
    outcome !== undefined && pattern !== undefined && pattern !== "" && new RegExp(`^(?:${pattern})$`).test(outcome);
  return all.find(({ selectionPattern }) => matching(selectionPattern)) ?? all.find(({ selectionPattern }) => !selectionPattern);
}

/** The template for the caller's `Accept` header, or else the first one. */
function responseTemplate({ incoming }: Exchange, { responseTemplates }: IntegrationResponse): readonly [string, string | undefined] {
  const templates = Object.entries(responseTemplates ?? {});
  const accepted = headerOf(incoming, "accept")?.split(",")[0]?.split(";")[0]?.trim();
  return templates.find(([type]) => type === accepted) ?? templates[0] ?? ["application/json", undefined];
}
