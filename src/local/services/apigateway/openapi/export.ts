import type { GetExportCommandInput, GetExportCommandOutput, Integration, Method } from "@aws-sdk/client-api-gateway";
import type { Call, Operations, Result } from "../../../core/service.ts";
import { modelUrl } from "../control/models.ts";
import { type ApiDoc, badRequest, type Gateway, requireApi, requireDeployment, requireStage } from "../state.ts";

export function exportOperations(gateway: Gateway): Operations {
  return { GetExport: (input: GetExportCommandInput, call) => exported(gateway, input, call) };
}

function exported(gateway: Gateway, input: GetExportCommandInput, call: Call): Result<GetExportCommandOutput> {
  requireApi(gateway, input.restApiId, call);
  if (input.exportType !== "oas30") throw badRequest("The local AWS exports oas30 only.");
  if (input.accepts && input.accepts !== "application/json") throw badRequest("The local AWS exports application/json only.");
  const stage = requireStage(gateway, input.restApiId, input.stageName, call);
  const { snapshot } = requireDeployment(gateway, stage.apiId, stage.deploymentId, call);
  const extensions = input.parameters?.extensions ?? "";
  const document = documentOf(snapshot, stage.name, /integrations|apigateway/.test(extensions), gateway.env.endpoint());
  return {
    contentType: "application/octet-stream",
    contentDisposition: `attachment; filename="oas30_${new Date(gateway.env.clock.now()).toISOString()}.json"`,
    body: Buffer.from(JSON.stringify(document, null, 2)) as never,
  };
}

function documentOf(api: ApiDoc, stage: string, extensions: boolean, endpoint: string): object {
  const used = Object.values(api.resources).filter((resource) => Object.keys(resource.methods).length > 0);
  const schemas = Object.values(api.models).map((model) => [model.name, schemaOf(api, model.schema)]);
  return {
    openapi: "3.0.1",
    info: {
      title: api.name,
      ...(api.description ? { description: api.description } : {}),
      version: api.version ?? new Date(api.createdAt).toISOString(),
    },
    servers: [{ url: `${endpoint}/restapis/${api.id}/${stage}/_user_request_` }],
    paths: Object.fromEntries(
      used.map((resource) => [
        resource.path,
        Object.fromEntries(Object.entries(resource.methods).map(([verb, method]) => [memberOf(verb), operationOf(method, extensions)])),
      ]),
    ),
    components: {
      schemas: Object.fromEntries(schemas),
      securitySchemes: {
        api_key: { type: "apiKey", name: "x-api-key", in: "header" },
        sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
      },
    },
  };
}
const memberOf = (verb: string): string => (verb === "ANY" ? "x-amazon-apigateway-any-method" : verb.toLowerCase());
const schemaOf = (api: ApiDoc, text = "{}"): object => JSON.parse(text.replaceAll(modelUrl(api.id, ""), "#/components/schemas/"));
const reference = (name: string): object => ({ schema: { $ref: `#/components/schemas/${name}` } });
const mapped = <T>(members: Readonly<Record<string, T>> | undefined, map: (value: T) => unknown): object =>
  Object.fromEntries(Object.entries(members ?? {}).map(([key, value]) => [key, map(value)]));

function operationOf(method: Method, extensions: boolean): object {
  const parameters = Object.entries(method.requestParameters ?? {}).map(([key, required]) => {
    const [, , place = "", ...name] = key.split(".");
    return { name: name.join("."), in: place === "querystring" ? "query" : place, required, schema: { type: "string" } };
  });
  const security = [
    ...(method.apiKeyRequired ? [{ api_key: [] }] : []),
    ...(method.authorizationType === "AWS_IAM" ? [{ sigv4: [] }] : []),
  ];
  return {
    ...(method.operationName ? { operationId: method.operationName } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(method.requestModels ? { requestBody: { content: mapped(method.requestModels, reference), required: true } } : {}),
    responses: mapped(method.methodResponses, (response) => ({
      description: `${response.statusCode} response`,
      ...(response.responseModels ? { content: mapped(response.responseModels, reference) } : {}),
    })),
    ...(security.length > 0 ? { security } : {}),
    ...(extensions && method.methodIntegration ? { "x-amazon-apigateway-integration": integrationFor(method.methodIntegration) } : {}),
  };
}
function integrationFor({
  integrationResponses,
  cacheNamespace: _namespace,
  cacheKeyParameters: _keys,
  type,
  ...rest
}: Integration): object {
  const responses = Object.values(integrationResponses ?? {}).map(({ selectionPattern, ...response }) => [
    selectionPattern ?? "default",
    response,
  ]);
  return { ...rest, type: type?.toLowerCase(), ...(responses.length > 0 ? { responses: Object.fromEntries(responses) } : {}) };
}
