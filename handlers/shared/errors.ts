import type { ErrorAnswer } from "../contract/answers.ts";
import { ERROR_CODES, type ErrorCode } from "../contract/error-codes.ts";

export interface Detail {
  readonly path: string;
  readonly message: string;
}

/** An error that is sent to the client: code, message and details. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly details: readonly Detail[] | undefined;
  constructor(code: ErrorCode, message: string, options: { details?: readonly Detail[] | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
  get status(): number {
    return ERROR_CODES[this.code].status;
  }
  /** Seconds after which the client should repeat the call; undefined where repeating does not help. */
  get retryAfterSeconds(): number | undefined {
    return this.code === "UNAVAILABLE" ? 1 : undefined;
  }
}

export const invalid = (details: readonly Detail[]): ApiError =>
  new ApiError("INVALID_REQUEST", details.length === 1 ? describe(details[0] as Detail) : `The request has ${details.length} errors.`, {
    details,
  });

export const eventIdReused = (): ApiError =>
  new ApiError("EVENT_ID_REUSED", "This event_id was already used for another payload; send a new event under a new id.");

export const unavailable = (cause?: unknown): ApiError =>
  new ApiError("UNAVAILABLE", "Could not be stored just now. Send the same event again.", { cause });

/** AWS's error codes for a temporary failure. */
const TRANSIENT_NAMES = new Set([
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestTimeout",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "TooManyRequestsException",
  "TransactionConflictException",
  "TransactionInProgressException",
  "ConditionalRequestConflict",
  "OperationAborted",
  "AbortError",
  "TimeoutError",
]);
export const NETWORK_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Fields of the errors of AWS and of the network. Each may be missing. */
export interface Fault {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $retryable?: unknown;
}

export const asFault = (error: unknown): Fault => (typeof error === "object" && error !== null ? (error as Fault) : {});

/** A list queries an index that `up` is still creating. That takes minutes on a table with items. */
const isIndexMissing = ({ name, message }: Fault): boolean =>
  name === "ValidationException" && /backfilling global secondary index|does not have the specified index/i.test(message ?? "");

/** The error as the client may see it: a temporary failure becomes 503, every other failure 500 without internals. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const fault = asFault(error);
  const transient =
    isIndexMissing(fault) ||
    TRANSIENT_NAMES.has(fault.name ?? "") ||
    NETWORK_CODES.has(fault.code ?? "") ||
    (fault.$metadata?.httpStatusCode ?? 0) >= 500 ||
    fault.$metadata?.httpStatusCode === 429 ||
    fault.$retryable !== undefined;
  if (transient) return unavailable(error);
  return new ApiError("INTERNAL", "Something went wrong on our side.", { cause: error });
}

export function errorBody(error: ApiError, requestId: string): ErrorAnswer {
  const details = error.details === undefined ? {} : { details: [...error.details] };
  return { error: { code: error.code, message: error.message, ...details, request_id: requestId } };
}

const describe = (detail: Detail): string => (detail.path === "" ? detail.message : `${detail.path}: ${detail.message}`);
