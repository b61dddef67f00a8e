import type { PatchOperation, UsagePlan } from "@aws-sdk/client-api-gateway";
import { type Attributes, type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { chooseOne, gatewayAccess, gatewayArn, oldestFirst, ownedNames, patchedAttributes, remove, replace } from "../aws/gateway.ts";
import { collect } from "../aws/pages.ts";
import type { APIGateway } from "../aws/sdk/types.ts";
import type { ResourceKind } from "../engine/contract.ts";

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

export const apigatewayUsagePlan: ResourceKind<UsagePlanId, UsagePlanSpec, UsagePlanLive, UsagePlanOutputs, AwsClients> = {
  kind: "apigateway.usage-plan",
  holdsData: false,
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: ["NotFoundException"] },
  retries: [{ class: "propagation", message: /stage .*not.* found|API Stage not found/i, during: ["create", "update"] }],

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
    const sameName = (await plans(gateway)).filter((plan) => plan.name === name);
    const { chosen, doubles } = await chooseOne(sameName, ctx.stack, async (plan) => (await keysOf(gateway, plan)).length > 0);
    if (!chosen?.id) return { state: "absent" };
    const { id, tags = {} } = chosen;
    const arn = gatewayArn(ctx.place, `/usageplans/${id}`);
    const attributes = readAttributes(ATTRIBUTES, chosen);
    const live = { id, arn, attributes, stages: stagesOf(chosen), keys: await keysOf(gateway, chosen), doubles };
    return { state: "ready", live, tags };
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
    // AWS answers a conflict when the key is in the plan already.
    if (touches(changes, "key")) await gateway.createUsagePlanKey({ usagePlanId: live.id, keyId: spec.keyId, keyType: "API_KEY" });
    for (const plan of touches(changes, "doubles") ? live.doubles : []) await removePlan(gateway, plan.id ?? "", stagesOf(plan));
    const tags = changedTags(changes);
    if (tags) await gateway.tagResource({ resourceArn: live.arn, tags });
  },
  async delete(_id, live, _how, ctx) {
    const gateway = await ctx.world.apigateway();
    for (const plan of live.doubles) await removePlan(gateway, plan.id ?? "", stagesOf(plan));
    await removePlan(gateway, live.id, live.stages);
  },
  candidates: async (ctx) => ownedNames(await plans(await ctx.world.apigateway()), ctx.stack),
};

const textOf = ({ apiId, stage }: { apiId?: string | undefined; stage?: string | undefined }) => `${apiId}:${stage}`;
const stagesOf = ({ apiStages = [] }: UsagePlan) => apiStages.map(textOf);

const ATTRIBUTES: Attributes<UsagePlanSpec, UsagePlanLive, [found: UsagePlan], readonly PatchOperation[]> = {
  ...patchedAttributes({
    description: ["/description", (found: UsagePlan) => found.description, (spec: UsagePlanSpec) => spec.description],
    rateLimit: ["/throttle/rateLimit", (found) => found.throttle?.rateLimit, (spec) => spec.rateLimit],
    burstLimit: ["/throttle/burstLimit", (found) => found.throttle?.burstLimit, (spec) => spec.burstLimit],
  }),
  stages: {
    read: stagesOf,
    wanted: (spec) => [textOf(spec)],
    // The value names a stage, not the path.
    write: (spec, live) => [
      ...live.stages.filter((s) => s !== textOf(spec)).map((stage) => remove("/apiStages", stage)),
      ...(live.stages.includes(textOf(spec)) ? [] : [{ op: "add" as const, path: "/apiStages", value: textOf(spec) }]),
    ],
  },
  quota: {
    read: ({ quota }) => quota && `${quota.limit} a ${quota.period}`,
    wanted: (spec) => `${spec.dailyQuota} a DAY`,
    write: (spec) => [replace("/quota/limit", spec.dailyQuota), replace("/quota/period", "DAY"), replace("/quota/offset", 0)],
  },
};

/** AWS deletes no plan that has a stage. */
async function removePlan(gateway: APIGateway, usagePlanId: string, stages: readonly string[]): Promise<void> {
  const patchOperations = stages.map((stage) => remove("/apiStages", stage));
  if (patchOperations.length > 0) await gateway.updateUsagePlan({ usagePlanId, patchOperations });
  await gateway.deleteUsagePlan({ usagePlanId });
}
async function plans(gateway: APIGateway): Promise<readonly UsagePlan[]> {
  return oldestFirst(await collect(gateway.paginateGetUsagePlans({ limit: 500 }), (page) => page.items));
}
const keysOf = (gateway: APIGateway, { id: usagePlanId }: UsagePlan): Promise<readonly string[]> =>
  collect(gateway.paginateGetUsagePlanKeys({ usagePlanId, limit: 500 }), (page) => page.items?.flatMap((k) => k.id ?? []));
