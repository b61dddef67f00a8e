import { DEFAULT_TEMPLATES, STATUS } from "../control/gateway-responses.ts";
import type { ApiResponse, Exchange, GatewayError } from "./exchange.ts";
import { mapped, render } from "./template.ts";

/** AWS's value of `x-amzn-ErrorType` for each response type. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  ACCESS_DENIED: "AccessDeniedException",
  AUTHORIZER_CONFIGURATION_ERROR: "AuthorizerConfigurationException",
  AUTHORIZER_FAILURE: "AuthorizerFailureException",
  BAD_REQUEST_BODY: "BadRequestException",
  BAD_REQUEST_PARAMETERS: "BadRequestException",
  INVALID_API_KEY: "ForbiddenException",
  INVALID_SIGNATURE: "InvalidSignatureException",
  MISSING_AUTHENTICATION_TOKEN: "MissingAuthenticationTokenException",
  QUOTA_EXCEEDED: "LimitExceededException",
  REQUEST_TOO_LARGE: "RequestTooLargeException",
  THROTTLED: "TooManyRequestsException",
  UNAUTHORIZED: "UnauthorizedException",
  UNSUPPORTED_MEDIA_TYPE: "BadRequestException",
};

/** The response to an error: the API's own gateway response for its type, or for 4xx or 5xx, or AWS's default. */
export function gatewayResponseFor(exchange: Exchange, error: GatewayError): ApiResponse {
  exchange.error = { type: error.type, message: error.message, validation: error.validation };
  const natural = error.status ?? STATUS[error.type] ?? 500;
  const { gatewayResponses } = exchange.api;
  const form = gatewayResponses[error.type] ?? gatewayResponses[natural < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX"];
  const [type, template] = Object.entries(form?.responseTemplates ?? standardTemplates(error)).find(isJsonFirst) ??
    Object.entries(form?.responseTemplates ?? DEFAULT_TEMPLATES)[0] ?? ["application/json", ""];
  const own = Object.entries(form?.responseParameters ?? {}).flatMap(([target, source]): [string, string][] => {
    const name = /^gatewayresponse\.header\.(.+)$/.exec(target)?.[1];
    const value = mapped(source, exchange);
    return name && value !== undefined ? [[name, value]] : [];
  });
  const named = new Set(own.map(([name]) => name.toLowerCase()));
  const headers = [
    ...(named.has("content-type") ? [] : [["Content-Type", type] as const]),
    ["x-amzn-ErrorType", ERROR_TYPES[error.type] ?? "InternalServerErrorException"] as const,
    ...own,
  ];
  return { status: Number(form?.statusCode ?? natural), headers, body: Buffer.from(render(template, exchange)) };
}
const isJsonFirst = ([type]: readonly [string, string]): boolean => type === "application/json";
/** AWS capitalises the member of this one response type. */
const standardTemplates = (error: GatewayError): Record<string, string> =>
  error.type === "ACCESS_DENIED" ? { "application/json": '{"Message":$context.error.messageString}' } : DEFAULT_TEMPLATES;
