import { type Handler, LocalFault, type Operations } from "../../../core/service.ts";
import { createTokenBuckets } from "../../../core/token-bucket.ts";
import type { Gateway } from "../state.ts";

/** AWS's fixed limits of the control plane, per account and region: number of calls in a number of seconds. */
const LIMITS: Readonly<Record<string, readonly [calls: number, seconds: number]>> = {
  CreateRestApi: [1, 3],
  ImportRestApi: [1, 3],
  PutRestApi: [1, 1],
  DeleteRestApi: [1, 30],
  CreateDeployment: [1, 5],
  CreateResource: [5, 1],
  DeleteResource: [5, 1],
  GetResources: [5, 2],
  UpdateAccount: [1, 20],
  UpdateUsagePlan: [1, 20],
  CreateApiKey: [5, 1],
  CreateDomainName: [1, 30],
};
/** Calls per second of all operations together. */
const TOTAL_RATE = 10;
const TOTAL_BURST = 40;
const EDGE_SECONDS = 30;

/** With `realism` on, calls beyond AWS's limits get TooManyRequestsException. */
export function rateLimited(gateway: Gateway, operations: Operations): Operations {
  if (!gateway.env.settings.realism) return operations;
  const buckets = createTokenBuckets();
  const take = (key: string, burst: number, perSecond: number): void => {
    const wait = buckets.take(key, perSecond, burst, gateway.env.clock.now());
    if (wait === 0) return;
    const seconds = String(Math.ceil(wait));
    throw new LocalFault("TooManyRequestsException", "Too Many Requests", 429, { retryAfterSeconds: seconds }, { "retry-after": seconds });
  };
  const limit = (name: string, handler: Handler<Record<string, unknown>, object>): Handler<Record<string, unknown>, object> => {
    const [calls, seconds] = LIMITS[name] ?? [0, 1];
    return (input, call) => {
      const types = (input.endpointConfiguration as { types?: string[] } | undefined)?.types;
      const edge = name === "CreateRestApi" && (types?.[0] ?? "EDGE") === "EDGE";
      take(`${call.region}`, TOTAL_BURST, TOTAL_RATE);
      if (calls > 0) take(`${call.region}/${name}`, calls, calls / (edge ? EDGE_SECONDS : seconds));
      return handler(input, call);
    };
  };
  return Object.fromEntries(Object.entries(operations).map(([name, handler]) => [name, limit(name, handler)]));
}
