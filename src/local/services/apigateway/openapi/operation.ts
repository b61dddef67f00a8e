import type { Integration, IntegrationResponse, Method, MethodResponse } from "@aws-sdk/client-api-gateway";
import { checkIntegration, newIntegration } from "../control/integrations.ts";
import { checkMethod } from "../control/methods.ts";
import { badRequest, defined, filled, type ResourceDoc } from "../state.ts";
import type { Import, Operation, Schema, SecurityScheme } from "./document.ts";
import { modelFor } from "./models.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
const PARAMETER_LOCATIONS: Readonly<Record<string, string>> = { path: "path", query: "querystring", header: "header" };

/** Turns an operation of the document into a method with its integration. */
export function methodOf(work: Import, resource: ResourceDoc, verb: string, operation: Operation, shared: readonly unknown[]): Method {
  const parameters = [...shared, ...(operation.parameters ?? [])].map((parameter) => resolve<Parameter>(work, parameter));
  const method: Method = defined({
    httpMethod: verb,
    ...securityOf(work, operation),
    operationName: operation.operationId,
    requestParameters: filled(
      Object.fromEntries(
        parameters.flatMap(({ name, in: place, required }) =>
          PARAMETER_LOCATIONS[place]
            ? [[`method.request.${PARAMETER_LOCATIONS[place]}.${name}`, required ?? place === "path"] as const]
            : [],
        ),
      ),
    ),
    requestModels: filled(modelsOf(work, operation.requestBody ? resolve<Content>(work, operation.requestBody) : undefined)),
    requestValidatorId: validatorOf(work, operation),
    methodResponses: filled(responsesOf(work, operation)),
    methodIntegration: integrationOf(work, resource, verb, operation),
  });
  checkMethod(work.api, method);
  return method;
}

/** Resolves a `$ref` to `#/components/…`. */
function resolve<T>({ document }: Import, given: unknown): T {
  const reference = (given as { $ref?: string }).$ref;
  if (!reference) return given as T;
  const found = reference
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  if (found === undefined) throw badRequest(`Errors found during import:\n\tUnable to resolve reference ${reference}`);
  return found as T;
}

function securityOf(
  work: Import,
  operation: Operation,
): Pick<Method, "authorizationType" | "authorizerId" | "apiKeyRequired" | "authorizationScopes"> {
  let apiKeyRequired = false;
  let authorization: Pick<Method, "authorizationType" | "authorizerId" | "authorizationScopes"> = { authorizationType: "NONE" };
  const schemes = work.document.components?.securitySchemes ?? {};
  for (const [name, scopes] of (operation.security ?? []).flatMap((requirement) => Object.entries(requirement))) {
    const scheme = schemes[name];
    if (!scheme) throw badRequest(`Errors found during import:\n\tUnknown security scheme '${name}'`);
    const own = authorizationOf(work, name, scheme);
    if (own) authorization = { ...own, ...(Array.isArray(scopes) && scopes.length > 0 ? { authorizationScopes: scopes } : {}) };
    else if (scheme.type === "apiKey" && scheme.name?.toLowerCase() === "x-api-key") apiKeyRequired = true;
    else work.warnings.push(`Security scheme '${name}' is not supported and ignored`);
  }
  const auth = operation["x-amazon-apigateway-auth"] as { type?: string } | undefined;
  if (auth?.type) authorization = { authorizationType: auth.type.toUpperCase() };
  return { ...authorization, apiKeyRequired };
}
function authorizationOf(
  { api }: Import,
  name: string,
  scheme: SecurityScheme,
): Pick<Method, "authorizationType" | "authorizerId"> | undefined {
  if (scheme["x-amazon-apigateway-authtype"] === "awsSigv4") return { authorizationType: "AWS_IAM" };
  if (!scheme["x-amazon-apigateway-authorizer"]) return undefined;
  const authorizer = Object.values(api.authorizers).find((one) => one.name === name);
  const pools = authorizer?.type === "COGNITO_USER_POOLS";
  return defined({ authorizationType: pools ? "COGNITO_USER_POOLS" : "CUSTOM", authorizerId: authorizer?.id });
}

function modelsOf(work: Import, body: Content | undefined): Record<string, string> {
  const entries = Object.entries(body?.content ?? {}).flatMap(([type, { schema }]) =>
    schema ? [[type, modelFor(work, schema)] as const] : [],
  );
  return Object.fromEntries(entries);
}

function validatorOf({ api, document }: Import, operation: Operation): string | undefined {
  const name = operation["x-amazon-apigateway-request-validator"] ?? document["x-amazon-apigateway-request-validator"];
  if (name === undefined) return undefined;
  const found = Object.values(api.validators).find((validator) => validator.name === name);
  if (!found) throw badRequest(`Errors found during import:\n\tUnknown request validator '${name}'`);
  return found.id;
}

function responsesOf(work: Import, operation: Operation): Record<string, MethodResponse> {
  const out: Record<string, MethodResponse> = {};
  for (const [statusCode, given] of Object.entries(operation.responses ?? {})) {
    if (!/^\d{3}$/.test(statusCode)) continue;
    const response = resolve<Content & { headers?: Record<string, unknown> }>(work, given);
    const headers = Object.keys(response.headers ?? {}).map((name) => [`method.response.header.${name}`, false] as const);
    out[statusCode] = defined({
      statusCode,
      responseParameters: filled(Object.fromEntries(headers)),
      responseModels: filled(modelsOf(work, response)),
    });
  }
  return out;
}

interface GivenIntegration extends Omit<Integration, "type" | "integrationResponses"> {
  readonly type?: string;
  readonly responses?: Readonly<
    Record<string, Omit<IntegrationResponse, "statusCode" | "selectionPattern"> & { readonly statusCode?: string | number }>
  >;
}
function integrationOf(work: Import, resource: ResourceDoc, verb: string, operation: Operation): Integration | undefined {
  const given = operation["x-amazon-apigateway-integration"] as GivenIntegration | undefined;
  if (!given) {
    work.warnings.push(`No integration is defined for ${verb} ${resource.path}`);
    return undefined;
  }
  const integration = newIntegration(
    { ...given, type: given.type?.toUpperCase() as never, passthroughBehavior: given.passthroughBehavior?.toUpperCase() },
    resource.id,
  );
  checkIntegration(integration);
  const responses = Object.entries(given.responses ?? {}).map(([pattern, response]) => {
    const statusCode = String(response.statusCode ?? "200");
    const selectionPattern = pattern === "default" ? undefined : pattern;
    return [statusCode, defined({ ...response, statusCode, selectionPattern })] as const;
  });
  return { ...integration, ...(responses.length > 0 ? { integrationResponses: Object.fromEntries(responses) } : {}) };
}
