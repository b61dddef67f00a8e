import type { PatchOperation, UsagePlan } from "@aws-sdk/client-api-gateway";
import { type Attributes, type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { gatewayAccess } from "../aws/gateway-access.ts";
import { carriesTag } from "../aws/ownership.ts";
import { collect } from "../aws/pages.ts";
import type { APIGateway } from "../aws/sdk/types.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export interface UsagePlanId {
  readonly name: string;
}
export interface UsagePlanSpec {
  readonly description: string;
  readonly apiId: string;
  readonly stage: string;
  readonly keyId: string;
  /** Calls in a second; `burstLimit`: calls at once. */
  readonly rateLimit: number;
  readonly burstLimit: number;
  /** Calls a day. */
  readonly dailyQuota: number;
}
interface UsagePlanLive {
  readonly id: string;
  readonly arn: string;
  readonly attributes: AttributeValues;
  readonly stages: readonly string[];
  readonly keys: readonly string[];
  /** Plans with our tag and the same name that have no key: left by a create whose answer was lost. */
  readonly doubles: readonly UsagePlan[];
}
export interface UsagePlanOutputs {
  readonly id: string;
}

const GONE = ["NotFoundException"];

export const apigatewayUsagePlan: ResourceKind<UsagePlanId, UsagePlanSpec, UsagePlanLive, UsagePlanOutputs, AwsClients> = {
  kind: "apigateway.usage-plan",
  holdsData: false,
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: GONE },
  retries: [
    { class: "propagation", codes: GONE, during: ["create", "update"] },
    { class: "propagation", message: /stage .*not.* found|API Stage not found/i, during: ["create", "update"] },
  ],

  access: gatewayAccess("usageplans"),
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...attributeChanges(ATTRIBUTES, live.attributes, spec, live),
    ...differences({
      // Keys that other people added stay.
      key: [live.keys.includes(spec.keyId) ? spec.keyId : undefined, spec.keyId],
      doubles: [live.doubles.map((plan) => plan.id), []],
    }),
  ],
  outputs: ({ id }) => ({ id }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const gateway = await ctx.world.apigateway();
    const named = (await plans(gateway)).filter((plan) => plan.name === name);
    const ours = named.filter((plan) => carriesTag(plan.tags, ctx.stack));
    const used = ours.length > 1 ? await withKeys(gateway, ours) : ours;
    const chosen = used[0] ?? ours[0] ?? named[0];
    if (!chosen?.id) return { state: "absent" };
    const keys = await keysOf(gateway, chosen.id);
    const doubles = ours.filter((plan) => plan !== chosen && !used.includes(plan));
    return { state: "ready", live: liveOf(chosen, keys, doubles, ctx.place), tags: chosen.tags ?? {} };
  },
  async create({ name }, spec, ctx) {
    await (await ctx.world.apigateway()).createUsagePlan({
      name,
      description: spec.description,
      apiStages: [{ apiId: spec.apiId, stage: spec.stage }],
      throttle: { rateLimit: spec.rateLimit, burstLimit: spec.burstLimit },
      quota: { limit: spec.dailyQuota, period: "DAY", offset: 0 },
      tags: ctx.tags,
    });
  },
  /** One UpdateUsagePlan for all settings: AWS allows one in 20 seconds. */
  async update(_id, spec, live, changes, ctx) {
    const gateway = await ctx.world.apigateway();
    const patchOperations = writesOf(ATTRIBUTES, changes, spec, live).flat();
    if (patchOperations.length > 0) await gateway.updateUsagePlan({ usagePlanId: live.id, patchOperations });
    if (touches(changes, "key")) await attach(gateway, live.id, spec.keyId);
    for (const plan of touches(changes, "doubles") ? live.doubles : []) await removePlan(gateway, plan.id ?? "", stagesOf(plan));
    const tags = changedTags(changes);
    if (tags) await gateway.tagResource({ resourceArn: live.arn, tags });
  },
  async delete(_id, live, _how, ctx) {
    const gateway = await ctx.world.apigateway();
    for (const plan of live.doubles) await removePlan(gateway, plan.id ?? "", stagesOf(plan));
    await removePlan(gateway, live.id, live.stages);
  },
  async candidates(ctx) {
    const ours = (await plans(await ctx.world.apigateway())).filter((plan) => carriesTag(plan.tags, ctx.stack));
    return [...new Set(ours.map((plan) => plan.name ?? ""))].map((name) => ({ name }));
  },
};

