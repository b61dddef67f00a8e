import type { ApiKey } from "@aws-sdk/client-api-gateway";
import { type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { chooseOne, gatewayAccess, gatewayArn, oldestFirst, ownedNames, patchedAttributes } from "../aws/gateway.ts";
import { mayBeOurs } from "../aws/ownership.ts";
import { collect } from "../aws/pages.ts";
import type { APIGateway } from "../aws/sdk/types.ts";
import type { ResourceKind } from "../engine/contract.ts";

export interface ApiKeyId {
  readonly name: string;
}
export interface ApiKeySpec {
  readonly description: string;
}
/** The key without its value, which is a secret. */
interface ApiKeyLive {
  readonly id: string;
  readonly arn: string;
  readonly attributes: AttributeValues;
  /** Keys with our tag and the same name that no usage plan has: left by a create whose answer was lost. */
  readonly doubles: readonly string[];
}
export interface ApiKeyOutputs {
  readonly id: string;
}

export const apigatewayApiKey: ResourceKind<ApiKeyId, ApiKeySpec, ApiKeyLive, ApiKeyOutputs, AwsClients> = {
  kind: "apigateway.api-key",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: ["NotFoundException"] },

  access: gatewayAccess("apikeys"),
  label: ({ name }) => name,
  diff: (spec, live) => [...attributeChanges(ATTRIBUTES, live.attributes, spec, live), ...differences({ doubles: [live.doubles, []] })],
  outputs: ({ id }) => ({ id }),
  describe: ({ arn, attributes }) => ({ arn, state: attributes.enabled ? "enabled" : "disabled" }),

  async read({ name }, ctx) {
    const gateway = await ctx.world.apigateway();
    const sameName = await Promise.all((await keys(gateway, name)).filter((key) => key.name === name).map((key) => withTags(gateway, key)));
    const { chosen, doubles } = await chooseOne(sameName, ctx.stack, (key) => isInPlan(gateway, key));
    if (!chosen?.id) return { state: "absent" };
    const { id, tags = {} } = chosen;
    const arn = gatewayArn(ctx.place, `/apikeys/${id}`);
    const attributes = readAttributes(ATTRIBUTES, chosen);
    return { state: "ready", live: { id, arn, attributes, doubles: doubles.flatMap((key) => key.id ?? []) }, tags };
  },
  async create({ name }, { description }, ctx) {
    await (await ctx.world.apigateway()).createApiKey({ name, description, enabled: true, tags: ctx.tags });
  },
  async update(_id, spec, live, changes, ctx) {
    const gateway = await ctx.world.apigateway();
    const patchOperations = writesOf(ATTRIBUTES, changes, spec, live).flat();
    if (patchOperations.length > 0) await gateway.updateApiKey({ apiKey: live.id, patchOperations });
    if (touches(changes, "doubles")) for (const apiKey of live.doubles) await gateway.deleteApiKey({ apiKey });
    const tags = changedTags(changes);
    if (tags) await gateway.tagResource({ resourceArn: live.arn, tags });
  },
  async delete(_id, { id, doubles }, _how, ctx) {
    const gateway = await ctx.world.apigateway();
    for (const apiKey of [...doubles, id]) await gateway.deleteApiKey({ apiKey });
  },
  async candidates(ctx) {
    const gateway = await ctx.world.apigateway();
    const maybe = (await keys(gateway)).filter((key) => key.tags || mayBeOurs(key.name));
    return ownedNames(await Promise.all(maybe.map((key) => withTags(gateway, key))), ctx.stack);
  },
};

const ATTRIBUTES = patchedAttributes<ApiKeySpec, ApiKey>({
  enabled: ["/enabled", (found) => found.enabled ?? false, () => true],
  description: ["/description", (found) => found.description, (spec) => spec.description],
});

async function keys(gateway: APIGateway, nameQuery?: string): Promise<readonly ApiKey[]> {
  return oldestFirst(await collect(gateway.paginateGetApiKeys({ limit: 500, includeValues: false, nameQuery }), (page) => page.items));
}
/** Recorded lists have no tags, so the tags of a key are read before it counts as foreign. */
async function withTags(gateway: APIGateway, listed: ApiKey): Promise<ApiKey> {
  if (listed.tags || listed.id === undefined) return listed;
  const { value: _secret, ...key } = await gateway.getApiKey({ apiKey: listed.id, includeValue: false });
  return key;
}
async function isInPlan(gateway: APIGateway, { id: keyId }: ApiKey): Promise<boolean> {
  const { items = [] } = await gateway.getUsagePlans({ keyId });
  return items.length > 0;
}
