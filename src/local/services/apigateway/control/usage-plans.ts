import type {
  ApiStage,
  CreateUsagePlanCommandInput,
  CreateUsagePlanKeyCommandInput,
  DeleteUsagePlanCommandInput,
  GetUsagePlanCommandInput,
  GetUsagePlanKeyCommandInput,
  GetUsagePlanKeysCommandInput,
  GetUsagePlansCommandInput,
  QuotaSettings,
  UpdateUsagePlanCommandInput,
  UsagePlan,
  UsagePlanKey,
} from "@aws-sdk/client-api-gateway";
import type { Call, Operations } from "../../../core/service.ts";
import { badRequest, conflict, defined, filled, type Gateway, type KeyDoc, newId, notFound, type PlanDoc, stageKey } from "../state.ts";
import { requireKey } from "./api-keys.ts";
import { page } from "./paging.ts";
import { applyPatches, type Rules, text } from "./patch.ts";

export function planOperations(gateway: Gateway): Operations {
  return {
    CreateUsagePlan: (input: CreateUsagePlanCommandInput, call): UsagePlan => {
      const plan: PlanDoc = {
        id: newId(),
        region: call.region,
        name: input.name ?? "",
        ...defined({ description: input.description, throttle: input.throttle, quota: input.quota && withOffset(input.quota) }),
        stages: input.apiStages ?? [],
        tags: input.tags ?? {},
        keyIds: [],
      };
      checkPlan(gateway, plan, call);
      gateway.plans.put(plan.id, plan);
      return describePlan(plan);
    },
    GetUsagePlan: (input: GetUsagePlanCommandInput, call): UsagePlan => describeWithTags(requirePlan(gateway, input.usagePlanId, call)),
    GetUsagePlans: (input: GetUsagePlansCommandInput, call) => {
      const all = gateway.plans
        .values()
        .filter((plan) => plan.region === call.region && (!input.keyId || plan.keyIds.includes(input.keyId)));
      const { items, position } = page(all, input.position, input.limit);
      return defined({ items: items.map(describePlan), position });
    },
    UpdateUsagePlan: (input: UpdateUsagePlanCommandInput, call): UsagePlan => {
      const draft = structuredClone(requirePlan(gateway, input.usagePlanId, call));
      applyPatches(draft, input.patchOperations, RULES);
      checkPlan(gateway, draft, call);
      gateway.plans.put(draft.id, draft);
      return describeWithTags(draft);
    },
    DeleteUsagePlan: (input: DeleteUsagePlanCommandInput, call) => remove(gateway, requirePlan(gateway, input.usagePlanId, call)),
    ...planKeyOperations(gateway),
  };
}

function remove(gateway: Gateway, plan: PlanDoc): object {
  if (plan.stages.length > 0) throw badRequest(`Cannot delete Usage Plan '${plan.id}' because there are API Stages associated with it.`);
  gateway.plans.delete(plan.id);
  for (const key of gateway.usage.keys()) if (key.startsWith(`${plan.id}/`)) gateway.usage.delete(key);
  return {};
}

export function requirePlan(gateway: Gateway, id: string | undefined, call: Call): PlanDoc {
  const found = gateway.plans.get(id ?? "");
  if (found?.region !== call.region) throw notFound("Invalid Usage Plan ID specified");
  return found;
}
const withOffset = (quota: QuotaSettings): QuotaSettings => ({ offset: 0, ...quota });

function checkPlan(gateway: Gateway, plan: PlanDoc, call: Call): void {
  const seen = new Set<string>();
  for (const { apiId = "", stage = "" } of plan.stages) {
    if (gateway.apis.get(apiId)?.region !== call.region || !gateway.stages.has(stageKey(apiId, stage)))
      throw notFound(`API Stage not found: ${apiId}:${stage}`);
    if (seen.has(`${apiId}:${stage}`)) throw conflict(`API Stage ${apiId}:${stage} is already in this Usage Plan`);
    seen.add(`${apiId}:${stage}`);
  }
  const { quota, throttle } = plan;
  if (quota && (!quota.limit || quota.limit < 1)) throw badRequest("Usage Plan quota limit should be greater than 0");
  if (quota && !/^(DAY|WEEK|MONTH)$/.test(quota.period ?? "")) throw badRequest("Usage Plan quota period must be one of DAY, WEEK, MONTH");
  if (throttle && ((throttle.rateLimit ?? 0) < 0 || (throttle.burstLimit ?? 0) < 0))
    throw badRequest("Usage Plan throttle limits must not be negative");
}

