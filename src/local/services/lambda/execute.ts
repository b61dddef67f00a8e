import { randomBytes } from "node:crypto";
import { realClock } from "../../core/clock.ts";
import { LocalFault } from "../../core/service.ts";
import { putMetrics } from "./metrics.ts";
import type { Lease, Pools } from "./pool.ts";
import { type CallReport, endLines, startLine } from "./report.ts";
import { failure, type Invocation, type RuntimeResponse } from "./runtime-channel.ts";
import type { Session } from "./session.ts";
import { ACCOUNT_CONCURRENCY } from "./settings.ts";
import { arnOf, type FunctionRecord, keyOf, type Lambda, type Revision } from "./state.ts";

const TAIL_BYTES = 4_096;

export interface InvocationRequest {
  readonly fn: FunctionRecord;
  readonly revision: Revision;
  readonly requestId: string;
  readonly qualifier: string | undefined;
  readonly payload: Buffer;
  readonly traceId?: string | undefined;
  readonly clientContext?: string | undefined;
  /** Wait for the log of the call and return its tail. */
  readonly tail: boolean;
  /** Aborted when the caller disconnects. A call that has not started by then never starts. */
  readonly signal?: AbortSignal | undefined;
}
export interface InvocationResult {
  readonly answer: RuntimeResponse;
  /** The last 4 KB of the log, base64, when the request asked for them. */
  readonly tail?: string;
}
export interface Executor {
  /** Runs a function once. Throws AWS's fault when it cannot run. A failure of the function is a result, not an exception. */
  execute(request: InvocationRequest): Promise<InvocationResult>;
}

export function createExecutor(lambda: Lambda, pools: Pools): Executor {
  const running = new Map<string, number>();
  let total = 0;
  const admit = (fn: FunctionRecord): (() => void) => {
    const key = keyOf(fn);
    const count = running.get(key) ?? 0;
    const reserved = lambda.functions.get(key)?.reserved;
    const full = reserved === undefined ? total >= ACCOUNT_CONCURRENCY : count >= reserved;
    if (full) {
      putMetrics(lambda.env, fn, { throttled: true });
      throw throttled(`${reserved === undefined ? "" : "ReservedFunction"}ConcurrentInvocationLimitExceeded`);
    }
    running.set(key, count + 1);
    total++;
    return () => {
      running.set(key, (running.get(key) ?? 1) - 1);
      total--;
    };
  };
  return {
    async execute(request) {
      const leave = admit(request.fn);
      try {
        const lease = await pools.lease(request.fn, request.revision, request.signal);
        return "session" in lease ? await runIn(lambda, pools, lease.session, request) : await reportFailedStart(lambda, lease, request);
      } finally {
        leave();
      }
    },
  };
}
const throttled = (Reason: string): LocalFault =>
  new LocalFault("TooManyRequestsException", "Rate Exceeded.", 429, { Type: "User", Reason });

async function runIn(lambda: Lambda, pools: Pools, session: Session, request: InvocationRequest): Promise<InvocationResult> {
  const { config, version } = request.revision;
  const { clock } = lambda.env;
  const lines: string[] = [];
  session.listener = request.tail ? (text) => lines.push(text) : undefined;
  session.line(startLine(config, request.requestId, version, clock.now()));
  const began = performance.now();
  const ending = await endOf(lambda, session, request);
  const durationMs = ending === "timeout" ? config.timeout * 1000 : performance.now() - began;
  const initMs = session.initMs;
  session.initMs = undefined;
  const alive = typeof ending !== "string" && "ok" in ending;
  if (!alive) await session.sandbox.kill();
  const answer = responseOf(ending, request);
  putMetrics(lambda.env, request.fn, { failed: !answer.ok, durationMs });
  const reported = session.sandbox.outputOf(request.requestId).then(({ maxMemoryMb }) => {
    if (ending === "timeout")
      session.line(`${new Date(clock.now()).toISOString()} ${request.requestId} Task timed out after ${config.timeout}.00 seconds\n`);
    const status = ending === "timeout" ? "timeout" : answer.ok ? "success" : "error";
    const errorType = answer.ok ? undefined : answer.errorType;
    const report: CallReport = { requestId: request.requestId, version, durationMs, initMs, maxMemoryMb, status, errorType };
    for (const line of endLines(config, report, clock.now())) session.line(line);
  });
  if (alive) pools.release(session, reported);
  if (!request.tail) return { answer };
  await reported;
  session.listener = undefined;
  return { answer, tail: tailOf(lines) };
}

type InvocationEnd = RuntimeResponse | "timeout" | { readonly exit: string | undefined };
function endOf(lambda: Lambda, session: Session, request: InvocationRequest): Promise<InvocationEnd> {
  const { timeout } = request.revision.config;
  const invocation: Invocation = {
    requestId: request.requestId,
    payload: request.payload,
    timeoutMs: timeout * 1000,
    functionArn: arnOf(lambda, request.fn, request.qualifier),
    traceId: request.traceId ?? newTraceId(lambda.env.clock.now()),
    clientContext: request.clientContext,
  };
  return new Promise((resolve) => {
    // Uses the real clock, because the function's process does not follow the local AWS's clock.
    const cancel = realClock.after(timeout * 1000, () => resolve("timeout"));
    const settle = (ending: InvocationEnd): void => {
      cancel();
      resolve(ending);
    };
    void session.sandbox.invoke(invocation).then(settle);
    void session.sandbox.exited.then(({ reason }) => settle({ exit: reason }));
  });
}

function responseOf(ending: InvocationEnd, { requestId, revision }: InvocationRequest): RuntimeResponse {
  if (ending === "timeout")
    return failure("Sandbox.Timedout", `RequestId: ${requestId} Error: Task timed out after ${revision.config.timeout}.00 seconds`);
  if ("ok" in ending) return ending;
  const how = ending.exit === undefined ? "Runtime exited without providing a reason" : `Runtime exited with error: ${ending.exit}`;
  return failure("Runtime.ExitError", `RequestId: ${requestId} Error: ${how}`);
}

/** Reports a sandbox that failed to start to the call that waited for it. */
async function reportFailedStart(
  lambda: Lambda,
  lease: Extract<Lease, { failed: Session }>,
  request: InvocationRequest,
): Promise<InvocationResult> {
  const { failed: session } = lease;
  const { config, version } = request.revision;
  const now = lambda.env.clock.now();
  await session.sandbox.exited;
  const answer = responseOf(lease.answer, request);
  putMetrics(lambda.env, request.fn, { failed: true });
  const lines: string[] = [];
  session.listener = (text) => lines.push(text);
  session.line(startLine(config, request.requestId, version, now));
  const report: CallReport = {
    requestId: request.requestId,
    version,
    durationMs: session.initMs ?? 0,
    maxMemoryMb: config.memoryMb,
    status: lease.answer === "timeout" ? "timeout" : "error",
    errorType: answer.ok ? undefined : answer.errorType,
  };
  for (const line of endLines(config, report, now)) session.line(line);
  return request.tail ? { answer, tail: tailOf(lines) } : { answer };
}

const tailOf = (lines: readonly string[]): string => {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  return text.subarray(Math.max(0, text.length - TAIL_BYTES)).toString("base64");
};

const newTraceId = (now: number): string =>
  `Root=1-${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, "0")}-${randomBytes(12).toString("hex")};Parent=${randomBytes(8).toString("hex")};Sampled=0`;
