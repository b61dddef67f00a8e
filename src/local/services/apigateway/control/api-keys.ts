import type {
  ApiKey,
  CreateApiKeyCommandInput,
  DeleteApiKeyCommandInput,
  GetApiKeyCommandInput,
  GetApiKeysCommandInput,
  UpdateApiKeyCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Call, Operations } from "../../../core/service.ts";
import { badRequest, byAge, conflict, defined, filled, type Gateway, type KeyDoc, newId, newKeyValue, notFound } from "../state.ts";
import { page } from "./paging.ts";
import { applyPatches, flag, type Rules, text } from "./patch.ts";

export function keyOperations(gateway: Gateway): Operations {
  return {
    CreateApiKey: (input: CreateApiKeyCommandInput, call): ApiKey => create(gateway, input, call),
    GetApiKey: (input: GetApiKeyCommandInput, call): ApiKey =>
      describeKey(requireKey(gateway, input.apiKey, call), input.includeValue ?? false),
    GetApiKeys: (input: GetApiKeysCommandInput, call) => {
      const all = gateway.keys
        .values()
        .filter((key) => key.region === call.region)
        .filter((key) => !input.nameQuery || key.name?.startsWith(input.nameQuery))
        .filter((key) => !input.customerId || key.customerId === input.customerId);
      const { items, position } =
        input.limit !== undefined && input.limit < 0
          ? { items: [], position: undefined }
          : page(all.sort(byAge), input.position, input.limit);
      return defined({ items: items.map((key) => describeKey(key, input.includeValues ?? false)), position });
    },
    UpdateApiKey: (input: UpdateApiKeyCommandInput, call): ApiKey => {
      const draft = structuredClone(requireKey(gateway, input.apiKey, call));
      applyPatches(draft, input.patchOperations, RULES);
      draft.updatedAt = gateway.env.clock.now();
      gateway.keys.put(draft.id, draft);
      return describeKey(draft, false);
    },
    DeleteApiKey: (input: DeleteApiKeyCommandInput, call) => {
      const key = requireKey(gateway, input.apiKey, call);
      for (const plan of gateway.plans.values())
        if (plan.keyIds.includes(key.id)) gateway.plans.put(plan.id, { ...plan, keyIds: plan.keyIds.filter((id) => id !== key.id) });
      gateway.keys.delete(key.id);
      return {};
    },
  };
}

function create(gateway: Gateway, input: CreateApiKeyCommandInput, call: Call): ApiKey {
  if ((input.name ?? "").length > 1024) throw badRequest("Invalid API Key name, can be at most 1024 characters.");
  if ((input.description ?? "").length > 125_000) throw badRequest("Invalid API Key description specified.");
  // Terraform sends an empty value when none is configured.
  const value = input.value || newKeyValue();
  if (value.length < 20) throw badRequest("API Key value should be at least 20 characters");
  if (value.length > 128) throw badRequest("Value exceeds maximum size of 128 characters");
  if (gateway.keys.values().some((key) => key.region === call.region && key.value === value)) throw conflict("API Key already exists");
  const now = gateway.env.clock.now();
  const key: KeyDoc = {
    id: newId(),
    region: call.region,
    value,
    createdAt: now,
    updatedAt: now,
    ...defined({ name: input.name, description: input.description, customerId: input.customerId }),
    enabled: input.enabled ?? false,
    tags: input.tags ?? {},
  };
  gateway.keys.put(key.id, key);
  return describeKey(key, true);
}
const RULES: Rules<KeyDoc> = {
  "/name": text("name"),
  "/description": text("description"),
  "/enabled": flag("enabled"),
  "/customerId": text("customerId"),
};

export function requireKey(gateway: Gateway, id: string | undefined, call: Call): KeyDoc {
  const found = gateway.keys.get(id ?? "");
  if (found?.region !== call.region) throw notFound("Invalid API Key identifier specified");
  return found;
}

const describeKey = (key: KeyDoc, withValue: boolean): ApiKey =>
  defined({
    id: key.id,
    value: withValue ? key.value : undefined,
    name: key.name,
    customerId: key.customerId,
    description: key.description,
    enabled: key.enabled,
    createdDate: new Date(key.createdAt),
    lastUpdatedDate: new Date(key.updatedAt),
    stageKeys: [],
    tags: filled(key.tags),
  });
