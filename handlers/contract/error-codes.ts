/** The error codes of the API with their HTTP status and meaning. */
export const ERROR_CODES = {
  INVALID_REQUEST: { status: 400, means: "The call does not follow this document; `details` names each wrong field." },
  FORBIDDEN: { status: 403, means: "The call has no valid API key or signature." },
  NOT_FOUND: { status: 404, means: "The API has no such path." },
  DELIVERY_NOT_FOUND: { status: 404, means: "No update of this delivery has arrived yet." },
  VEHICLE_NOT_FOUND: { status: 404, means: "No fix of this vehicle has arrived yet." },
  ROUTE_NOT_FOUND: { status: 404, means: "No route is stored under this id." },
  EVENT_ID_REUSED: { status: 409, means: "The same event_id was used for another payload. The state was not changed." },
  PAYLOAD_TOO_LARGE: { status: 413, means: "The body is larger than 1 MiB." },
  TOO_MANY_REQUESTS: { status: 429, means: "The rate limit of the key or stage is reached. Send the call again later." },
  INTERNAL: { status: 500, means: "An internal error. Quote `request_id` when you report it." },
  UNAVAILABLE: { status: 503, means: "A temporary failure. Send the same event again after `Retry-After` seconds." },
} as const satisfies Record<string, { status: number; means: string }>;
export type ErrorCode = keyof typeof ERROR_CODES;
export type ErrorStatus = (typeof ERROR_CODES)[ErrorCode]["status"];
