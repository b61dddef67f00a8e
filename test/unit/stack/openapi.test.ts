import AjvDraft4 from "ajv-draft-04";
import { expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../../handlers/contract/error-codes.ts";
import { ROUTES } from "../../../handlers/contract/routes.ts";
import { deployedApi, openApiDocument } from "../../../src/stack/openapi.ts";
import { configOf, place } from "./config.ts";

interface Operation {
  readonly security?: readonly Record<string, unknown>[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object; readonly example?: unknown }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object; readonly example?: unknown }> }>;
  readonly [extension: `x-${string}`]: Record<string, unknown>;
}
const deployed = (api: object = {}) => deployedApi(configOf({ api }), place);
const operation = (paths: object, path: string, method: string) =>
  (paths as Record<string, Record<string, Operation>>)[path]?.[method] as Operation;

test("the same configuration gives the same document and hash; another gives another", () => {
  expect(JSON.stringify(deployed().document)).toBe(JSON.stringify(deployed().document));
  expect(deployed().document.info.description).toContain(`(document ${deployed().hash})`);
  const hashes = [{}, { auth: "iam" }, { auth: "none" }, { corsOrigins: ["https://a.example"] }].map((api) => deployed(api).hash);
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("every route exists, calls its function's alias, and needs authorization", () => {
  const { document, methods } = deployed();
  for (const route of ROUTES) {
    const { security, ...op } = operation(document.paths, route.path, route.method.toLowerCase());
    expect(security).toEqual([{ api_key: [] }]);
    expect(op["x-amazon-apigateway-integration"]).toMatchObject({ type: "aws_proxy", httpMethod: "POST" });
    expect(op["x-amazon-apigateway-integration"]?.uri).toContain(`:function:fleetlogix-${route.function}:live/invocations`);
    expect(methods[`${route.method} ${route.path}`]).toMatchObject({ authorization: "NONE", apiKey: true });
  }
  expect(Object.keys(methods)).toHaveLength(ROUTES.length);
  expect(deployed({ auth: "iam" }).methods["POST /delivery"]).toMatchObject({ authorization: "AWS_IAM", apiKey: false });
});

test("API Gateway requires a JSON object, and the functions check its fields", () => {
  const { document } = deployed();
  expect((document.components as { schemas: unknown }).schemas).toEqual({ JsonObject: { type: "object" } });
  expect(document["x-amazon-apigateway-request-validators"]).toEqual({
    all: { validateRequestBody: true, validateRequestParameters: true },
  });
});

test("API Gateway's own errors have the form of the functions' errors", () => {
  const responses = deployed().document["x-amazon-apigateway-gateway-responses"] as Record<
    string,
    { responseTemplates: Record<string, string>; statusCode?: string; responseParameters?: object }
  >;
  for (const [type, { responseTemplates, statusCode }] of Object.entries(responses)) {
    const text = (responseTemplates["application/json"] ?? "").replace("$context.error.messageString", '"x"');
    const { error } = JSON.parse(text) as { error: { code: ErrorCode } };
    expect([type, error]).toEqual([
      type,
      expect.objectContaining({ code: expect.any(String), message: expect.any(String), request_id: "$context.requestId" }),
    ]);
    // The error code, and the status that the documentation has for it.
    expect([type, Number(statusCode)]).toEqual([type, ERROR_CODES[error.code].status]);
  }
  expect(responses.THROTTLED).toMatchObject({ statusCode: "429", responseParameters: { "gatewayresponse.header.Retry-After": "'1'" } });
  expect(responses.INVALID_API_KEY?.statusCode).toBe("403");
});

test("CORS is off by default; one origin is answered as it is, and one of several is selected", () => {
  expect(JSON.stringify(deployed().document)).not.toContain("Access-Control");
  const one = JSON.stringify(deployed({ corsOrigins: ["https://a.example"] }).document);
  expect(one).toContain('"method.response.header.Access-Control-Allow-Origin":"\'https://a.example\'"');
  const { document, methods } = deployed({ corsOrigins: ["https://a.example", "https://b.example"] });
  expect(JSON.stringify(document)).toContain("responseOverride");
  expect(operation(document.paths, "/vehicle/{vehicle_id}", "options").security).toBeUndefined();
  expect(methods["OPTIONS /vehicle/{vehicle_id}"]).toEqual({ authorization: "NONE", apiKey: false, integration: undefined });
});

test("the documentation's examples match its schemas", () => {
  const document = openApiDocument({ for: "docs" });
  const ajv = new AjvDraft4.default({ strict: false, validateFormats: false });
  for (const route of ROUTES) {
    const { requestBody, responses } = operation(document.paths, route.path, route.method.toLowerCase());
    for (const content of [requestBody?.content, responses["200"]?.content]) {
      const { schema, example } = content?.["application/json"] ?? {};
      if (!schema) continue;
      const validate = ajv.compile({ ...schema, components: document.components });
      expect([route.operationId, validate(example), validate.errors]).toEqual([route.operationId, true, null]);
    }
    expect(Object.keys(responses)).toEqual(["200", ...route.errors.map(String)]);
  }
});
