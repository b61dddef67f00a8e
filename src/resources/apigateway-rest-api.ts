import type { Method, PatchOperation, Resource, RestApi } from "@aws-sdk/client-api-gateway";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { chooseOne, gatewayAccess, gatewayArn, oldestFirst, ownedNames, replace } from "../aws/gateway.ts";
import { collect } from "../aws/pages.ts";
import type { APIGateway } from "../aws/sdk/types.ts";
import type { Change, Ctx, Observation, ResourceKind } from "../engine/contract.ts";

export interface RestApiId {
  readonly name: string;
}
export interface RestApiSpec {
  /** OpenAPI 3.0 with API Gateway's extensions; its `info.description` carries `hash`. */
  readonly document: { readonly info: { readonly description: string } };
  readonly hash: string;
  /** Settings of the methods that are compared with the live API. */
  readonly methods: Readonly<Record<string, MethodSpec>>;
}
/** Key: `GET /vehicle/{vehicle_id}`. */
export interface MethodSpec {
  readonly authorization: "NONE" | "AWS_IAM";
  readonly apiKey: boolean;
  /** Integration with a function; undefined for a mock. */
  readonly integration: { readonly uri: string | undefined; readonly timeoutMs: number; readonly validated: boolean } | undefined;
}
interface RestApiLive {
  readonly id: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly endpoint: string | undefined;
  readonly methods: Readonly<Record<string, MethodSpec>>;
  /** APIs with our tag and the same name that have no stage: left by a create whose answer was lost. */
  readonly doubles: readonly string[];
}
export interface RestApiOutputs {
  readonly id: string;
}

/** An overwrite sets the endpoint type, too: without this parameter it becomes the default (API Gateway API reference, PutRestApi). */
const REGIONAL = { endpointConfigurationTypes: "REGIONAL" };

export const apigatewayRestApi: ResourceKind<RestApiId, RestApiSpec, RestApiLive, RestApiOutputs, AwsClients> = {
  kind: "apigateway.rest-api",
  holdsData: false,
  settle: { timeoutMs: 300_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: ["NotFoundException"] },

  access: gatewayAccess("restapis"),
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...differences({ endpoint: [live.endpoint, "REGIONAL"], document: [hashOf(live.description), spec.hash] }),
    ...methodChanges(spec.methods, live.methods),
    ...differences({ doubles: [live.doubles, []] }),
  ],
  outputs: ({ id }) => ({ id }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const gateway = await ctx.world.apigateway();
    // An API with its document comes before one without.
    const sameName = (await restApis(gateway)).filter((api) => api.name === name).toSorted((a, b) => emptiness(a) - emptiness(b));
    const { chosen, doubles } = await chooseOne(sameName, ctx.stack, (api) => hasStage(gateway, api));
    return chosen?.id ? observe(gateway, chosen, doubles, ctx) : { state: "absent" };
  },
  async create({ name }, spec, ctx) {
    const { description } = spec.document.info;
    const endpointConfiguration = { types: ["REGIONAL" as const] };
    // Without the hash: an API without the document must not look complete.
    const words = description.replace(HASH, "").trim();
    await (await ctx.world.apigateway()).createRestApi({ name, description: words, endpointConfiguration, tags: ctx.tags });
  },
  async update(_id, spec, live, changes, ctx) {
    const gateway = await ctx.world.apigateway();
    const restApiId = live.id;
    const tags = changedTags(changes);
    if (tags) await gateway.tagResource({ resourceArn: live.arn, tags });
    const patches: PatchOperation[] = [];
    if (touches(changes, "endpoint")) patches.push(replace(`/endpointConfiguration/types/${live.endpoint ?? "EDGE"}`, "REGIONAL"));
    if (changes.some((c) => c.path === "document" || c.path.startsWith("methods."))) {
      const body = new TextEncoder().encode(JSON.stringify(spec.document));
      const imported = await gateway.putRestApi({ restApiId, mode: "overwrite", failOnWarnings: true, parameters: REGIONAL, body });
      // The document's description carries the hash. An endpoint that ignores it gets it by a patch after the import.
      if (hashOf(imported.description) !== spec.hash) patches.push(replace("/description", spec.document.info.description));
    }
    if (patches.length > 0) await gateway.updateRestApi({ restApiId, patchOperations: patches });
    if (touches(changes, "doubles")) await gateway.deleteRestApi({ restApiId: live.doubles[0] });
  },
  async delete(_id, { id, doubles }, _how, ctx) {
    const gateway = await ctx.world.apigateway();
    await gateway.deleteRestApi({ restApiId: doubles[0] ?? id });
  },
  candidates: async (ctx) => ownedNames(await restApis(await ctx.world.apigateway()), ctx.stack),
};

const HASH = /\(document ([0-9a-f]+)\)/;
const hashOf = (description: string | undefined) => HASH.exec(description ?? "")?.[1];
const emptiness = ({ description }: RestApi) => (hashOf(description) ? 0 : 1);

/** One change for each method, so that a plan names the methods that differ. */
function methodChanges(wanted: RestApiSpec["methods"], live: RestApiSpec["methods"]): readonly Change[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(live)])].toSorted();
  return keys.flatMap((key) => differences({ [`methods.${key}`]: [live[key], wanted[key]] }));
}

async function restApis(gateway: APIGateway): Promise<readonly RestApi[]> {
  return oldestFirst(await collect(gateway.paginateGetRestApis({ limit: 500 }), (page) => page.items));
}
async function hasStage(gateway: APIGateway, { id: restApiId }: RestApi): Promise<boolean> {
  const { item = [] } = await gateway.getStages({ restApiId });
  return item.length > 0;
}

async function observe(
  gateway: APIGateway,
  api: RestApi,
  doubles: readonly RestApi[],
  { place }: Ctx<AwsClients>,
): Promise<Observation<RestApiLive>> {
  const restApiId = api.id ?? "";
  const methods: Record<string, MethodSpec> = {};
  for await (const { items = [] } of gateway.paginateGetResources({ restApiId, embed: ["methods"], limit: 500 }))
    for (const resource of items) Object.assign(methods, methodsOf(resource));
  const live: RestApiLive = {
    id: restApiId,
    arn: gatewayArn(place, `/restapis/${restApiId}`),
    description: api.description,
    endpoint: api.endpointConfiguration?.types?.[0],
    methods,
    doubles: doubles.flatMap((d) => d.id ?? []),
  };
  return { state: "ready", live, tags: api.tags ?? {} };
}
function methodsOf({ path, resourceMethods = {} }: Resource): Record<string, MethodSpec> {
  return Object.fromEntries(Object.entries(resourceMethods).map(([verb, method]) => [`${verb} ${path}`, methodOf(method)]));
}
/** API Gateway's default. */
const DEFAULT_TIMEOUT_MS = 29_000;
const methodOf = ({ authorizationType, apiKeyRequired, requestValidatorId, methodIntegration: calls }: Method): MethodSpec => ({
  authorization: authorizationType === "AWS_IAM" ? "AWS_IAM" : "NONE",
  apiKey: apiKeyRequired ?? false,
  integration:
    calls?.type?.toUpperCase() === "AWS_PROXY"
      ? { uri: calls.uri, timeoutMs: calls.timeoutInMillis ?? DEFAULT_TIMEOUT_MS, validated: requestValidatorId !== undefined }
      : undefined,
});
