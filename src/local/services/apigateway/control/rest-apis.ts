import type {
  CreateRestApiCommandInput,
  DeleteRestApiCommandInput,
  GetRestApiCommandInput,
  GetRestApisCommandInput,
  GetRestApisCommandOutput,
  RestApi,
  UpdateRestApiCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Call, Operations, Result } from "../../../core/service.ts";
import { type ApiDoc, badRequest, byAge, changeApi, defined, filled, type Gateway, newId, requireApi } from "../state.ts";
import { defaultModels } from "./models.ts";
import { page } from "./paging.ts";
import { amount, applyPatches, flag, item, type Rules, text } from "./patch.ts";

export function restApiOperations(gateway: Gateway): Operations {
  return {
    CreateRestApi: (input: CreateRestApiCommandInput, call): RestApi => {
      const api = create(gateway, input, call);
      gateway.apis.put(api.id, api);
      return describeApi(api);
    },
    GetRestApi: (input: GetRestApiCommandInput, call): RestApi => describeWithTags(describeApi(requireApi(gateway, input.restApiId, call))),
    GetRestApis: (input: GetRestApisCommandInput, call): Result<GetRestApisCommandOutput> => {
      const all = gateway.apis.values().filter((api) => api.region === call.region);
      const { items, position } = page(all.sort(byAge), input.position, input.limit);
      return defined({ items: items.map(describeApi), position });
    },
    UpdateRestApi: (input: UpdateRestApiCommandInput, call): RestApi =>
      describeWithTags(
        describeApi(changeApi(gateway, input.restApiId, call, (draft) => applyPatches(draft, input.patchOperations, RULES))),
      ),
    DeleteRestApi: (input: DeleteRestApiCommandInput, call) => {
      remove(gateway, requireApi(gateway, input.restApiId, call).id);
      return {};
    },
  };
}

export function emptyApi(gateway: Gateway, name: string, call: Call): ApiDoc {
  const rootId = newId();
  return {
    id: newId(),
    region: call.region,
    createdAt: gateway.env.clock.now(),
    rootId,
    name,
    apiKeySource: "HEADER",
    endpointType: "EDGE",
    ipAddressType: "ipv4",
    binaryMediaTypes: [],
    disableExecuteApiEndpoint: false,
    tags: {},
    resources: { [rootId]: { id: rootId, path: "/", methods: {} } },
    models: defaultModels(),
    validators: {},
    authorizers: {},
    gatewayResponses: {},
  };
}
function create(gateway: Gateway, input: CreateRestApiCommandInput, call: Call): ApiDoc {
  const source = input.cloneFrom ? structuredClone(requireApi(gateway, input.cloneFrom, call)) : undefined;
  const api = emptyApi(gateway, input.name ?? "", call);
  if (!api.name.trim()) throw badRequest("API name cannot be empty or consist of only whitespace");
  if (input.description === "") throw badRequest("Description cannot be an empty string");
  const types = input.endpointConfiguration?.types ?? [];
  if (input.endpointConfiguration?.types?.length === 0)
    throw badRequest("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.");
  if (types[0] === "PRIVATE" && input.endpointConfiguration?.ipAddressType === "ipv4")
    throw badRequest("Only dualstack ipAddressType is supported for Private APIs.");
  if (types.length > 1) throw badRequest("Cannot create an api with multiple Endpoint Types.");
  checkCompression(input.minimumCompressionSize);
  const { id, createdAt, name } = api;
  return {
    ...api,
    ...(source ? { ...source, id, createdAt, name } : {}),
    ...defined({
      description: input.description,
      version: input.version,
      minimumCompressionSize: input.minimumCompressionSize,
      policy: input.policy,
    }),
    binaryMediaTypes: input.binaryMediaTypes ?? [],
    apiKeySource: input.apiKeySource ?? "HEADER",
    endpointType: types[0] ?? "EDGE",
    ipAddressType: input.endpointConfiguration?.ipAddressType ?? (types[0] === "PRIVATE" ? "dualstack" : "ipv4"),
    disableExecuteApiEndpoint: input.disableExecuteApiEndpoint ?? false,
    tags: input.tags ?? {},
  };
}

const MAX_COMPRESSION_SIZE = 10_485_760;
function checkCompression(size: number | string | undefined): void {
  if (size !== undefined && !(Number(size) >= 0 && Number(size) <= MAX_COMPRESSION_SIZE))
    throw badRequest(`Invalid minimum compression size, must be between 0 and ${MAX_COMPRESSION_SIZE}`);
}
const RULES: Rules<ApiDoc> = {
  "/name": text("name"),
  "/description": text("description"),
  "/policy": text("policy"),
  "/apiKeySource": text("apiKeySource"),
  "/minimumCompressionSize": (draft, value, parts, op) => {
    if (op !== "replace") throw badRequest("Invalid patch operation specified. Must be one of: [replace]");
    checkCompression(value);
    // An empty value ends compression (recorded).
    amount<ApiDoc>("minimumCompressionSize")(draft, value || undefined, parts, op);
  },
  "/disableExecuteApiEndpoint": flag("disableExecuteApiEndpoint"),
  "/binaryMediaTypes/*": item("binaryMediaTypes"),
  "/endpointConfiguration/types/*": text("endpointType"),
  "/endpointConfiguration/ipAddressType": text("ipAddressType"),
};

function remove(gateway: Gateway, id: string): void {
  for (const collection of [gateway.stages, gateway.deployments])
    for (const key of collection.keys()) if (key.startsWith(`${id}/`)) collection.delete(key);
  for (const plan of gateway.plans.values()) {
    if (!plan.stages.some((stage) => stage.apiId === id)) continue;
    gateway.plans.put(plan.id, { ...plan, stages: plan.stages.filter((stage) => stage.apiId !== id) });
  }
  gateway.apis.delete(id);
}

/** AWS returns `tags: {}` for an untagged API when it is read or updated, and no `tags` when it is created or listed (both recorded). */
const describeWithTags = (api: RestApi): RestApi => ({ ...api, tags: api.tags ?? {} });
export function describeApi(api: ApiDoc): RestApi {
  return defined({
    id: api.id,
    name: api.name,
    description: api.description,
    createdDate: new Date(api.createdAt),
    version: api.version,
    warnings: api.warnings,
    binaryMediaTypes: filled(api.binaryMediaTypes),
    minimumCompressionSize: api.minimumCompressionSize,
    apiKeySource: api.apiKeySource,
    endpointConfiguration: { types: [api.endpointType], ipAddressType: api.ipAddressType as never },
    // AWS returns the policy with its quotes escaped.
    policy: api.policy?.replaceAll('"', '\\"'),
    tags: filled(api.tags),
    disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
    rootResourceId: api.rootId,
  });
}
