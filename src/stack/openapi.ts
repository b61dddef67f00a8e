import { createHash } from "node:crypto";
import * as z from "zod";
import { errorAnswer } from "../../handlers/contract/answers.ts";
import { ERROR_CODES, type ErrorStatus } from "../../handlers/contract/error-codes.ts";
import { type ApiRoute, ROUTES } from "../../handlers/contract/routes.ts";
import type { Config, FunctionName } from "../config/config.ts";
import { defined } from "../defined.ts";
import type { AwsLocation } from "../engine/contract.ts";
import type { MethodSpec } from "../resources/index.ts";
import { preflight } from "./cors.ts";
import { gatewayResponses } from "./gateway-responses.ts";
import { naming } from "./naming.ts";

/** `deployment`: the document that API Gateway imports. `docs`: the document for people and client generators. */
export type DocumentUse = { readonly for: "docs" } | { readonly for: "deployment"; readonly config: Config; readonly place: AwsLocation };
export interface OpenApiDocument {
  readonly openapi: "3.0.1";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [more: string]: unknown;
}
export interface DeployedApi {
  readonly document: OpenApiDocument;
  readonly hash: string;
  /** Settings of each method that are compared with the live API. */
  readonly methods: Readonly<Record<string, MethodSpec>>;
}

const DESCRIPTION = "Deliveries, arrival times and route deviations of a delivery fleet.";
const VERSION = "1.0";
/** API Gateway's maximum. The function's own time limit is shorter, so a slow function answers with its own error. */
const TIMEOUT_MS = 29_000;
type SecurityScheme = { readonly name: string; readonly definition: object };

/**
 * The API as an OpenAPI document. Both uses are made from the same routes. The deployed document requires a JSON object only: the
 * functions check every field and name each wrong field, which API Gateway cannot.
 */
export function openApiDocument(use: DocumentUse): OpenApiDocument {
  return use.for === "docs" ? documentation() : deployedApi(use.config, use.place).document;
}

/** The document for API Gateway, and its hash, by which the deployed document is compared. */
export function deployedApi(config: Config, place: AwsLocation): DeployedApi {
  const names = naming(config, place);
  const uri = (fn: FunctionName) =>
    `arn:${place.partition}:apigateway:${place.region}:lambda:path/2015-03-31/functions/${names.aliasArn(fn)}/invocations`;
  const scheme = securityOf(config.api.auth);
  const draft = deployment(config, scheme, uri);
  const hash = createHash("sha256").update(JSON.stringify(draft)).digest("hex").slice(0, 16);
  const document = { ...draft, info: { ...draft.info, description: `${DESCRIPTION} (document ${hash})` } };
  const authorization = config.api.auth === "iam" ? "AWS_IAM" : "NONE";
  const calls = (fn: string) => ({ uri: fn, timeoutMs: TIMEOUT_MS, validated: true });
  const methods: Record<string, MethodSpec> = Object.fromEntries(
    ROUTES.map((route) => [
      `${route.method} ${route.path}`,
      { authorization, apiKey: config.api.auth === "apiKey", integration: calls(uri(route.function)) },
    ]),
  );
  if (config.api.corsOrigins.length > 0)
    for (const path of Object.keys(draft.paths))
      methods[`OPTIONS ${path}`] = { authorization: "NONE", apiKey: false, integration: undefined };
  return { document, hash, methods };
}

