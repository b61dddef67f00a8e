import type {
  ApiKeySourceType,
  AuthorizerType,
  EndpointType,
  ImportRestApiCommandInput,
  Method,
  PutRestApiCommandInput,
  RestApi,
} from "@aws-sdk/client-api-gateway";
import type { Operations } from "../../../core/service.ts";
import { newAuthorizer } from "../control/authorizers.ts";
import { gatewayResponse, type ResponseType, STATUS } from "../control/gateway-responses.ts";
import { defaultModels } from "../control/models.ts";
import { addResource, childrenOf } from "../control/resources.ts";
import { describeApi, emptyApi } from "../control/rest-apis.ts";
import { type ApiDoc, badRequest, changeApi, type Gateway, newId, newResourceId } from "../state.ts";
import type { Import, OpenApi, Operation, PathItem } from "./document.ts";
import { importModels } from "./models.ts";
import { methodOf } from "./operation.ts";

export function importOperations(gateway: Gateway): Operations {
  return {
    ImportRestApi: (input: ImportRestApiCommandInput, call): RestApi => {
      const api = emptyApi(gateway, "imported", call);
      const endpointType = input.parameters?.endpointConfigurationTypes;
      if (endpointType) api.endpointType = endpointType as never;
      importInto(api, input.body as Uint8Array, "overwrite", input.failOnWarnings ?? false);
      gateway.apis.put(api.id, api);
      return describeApi(api);
    },
    PutRestApi: (input: PutRestApiCommandInput, call): RestApi =>
      describeApi(
        changeApi(gateway, input.restApiId, call, (draft) => {
          importInto(draft, input.body as Uint8Array, input.mode ?? "merge", input.failOnWarnings ?? false);
          return draft;
        }),
      ),
  };
}

type Body = string | Uint8Array | undefined;
/** Merges a document into an API, or replaces the API with it. With `strict` a warning is an error. The caller stores `api` only on success. */
function importInto(api: ApiDoc, body: Body, mode: "merge" | "overwrite", strict: boolean): void {
  const document = parse(body);
  if (mode === "overwrite") clear(api);
  const work: Import = { api, document, children: childrenOf(api), warnings: [] };
  if (document.security) work.warnings.push("Security at the root of the document is ignored: it must be given for each operation");
  importSettings(work);
  importModels(work);
  importParts(work);
  for (const [path, item] of Object.entries(document.paths ?? {})) importPath(work, path, item);
  if (strict && work.warnings.length > 0)
    throw badRequest(`Warnings found during import:\n${work.warnings.map((warning) => `\t${warning}`).join("\n")}`);
  api.warnings = work.warnings.length > 0 ? work.warnings : undefined;
}

function parse(body: Body): OpenApi {
  let document: OpenApi;
  try {
    document = JSON.parse(typeof body === "string" ? body : Buffer.from(body ?? []).toString("utf8"));
  } catch {
    throw badRequest("Invalid OpenAPI input. The local AWS reads OpenAPI documents in JSON only.");
  }
  if (!document.openapi?.startsWith("3.0")) throw badRequest("Unsupported document: the local AWS reads OpenAPI 3.0 only.");
  if (!document.info?.title) throw badRequest("Invalid OpenAPI input. Title is a required field");
  return document;
}

/** Overwriting resets the settings, too: those that the document does not name get their defaults. */
function clear(api: ApiDoc): void {
  const root = newId();
  Object.assign(api, {
    rootId: root,
    description: undefined,
    version: undefined,
    binaryMediaTypes: [],
    minimumCompressionSize: undefined,
    policy: undefined,
    apiKeySource: "HEADER",
    resources: { [root]: { id: root, path: "/", methods: {} } },
    models: defaultModels(),
    validators: {},
    authorizers: {},
    gatewayResponses: {},
  });
}

