import type {
  CreateModelCommandInput,
  DeleteModelCommandInput,
  GetModelCommandInput,
  GetModelsCommandInput,
  Model,
  UpdateModelCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import { type ApiDoc, badRequest, changeApi, conflict, defined, type Gateway, newResourceId, notFound, requireApi } from "../state.ts";
import { page, sortedByName } from "./paging.ts";
import { applyPatches, text } from "./patch.ts";

/** The `$id` of a model's schema, by which other models of the API refer to it. */
export const modelUrl = (apiId: string, name: string): string => `https://apigateway.amazonaws.com/restapis/${apiId}/models/${name}`;

/** The two models of every new API. */
export const defaultModels = (): ApiDoc["models"] => ({
  Empty: {
    id: newResourceId(),
    name: "Empty",
    description: "This is a default empty schema model",
    contentType: "application/json",
    schema: '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}',
  },
  Error: {
    id: newResourceId(),
    name: "Error",
    description: "This is a default error schema model",
    contentType: "application/json",
    schema:
      '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}',
  },
});

const absent = (name: string | undefined): string => `Invalid model name specified: ${name}`;
function requireModel(api: ApiDoc, name: string | undefined): Model {
  const found = api.models[name ?? ""];
  if (!found) throw notFound(absent(name));
  return found;
}

function createModel(api: ApiDoc, input: CreateModelCommandInput): Model {
  const name = input.name ?? "";
  if (!name) throw badRequest("Model name must be non-empty");
  if (!/^[a-zA-Z0-9]+$/.test(name)) throw badRequest("Model name must be alphanumeric: ^[a-zA-Z0-9]+$");
  if (api.models[name]) throw conflict(`Model name already exists for this REST API`);
  checkSchema(input.schema);
  const model = defined({
    id: newResourceId(),
    name,
    description: input.description || undefined,
    schema: input.schema,
    contentType: input.contentType,
  });
  api.models[name] = model;
  return model;
}

export function modelOperations(gateway: Gateway): Operations {
  return {
    CreateModel: (input: CreateModelCommandInput, call): Model =>
      changeApi(gateway, input.restApiId, call, (api) => createModel(api, input)),
    GetModel: (input: GetModelCommandInput, call): Model =>
      requireModel(requireApi(gateway, input.restApiId, call, absent(input.modelName)), input.modelName),
    GetModels: (input: GetModelsCommandInput, call) =>
      page(sortedByName(requireApi(gateway, input.restApiId, call).models), input.position, input.limit),
    UpdateModel: (input: UpdateModelCommandInput, call): Model =>
      changeApi(
        gateway,
        input.restApiId,
        call,
        (api) => {
          const model = applyPatches(
            requireModel(api, input.modelName),
            input.patchOperations,
            {
              "/description": text("description"),
              "/schema": text("schema"),
            },
            { onlyReplace: true },
          );
          checkSchema(model.schema);
          return model;
        },
        absent(input.modelName),
      ),
    DeleteModel: (input: DeleteModelCommandInput, call) =>
      changeApi(
        gateway,
        input.restApiId,
        call,
        (api) => {
          requireModel(api, input.modelName);
          const user = userOf(api, input.modelName ?? "");
          if (user) throw conflict(`Cannot delete model '${input.modelName}', is referenced in method request: ${user}`);
          delete api.models[input.modelName ?? ""];
          return {};
        },
        absent(input.modelName),
      ),
  };
}
/** The first method whose request has this model: `/path/GET`. */
function userOf(api: ApiDoc, model: string): string | undefined {
  for (const { path, methods } of Object.values(api.resources))
    for (const [verb, { requestModels = {} }] of Object.entries(methods))
      if (Object.values(requestModels).includes(model)) return `${path}/${verb}`;
  return undefined;
}
function checkSchema(schema: string | undefined): void {
  if (!schema) throw badRequest("Model schema must have at least 1 property or array items defined");
  try {
    JSON.parse(schema);
  } catch (error) {
    throw badRequest(
      `Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified. ${(error as Error).message}]`,
    );
  }
}
