import { domainOf, type Exchange, headerOf, requestTime } from "./exchange.ts";

/** The variables that are known only after the response. */
export interface ResponseSummary {
  readonly status: number;
  readonly length: number;
}

/** The `$context` variables of a request, by their dotted names. */
export function contextVariables(exchange: Exchange, outcome?: ResponseSummary): Readonly<Record<string, string | undefined>> {
  const { api, stage, incoming, gateway, integration } = exchange;
  return {
    accountId: gateway.env.account,
    apiId: api.id,
    deploymentId: stage.deploymentId,
    domainName: domainOf(api),
    domainPrefix: api.id,
    extendedRequestId: exchange.extendedRequestId,
    httpMethod: incoming.verb,
    path: `/${stage.name}${incoming.path}`,
    protocol: "HTTP/1.1",
    requestId: exchange.requestId,
    requestTime: requestTime(exchange.startedAt),
    requestTimeEpoch: String(exchange.startedAt),
    resourceId: exchange.resource?.id,
    resourcePath: exchange.resource?.path,
    stage: stage.name,
    xrayTraceId: stage.tracing ? exchange.traceId : undefined,
    ...identityVariables(exchange),
    ...authorizerVariables(exchange),
    ...errorVariables(exchange),
    "integration.error": integration.error,
    "integration.latency": integration.latencyMs?.toFixed(0),
    "integration.requestId": integration.requestId,
    "integration.status": integration.status?.toString(),
    integrationErrorMessage: integration.error,
    integrationLatency: integration.latencyMs?.toFixed(0),
    integrationStatus: integration.status?.toString(),
    ...(outcome
      ? {
          status: String(outcome.status),
          responseLength: String(outcome.length),
          responseLatency: String(Math.round(gateway.env.clock.now() - exchange.startedAt)),
        }
      : {}),
  };
}

function identityVariables({ apiKey, caller, incoming }: Exchange): Record<string, string | undefined> {
  return {
    "identity.accessKey": caller?.accessKey,
    "identity.accountId": caller?.arn.split(":")[4],
    "identity.apiKey": apiKey?.value,
    "identity.apiKeyId": apiKey?.id,
    "identity.caller": caller?.arn,
    "identity.sourceIp": incoming.sourceIp,
    "identity.user": caller?.arn,
    "identity.userAgent": headerOf(incoming, "user-agent"),
    "identity.userArn": caller?.arn,
  };
}

function authorizerVariables({ authorizer }: Exchange): Record<string, string | undefined> {
  const { authorization, latencyMs, error } = authorizer ?? {};
  const own = Object.entries(authorization?.context ?? {}).map(([name, value]) => [`authorizer.${name}`, String(value)]);
  return {
    ...Object.fromEntries(own),
    "authorizer.error": error,
    "authorizer.latency": latencyMs?.toFixed(0),
    "authorizer.integrationLatency": latencyMs?.toFixed(0),
    "authorizer.principalId": authorization?.principalId,
    "authorizer.status": authorization ? "200" : undefined,
  };
}

function errorVariables({ error }: Exchange): Record<string, string | undefined> {
  if (!error) return {};
  return {
    "error.message": error.message,
    // AWS writes `null` for an empty message.
    "error.messageString": error.message === "" ? "null" : JSON.stringify(error.message),
    "error.responseType": error.type,
    // Templates put this between quotes.
    "error.validationErrorString": error.validation === undefined ? undefined : JSON.stringify(error.validation).slice(1, -1),
  };
}
