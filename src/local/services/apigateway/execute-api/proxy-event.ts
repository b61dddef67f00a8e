import { domainOf, type Exchange, headerOf, type Pairs, requestTime } from "./exchange.ts";

/** Header names that API Gateway capitalises, and headers that it does not forward. */
const CAPITALISED: Readonly<Record<string, string>> = { authorization: "Authorization", "user-agent": "User-Agent" };
const HOP_BY_HOP = new Set(["connection", "content-length", "transfer-encoding", "expect", "keep-alive", "upgrade", "te"]);

/** The event of a Lambda proxy integration, format 1.0. Empty maps are null, as on AWS. */
export function proxyEvent(exchange: Exchange): object {
  const { incoming, api } = exchange;
  const { requestContext, ...request } = requestOf(exchange);
  const binary = isBinary(api.binaryMediaTypes, headerOf(incoming, "content-type"));
  return {
    ...Object.fromEntries(Object.entries(request).map(([name, value]) => [name, typeof value === "object" ? orNull(value) : value])),
    requestContext,
    body: incoming.body.length === 0 ? null : incoming.body.toString(binary ? "base64" : "utf8"),
    isBase64Encoded: binary,
  };
}

/** The event of a REQUEST authorizer: the same request without its body. Empty maps stay empty maps, as on AWS. */
export const authorizerEvent = (exchange: Exchange, methodArn: string): object => ({ type: "REQUEST", methodArn, ...requestOf(exchange) });

function requestOf(exchange: Exchange) {
  const { incoming, stage, resource, pathParameters } = exchange;
  const headers = forwarded(exchange);
  return {
    resource: resource?.path,
    path: incoming.path,
    httpMethod: incoming.verb,
    headers: single(headers),
    multiValueHeaders: multiple(headers),
    queryStringParameters: single(incoming.query),
    multiValueQueryStringParameters: multiple(incoming.query),
    pathParameters,
    stageVariables: stage.variables,
    requestContext: requestContext(exchange),
  };
}

/** The request's headers as forwarded, with those that API Gateway adds. */
export function forwarded({ incoming, traceId, method }: Exchange): [string, string][] {
  const signed = method?.authorizationType === "AWS_IAM";
  const kept = incoming.headers.flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || /^x-(forwarded-(for|port|proto)|amzn-trace-id)$/.test(lower) || (signed && lower === "authorization"))
      return [];
    return [[CAPITALISED[lower] ?? name, value]];
  });
  const before = headerOf(incoming, "x-forwarded-for");
  return [
    ...kept,
    ["X-Amzn-Trace-Id", traceId],
    ["X-Forwarded-For", before ? `${before}, ${incoming.sourceIp}` : incoming.sourceIp],
    ["X-Forwarded-Port", String(incoming.port)],
    ["X-Forwarded-Proto", "http"],
  ];
}

const single = (pairs: Pairs): Record<string, string> => Object.fromEntries(pairs);
function multiple(pairs: Pairs): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  for (const [name, value] of pairs) out[name] = [...(out[name] ?? []), value];
  return out;
}
const orNull = <T extends object>(members: T): T | null => (Object.keys(members).length > 0 ? members : null);

function requestContext(exchange: Exchange): object {
  const { api, stage, resource, incoming, method, gateway } = exchange;
  return {
    resourceId: resource?.id,
    ...authorizerContext(exchange),
    resourcePath: resource?.path,
    ...(method?.operationName ? { operationName: method.operationName } : {}),
    httpMethod: incoming.verb,
    extendedRequestId: exchange.extendedRequestId,
    requestTime: requestTime(exchange.startedAt),
    path: `/${stage.name}${incoming.path}`,
    accountId: gateway.env.account,
    protocol: "HTTP/1.1",
    stage: stage.name,
    domainPrefix: api.id,
    requestTimeEpoch: exchange.startedAt,
    requestId: exchange.requestId,
    identity: identity(exchange),
    domainName: domainOf(api),
    deploymentId: stage.deploymentId,
    apiId: api.id,
  };
}

/** The authorizer's decision. AWS turns every context value into a string. */
function authorizerContext({ authorizer }: Exchange): object {
  const { authorization, latencyMs = 0 } = authorizer ?? {};
  if (!authorization) return {};
  const context = Object.entries(authorization.context).map(([name, value]) => [name, String(value)]);
  return {
    authorizer: { ...Object.fromEntries(context), principalId: authorization.principalId, integrationLatency: Math.round(latencyMs) },
  };
}

function identity({ apiKey, caller, incoming, gateway }: Exchange): object {
  const id = caller?.accessKey ?? null;
  return {
    cognitoIdentityPoolId: null,
    cognitoIdentityId: null,
    ...(apiKey ? { apiKey: apiKey.value, apiKeyId: apiKey.id } : {}),
    principalOrgId: null,
    cognitoAuthenticationType: null,
    userArn: caller?.arn ?? null,
    userAgent: headerOf(incoming, "user-agent") ?? null,
    accountId: caller ? gateway.env.account : null,
    caller: id,
    sourceIp: incoming.sourceIp,
    accessKey: id,
    cognitoAuthenticationProvider: null,
    user: id,
  };
}

/** True if the content type is one of the API's binary media types, which may hold `*`. */
export function isBinary(types: readonly string[], given: string | undefined): boolean {
  const type = given?.split(";")[0]?.trim().toLowerCase();
  if (!type) return types.includes("*/*");
  const [main] = type.split("/");
  return types.some((one) => one === "*/*" || one.toLowerCase() === type || one.toLowerCase() === `${main}/*`);
}

/** AWS renames these response headers to `x-amzn-Remapped-…`. */
const OWN =
  /^(authorization|connection|content-length|content-md5|date|expect|host|max-forwards|proxy-authenticate|server|te|trailer|transfer-encoding|upgrade|user-agent|www-authenticate|x-amzn-requestid|x-amz-apigw-id)$/i;
export const remapped = (name: string): string => (OWN.test(name) ? `x-amzn-Remapped-${name}` : name);