function deployment(config: Config, scheme: SecurityScheme | undefined, uri: (fn: FunctionName) => string): OpenApiDocument {
  const { corsOrigins } = config.api;
  const operation = (route: ApiRoute) => ({
    operationId: route.operationId,
    // Without descriptions: API Gateway would create documentation parts from them.
    parameters: parametersOf(route).map(({ name, in: place, required }) => ({ name, in: place, required, schema: { type: "string" } })),
    ...defined({ requestBody: route.request && bodyOf({ $ref: "#/components/schemas/JsonObject" }) }),
    responses: { "200": { description: "OK" } },
    ...defined({ security: scheme && [{ [scheme.name]: [] }] }),
    "x-amazon-apigateway-integration": {
      type: "aws_proxy",
      httpMethod: "POST",
      uri: uri(route.function),
      passthroughBehavior: "when_no_match",
      timeoutInMillis: TIMEOUT_MS,
    },
  });
  const preflights = (routes: readonly ApiRoute[]) => (corsOrigins.length === 0 ? {} : { options: preflightOf(routes, corsOrigins) });
  return {
    openapi: "3.0.1",
    info: { title: config.api.name, version: VERSION, description: DESCRIPTION },
    paths: byPath((routes) => ({ ...operationsOf(routes, operation), ...preflights(routes) })),
    components: {
      schemas: { JsonObject: { type: "object" } },
      ...defined({ securitySchemes: scheme && { [scheme.name]: scheme.definition } }),
    },
    "x-amazon-apigateway-api-key-source": "HEADER",
    "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-gateway-responses": gatewayResponses(config),
  };
}
/** A preflight operation needs the parameters of its path, too. */
function preflightOf(routes: readonly ApiRoute[], origins: readonly string[]): object {
  const [first] = routes;
  const parameters = (first?.pathParameters ?? []).map(({ name }) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  return {
    ...defined({ parameters: parameters.length > 0 ? parameters : undefined }),
    ...preflight(
      routes.map((r) => r.method),
      origins,
    ),
  };
}

function securityOf(auth: Config["api"]["auth"]): SecurityScheme | undefined {
  if (auth === "apiKey") return { name: "api_key", definition: { type: "apiKey", name: "x-api-key", in: "header" } };
  if (auth === "none") return undefined;
  return {
    name: "sigv4",
    definition: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
  };
}

function documentation(): OpenApiDocument {
  const scheme = securityOf("apiKey");
  const operation = (route: ApiRoute) => ({
    operationId: route.operationId,
    summary: route.summary,
    description: route.description,
    parameters: parametersOf(route).map(({ zod, ...parameter }) => ({ ...parameter, schema: schemaOf(zod, "input") })),
    ...defined({ requestBody: route.request && bodyOf(requestOf(route), route.example.request) }),
    responses: {
      "200": { description: "Done.", ...contentOf(responseOf(route), route.example.response) },
      ...Object.fromEntries(route.errors.map((status) => [String(status), errorResponse(status)])),
    },
    ...defined({ security: scheme && [{ [scheme.name]: [] }] }),
  });
  return {
    openapi: "3.0.1",
    info: { title: "FleetLogix API", version: VERSION, description: DESCRIPTION },
    paths: byPath((routes) => operationsOf(routes, operation)),
    components: {
      schemas: { Error: schemaOf(errorAnswer, "output"), ...Object.assign({}, ...ROUTES.map(schemasOf)) },
      ...defined({ securitySchemes: scheme && { [scheme.name]: scheme.definition } }),
    },
  };
}
/** `PostDeliveryRequest` and the like. */
export const schemaName = ({ operationId }: Pick<ApiRoute, "operationId">, part: string): string =>
  `${operationId.slice(0, 1).toUpperCase()}${operationId.slice(1)}${part}`;
const refTo = (route: ApiRoute, part: string): object => ({ $ref: `#/components/schemas/${schemaName(route, part)}` });
const requestOf = (route: ApiRoute): object =>
  route.batchResponse ? { anyOf: [refTo(route, "Request"), refTo(route, "Batch")] } : refTo(route, "Request");
const responseOf = (route: ApiRoute): object =>
  route.batchResponse ? { anyOf: [refTo(route, "Response"), refTo(route, "BatchResponse")] } : refTo(route, "Response");

function schemasOf(route: ApiRoute): Readonly<Record<string, object>> {
  return {
    ...(route.request ? { [schemaName(route, "Request")]: schemaOf(route.request, "input") } : {}),
    [schemaName(route, "Response")]: schemaOf(route.response, "output"),
    ...(route.batchResponse ? batchSchemasOf(route, route.batchResponse) : {}),
  };
}
function batchSchemasOf(route: ApiRoute, response: NonNullable<ApiRoute["batchResponse"]>): Readonly<Record<string, object>> {
  const events = {
    type: "array",
    description: "Processed in order of time, answered in the order sent.",
    minItems: 1,
    maxItems: 500,
    items: refTo(route, "Request"),
  };
  return {
    [schemaName(route, "Batch")]: { type: "object", properties: { events }, required: ["events"], additionalProperties: false },
    [schemaName(route, "BatchResponse")]: schemaOf(response, "output"),
  };
}
function errorResponse(status: ErrorStatus): object {
  const codes = Object.entries(ERROR_CODES).filter(([, code]) => code.status === status);
  return {
    description: codes.map(([code, { means }]) => `\`${code}\`: ${means}`).join(" "),
    ...contentOf({ $ref: "#/components/schemas/Error" }),
  };
}

/** Paths in the order of the routes, so that every run makes the same document. */
function byPath<Item>(item: (routes: readonly ApiRoute[]) => Item): Readonly<Record<string, Item>> {
  const paths = [...new Set(ROUTES.map((route) => route.path))];
  return Object.fromEntries(paths.map((path) => [path, item(ROUTES.filter((route) => route.path === path))]));
}
const operationsOf = (routes: readonly ApiRoute[], operation: (route: ApiRoute) => object): Record<string, object> =>
  Object.fromEntries(routes.map((route) => [route.method.toLowerCase(), operation(route)]));

const parametersOf = ({ pathParameters, queryParameters }: ApiRoute) => [
  ...pathParameters.map(({ name, description, schema }) => ({ name, in: "path", description, required: true, zod: schema })),
  ...queryParameters.map(({ name, description, schema }) => ({ name, in: "query", description, required: false, zod: schema })),
];
const contentOf = (schema: object, example?: unknown) => ({
  content: { "application/json": defined({ schema, example }) },
});
const bodyOf = (schema: object, example?: unknown) => ({ required: true, ...contentOf(schema, example) });
const schemaOf = (schema: z.core.$ZodType, io: "input" | "output"): object =>
  z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io,
    unrepresentable: "any",
    // `nullable` does not add null to an enum: OpenAPI 3.0.3 requires it among the values.
    override: ({ jsonSchema }) => {
      if (jsonSchema.nullable !== true) return;
      if (jsonSchema.enum && !jsonSchema.enum.includes(null)) jsonSchema.enum = [...jsonSchema.enum, null];
      const [first] = jsonSchema.anyOf ?? [];
      if (jsonSchema.type !== undefined || typeof first !== "object") return;
      // `nullable` is valid beside `type` only, so it moves to the first alternative.
      first.nullable = true;
      delete jsonSchema.nullable;
    },
  });