const textOf = ({ apiId, stage }: { apiId?: string | undefined; stage?: string | undefined }) => `${apiId}:${stage}`;
const stagesOf = ({ apiStages = [] }: UsagePlan) => apiStages.map(textOf);

const replace = (path: string, value: unknown): PatchOperation => ({ op: "replace", path, value: String(value) });
const ATTRIBUTES: Attributes<UsagePlanSpec, UsagePlanLive, [found: UsagePlan], readonly PatchOperation[]> = {
  description: {
    read: (found) => found.description,
    wanted: (spec) => spec.description,
    write: (spec) => [replace("/description", spec.description)],
  },
  stages: {
    read: stagesOf,
    wanted: (spec) => [textOf(spec)],
    // The value names a stage, not the path.
    write: (spec, live) => [
      ...live.stages.filter((s) => s !== textOf(spec)).map((value) => ({ op: "remove" as const, path: "/apiStages", value })),
      ...(live.stages.includes(textOf(spec)) ? [] : [{ op: "add" as const, path: "/apiStages", value: textOf(spec) }]),
    ],
  },
  rateLimit: {
    read: (found) => found.throttle?.rateLimit,
    wanted: (spec) => spec.rateLimit,
    write: (spec) => [replace("/throttle/rateLimit", spec.rateLimit)],
  },
  burstLimit: {
    read: (found) => found.throttle?.burstLimit,
    wanted: (spec) => spec.burstLimit,
    write: (spec) => [replace("/throttle/burstLimit", spec.burstLimit)],
  },
  quota: {
    read: ({ quota }) => quota && `${quota.limit} a ${quota.period}`,
    wanted: (spec) => `${spec.dailyQuota} a DAY`,
    write: (spec) => [replace("/quota/limit", spec.dailyQuota), replace("/quota/period", "DAY"), replace("/quota/offset", 0)],
  },
};

/** AWS deletes no plan that has a stage. */
async function removePlan(gateway: APIGateway, usagePlanId: string, stages: readonly string[]): Promise<void> {
  const patchOperations = stages.map((value) => ({ op: "remove" as const, path: "/apiStages", value }));
  if (patchOperations.length > 0) await gateway.updateUsagePlan({ usagePlanId, patchOperations });
  await gateway.deleteUsagePlan({ usagePlanId });
}
/** Adds a key to a plan. AWS answers a conflict when it is in the plan already. */
async function attach(gateway: APIGateway, usagePlanId: string, keyId: string): Promise<void> {
  await gateway.createUsagePlanKey({ usagePlanId, keyId, keyType: "API_KEY" });
}
/** The plans, sorted by id, so that two runs choose the same one. Old plans have no date. */
async function plans(gateway: APIGateway): Promise<readonly UsagePlan[]> {
  const all = await collect(gateway.paginateGetUsagePlans({ limit: 500 }), (page) => page.items);
  return all.toSorted((a, b) => (a.id ?? "").localeCompare(b.id ?? ""));
}
const keysOf = (gateway: APIGateway, usagePlanId: string): Promise<readonly string[]> =>
  collect(gateway.paginateGetUsagePlanKeys({ usagePlanId, limit: 500 }), (page) => page.items?.flatMap((k) => k.id ?? []));
async function withKeys(gateway: APIGateway, all: readonly UsagePlan[]): Promise<readonly UsagePlan[]> {
  const used: UsagePlan[] = [];
  for (const plan of all) if ((await keysOf(gateway, plan.id ?? "")).length > 0) used.push(plan);
  return used;
}
function liveOf(
  plan: UsagePlan,
  keys: readonly string[],
  doubles: readonly UsagePlan[],
  { partition, region }: AwsLocation,
): UsagePlanLive {
  const id = plan.id ?? "";
  return {
    id,
    arn: `arn:${partition}:apigateway:${region}::/usageplans/${id}`,
    attributes: readAttributes(ATTRIBUTES, plan),
    stages: stagesOf(plan),
    keys,
    doubles,
  };
}
