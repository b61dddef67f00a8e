import type { TokenBuckets } from "../../../core/token-bucket.ts";
import { throttleOf } from "../control/method-settings.ts";
import type { UsageCounter } from "../control/usage.ts";
import type { PlanDoc } from "../state.ts";
import { type Exchange, GatewayError, headerOf } from "./exchange.ts";

/** Checks API key, usage plan and throttles. Throws `GatewayError` when the request is not admitted. */
export function admit(exchange: Exchange, buckets: TokenBuckets, usage: UsageCounter): void {
  const { gateway, api, stage, resource, incoming } = exchange;
  const now = gateway.env.clock.now();
  const path = resource?.path ?? "";
  if (exchange.method?.apiKeyRequired) admitKey(exchange, buckets, usage, now);
  const limit = throttleOf(stage, path, incoming.verb);
  if (limit && buckets.take(`${api.id}/${stage.name}${path}/${incoming.verb}`, limit.rateLimit, limit.burstLimit, now) > 0)
    throw new GatewayError("THROTTLED", "Too Many Requests");
}

function admitKey(exchange: Exchange, buckets: TokenBuckets, usage: UsageCounter, now: number): void {
  const { gateway, api, incoming, authorizer } = exchange;
  const value = api.apiKeySource === "HEADER" ? headerOf(incoming, "x-api-key") : authorizer?.authorization?.usageIdentifierKey;
  const key = gateway.keys.values().find((one) => one.value === value && one.region === api.region && one.enabled);
  const plan = key && planOf(exchange, key.id);
  if (!key || !plan) throw new GatewayError("INVALID_API_KEY", "Forbidden");
  exchange.apiKey = key;
  for (const [name, rate, burst] of throttlesOf(exchange, plan))
    if (buckets.take(`${plan.id}/${key.id}/${name}`, rate, burst, now) > 0) throw new GatewayError("THROTTLED", "Too Many Requests");
  if (!usage.take(plan, key.id)) throw new GatewayError("QUOTA_EXCEEDED", "Limit Exceeded");
}

const planOf = ({ gateway, stage }: Exchange, keyId: string): PlanDoc | undefined =>
  gateway.plans
    .values()
    .find((plan) => plan.keyIds.includes(keyId) && plan.stages.some((one) => one.apiId === stage.apiId && one.stage === stage.name));

/** The plan's throttle for this method, or else its throttle for all methods. */
function throttlesOf({ stage, resource, incoming }: Exchange, plan: PlanDoc): [name: string, rate: number, burst: number][] {
  const place = plan.stages.find((one) => one.apiId === stage.apiId && one.stage === stage.name);
  const method = `${resource?.path}/${incoming.verb}`;
  const own = place?.throttle?.[method];
  const throttle = own ?? plan.throttle;
  if (!throttle) return [];
  const rate = throttle.rateLimit ?? Number.POSITIVE_INFINITY;
  return [[own ? method : "*", rate, throttle.burstLimit ?? Math.max(1, rate)]];
}
