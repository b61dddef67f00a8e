import type { FunctionName } from "../contract/functions.ts";
import type { QuerySpec } from "../contract/queries.ts";
import type { Pacing } from "./contention.ts";
import { ApiError, asFault, errorBody, toApiError } from "./errors.ts";
import { header, operationOf, type ProxyEvent, type ProxyResult, queryOf } from "./gateway.ts";
import { type Log, makeLog, type WriteLine } from "./log.ts";
import { type Metrics, makeMetrics } from "./metrics.ts";

/** The part of Lambda's context that we read. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** What the process gives: passed in, so that tests own time, chance and output. */
export interface Surroundings extends Pacing {
  readonly clock: () => Date;
  readonly write: WriteLine;
  readonly env: NodeJS.ProcessEnv;
}

/** One call, as an operation sees it. */
export interface Call {
  readonly event: ProxyEvent;
  readonly receivedAt: Date;
  /** Of the gateway, as the client is told it. */
  readonly requestId: string;
  /** Of Lambda: no two invocations share it. */
  readonly invocation: string;
  /** Aborts what still runs shortly before Lambda would kill the function; the caller then gets a 503 that invites a retry. */
  readonly signal: AbortSignal;
  readonly remainingMs: () => number;
  readonly log: Log;
  readonly count: Metrics["count"];
}

export interface Operation {
  /** The query parameters that it takes; any other is refused. */
  readonly query?: QuerySpec | undefined;
  /** Answers the body of a 200, or throws. */
  readonly run: (call: Call) => Promise<unknown>;
}
/** By `METHOD /path`. */
export type Operations = Readonly<Record<string, Operation>>;
export type Handler = (event: ProxyEvent, context: LambdaContext) => Promise<ProxyResult>;

/** Time kept back for the answer itself, on a busy machine too; of a function that has little time, a quarter. */
const reserveOf = (remainingMs: number): number => Math.min(1_000, remainingMs / 4);

/** The frame of every function: finds the operation, answers its failures, logs, counts. */
export function serve(name: FunctionName, operations: Operations, around: Surroundings): Handler {
  let coldStart = true;
  return async (received, context) => {
    const event = received ?? {};
    const started = around.clock();
    const requestId = event.requestContext?.requestId ?? context.awsRequestId;
    const correlationId = correlationOf(event) ?? requestId;
    // The whole name: functions of several environments of one account are told apart by it.
    const metrics = makeMetrics(around.write, around.clock, around.env.AWS_LAMBDA_FUNCTION_NAME ?? name);
    const ids = { request_id: requestId, correlation_id: correlationId, cold_start: coldStart };
    const log = makeLog(around.write, around.clock, { ...describe(name, event, context, around.env), ...ids });
    if (coldStart) metrics.count("ColdStart");
    coldStart = false;
    const deadline = new AbortController();
    const remainingMs = context.getRemainingTimeInMillis();
    const timer = setTimeout(() => deadline.abort(), Math.max(0, remainingMs - reserveOf(remainingMs)));
    const headers = { ...corsHeaders(event, around.env.CORS_ORIGINS), "X-Correlation-Id": correlationId };
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
      log("INFO", "answered", { status: 200, duration_ms: around.clock().getTime() - started.getTime() });
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
  const told = toApiError(error);
  metrics.count(told.status < 500 ? "Rejected" : "Failed");
  const cause = asFault(told.cause);
  log(told.status < 500 ? "INFO" : told.status === 503 ? "WARN" : "ERROR", "refused", {
    status: told.status,
    code: told.code,
    error_name: cause.name,
    error_message: cause.message,
    aws_request_id: cause.$metadata?.requestId,
    stack: told.status === 500 ? cause.stack : undefined,
  });
  const retry = told.retryAfterSeconds;
  return answer(told.status, errorBody(told, requestId), retry === undefined ? headers : { ...headers, "Retry-After": String(retry) });
}

const answer = (statusCode: number, body: unknown, headers: Record<string, string>): ProxyResult => ({
  statusCode,
  headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
  body: JSON.stringify(body),
});

/** The client's own id for what belongs together; only what is safe to log. */
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
