import type { RateBasedStatement, Rule, WebACL } from "@aws-sdk/client-wafv2";
import { LocalFault } from "../../../core/service.ts";
import { type Exchange, GatewayError, headerOf } from "./exchange.ts";

/** Windows are counted in pieces of this length, as WAF looks at them. */
const PIECE_MS = 10_000;
const WINDOW_SECONDS = 300;
/** Callers that are remembered for each rule; WAF itself blocks at most so many. */
const MOST_CALLERS = 10_000;

/** By rule and caller: calls by the number of the piece of time. */
export type CallCounts = Map<string, Map<string, Map<number, number>>>;

/**
 * The web ACL of the stage, if it has one, before anything else looks at the call. Rules by rate count and stop callers; the groups of rules
 * that AWS manages are kept by WAF and look at nothing here.
 */
export async function passFirewall(exchange: Exchange, counts: CallCounts): Promise<void> {
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

/** Counts the call, and tells whether its caller has made more than the limit within the window. Blocked calls count, too. */
function exceeds(exchange: Exchange, rule: string, limit: RateBasedStatement, counts: CallCounts): boolean {
  const caller = callerOf(exchange, limit);
  if (caller === undefined) return false;
  const callers = counts.get(rule) ?? new Map<string, Map<number, number>>();
  counts.set(rule, callers);
  const now = Math.floor(exchange.startedAt / PIECE_MS);
  const oldest = now - ((limit.EvaluationWindowSec ?? WINDOW_SECONDS) * 1_000) / PIECE_MS;
  const calls = callers.get(caller) ?? new Map<number, number>();
  calls.set(now, (calls.get(now) ?? 0) + 1);
  for (const piece of calls.keys()) if (piece <= oldest) calls.delete(piece);
  // The caller that was seen last is the last to be forgotten.
  callers.delete(caller);
  callers.set(caller, calls);
  if (callers.size > MOST_CALLERS) callers.delete(callers.keys().next().value ?? "");
  return [...calls.values()].reduce((sum, count) => sum + count, 0) > (limit.Limit ?? Number.POSITIVE_INFINITY);
}
/** undefined: the rule aggregates by what the local AWS does not know. */
function callerOf({ incoming }: Exchange, { AggregateKeyType, ForwardedIPConfig }: RateBasedStatement): string | undefined {
  if (AggregateKeyType === "IP") return incoming.sourceIp;
  if (AggregateKeyType === "CONSTANT") return "everybody";
  if (AggregateKeyType !== "FORWARDED_IP") return undefined;
  return headerOf(incoming, ForwardedIPConfig?.HeaderName ?? "")
    ?.split(",")[0]
    ?.trim();
}
