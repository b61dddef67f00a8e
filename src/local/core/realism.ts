import { history } from "./history.ts";
import { type LocalEnv, LocalFault } from "./service.ts";
import { isWrite } from "./wording.ts";

/** AWS's ordinary awkwardness, in force with `settings.realism`: latency, API Gateway's fixed quotas, tags that lag. */
export interface Realism {
  around(
    call: { readonly service: string; readonly operation: string; readonly input: Record<string, unknown> },
    execute: () => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>>;
}

/** A role can be read at once, but Lambda and API Gateway cannot assume it for some seconds. */
const ROLE_PROPAGATION_MS = 8_000;
/** False while a role made at this time cannot be assumed yet; always true without realism. */
export const propagated = (env: LocalEnv, createdAtMs: number): boolean =>
  !env.settings.realism || env.clock.now() - createdAtMs >= ROLE_PROPAGATION_MS;

/** Requests and seconds of API Gateway's control plane; per account and region, not adjustable. */
const QUOTAS: Readonly<Record<string, readonly [requests: number, seconds: number]>> = {
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
const ALL_TOGETHER = [40, 4] as const;
const TAG_LAG_MS = 1_000;

export function realism(env: () => LocalEnv): Realism {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const old = history();
  const taggedAt = new Map<string, number>();
  let calls = 0;

  const take = (name: string, [requests, seconds]: readonly [number, number]): void => {
    const now = env().clock.now();
    const bucket = buckets.get(name) ?? { tokens: requests, at: now };
    const tokens = Math.min(requests, bucket.tokens + ((now - bucket.at) / 1000) * (requests / seconds));
    buckets.set(name, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    if (tokens < 1) throw tooMany(Math.ceil(((1 - tokens) * seconds) / requests));
  };

  return {
    async around({ service, operation, input }, execute) {
      const { settings, clock } = env();
      if (!settings.realism) return execute();
      if (service === "apigateway") {
        take("all", ALL_TOGETHER);
        const quota = QUOTAS[operation];
        if (quota) take(operation, quota);
      }
      const write = isWrite(service, operation);
      await clock.sleep(latency(++calls, write));
      const lags = isTagRead(operation) && clock.now() - (taggedAt.get(service) ?? Number.NEGATIVE_INFINITY) < TAG_LAG_MS;
      const before = lags ? old.before(service, operation, input) : undefined;
      if (before && "output" in before) return before.output;
      const output = await execute();
      if (isTagRead(operation)) old.remember(service, operation, input, { output });
      if (write && /Tag/.test(operation)) {
        old.wrote(service);
        taggedAt.set(service, clock.now());
      }
      return output;
    },
  };
}

const isTagRead = (operation: string): boolean => /^(List|Get)\w*Tag/.test(operation);
/** 10–60 ms to read, 30–180 ms to write: the same for the same call of every run. */
const latency = (call: number, write: boolean): number => (write ? 30 + ((call * 37) % 151) : 10 + ((call * 17) % 51));
const tooMany = (seconds: number): LocalFault =>
  new LocalFault(
    "TooManyRequestsException",
    "Too Many Requests",
    429,
    { retryAfterSeconds: String(seconds) },
    { "retry-after": String(seconds) },
  );