/** Patches name a stage as `{apiId}:{stage}`. */
function stageFrom(value: string): ApiStage {
  const [apiId, stage] = value.split(":");
  if (!apiId || !stage) throw badRequest("Invalid API Stage specified. Must be of the format {apiId}:{stage}");
  return { apiId, stage };
}
const RULES: Rules<PlanDoc> = {
  "/name": text("name"),
  "/description": text("description"),
  "/productCode": text("productCode"),
  "/throttle": (draft, value) => {
    draft.throttle = value === undefined ? undefined : draft.throttle;
  },
  "/throttle/rateLimit": (draft, value) => {
    draft.throttle = { ...draft.throttle, rateLimit: numberOf(value) };
  },
  "/throttle/burstLimit": (draft, value) => {
    draft.throttle = { ...draft.throttle, burstLimit: numberOf(value) };
  },
  "/quota": (draft, value) => {
    draft.quota = value === undefined ? undefined : draft.quota;
  },
  "/quota/limit": (draft, value) => {
    draft.quota = withOffset({ ...draft.quota, limit: numberOf(value) });
  },
  "/quota/offset": (draft, value) => {
    draft.quota = { ...draft.quota, offset: numberOf(value) };
  },
  "/quota/period": (draft, value) => {
    draft.quota = withOffset({ ...draft.quota, period: value as never });
  },
  "/apiStages": (draft, value, _parts, op) => {
    const { apiId, stage } = stageFrom(value ?? "");
    const others = draft.stages.filter((one) => one.apiId !== apiId || one.stage !== stage);
    if (op === "remove" && others.length === draft.stages.length) throw notFound(`API Stage not found: ${value}`);
    draft.stages = op === "remove" ? others : [...draft.stages, { apiId, stage }];
  },
  "/apiStages/*/throttle/*/*/rateLimit": (draft, value, parts) => methodThrottle(draft, parts, { rateLimit: numberOf(value) }),
  "/apiStages/*/throttle/*/*/burstLimit": (draft, value, parts) => methodThrottle(draft, parts, { burstLimit: numberOf(value) }),
};
function methodThrottle(draft: PlanDoc, [place = "", path = "", verb = ""]: readonly string[], limit: object): void {
  const { apiId, stage } = stageFrom(place);
  const found = draft.stages.find((one) => one.apiId === apiId && one.stage === stage);
  if (!found) throw notFound(`API Stage not found: ${place}`);
  const key = `${path}/${verb}`;
  found.throttle = { ...found.throttle, [key]: { ...found.throttle?.[key], ...limit } };
}
function numberOf(value: string | undefined): number {
  if (!value || !Number.isFinite(Number(value))) throw badRequest(`Invalid value '${value ?? ""}' for a limit`);
  return Number(value);
}
/** AWS returns `tags: {}` for an untagged plan when it is read or updated, and no `tags` when it is created or listed (both recorded). */
const describeWithTags = (plan: PlanDoc): UsagePlan => ({ ...describePlan(plan), tags: plan.tags });
const describePlan = (plan: PlanDoc): UsagePlan =>
  defined({
    id: plan.id,
    name: plan.name,
    description: plan.description,
    apiStages: plan.stages,
    throttle: plan.throttle,
    quota: plan.quota,
    productCode: plan.productCode,
    tags: filled(plan.tags),
  });

function planKeyOperations(gateway: Gateway): Operations {
  const describeKey = (key: KeyDoc, withValue = true): UsagePlanKey =>
    defined({ id: key.id, type: "API_KEY", value: withValue ? key.value : undefined, name: key.name });
  const find = (plan: PlanDoc, id: string | undefined): KeyDoc => {
    const key = plan.keyIds.includes(id ?? "") ? gateway.keys.get(id ?? "") : undefined;
    if (!key) throw notFound("Invalid Usage Plan Key identifier specified");
    return key;
  };
  return {
    CreateUsagePlanKey: (input: CreateUsagePlanKeyCommandInput, call): UsagePlanKey => {
      const plan = requirePlan(gateway, input.usagePlanId, call);
      const key = requireKey(gateway, input.keyId, call);
      if (input.keyType !== "API_KEY") throw badRequest("Invalid usage plan key type specified: only API_KEY is supported");
      if (plan.keyIds.includes(key.id)) throw conflict("Usage Plan Key already exists for this Usage Plan");
      gateway.plans.put(plan.id, { ...plan, keyIds: [...plan.keyIds, key.id] });
      return describeKey(key);
    },
    GetUsagePlanKey: (input: GetUsagePlanKeyCommandInput, call): UsagePlanKey =>
      describeKey(find(requirePlan(gateway, input.usagePlanId, call), input.keyId)),
    GetUsagePlanKeys: (input: GetUsagePlanKeysCommandInput, call) => {
      const plan = requirePlan(gateway, input.usagePlanId, call);
      const all = plan.keyIds.map((id) => find(plan, id)).filter((key) => !input.nameQuery || key.name?.startsWith(input.nameQuery));
      const { items, position } = page(all, input.position, input.limit);
      return defined({ items: items.map((key) => describeKey(key)), position });
    },
    DeleteUsagePlanKey: (input: GetUsagePlanKeyCommandInput, call) => {
      const plan = requirePlan(gateway, input.usagePlanId, call);
      find(plan, input.keyId);
      gateway.plans.put(plan.id, { ...plan, keyIds: plan.keyIds.filter((id) => id !== input.keyId) });
      return {};
    },
  };
}
