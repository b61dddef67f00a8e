import { type Answer, type Exchange, GatewayError, headerOf } from "./exchange.ts";
import { mapped, render } from "./template.ts";

/** An answer made of templates alone; what CORS preflights use. */
export function mockAnswer(exchange: Exchange): Answer {
  const integration = exchange.method?.methodIntegration;
  const type = (headerOf(exchange.incoming, "content-type") ?? "application/json").split(";")[0]?.trim() ?? "";
  const templates = integration?.requestTemplates ?? {};
  if (
    !templates[type] &&
    (integration?.passthroughBehavior === "NEVER" ||
      (integration?.passthroughBehavior === "WHEN_NO_TEMPLATES" && Object.keys(templates).length > 0))
  )
    throw new GatewayError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type");
  const template = templates[type] ?? templates["application/json"] ?? "";
  const status = /["']?statusCode["']?\s*:\s*["']?(\d{3})/.exec(render(template, exchange))?.[1];
  const responses = Object.values(integration?.integrationResponses ?? {});
  const chosen =
    responses.find((one) => one.selectionPattern && new RegExp(`^(?:${one.selectionPattern})$`).test(status ?? "")) ??
    responses.find((one) => !one.selectionPattern);
  if (!status || !chosen) throw new GatewayError("API_CONFIGURATION_ERROR", "Internal server error");
  exchange.integration = { status: Number(status), latencyMs: 0 };
  const headers = Object.entries(chosen.responseParameters ?? {}).flatMap(([target, source]): [string, string][] => {
    const name = /^method\.response\.header\.(.+)$/.exec(target)?.[1];
    const value = mapped(source, exchange);
    return name && value !== undefined ? [[name, value]] : [];
  });
  const [contentType, text] = Object.entries(chosen.responseTemplates ?? {})[0] ?? ["application/json", ""];
  const named = headers.some(([name]) => name.toLowerCase() === "content-type");
  return {
    status: Number(chosen.statusCode ?? 200),
    headers: named ? headers : [["Content-Type", contentType], ...headers],
    body: Buffer.from(render(text, exchange)),
  };
}
