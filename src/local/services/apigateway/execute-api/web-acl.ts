import type { RateBasedStatement, Rule, WebACL } from "@aws-sdk/client-wafv2";
import { LocalFault } from "../../../core/service.ts";
import { type Exchange, GatewayError, headerOf } from "./exchange.ts";

/** Requests are counted in intervals of this length, because WAF checks rates every ten seconds. */
const INTERVAL_MS = 10_000;
const WINDOW_SECONDS = 300;
/** The most callers counted for each rule. WAF itself blocks at most this number. */
const MAX_CALLERS = 10_000;

/** Rule → caller → number of the interval → requests. */
export type RequestCounts = Map<string, Map<string, Map<number, number>>>;

/**
 * Applies the stage's web ACL, if it has one, before all other steps. Rate-based rules count and block callers. Rule groups that AWS
 * manages are stored but match nothing here.
 */
export async function applyWebAcl(exchange: Exchange, counts: RequestCounts): Promise<void> {
  const acl = await webAclOf(exchange);
  if (!acl) return;
  for (const rule of [...(acl.Rules ?? [])].sort((a, b) => (a.Priority ?? 0) - (b.Priority ?? 0))) {
    const limit = rule.Statement?.RateBasedStatement;
    if (!limit || !exceeds(exchange, `${acl.ARN}/${rule.Name}`, limit, counts)) continue;
    if (rule.Action?.Block) throw blocked(rule);
    if (rule.Action?.Allow) return;
  }
  if (acl.DefaultAction?.Block) throw new GatewayError("WAF_FILTERED", "Forbidden", { status: 403 });
}
const blocked = ({ Action }: Rule): GatewayError =>
  new GatewayError("WAF_FILTERED", "Forbidden", { status: Action?.Block?.CustomResponse?.ResponseCode ?? 403 });

async function webAclOf({ gateway: { env }, api, stage }: Exchange): Promise<WebACL | undefined> {
  const ResourceArn = `arn:aws:apigateway:${api.region}::/restapis/${api.id}/stages/${stage.name}`;
  try {
    return (await env.dispatch("wafv2", "GetWebACLForResource", { ResourceArn }, { region: api.region })).WebACL;
  } catch (error) {
    if (error instanceof LocalFault) return undefined;
    throw error;
  }
}

/** Counts the request. True when its caller has exceeded the limit within the window. Blocked requests count, too. */
function exceeds(exchange: Exchange, rule: string, limit: RateBasedStatement, counts: RequestCounts): boolean {
  const caller = callerOf(exchange, limit);
  if (caller === undefined) return false;
  const callers = counts.get(rule) ?? new Map<string, Map<number, number>>();
  counts.set(rule, callers);
  const now = Math.floor(exchange.startedAt / INTERVAL_MS);
  const oldest = now - ((limit.EvaluationWindowSec ?? WINDOW_SECONDS) * 1_000) / INTERVAL_MS;
  const calls = callers.get(caller) ?? new Map<number, number>();
  calls.set(now, (calls.get(now) ?? 0) + 1);
  for (const interval of calls.keys()) if (interval <= oldest) calls.delete(interval);
  // Moves the caller to the end of the map: the least recently seen caller is dropped first.
  callers.delete(caller);
  callers.set(caller, calls);
  if (callers.size > MAX_CALLERS) callers.delete(callers.keys().next().value ?? "");
  return [...calls.values()].reduce((sum, count) => sum + count, 0) > (limit.Limit ?? Number.POSITIVE_INFINITY);
}
/** Undefined when the local AWS does not support the rule's aggregate key. */
function callerOf({ incoming }: Exchange, { AggregateKeyType, ForwardedIPConfig }: RateBasedStatement): string | undefined {
  if (AggregateKeyType === "IP") return incoming.sourceIp;
  if (AggregateKeyType === "CONSTANT") return "everybody";
  if (AggregateKeyType !== "FORWARDED_IP") return undefined;
  return headerOf(incoming, ForwardedIPConfig?.HeaderName ?? "")
    ?.split(",")[0]
    ?.trim();
}
