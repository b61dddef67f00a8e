import type { FunctionName } from "../contract/functions.ts";
import type { QuerySpec } from "../contract/queries.ts";
import type { RetryTiming } from "./contention.ts";
import { ApiError, asFault, errorBody, toApiError } from "./errors.ts";
import { header, operationOf, type ProxyEvent, type ProxyResult, queryOf } from "./gateway.ts";
import { type Log, makeLog, type WriteLine } from "./log.ts";
import { type Metrics, makeMetrics } from "./metrics.ts";

/** The part of Lambda's context that the functions read. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** Time, randomness, output and environment of the process. They are passed in, so that tests control them. */
export interface Runtime extends RetryTiming {
  readonly clock: () => Date;
  readonly write: WriteLine;
  readonly env: NodeJS.ProcessEnv;
}

/** One call of an operation. */
export interface Call {
  readonly event: ProxyEvent;
  readonly receivedAt: Date;
  /** The gateway's request id, which the client also gets. */
  readonly requestId: string;
  /** Lambda's request id, unique for each invocation. */
  readonly invocation: string;
  /** Aborts running requests shortly before Lambda stops the function. The client then gets 503 and can retry. */
  readonly signal: AbortSignal;
  readonly remainingMs: () => number;
  readonly log: Log;
  readonly count: Metrics["count"];
}

export interface Operation {
  /** The allowed query parameters. */
  readonly query?: QuerySpec | undefined;
  /** Returns the body of the 200 answer, or throws. */
  readonly run: (call: Call) => Promise<unknown>;
}
/** The operations by `METHOD /path`. */
export type Operations = Readonly<Record<string, Operation>>;
export type Handler = (event: ProxyEvent, context: LambdaContext) => Promise<ProxyResult>;

/** Time that is reserved for sending the answer, on a busy machine too; at most a quarter of the remaining time. */
const reserveOf = (remainingMs: number): number => Math.min(1_000, remainingMs / 4);

/** The handler of a function: finds the operation, turns errors into answers, writes logs and metrics. */
export function serve(name: FunctionName, operations: Operations, runtime: Runtime): Handler {
  let coldStart = true;
  return async (received, context) => {
    const event = received ?? {};
    const started = runtime.clock();
    const requestId = event.requestContext?.requestId ?? context.awsRequestId;
    const correlationId = correlationOf(event) ?? requestId;
    // The full name distinguishes the functions of several environments in one account.
    const metrics = makeMetrics(runtime.write, runtime.clock, runtime.env.AWS_LAMBDA_FUNCTION_NAME ?? name);
    const ids = { request_id: requestId, correlation_id: correlationId, cold_start: coldStart };
    const log = makeLog(runtime.write, runtime.clock, { ...describe(name, event, context, runtime.env), ...ids });
    if (coldStart) metrics.count("ColdStart");
    coldStart = false;
    const deadline = new AbortController();
    const remainingMs = context.getRemainingTimeInMillis();
    const timer = setTimeout(() => deadline.abort(), Math.max(0, remainingMs - reserveOf(remainingMs)));
    const headers = { ...corsHeaders(event, runtime.env.CORS_ORIGINS), "X-Correlation-Id": correlationId };
    try {
      const operation = find(operations, event);
      queryOf(event, operation.query ?? {});
      const body = await operation.run({
        event,
        receivedAt: started,
        requestId,
        invocation: context.awsRequestId,
        signal: deadline.signal,
        remainingMs: context.getRemainingTimeInMillis,
        log,
        count: metrics.count,
      });
      log("INFO", "answered", { status: 200, duration_ms: runtime.clock().getTime() - started.getTime() });
      return answer(200, body, headers);
    } catch (error) {
      return fail(error, requestId, headers, log, metrics);
    } finally {
      clearTimeout(timer);
      metrics.flush();
    }
  };
}

const describe = (name: FunctionName, event: ProxyEvent, context: LambdaContext, env: NodeJS.ProcessEnv) => ({
  function: name,
  operation: operationOf(event),
  lambda_request_id: context.awsRequestId,
  trace_id: env._X_AMZN_TRACE_ID,
});

function find(operations: Operations, event: ProxyEvent): Operation {
  const key = operationOf(event);
  const operation = Object.hasOwn(operations, key) ? operations[key] : undefined;
  if (operation === undefined) throw new ApiError("NOT_FOUND", "There is no such operation.");
  return operation;
}

function fail(error: unknown, requestId: string, headers: Record<string, string>, log: Log, metrics: Metrics): ProxyResult {
  const apiError = toApiError(error);
  metrics.count(apiError.status < 500 ? "Rejected" : "Failed");
  const cause = asFault(apiError.cause);
  log(apiError.status < 500 ? "INFO" : apiError.status === 503 ? "WARN" : "ERROR", "refused", {
    status: apiError.status,
    code: apiError.code,
    error_name: cause.name,
    error_message: cause.message,
    aws_request_id: cause.$metadata?.requestId,
    stack: apiError.status === 500 ? cause.stack : undefined,
  });
  const retry = apiError.retryAfterSeconds;
  return answer(
    apiError.status,
    errorBody(apiError, requestId),
    retry === undefined ? headers : { ...headers, "Retry-After": String(retry) },
  );
}

const answer = (statusCode: number, body: unknown, headers: Record<string, string>): ProxyResult => ({
  statusCode,
  headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
  body: JSON.stringify(body),
});

/** The client's correlation id, if it is safe to log. */
function correlationOf(event: ProxyEvent): string | undefined {
  const value = header(event, "x-correlation-id");
  return value !== undefined && /^[A-Za-z0-9._:-]{1,128}$/.test(value) ? value : undefined;
}

function corsHeaders(event: ProxyEvent, allowed: string | undefined): Record<string, string> {
  const origins = (allowed ?? "").split(",").map((origin) => origin.trim());
  const origin = header(event, "origin");
  if (origin === undefined || origin === "" || !(origins.includes(origin) || origins.includes("*"))) return {};
  return { "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After,X-Correlation-Id", Vary: "Origin" };
}
