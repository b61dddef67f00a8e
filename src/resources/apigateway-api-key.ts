import type { ApiKey } from "@aws-sdk/client-api-gateway";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { gatewayAccess } from "../aws/gateway-access.ts";
import { carriesTag, mayBeOurs } from "../aws/ownership.ts";
import { collect } from "../aws/pages.ts";
import type { APIGateway } from "../aws/sdk/types.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

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
  readonly enabled: boolean;
  readonly description: string | undefined;
  /** Keys with our tag and the same name that no usage plan has: left by a create whose answer was lost. */
  readonly doubles: readonly string[];
}
export interface ApiKeyOutputs {
  readonly id: string;
}

const GONE = ["NotFoundException"];

export const apigatewayApiKey: ResourceKind<ApiKeyId, ApiKeySpec, ApiKeyLive, ApiKeyOutputs, AwsClients> = {
  kind: "apigateway.api-key",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: GONE },

  access: gatewayAccess("apikeys"),
  label: ({ name }) => name,
  diff: (spec, live) =>
    differences({ enabled: [live.enabled, true], description: [live.description, spec.description], doubles: [live.doubles, []] }),
  outputs: ({ id }) => ({ id }),
  describe: ({ arn, enabled }) => ({ arn, state: enabled ? "enabled" : "disabled" }),

  async read({ name }, ctx) {
    const gateway = await ctx.world.apigateway();
    const named = await Promise.all((await keys(gateway, name)).filter((key) => key.name === name).map((key) => withTags(gateway, key)));
    const ours = named.filter((key) => carriesTag(key.tags, ctx.stack));
    const used = ours.length > 1 ? await inPlans(gateway, ours) : ours;
    const chosen = used[0] ?? ours[0] ?? named[0];
    if (!chosen?.id) return { state: "absent" };
    const doubles = ours.filter((key) => key !== chosen && !used.includes(key)).flatMap((key) => key.id ?? []);
    const { id, enabled = false, description, tags = {} } = chosen;
    return { state: "ready", live: { id, arn: arnOf(id, ctx.place), enabled, description, doubles }, tags };
  },
  async create({ name }, { description }, ctx) {
    await (await ctx.world.apigateway()).createApiKey({ name, description, enabled: true, tags: ctx.tags });
  },
  async update(_id, spec, live, changes, ctx) {
    const gateway = await ctx.world.apigateway();
    const patchOperations = [
      ...(touches(changes, "enabled") ? [{ op: "replace" as const, path: "/enabled", value: "true" }] : []),
      ...(touches(changes, "description") ? [{ op: "replace" as const, path: "/description", value: spec.description }] : []),
    ];
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
    const ours = (await Promise.all(maybe.map((key) => withTags(gateway, key)))).filter((key) => carriesTag(key.tags, ctx.stack));
    return [...new Set(ours.map((key) => key.name ?? ""))].map((name) => ({ name }));
  },
};

/** The keys, oldest first, so that two runs choose the same one. */
async function keys(gateway: APIGateway, nameQuery?: string): Promise<readonly ApiKey[]> {
  const pages = gateway.paginateGetApiKeys({ limit: 500, includeValues: false, nameQuery });
  const all = await collect(pages, (page) => page.items);
  return all.toSorted((a, b) => Number(a.createdDate ?? 0) - Number(b.createdDate ?? 0) || (a.id ?? "").localeCompare(b.id ?? ""));
}
/** Recorded lists have no tags, so the tags of a key are read before it counts as foreign. */
async function withTags(gateway: APIGateway, listed: ApiKey): Promise<ApiKey> {
  if (listed.tags || listed.id === undefined) return listed;
  const { value: _secret, ...key } = await gateway.getApiKey({ apiKey: listed.id, includeValue: false });
  return key;
}
async function inPlans(gateway: APIGateway, all: readonly ApiKey[]): Promise<readonly ApiKey[]> {
  const found: ApiKey[] = [];
  for (const key of all) if ((await gateway.getUsagePlans({ keyId: key.id })).items?.length) found.push(key);
  return found;
}
const arnOf = (id: string, { partition, region }: AwsLocation) => `arn:${partition}:apigateway:${region}::/apikeys/${id}`;
