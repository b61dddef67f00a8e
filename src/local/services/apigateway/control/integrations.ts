import type {
  DeleteIntegrationCommandInput,
  DeleteIntegrationResponseCommandInput,
  GetIntegrationCommandInput,
  GetIntegrationResponseCommandInput,
  Integration,
  IntegrationResponse,
  Method,
  PutIntegrationCommandInput,
  PutIntegrationResponseCommandInput,
  UpdateIntegrationCommandInput,
  UpdateIntegrationResponseCommandInput,
} from "@aws-sdk/client-api-gateway";
import { isLoopback } from "../../../core/loopback.ts";
import { LocalFault, type Operations } from "../../../core/service.ts";
import {
  type ApiDoc,
  badRequest,
  changeResources,
  defined,
  filled,
  type Gateway,
  notFound,
  requireApiOfResources,
  requireMethod,
} from "../state.ts";
import { functionIn } from "./function-uri.ts";
import { amount, applyPatches, entry, item, type Rules, text } from "./patch.ts";

/** The longest that the gateway waits for an integration or an authorizer. */
export const MAX_TIMEOUT_MS = 29_000;

export function integrationOperations(gateway: Gateway): Operations {
  return {
    PutIntegration: (input: PutIntegrationCommandInput, call): Integration =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const method = requireMethod(api, input.resourceId, input.httpMethod);
        const integration = newIntegration({ ...input, httpMethod: input.integrationHttpMethod }, input.resourceId ?? "");
        checkIntegration(integration);
        method.methodIntegration = integration;
        return integration;
      }),
    GetIntegration: (input: GetIntegrationCommandInput, call): Integration =>
      requireIntegration(requireMethod(requireApiOfResources(gateway, input.restApiId, call), input.resourceId, input.httpMethod)),
    UpdateIntegration: (input: UpdateIntegrationCommandInput, call): Integration =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const integration = requireIntegration(requireMethod(api, input.resourceId, input.httpMethod));
        applyPatches(integration, input.patchOperations, RULES);
        checkIntegration(integration);
        return integration;
      }),
    DeleteIntegration: (input: DeleteIntegrationCommandInput, call) =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const method = requireMethod(api, input.resourceId, input.httpMethod);
        requireIntegration(method);
        delete method.methodIntegration;
        return {};
      }),
    ...integrationResponseOperations(gateway),
  };
}

/** An integration with AWS's defaults. `httpMethod` is the method of the integration, not of the API's caller. */
export const newIntegration = (given: Omit<Integration, "cacheNamespace">, resourceId: string): Integration =>
  defined({
    type: given.type,
    httpMethod: given.httpMethod,
    uri: given.uri,
    connectionType: given.connectionType,
    connectionId: given.connectionId,
    credentials: given.credentials,
    requestParameters: filled(given.requestParameters),
    requestTemplates: filled(given.requestTemplates),
    passthroughBehavior: given.passthroughBehavior ?? "WHEN_NO_MATCH",
    contentHandling: given.contentHandling,
    timeoutInMillis: given.timeoutInMillis ?? MAX_TIMEOUT_MS,
    cacheNamespace: resourceId,
    cacheKeyParameters: given.cacheKeyParameters ?? [],
    tlsConfig: given.tlsConfig,
  });

