import type {
  CreateModelCommandInput,
  CreateRequestValidatorCommandInput,
  DeleteModelCommandInput,
  DeleteRequestValidatorCommandInput,
  GetModelCommandInput,
  GetModelsCommandInput,
  GetRequestValidatorCommandInput,
  GetRequestValidatorsCommandInput,
  Model,
  RequestValidator,
  UpdateModelCommandInput,
  UpdateRequestValidatorCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../core/service.ts";
import { type ApiDoc, apiAt, badRequest, changeApi, conflict, defined, type Gateway, newResourceId, notFound } from "./model.ts";
import { page } from "./paging.ts";
import { applyPatches, flag, text } from "./patch.ts";

/** Parts of an API that its methods refer to: models and request validators. */
export const partOperations = (gateway: Gateway): Operations => ({
  ...modelOperations(gateway),
  ...validatorOperations(gateway),
});

export const sorted = <T extends { readonly name?: string | undefined }>(all: Readonly<Record<string, T>>): T[] =>
  Object.values(all).sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));

function modelAt(api: ApiDoc, name: string | undefined): Model {
  const found = api.models[name ?? ""];
  if (!found) throw notFound(`Invalid model name specified: ${name}`);
  return found;
}

function createModel(api: ApiDoc, input: CreateModelCommandInput): Model {
  const name = input.name ?? "";
  if (!/^[a-zA-Z0-9]+$/.test(name)) throw badRequest("Model name must be alphanumeric: ^[a-zA-Z0-9]+$");
  if (api.models[name]) throw conflict(`Model name already exists for this REST API`);
  if (!input.schema) throw badRequest("Model schema must have at least 1 property or array items defined");
  checkSchema(input.schema);
  const model = defined({
    id: newResourceId(),
    name,
    description: input.description,
    schema: input.schema,
    contentType: input.contentType,
  });
  api.models[name] = model;
  return model;
}

function modelOperations(gateway: Gateway): Operations {
  return {
    CreateModel: (input: CreateModelCommandInput, call): Model =>
      changeApi(gateway, input.restApiId, call, (api) => createModel(api, input)),
    GetModel: (input: GetModelCommandInput, call): Model => modelAt(apiAt(gateway, input.restApiId, call), input.modelName),
    GetModels: (input: GetModelsCommandInput, call) =>
      page(sorted(apiAt(gateway, input.restApiId, call).models), input.position, input.limit),
    UpdateModel: (input: UpdateModelCommandInput, call): Model =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const model = applyPatches(modelAt(api, input.modelName), input.patchOperations, {
          "/description": text("description"),
          "/schema": text("schema"),
        });
        checkSchema(model.schema);
        return model;
      }),
    DeleteModel: (input: DeleteModelCommandInput, call) =>
      changeApi(gateway, input.restApiId, call, (api) => {
        modelAt(api, input.modelName);
        const methods = Object.values(api.resources).flatMap((resource) => Object.values(resource.methods));
        if (methods.some((method) => Object.values(method.requestModels ?? {}).includes(input.modelName ?? "")))
          throw conflict(`Cannot delete model '${input.modelName}', is referenced in method request`);
        delete api.models[input.modelName ?? ""];
        return {};
      }),
  };
}
function checkSchema(schema: string | undefined): void {
  try {
    if (schema !== undefined) JSON.parse(schema);
  } catch (error) {
    throw badRequest(
      `Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified. ${(error as Error).message}]`,
    );
  }
}

function validatorAt(api: ApiDoc, id: string | undefined): RequestValidator {
  const found = api.validators[id ?? ""];
  if (!found) throw notFound("Invalid Request Validator identifier specified");
  return found;
}

function validatorOperations(gateway: Gateway): Operations {
  return {
    CreateRequestValidator: (input: CreateRequestValidatorCommandInput, call): RequestValidator =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const id = newResourceId();
        const { name, validateRequestBody = false, validateRequestParameters = false } = input;
        const validator = defined({ id, name, validateRequestBody, validateRequestParameters });
        api.validators[id] = validator;
        return validator;
      }),
    GetRequestValidator: (input: GetRequestValidatorCommandInput, call): RequestValidator =>
      validatorAt(apiAt(gateway, input.restApiId, call), input.requestValidatorId),
    GetRequestValidators: (input: GetRequestValidatorsCommandInput, call) =>
      page(sorted(apiAt(gateway, input.restApiId, call).validators), input.position, input.limit),
    UpdateRequestValidator: (input: UpdateRequestValidatorCommandInput, call): RequestValidator =>
      changeApi(gateway, input.restApiId, call, (api) =>
        applyPatches(validatorAt(api, input.requestValidatorId), input.patchOperations, {
          "/name": text("name"),
          "/validateRequestBody": flag("validateRequestBody"),
          "/validateRequestParameters": flag("validateRequestParameters"),
        }),
      ),
    DeleteRequestValidator: (input: DeleteRequestValidatorCommandInput, call) =>
      changeApi(gateway, input.restApiId, call, (api) => {
        validatorAt(api, input.requestValidatorId);
        delete api.validators[input.requestValidatorId ?? ""];
        return {};
      }),
  };
}
