import type {
  CreateRequestValidatorCommandInput,
  DeleteRequestValidatorCommandInput,
  GetRequestValidatorCommandInput,
  GetRequestValidatorsCommandInput,
  RequestValidator,
  UpdateRequestValidatorCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import { type ApiDoc, badRequest, changeApi, defined, type Gateway, newResourceId, notFound, requireApi } from "../state.ts";
import { page, sortedByName } from "./paging.ts";
import { applyPatches, flag, text } from "./patch.ts";

const ABSENT = "Invalid Request Validator identifier specified";
/** For a new validator, an unknown API is a bad request (recorded). */
function createdIn({ apis }: Gateway, id: string | undefined): string | undefined {
  if (!apis.has(id ?? "")) throw badRequest("Invalid REST API identifier specified");
  return id;
}
function requireValidator(api: ApiDoc, id: string | undefined): RequestValidator {
  const found = api.validators[id ?? ""];
  if (!found) throw notFound(ABSENT);
  return found;
}

export function requestValidatorOperations(gateway: Gateway): Operations {
  return {
    CreateRequestValidator: (input: CreateRequestValidatorCommandInput, call): RequestValidator =>
      changeApi(gateway, createdIn(gateway, input.restApiId), call, (api) => {
        const id = newResourceId();
        const { name, validateRequestBody = false, validateRequestParameters = false } = input;
        const validator = defined({ id, name, validateRequestBody, validateRequestParameters });
        api.validators[id] = validator;
        return validator;
      }),
    GetRequestValidator: (input: GetRequestValidatorCommandInput, call): RequestValidator =>
      requireValidator(requireApi(gateway, input.restApiId, call, ABSENT), input.requestValidatorId),
    GetRequestValidators: (input: GetRequestValidatorsCommandInput, call) =>
      page(sortedByName(requireApi(gateway, input.restApiId, call).validators), input.position, input.limit),
    UpdateRequestValidator: (input: UpdateRequestValidatorCommandInput, call): RequestValidator =>
      changeApi(
        gateway,
        input.restApiId,
        call,
        (api) =>
          applyPatches(
            requireValidator(api, input.requestValidatorId),
            input.patchOperations,
            {
              "/name": text("name"),
              "/validateRequestParameters": flag("validateRequestParameters"),
              "/validateRequestBody": flag("validateRequestBody"),
            },
            { onlyReplace: true },
          ),
        ABSENT,
      ),
    DeleteRequestValidator: (input: DeleteRequestValidatorCommandInput, call) =>
      changeApi(
        gateway,
        input.restApiId,
        call,
        (api) => {
          requireValidator(api, input.requestValidatorId);
          delete api.validators[input.requestValidatorId ?? ""];
          return {};
        },
        ABSENT,
      ),
  };
}
