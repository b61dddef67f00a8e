import type {
  DeleteMethodCommandInput,
  DeleteMethodResponseCommandInput,
  GetMethodCommandInput,
  GetMethodResponseCommandInput,
  Method,
  MethodResponse,
  PutMethodCommandInput,
  PutMethodResponseCommandInput,
  UpdateMethodCommandInput,
  UpdateMethodResponseCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import {
  type ApiDoc,
  badRequest,
  changeResources,
  conflict,
  defined,
  filled,
  type Gateway,
  notFound,
  requireApiOfResources,
  requireMethod,
  requireResource,
} from "../state.ts";
import { applyPatches, entry, flag, item, type Rule, type Rules, text } from "./patch.ts";

export function methodOperations(gateway: Gateway): Operations {
  return {
    PutMethod: (input: PutMethodCommandInput, call): Method =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const resource = requireResource(api, input.resourceId);
        const verb = input.httpMethod ?? "";
        if (!/^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY)$/.test(verb))
          throw badRequest("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY");
        if (resource.methods[verb]) throw conflict("Method already exists for this resource");
        const method = methodFrom(input);
        checkMethod(api, method);
        resource.methods[verb] = method;
        return method;
      }),
    GetMethod: (input: GetMethodCommandInput, call): Method =>
      requireMethod(requireApiOfResources(gateway, input.restApiId, call), input.resourceId, input.httpMethod),
    UpdateMethod: (input: UpdateMethodCommandInput, call): Method =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const method = requireMethod(api, input.resourceId, input.httpMethod);
        applyPatches(method, input.patchOperations, METHOD_RULES);
        checkMethod(api, method);
        return method;
      }),
    DeleteMethod: (input: DeleteMethodCommandInput, call) =>
      changeResources(gateway, input.restApiId, call, (api) => {
        requireMethod(api, input.resourceId, input.httpMethod);
        delete requireResource(api, input.resourceId).methods[input.httpMethod ?? ""];
        return {};
      }),
    ...methodResponseOperations(gateway),
  };
}

const methodFrom = (input: PutMethodCommandInput): Method =>
  defined({
    httpMethod: input.httpMethod,
    authorizationType: input.authorizationType?.toUpperCase(),
    authorizerId: input.authorizerId,
    apiKeyRequired: input.apiKeyRequired ?? false,
    operationName: input.operationName,
    requestParameters: filled(input.requestParameters),
    requestModels: filled(input.requestModels),
    requestValidatorId: input.requestValidatorId,
    authorizationScopes: input.authorizationScopes,
  });

/** Checks that the authorizer, validator and models of a method exist in its API. Throws BadRequestException. */
export function checkMethod(api: ApiDoc, method: Method): void {
  const { authorizationType: type = "", authorizerId, requestValidatorId, requestModels, requestParameters } = method;
  if (!/^(NONE|AWS_IAM|CUSTOM|COGNITO_USER_POOLS)$/.test(type)) throw badRequest("Invalid authorization type specified.");
  if (/^(CUSTOM|COGNITO)/.test(type) && !api.authorizers[authorizerId ?? ""])
    throw badRequest(
      "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
    );
  if (requestValidatorId && !api.validators[requestValidatorId]) throw badRequest("Invalid Request Validator identifier specified");
  for (const model of Object.values(requestModels ?? {}))
    if (!api.models[model]) throw badRequest(`Invalid model identifier specified: ${model}`);
  const names = Object.keys(requestParameters ?? {}).map((parameter) => parameter.split(".").slice(3).join("."));
  if (new Set(names).size < names.length) throw badRequest("Parameter names must be unique across querystring, header and path");
  for (const parameter of Object.keys(requestParameters ?? {}))
    if (!/^method\.request\.(querystring|path|header|multivaluequerystring|multivalueheader)\.[^\s]+$/.test(parameter))
      throw badRequest(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Parameter name should start with: 'method.request.' ${parameter}]`,
      );
}

const booleanEntry =
  <T>(name: keyof T): Rule<T> =>
  (draft, value, [key = ""], op) => {
    const { [key]: before, ...rest } = (draft[name] ?? {}) as Record<string, unknown>;
    if (op === "remove" && before === undefined) throw notFound("Invalid parameter name specified");
    (draft as Record<keyof T, unknown>)[name] =
      value === undefined || op === "remove" ? filled(rest) : { ...rest, [key]: value === "true" };
  };
/** A model of a content type. A list without models is left out (recorded). */
const model =
  <T>(name: keyof T): Rule<T> =>
  (draft, value, parts, op) => {
    if (op === "remove" && !Object.hasOwn(draft[name] ?? {}, parts[0] ?? "")) throw notFound("Content-Type specified was not found");
    entry<T>(name)(draft, value, parts, op);
    (draft as Record<keyof T, unknown>)[name] = filled(draft[name] as object);
  };
const METHOD_RULES: Rules<Method> = {
  "/authorizationType": text("authorizationType"),
  "/authorizerId": text("authorizerId"),
  "/apiKeyRequired": flag("apiKeyRequired"),
  "/operationName": text("operationName"),
  "/requestValidatorId": text("requestValidatorId"),
  "/requestParameters/*": booleanEntry("requestParameters"),
  "/requestModels/*": model("requestModels"),
  "/authorizationScopes": item("authorizationScopes"),
};

function methodResponseOperations(gateway: Gateway): Operations {
  const find = (method: Method, status: string | undefined): MethodResponse => {
    const found = method.methodResponses?.[status ?? ""];
    if (!found) throw notFound("Invalid Response status code specified");
    return found;
  };
  return {
    PutMethodResponse: (input: PutMethodResponseCommandInput, call): MethodResponse =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const method = requireMethod(api, input.resourceId, input.httpMethod);
        const status = input.statusCode ?? "";
        if (!/^[1-5]\d\d$/.test(status)) throw badRequest("Invalid status code");
        if (method.methodResponses?.[status]) throw conflict("Response already exists for this resource");
        const response = defined({
          statusCode: status,
          responseParameters: input.responseParameters,
          responseModels: input.responseModels,
        });
        method.methodResponses = { ...method.methodResponses, [status]: response };
        return response;
      }),
    GetMethodResponse: (input: GetMethodResponseCommandInput, call): MethodResponse =>
      find(requireMethod(requireApiOfResources(gateway, input.restApiId, call), input.resourceId, input.httpMethod), input.statusCode),
    UpdateMethodResponse: (input: UpdateMethodResponseCommandInput, call): MethodResponse =>
      changeResources(gateway, input.restApiId, call, (api) =>
        applyPatches(find(requireMethod(api, input.resourceId, input.httpMethod), input.statusCode), input.patchOperations, {
          "/responseParameters/*": booleanEntry("responseParameters"),
          "/responseModels/*": model("responseModels"),
        }),
      ),
    DeleteMethodResponse: (input: DeleteMethodResponseCommandInput, call) =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const method = requireMethod(api, input.resourceId, input.httpMethod);
        find(method, input.statusCode);
        delete method.methodResponses?.[input.statusCode ?? ""];
        return {};
      }),
  };
}
