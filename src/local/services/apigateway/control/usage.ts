import type { GetUsageCommandInput, QuotaSettings, UpdateUsageCommandInput, Usage } from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import { badRequest, type Gateway, notFound, type PlanDoc, type UsageDoc } from "../state.ts";
import { requirePlan } from "./usage-plans.ts";

const DAY_MS = 86_400_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Counts the calls of a key under a plan. It counts in memory and stores every second, because AWS's quota is an approximation, too. */
export interface UsageCounter {
  /** Counts a call. Returns false, without counting, when the quota of the current period is used up. */
  take(plan: PlanDoc, keyId: string): boolean;
  of(plan: PlanDoc, keyId: string): UsageDoc;
  change(plan: PlanDoc, keyId: string, change: (usage: UsageDoc) => void): void;
  flush(): void;
}
const FLUSH_MS = 1_000;

export function createUsageCounter(gateway: Gateway): UsageCounter {
  const changed = new Map<string, UsageDoc>();
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    for (const [key, usage] of changed) if (gateway.plans.has(key.split("/")[0] as string)) gateway.usage.put(key, usage);
    changed.clear();
  };
  const of: UsageCounter["of"] = (plan, keyId) => {
    const key = `${plan.id}/${keyId}`;
    return changed.get(key) ?? gateway.usage.get(key) ?? { days: {}, granted: 0 };
  };
  const change: UsageCounter["change"] = (plan, keyId, apply) => {
    const usage = of(plan, keyId);
    apply(usage);
    changed.set(`${plan.id}/${keyId}`, usage);
    cancel ??= gateway.env.clock.after(FLUSH_MS, flush);
  };
  return {
    of,
    change,
    flush,
    take(plan, keyId) {
      const now = gateway.env.clock.now();
      if (plan.quota && remaining(plan.quota, of(plan, keyId), now) <= 0) return false;
      change(plan, keyId, ({ days }) => {
        days[dayOf(now)] = (days[dayOf(now)] ?? 0) + 1;
      });
      return true;
    },
  };
}

/** The start of the quota period that contains `now`, UTC. */
function periodStart({ period, offset = 0 }: QuotaSettings, now: number): number {
  const date = new Date(now);
  const today = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  if (period === "DAY") return today;
  if (period === "WEEK") return today - ((date.getUTCDay() - offset + 7) % 7) * DAY_MS;
  const start = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1 + offset);
  return start <= now ? start : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1, 1 + offset);
}
function remaining(quota: QuotaSettings, usage: UsageDoc, now: number): number {
  const since = dayOf(periodStart(quota, now));
  const used = Object.entries(usage.days).reduce((sum, [day, count]) => (day >= since ? sum + count : sum), 0);
  return (quota.limit ?? 0) + usage.granted - used;
}

export function usageOperations(gateway: Gateway, counter: UsageCounter): Operations {
  const describe = (plan: PlanDoc, keyIds: readonly string[], startDate: string, endDate: string): Usage => ({
    usagePlanId: plan.id,
    startDate,
    endDate,
    items: Object.fromEntries(keyIds.map((id) => [id, daily(plan, counter.of(plan, id), startDate, endDate)])),
  });
  return {
    GetUsage: (input: GetUsageCommandInput, call): Usage => {
      const plan = requirePlan(gateway, input.usagePlanId, call);
      const { startDate = "", endDate = "" } = input;
      if (!isDay(startDate) || !isDay(endDate) || endDate < startDate)
        throw badRequest("Usage start and end dates must be YYYY-MM-DD, in this order");
      return describe(plan, input.keyId ? [input.keyId] : plan.keyIds, startDate, endDate);
    },
    UpdateUsage: (input: UpdateUsageCommandInput, call): Usage => {
      const plan = requirePlan(gateway, input.usagePlanId, call);
      const keyId = input.keyId ?? "";
      if (!plan.keyIds.includes(keyId)) throw notFound("Invalid Usage Plan Key identifier specified");
      if (!plan.quota) throw badRequest("Usage Plan has no quota");
      const now = gateway.env.clock.now();
      for (const { path, value } of input.patchOperations ?? []) {
        if (path !== "/remaining")
          throw badRequest(`Invalid patch path  '${path}' specified for op 'replace'. Must be one of: [/remaining]`);
        const left = remaining(plan.quota, counter.of(plan, keyId), now);
        counter.change(plan, keyId, (usage) => {
          usage.granted += Number(value) - left;
        });
      }
      return describe(plan, [keyId], dayOf(now), dayOf(now));
    },
  };
}
const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

/** `[used, remaining]` of each day. */
function daily(plan: PlanDoc, usage: UsageDoc, startDate: string, endDate: string): number[][] {
  const out: number[][] = [];
  for (let at = Date.parse(startDate); at <= Date.parse(endDate); at += DAY_MS) {
    const left = plan.quota ? remaining(plan.quota, usage, at + DAY_MS - 1) : 0;
    out.push([usage.days[dayOf(at)] ?? 0, left]);
  }
  return out;
}