function importSettings({ api, document }: Import): void {
  const { info, servers } = document;
  api.name = info?.title ?? api.name;
  api.description = info?.description ?? api.description;
  api.version = info?.version ?? api.version;
  const types = document["x-amazon-apigateway-binary-media-types"] as string[] | undefined;
  if (types) api.binaryMediaTypes = [...types];
  api.minimumCompressionSize =
    (document["x-amazon-apigateway-minimum-compression-size"] as number | undefined) ?? api.minimumCompressionSize;
  api.apiKeySource = (document["x-amazon-apigateway-api-key-source"] as ApiKeySourceType | undefined) ?? api.apiKeySource;
  const policy = document["x-amazon-apigateway-policy"];
  if (policy) api.policy = JSON.stringify(policy);
  for (const server of servers ?? []) {
    const endpoint = server["x-amazon-apigateway-endpoint-configuration"] as
      | { types?: EndpointType[]; disableExecuteApiEndpoint?: boolean }
      | undefined;
    if (endpoint?.types?.[0]) api.endpointType = endpoint.types[0];
    if (endpoint?.disableExecuteApiEndpoint !== undefined) api.disableExecuteApiEndpoint = endpoint.disableExecuteApiEndpoint;
  }
}

function importParts({ api, document, warnings }: Import): void {
  const validators = (document["x-amazon-apigateway-request-validators"] ?? {}) as Record<
    string,
    { validateRequestBody?: boolean; validateRequestParameters?: boolean }
  >;
  for (const [name, given] of Object.entries(validators)) {
    const id = Object.values(api.validators).find((one) => one.name === name)?.id ?? newResourceId();
    api.validators[id] = {
      id,
      name,
      validateRequestBody: given.validateRequestBody ?? false,
      validateRequestParameters: given.validateRequestParameters ?? false,
    };
  }
  const responses = (document["x-amazon-apigateway-gateway-responses"] ?? {}) as Record<string, { statusCode?: string | number }>;
  for (const [type, given] of Object.entries(responses)) {
    if (!(type in STATUS)) warnings.push(`Unknown gateway response type '${type}' is ignored`);
    else api.gatewayResponses[type] = gatewayResponse(type as ResponseType, { ...given, statusCode: given.statusCode?.toString() });
  }
  for (const [name, scheme] of Object.entries(document.components?.securitySchemes ?? {})) {
    const given = scheme["x-amazon-apigateway-authorizer"];
    if (!given) continue;
    const id = Object.values(api.authorizers).find((one) => one.name === name)?.id ?? newId();
    const type = String(given.type ?? "token").toUpperCase() as AuthorizerType;
    const identitySource = type === "TOKEN" && !given.identitySource ? `method.request.header.${scheme.name}` : given.identitySource;
    const authType = scheme["x-amazon-apigateway-authtype"];
    api.authorizers[id] = newAuthorizer({ ...given, id, name, type, authType, identitySource: identitySource as string | undefined });
  }
}

const VERBS = ["get", "put", "post", "delete", "options", "head", "patch"];
function importPath(work: Import, path: string, item: PathItem): void {
  if (!path.startsWith("/")) throw badRequest(`Invalid path '${path}': paths must start with '/'`);
  const { api, children } = work;
  let at = api.resources[api.rootId];
  for (const part of path.split("/").filter(Boolean))
    at = children.get(at?.id ?? "")?.get(part) ?? addResource(api, children, at?.id, part);
  if (!at) return;
  const resource = at;
  const add = (verb: string, operation: Operation): void => {
    const method: Method = methodOf(work, resource, verb, operation, (item.parameters ?? []) as unknown[]);
    resource.methods[verb] = method;
  };
  for (const [key, operation] of Object.entries(item)) {
    if (VERBS.includes(key)) add(key.toUpperCase(), operation as Operation);
    else if (key === "x-amazon-apigateway-any-method") add("ANY", operation as Operation);
    else if (!/^(parameters|summary|description|x-)/.test(key))
      work.warnings.push(`Unsupported member '${key}' of path ${path} is ignored`);
  }
}
