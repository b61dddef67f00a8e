import type {
  DeleteGatewayResponseCommandInput,
  GatewayResponse,
  GetGatewayResponseCommandInput,
  GetGatewayResponsesCommandInput,
  PutGatewayResponseCommandInput,
  UpdateGatewayResponseCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import { type ApiDoc, badRequest, changeApi, defined, type Gateway, notFound, requireApi } from "../state.ts";
import { page } from "./paging.ts";
import { applyPatches, entry, text } from "./patch.ts";

/** The types of gateway responses, with AWS's default status. */
export const STATUS = {
  ACCESS_DENIED: 403,
  API_CONFIGURATION_ERROR: 500,
  AUTHORIZER_CONFIGURATION_ERROR: 500,
  AUTHORIZER_FAILURE: 500,
  BAD_REQUEST_BODY: 400,
  BAD_REQUEST_PARAMETERS: 400,
  DEFAULT_4XX: undefined,
  DEFAULT_5XX: undefined,
  EXPIRED_TOKEN: 403,
  INTEGRATION_FAILURE: 504,
  INTEGRATION_TIMEOUT: 504,
  INVALID_API_KEY: 403,
  INVALID_SIGNATURE: 403,
  MISSING_AUTHENTICATION_TOKEN: 403,
  QUOTA_EXCEEDED: 429,
  REQUEST_TOO_LARGE: 413,
  RESOURCE_NOT_FOUND: 404,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED_MEDIA_TYPE: 415,
  WAF_FILTERED: 403,
} as const satisfies Readonly<Record<string, number | undefined>>;
export type ResponseType = keyof typeof STATUS;
export const DEFAULT_TEMPLATES = { "application/json": '{"message":$context.error.messageString}' };

export function gatewayResponseOperations(gateway: Gateway): Operations {
  return {
    PutGatewayResponse: (input: PutGatewayResponseCommandInput, call): GatewayResponse =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const type = typeOf(input.responseType);
        const response = gatewayResponse(type, input);
        api.gatewayResponses[type] = response;
        return response;
      }),
    GetGatewayResponse: (input: GetGatewayResponseCommandInput, call): GatewayResponse => {
      const type = typeOf(input.responseType);
      return requireApi(gateway, input.restApiId, call).gatewayResponses[type] ?? standard(type);
    },
    GetGatewayResponses: (input: GetGatewayResponsesCommandInput, call) => {
      const own = requireApi(gateway, input.restApiId, call).gatewayResponses;
      const all = (Object.keys(STATUS) as ResponseType[]).map((type) => own[type] ?? standard(type));
      return page(all, input.position, input.limit);
    },
    UpdateGatewayResponse: (input: UpdateGatewayResponseCommandInput, call): GatewayResponse =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const type = typeOf(input.responseType);
        if (input.patchOperations?.some(({ op, path }) => path === "/statusCode" && op !== "replace"))
          throw badRequest("Invalid patch operation specified. Must be one of: [replace]");
        const draft: GatewayResponse = { ...(api.gatewayResponses[type] ?? standard(type)), defaultResponse: false };
        api.gatewayResponses[type] = applyPatches(draft, input.patchOperations, {
          "/statusCode": text("statusCode"),
          "/responseParameters/*": entry("responseParameters"),
          "/responseTemplates/*": entry("responseTemplates"),
        });
        return draft;
      }),
    DeleteGatewayResponse: (input: DeleteGatewayResponseCommandInput, call) =>
      changeApi(gateway, input.restApiId, call, (api: ApiDoc) => {
        const type = typeOf(input.responseType);
        if (!api.gatewayResponses[type]) throw notFound("Gateway response type not defined on api");
        delete api.gatewayResponses[type];
        return {};
      }),
  };
}

export const gatewayResponse = (
  type: ResponseType,
  given: Pick<GatewayResponse, "statusCode" | "responseParameters" | "responseTemplates">,
): GatewayResponse =>
  defined({
    responseType: type,
    statusCode: given.statusCode ?? STATUS[type]?.toString(),
    responseParameters: given.responseParameters ?? {},
    responseTemplates: given.responseTemplates ?? DEFAULT_TEMPLATES,
    defaultResponse: false,
  });
const standard = (type: ResponseType): GatewayResponse => ({ ...gatewayResponse(type, {}), defaultResponse: true });

function typeOf(type: string | undefined): ResponseType {
  if (!type || !(type in STATUS))
    throw badRequest(
      `1 validation error detected: Value '${type}' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: [${Object.keys(STATUS).join(", ")}]`,
    );
  return type as ResponseType;
}
