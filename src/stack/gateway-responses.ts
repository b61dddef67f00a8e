import { ERROR_CODES, type ErrorCode } from "../../handlers/contract/error-codes.ts";
import type { Config } from "../config/config.ts";
import { defined } from "../defined.ts";
import { corsOnErrors } from "./cors.ts";

interface Answer {
  readonly code: ErrorCode;
  readonly message: string;
  /** A JSON list, as text: it may hold API Gateway's variables. */
  readonly details?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** API Gateway's own answers, with the texts and the form of the functions' errors. API Gateway's variables that contain quotes are not used. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  ACCESS_DENIED: { code: "FORBIDDEN", message: "The call is not allowed." },
  BAD_REQUEST_BODY: {
    code: "INVALID_REQUEST",
    message: "The body is not valid.",
    details: '[{"path":"body","message":"Must be a JSON object in UTF-8, without compression (no Content-Encoding)."}]',
  },
  BAD_REQUEST_PARAMETERS: {
    code: "INVALID_REQUEST",
    message: "A parameter is missing or not valid.",
    details: '[{"path":"parameters","message":$context.error.messageString}]',
  },
  DEFAULT_4XX: { code: "INVALID_REQUEST", message: "The call is not valid." },
  DEFAULT_5XX: { code: "INTERNAL", message: "The call failed." },
  EXPIRED_TOKEN: { code: "FORBIDDEN", message: "The credentials of the signature have expired." },
  INTEGRATION_FAILURE: { code: "UNAVAILABLE", message: "Not available just now. Send the same call again.", retryAfter: 1 },
  INTEGRATION_TIMEOUT: { code: "UNAVAILABLE", message: "No answer in time. Send the same call again.", retryAfter: 1 },
  INVALID_API_KEY: { code: "FORBIDDEN", message: "The header x-api-key is missing or not valid." },
  INVALID_SIGNATURE: { code: "FORBIDDEN", message: "The signature is not valid." },
  QUOTA_EXCEEDED: { code: "TOO_MANY_REQUESTS", message: "The day's calls of this key are used up.", retryAfter: 3600 },
  REQUEST_TOO_LARGE: { code: "PAYLOAD_TOO_LARGE", message: "The body is too large." },
  RESOURCE_NOT_FOUND: { code: "NOT_FOUND", message: "There is no such path, or not with this method." },
  THROTTLED: { code: "TOO_MANY_REQUESTS", message: "Too many calls. Send the same call again later.", retryAfter: 1 },
  UNAUTHORIZED: { code: "FORBIDDEN", message: "The call is not allowed." },
  UNSUPPORTED_MEDIA_TYPE: { code: "INVALID_REQUEST", message: "The body must be application/json." },
  WAF_FILTERED: { code: "FORBIDDEN", message: "The call is not allowed." },
};

/** By response type, as `x-amazon-apigateway-gateway-responses` takes them. */
export function gatewayResponses({ api }: Config): Readonly<Record<string, object>> {
  // API Gateway answers an unknown path and a call without a signature alike.
  const unknown: Answer =
    api.auth === "iam"
      ? { code: "FORBIDDEN", message: "The call carries no signature, or there is no such path." }
      : { code: "NOT_FOUND", message: "There is no such path, or not with this method." };
  const answers = Object.entries({ ...ANSWERS, MISSING_AUTHENTICATION_TOKEN: unknown }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(answers.map(([type, answer]) => [type, responseOf(answer, api.corsOrigins)]));
}

function responseOf({ code, message, details, retryAfter }: Answer, origins: readonly string[]): object {
  const parameters = {
    ...corsOnErrors(origins),
    ...defined({ "gatewayresponse.header.Retry-After": retryAfter && `'${retryAfter}'` }),
  };
  const text = details === undefined ? "" : `"details":${details},`;
  return {
    statusCode: String(ERROR_CODES[code].status),
    ...defined({ responseParameters: Object.keys(parameters).length > 0 ? parameters : undefined }),
    responseTemplates: {
      "application/json": `{"error":{"code":"${code}","message":"${message}",${text}"request_id":"$context.requestId"}}`,
    },
  };
}
