import { LocalFault, type LocalService, type Refusals, type ThrottleRefusal } from "./service.ts";

/** Services whose protocol is AWS JSON. It has one status for every error of the caller. */
export const JSON_REFUSALS = {
  denied: { code: "AccessDeniedException", status: 400 },
  expired: { code: "ExpiredTokenException", status: 400 },
  throttled: { code: "ThrottlingException", status: 400 },
} as const satisfies Refusals;
/** Services whose protocol is REST with JSON, and whose throttling error has a member `retryAfterSeconds`. */
export const REST_JSON_REFUSALS = {
  denied: { code: "AccessDeniedException", status: 403 },
  expired: { code: "ExpiredTokenException", status: 403 },
  throttled: { code: "TooManyRequestsException", status: 429, retryAfterSeconds: "1" },
} as const satisfies Refusals;

export function denied({ refusals }: LocalService, message: string): LocalFault {
  const { code, status } = refusals?.denied ?? { code: "AccessDenied", status: 403 };
  return new LocalFault(code, message, status);
}

export function expiredToken({ refusals }: LocalService): LocalFault {
  const { code, status } = refusals?.expired ?? { code: "ExpiredToken", status: 403 };
  return new LocalFault(code, "The security token included in the request is expired", status);
}

/** `retryAfterSeconds`: value of the header `retry-after`. Default: the service's own value, if it has one. */
export function throttled({ refusals }: LocalService, retryAfterSeconds?: number): LocalFault {
  const refusal: ThrottleRefusal = refusals?.throttled ?? { code: "Throttling", status: 400 };
  const { code, message = "Rate exceeded", status, retryAfterSeconds: usual } = refusal;
  const retryAfter = retryAfterSeconds === undefined ? usual : String(retryAfterSeconds);
  const extra = usual === undefined ? {} : { retryAfterSeconds: retryAfter };
  return new LocalFault(code, message, status, extra, retryAfter === undefined ? {} : { "retry-after": retryAfter });
}
