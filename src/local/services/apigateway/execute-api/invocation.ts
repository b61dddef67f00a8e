import { realClock } from "../../../core/clock.ts";
import type { Principal } from "../../../core/service.ts";
import { functionIn } from "../control/function-uri.ts";
import type { Exchange } from "./exchange.ts";

const SESSION_SECONDS = 3_600;

/** A call of a function by an integration or an authorizer. */
export interface Invocation {
  /** `arn:aws:apigateway:…:lambda:path/2015-03-31/functions/…/invocations`; stage variables are filled in. */
  readonly uri: string | undefined;
  /** The role to assume for the call. Without it API Gateway calls as a service, with `sourceArn`. */
  readonly credentials: string | undefined;
  readonly sourceArn: string;
  /** JSON text. */
  readonly payload: Uint8Array;
  /** Default: `RequestResponse`. */
  readonly invocationType?: "Event" | "RequestResponse";
  readonly timeoutMs: number;
}
export interface InvocationOutput {
  readonly Payload?: Uint8Array;
  readonly FunctionError?: string;
}
/** The endpoint did not answer in time. */
export class TimedOut extends Error {}

export const withStageVariables = (text: string, { stage }: Exchange): string =>
  text.replace(/\$\{stageVariables\.(\w+)\}/g, (_, name: string) => stage.variables[name] ?? "");

/** Throws `TimedOut`, or the reason why the function could not be called. */
export async function invokeFunction(exchange: Exchange, given: Invocation): Promise<InvocationOutput> {
  const uri = withStageVariables(given.uri ?? "", exchange);
  const FunctionName = functionIn(uri);
  if (!FunctionName) throw new Error(`No function in ${uri}`);
  const { env } = exchange.gateway;
  const input = { FunctionName, Payload: given.payload, InvocationType: given.invocationType ?? "RequestResponse" };
  const abort = new AbortController();
  const from = {
    signal: abort.signal,
    principal: principalOf(exchange, given),
    region: FunctionName.split(":")[3] ?? exchange.api.region,
    headers: { "x-amzn-trace-id": exchange.traceId },
  };
  return within(env.dispatch("lambda", "Invoke", input, from) as Promise<InvocationOutput>, given.timeoutMs, abort);
}

function principalOf({ gateway: { env } }: Exchange, { credentials, sourceArn }: Invocation): Principal {
  if (!credentials) return { type: "service", service: "apigateway.amazonaws.com", sourceArn };
  return env.identify(env.assume(credentials, "apigateway", SESSION_SECONDS).accessKeyId)?.principal ?? { type: "anonymous" };
}

/** Uses the real clock, because the function is a process in real time. */
function within<T>(call: Promise<T>, timeoutMs: number, abort: AbortController): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = realClock.after(timeoutMs, () => {
      reject(new TimedOut("Endpoint request timed out"));
      abort.abort();
    });
    call.then(resolve, reject).finally(cancel);
  });
}