export function checkIntegration(integration: Integration): void {
  const { type, uri, httpMethod, timeoutInMillis = MAX_TIMEOUT_MS } = integration;
  if (!/^(HTTP|AWS|MOCK|HTTP_PROXY|AWS_PROXY)$/.test(type ?? ""))
    throw badRequest("Enumeration value for Type must be one of HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY");
  if (type === "MOCK") return;
  if (!httpMethod) throw badRequest("Enumeration value for HttpMethod must be non-empty");
  if (type?.startsWith("AWS") && !/^arn:aws[a-z-]*:apigateway:[^:]+:[^:]+:(path|action)\/.+/.test(uri ?? ""))
    throw badRequest("Invalid ARN specified in the request");
  if (type?.startsWith("HTTP") && !/^https?:\/\//.test(uri ?? "")) throw badRequest("Invalid HTTP endpoint specified for URI");
  if (type === "AWS_PROXY" && !functionIn(uri ?? ""))
    throw badRequest("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.");
  if (timeoutInMillis < 50 || timeoutInMillis > MAX_TIMEOUT_MS) throw badRequest("Timeout should be between 50 ms and 29000 ms");
  const unsupported = unsupportedReason(integration);
  if (unsupported) throw new LocalFault("NotImplemented", `The local AWS ${unsupported}.`, 501);
}

/**
 * The reason why the local AWS cannot serve an integration that AWS accepts. PutIntegration refuses it, so that the error comes before the
 * first call.
 */
function unsupportedReason({ type, uri = "", connectionType, credentials = "" }: Integration): string | undefined {
  if (connectionType === "VPC_LINK") return `has no VPC links: ${uri}`;
  if (/:iam::\*:/.test(credentials)) return `calls with a role or as API Gateway, not with the caller's credentials: ${credentials}`;
  if (type === "AWS" && !functionIn(uri)) return `integrates Lambda functions only, no other services: ${uri}`;
  const host = /^https?:\/\/[^/?#]*/.exec(uri)?.[0] ?? "";
  // The value of a stage variable in the host is known only when the stage is called.
  if (type?.startsWith("HTTP") && !host.includes("${") && !(URL.canParse(host) && isLoopback(host)))
    return `calls HTTP endpoints of this machine only (127.0.0.1, localhost, [::1]): ${uri}`;
  return undefined;
}

export function requireIntegration(method: Method): Integration {
  if (!method.methodIntegration) throw notFound("Invalid Integration identifier specified");
  return method.methodIntegration;
}

const RULES: Rules<Integration> = {
  "/type": text("type"),
  "/httpMethod": text("httpMethod"),
  "/uri": text("uri"),
  "/credentials": text("credentials"),
  "/connectionType": text("connectionType"),
  "/connectionId": text("connectionId"),
  "/passthroughBehavior": text("passthroughBehavior"),
  "/contentHandling": text("contentHandling"),
  "/timeoutInMillis": amount("timeoutInMillis"),
  "/cacheNamespace": text("cacheNamespace"),
  "/cacheKeyParameters/*": item("cacheKeyParameters"),
  "/requestParameters/*": entry("requestParameters"),
  "/requestTemplates/*": entry("requestTemplates"),
};

function requireResponse(integration: Integration, status: string | undefined): IntegrationResponse {
  const found = integration.integrationResponses?.[status ?? ""];
  if (!found) throw notFound("Invalid Response status code specified");
  return found;
}

function putResponse(api: ApiDoc, input: PutIntegrationResponseCommandInput): IntegrationResponse {
  const method = requireMethod(api, input.resourceId, input.httpMethod);
  const status = input.statusCode ?? "";
  const response = defined({
    statusCode: status,
    selectionPattern: input.selectionPattern,
    responseParameters: filled(input.responseParameters),
    responseTemplates: filled(input.responseTemplates),
    contentHandling: input.contentHandling,
  });
  const integration = requireIntegration(method);
  integration.integrationResponses = { ...integration.integrationResponses, [status]: response };
  return response;
}

function integrationResponseOperations(gateway: Gateway): Operations {
  return {
    PutIntegrationResponse: (input: PutIntegrationResponseCommandInput, call): IntegrationResponse =>
      changeResources(gateway, input.restApiId, call, (api) => putResponse(api, input)),
    GetIntegrationResponse: (input: GetIntegrationResponseCommandInput, call): IntegrationResponse =>
      requireResponse(
        requireIntegration(requireMethod(requireApiOfResources(gateway, input.restApiId, call), input.resourceId, input.httpMethod)),
        input.statusCode,
      ),
    UpdateIntegrationResponse: (input: UpdateIntegrationResponseCommandInput, call): IntegrationResponse =>
      changeResources(gateway, input.restApiId, call, (api) =>
        applyPatches(
          requireResponse(requireIntegration(requireMethod(api, input.resourceId, input.httpMethod)), input.statusCode),
          input.patchOperations,
          {
            "/selectionPattern": text("selectionPattern"),
            "/contentHandling": text("contentHandling"),
            "/responseParameters/*": entry("responseParameters"),
            "/responseTemplates/*": entry("responseTemplates"),
          },
        ),
      ),
    DeleteIntegrationResponse: (input: DeleteIntegrationResponseCommandInput, call) =>
      changeResources(gateway, input.restApiId, call, (api) => {
        const integration = requireIntegration(requireMethod(api, input.resourceId, input.httpMethod));
        requireResponse(integration, input.statusCode);
        delete integration.integrationResponses?.[input.statusCode ?? ""];
        return {};
      }),
  };
}
