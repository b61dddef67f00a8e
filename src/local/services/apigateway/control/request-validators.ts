import type {
  CreateRequestValidatorCommandInput,
  DeleteRequestValidatorCommandInput,
  GetRequestValidatorCommandInput,
  GetRequestValidatorsCommandInput,
  RequestValidator,
  UpdateRequestValidatorCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import { type ApiDoc, apiAt, changeApi, defined, type Gateway, newResourceId, notFound } from "../state.ts";
import { page, sortedByName } from "./paging.ts";
import { applyPatches, flag, text } from "./patch.ts";

function validatorAt(api: ApiDoc, id: string | undefined): RequestValidator {
  const found = api.validators[id ?? ""];
  if (!found) throw notFound("Invalid Request Validator identifier specified");
  return found;
}

export function requestValidatorOperations(gateway: Gateway): Operations {
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
      page(sortedByName(apiAt(gateway, input.restApiId, call).validators), input.position, input.limit),
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
