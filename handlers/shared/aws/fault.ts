import { type Fault, NETWORK_CODES } from "../errors.ts";
import type { Reply } from "./transport.ts";

/** The error answer of an AWS service. `name` is AWS's error code; other members of the answer are properties of the error. */
export class AwsFault extends Error implements Fault {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };
  constructor(name: string, message: string, { status, headers }: Reply, members: object = {}) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status, ...requestIdOf(headers) };
    Object.assign(this, members);
  }
}

function requestIdOf(headers: Reply["headers"]): { readonly requestId?: string } {
  const id = headers["x-amzn-requestid"] ?? headers["x-amz-request-id"];
  return typeof id === "string" ? { requestId: id } : {};
}

/** Error codes of the standard retry mode (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). */
const THROTTLING: ReadonlySet<string> = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException",
]);
const TRANSIENT: ReadonlySet<string> = new Set(["InternalError", "RequestTimeout", "RequestTimeoutException", "TimeoutError"]);
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([500, 502, 503, 504]);
const WRONG_CLOCK: ReadonlySet<string> = new Set([
  "AuthFailure",
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

export type RetryReason = "throttled" | "transient" | "clock";

/** Why the same request may succeed a moment later; undefined when it will not. */
export function retryReason({ name = "", code = "", $metadata }: Fault): RetryReason | undefined {
  const status = $metadata?.httpStatusCode;
  if (THROTTLING.has(name) || status === 429) return "throttled";
  if (TRANSIENT.has(name) || NETWORK_CODES.has(code) || (status !== undefined && TRANSIENT_STATUS.has(status))) return "transient";
  return WRONG_CLOCK.has(name) ? "clock" : undefined;
}
