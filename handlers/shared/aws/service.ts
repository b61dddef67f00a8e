import { setTimeout as sleep } from "node:timers/promises";
import { asFault } from "../errors.ts";
import { type AwsFault, type RetryReason, retryReason } from "./fault.ts";
import { makeSigner } from "./sign.ts";
import { makeTransport, type Reply } from "./transport.ts";

/**
 * Calls of one AWS service, signed with SigV4 and retried like the AWS SDK's standard mode. The functions use six operations. Complete
 * SDK clients took two thirds of a call's CPU time and most of the cold start.
 */
export type Service = (call: ServiceCall, signal: AbortSignal) => Promise<Reply>;
export interface ServiceCall {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Converts an answer other than 2xx to an error. */
  readonly toFault: (reply: Reply) => AwsFault;
}

const LONGEST_PAUSE_MS = 20_000;
const FIRST_PAUSE_MS: Readonly<Record<RetryReason, number>> = { transient: 100, throttled: 500, clock: 0 };
/** AWS refuses signatures that are older than five minutes. */
const TOLERATED_SKEW_MS = 4 * 60_000;

/**
 * `host`: the service's host name on AWS, with the bucket in front for S3. Reads the SDK's variables `AWS_ENDPOINT_URL`, its form for
 * one service, and `AWS_MAX_ATTEMPTS`.
 */
export function makeService(name: string, env: NodeJS.ProcessEnv, attempts: number, host = name): Service {
  const maxAttempts = Number(env.AWS_MAX_ATTEMPTS ?? attempts);
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
  const endpoint = endpointOf(name, host, region, env);
  const transport = makeTransport(endpoint);
  const sign = makeSigner(name, region, endpoint.host);
  const prefix = endpoint.pathname.replace(/\/$/, "");
  let clockOffsetMs = 0;

  const attempt = async (call: ServiceCall, signal: AbortSignal): Promise<Reply> => {
    const { method, body } = call;
    const path = prefix + call.path;
    const date = new Date(Date.now() + clockOffsetMs);
    const trace = env._X_AMZN_TRACE_ID ? { "X-Amzn-Trace-Id": env._X_AMZN_TRACE_ID } : {};
    const headers = sign({ method, path, headers: { ...call.headers, ...trace }, body }, credentialsOf(env), date);
    const reply = await transport({ method, path, headers, body }, signal);
    if (reply.status >= 200 && reply.status < 300) return reply;
    const theirs = Date.parse(String(reply.headers.date));
    if (Math.abs(theirs - date.getTime()) > TOLERATED_SKEW_MS) clockOffsetMs = theirs - Date.now();
    throw call.toFault(reply);
  };

  return async (call, signal) => {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(call, signal);
      } catch (error) {
        const reason = retryReason(asFault(error));
        if (reason === undefined || tries >= maxAttempts || signal.aborted) throw error;
        const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS[reason] * 2 ** (tries - 1));
        await sleep(Math.random() * longest, undefined, { signal });
      }
    }
  };
}

function endpointOf(name: string, host: string, region: string, env: NodeJS.ProcessEnv): URL {
  const own = env[`AWS_ENDPOINT_URL_${name.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL;
  return new URL(own || `https://${host}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
}

/** Lambda sets them in the environment. They are valid as long as the execution environment exists. */
const credentialsOf = (env: NodeJS.ProcessEnv) => ({
  accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
  sessionToken: env.AWS_SESSION_TOKEN,
});
