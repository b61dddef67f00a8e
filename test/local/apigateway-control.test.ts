import { APIGateway } from "@aws-sdk/client-api-gateway";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
beforeAll(async () => {
  aws = await localAws();
  gateway = aws.client(APIGateway);
});
afterAll(() => aws.close());

async function apiWithMethod(name: string): Promise<{ restApiId: string; resourceId: string }> {
  const { id, rootResourceId } = await gateway.createRestApi({ name });
  const at = { restApiId: id as string, resourceId: rootResourceId as string };
  await gateway.putMethod({ ...at, httpMethod: "GET", authorizationType: "NONE" });
  await gateway.putIntegration({ ...at, httpMethod: "GET", type: "MOCK" });
  return at;
}
const replace = (path: string, value: string) => ({ op: "replace" as const, path, value });

test("APIs: names may repeat, ids are unique; lists are paged; an unknown patch path is named in the error", async () => {
  const [one, two] = [await gateway.createRestApi({ name: "Twin", tags: { a: "1" } }), await gateway.createRestApi({ name: "Twin" })];
  expect(one.id).toMatch(/^[a-z0-9]{10}$/);
  expect(one).toMatchObject({
    apiKeySource: "HEADER",
    endpointConfiguration: { types: ["EDGE"] },
    tags: { a: "1" },
    createdDate: expect.any(Date),
  });
  const names: unknown[] = [];
  for (let position: string | undefined; ; ) {
    const page = await gateway.getRestApis({ limit: 1, ...(position ? { position } : {}) });
    names.push(...(page.items ?? []).map((api) => api.id));
    position = page.position;
    if (!position) break;
  }
  expect(names).toEqual([one.id, two.id]);
  const patchOperations = [replace("/name", "Other"), { op: "add" as const, path: "/binaryMediaTypes/image~1png" }];
  expect(await gateway.updateRestApi({ restApiId: one.id, patchOperations })).toMatchObject({
    name: "Other",
    binaryMediaTypes: ["image/png"],
  });
  await expect(gateway.updateRestApi({ restApiId: one.id, patchOperations: [replace("/nome", "x")] })).rejects.toMatchObject({
    name: "BadRequestException",
    message: expect.stringContaining("Invalid patch path  '/nome' specified for op 'replace'. Must be one of: [/name, "),
  });
  for (const api of [one, two]) await gateway.deleteRestApi({ restApiId: api.id });
  await expect(gateway.getRestApi({ restApiId: one.id })).rejects.toMatchObject({
    name: "NotFoundException",
    message: `Invalid API identifier specified 000000000000:${one.id}`,
    $metadata: { httpStatusCode: 404 },
  });
});

test("resources, methods and their parts are created, read, updated and deleted", async () => {
  const { restApiId, resourceId: parentId } = await apiWithMethod("Parts");
  const { id: resourceId = "" } = await gateway.createResource({ restApiId, parentId, pathPart: "things" });
  const { id: child = "" } = await gateway.createResource({ restApiId, parentId: resourceId, pathPart: "{id}" });
  const refused = (pathPart: string) => expect(gateway.createResource({ restApiId, parentId: resourceId, pathPart })).rejects;
  await refused("{id}").toMatchObject({
    name: "ConflictException",
    message: "Another resource with the same parent already has this name: {id}",
  });
  await refused("{other}").toMatchObject({ name: "BadRequestException" });
  await refused("a b").toMatchObject({ name: "BadRequestException" });
  const model = await gateway.createModel({ restApiId, name: "Thing", contentType: "application/json", schema: '{"type":"object"}' });
  const validator = await gateway.createRequestValidator({ restApiId, name: "body", validateRequestBody: true });
  const method = { restApiId, resourceId: child, httpMethod: "PUT" };
  await gateway.putMethod({
    ...method,
    authorizationType: "NONE",
    apiKeyRequired: true,
    requestValidatorId: validator.id,
    requestModels: { "application/json": model.name as string },
    requestParameters: { "method.request.path.id": true },
  });
  await expect(gateway.putMethod({ ...method, authorizationType: "NONE" })).rejects.toMatchObject({ name: "ConflictException" });
  await gateway.putIntegration({ ...method, type: "MOCK", requestTemplates: { "application/json": '{"statusCode":200}' } });
  await gateway.putMethodResponse({ ...method, statusCode: "200", responseParameters: { "method.response.header.X": false } });
  await gateway.putIntegrationResponse({ ...method, statusCode: "200", responseParameters: { "method.response.header.X": "'1'" } });
  await gateway.updateIntegrationResponse({
    ...method,
    statusCode: "200",
    patchOperations: [replace("/responseParameters/method.response.header.X", "'2'")],
  });
  await gateway.updateMethod({ ...method, patchOperations: [replace("/apiKeyRequired", "false")] });
  await gateway.updateResource({ restApiId, resourceId, patchOperations: [replace("/pathPart", "items")] });
  const { items } = await gateway.getResources({ restApiId, embed: ["methods"] });
  expect(items?.map((resource) => resource.path)).toEqual(["/", "/items", "/items/{id}"]);
  expect(items?.[2]?.resourceMethods?.PUT).toMatchObject({
    apiKeyRequired: false,
    requestParameters: { "method.request.path.id": true },
    methodIntegration: {
      type: "MOCK",
      passthroughBehavior: "WHEN_NO_MATCH",
      timeoutInMillis: 29_000,
      cacheNamespace: child,
      integrationResponses: { 200: { responseParameters: { "method.response.header.X": "'2'" } } },
    },
  });
  await expect(gateway.deleteModel({ restApiId, modelName: "Thing" })).rejects.toMatchObject({ name: "ConflictException" });
  await gateway.deleteResource({ restApiId, resourceId });
  await expect(gateway.getResource({ restApiId, resourceId: child })).rejects.toMatchObject({
    message: "Invalid Resource identifier specified",
  });
  expect((await gateway.putGatewayResponse({ restApiId, responseType: "THROTTLED" })).statusCode).toBe("429");
  expect((await gateway.getGatewayResponses({ restApiId, limit: 500 })).items?.filter((one) => !one.defaultResponse)).toHaveLength(1);
});

test("deployments and stages are created and deleted in the order that AWS requires", async () => {
  const { id: empty } = await gateway.createRestApi({ name: "Empty" });
  await expect(gateway.createDeployment({ restApiId: empty })).rejects.toMatchObject({
    message: "The REST API doesn't contain any methods",
  });
  const { restApiId } = await apiWithMethod("Staged");
  const first = await gateway.createDeployment({ restApiId, stageName: "prod", description: "one" });
  // Recorded: the summary comes only from GetDeployment, when it is asked for.
  expect(first.apiSummary).toBeUndefined();
  const summed = await gateway.getDeployment({ restApiId, deploymentId: first.id, embed: ["apisummary"] });
  expect(summed.apiSummary).toEqual({ "/": { GET: { authorizationType: "NONE", apiKeyRequired: false } } });
  const second = await gateway.createDeployment({ restApiId });
  await expect(gateway.deleteDeployment({ restApiId, deploymentId: first.id })).rejects.toMatchObject({
    name: "BadRequestException",
    message: "Active stages pointing to this deployment must be moved or deleted",
  });
  const patchOperations = [
    replace("/deploymentId", second.id as string),
    replace("/variables/colour", "red"),
    replace("/*/*/throttling/rateLimit", "50"),
    replace("/~1/GET/metrics/enabled", "true"),
    replace("/tracingEnabled", "true"),
  ];
  const stage = await gateway.updateStage({ restApiId, stageName: "prod", patchOperations });
  expect(stage).toMatchObject({ deploymentId: second.id, variables: { colour: "red" }, tracingEnabled: true });
  expect(stage.methodSettings?.["*/*"]).toMatchObject({ throttlingRateLimit: 50, metricsEnabled: false });
  expect(stage.methodSettings?.["~1/GET"]).toMatchObject({ metricsEnabled: true });
  await expect(
    gateway.updateStage({ restApiId, stageName: "prod", patchOperations: [{ op: "remove", path: "/~1x/GET" }] }),
  ).rejects.toMatchObject({ name: "BadRequestException" });
  await gateway.deleteDeployment({ restApiId, deploymentId: first.id });
  await expect(gateway.createStage({ restApiId, stageName: "prod", deploymentId: second.id })).rejects.toMatchObject({
    name: "ConflictException",
  });
  expect((await gateway.getStages({ restApiId, deploymentId: second.id })).item?.map((one) => one.stageName)).toEqual(["prod"]);
});

test("API keys and usage plans are created, linked and deleted", async () => {
  const { restApiId } = await apiWithMethod("Planned");
  await gateway.createDeployment({ restApiId, stageName: "prod" });
  await expect(gateway.createApiKey({ name: "short", value: "abc" })).rejects.toMatchObject({
    message: "API Key value should be at least 20 characters",
  });
  const value = "abcdefghijklmnopqrstuvwxyz";
  const key = await gateway.createApiKey({ name: "k", value, enabled: true, tags: { a: "1" } });
  await expect(gateway.createApiKey({ name: "again", value })).rejects.toMatchObject({ name: "ConflictException" });
  expect((await gateway.getApiKey({ apiKey: key.id })).value).toBeUndefined();
  expect((await gateway.getApiKeys({ nameQuery: "k", includeValues: true })).items).toMatchObject([{ id: key.id, value }]);
  const plan = await gateway.createUsagePlan({ name: "p", throttle: { rateLimit: 50, burstLimit: 100 } });
  const usagePlanId = plan.id as string;
  const stage = `${restApiId}:prod`;
  await expect(
    gateway.updateUsagePlan({ usagePlanId, patchOperations: [{ op: "add", path: "/apiStages", value: `${restApiId}:nope` }] }),
  ).rejects.toMatchObject({ name: "NotFoundException" });
  await gateway.updateUsagePlan({ usagePlanId, patchOperations: [{ op: "add", path: "/apiStages", value: stage }] });
  await gateway.createUsagePlanKey({ usagePlanId, keyId: key.id, keyType: "API_KEY" });
  await expect(gateway.deleteUsagePlan({ usagePlanId })).rejects.toMatchObject({
    name: "BadRequestException",
    message: `Cannot delete Usage Plan '${usagePlanId}' because there are API Stages associated with it.`,
  });
  expect((await gateway.getUsagePlans({ keyId: key.id })).items?.map((one) => one.id)).toEqual([usagePlanId]);
  const arn = `arn:aws:apigateway:us-east-1::/usageplans/${usagePlanId}`;
  await gateway.tagResource({ resourceArn: arn, tags: { b: "2" } });
  expect((await gateway.getTags({ resourceArn: arn })).tags).toEqual({ b: "2" });
  await gateway.updateUsagePlan({ usagePlanId, patchOperations: [{ op: "remove", path: "/apiStages", value: stage }] });
  await gateway.deleteUsagePlan({ usagePlanId });
  await gateway.deleteApiKey({ apiKey: key.id });
  await expect(gateway.getApiKey({ apiKey: key.id })).rejects.toMatchObject({ message: "Invalid API Key identifier specified" });
});

const document = (more: object = {}, paths: object = { "/a": { get: { "x-amazon-apigateway-integration": { type: "mock" } } } }) =>
  Buffer.from(JSON.stringify({ openapi: "3.0.1", info: { title: "Imported", version: "1" }, paths, ...more }));

test("an import overwrites or merges; with failOnWarnings a warning fails it and changes nothing", async () => {
  const { id: restApiId = "" } = await gateway.importRestApi({
    body: document({ "x-amazon-apigateway-binary-media-types": ["image/png"] }),
    parameters: { endpointConfigurationTypes: "REGIONAL" },
  });
  const paths = async () => (await gateway.getResources({ restApiId })).items?.map((resource) => resource.path);
  const put = (mode: "merge" | "overwrite", body: Uint8Array, failOnWarnings = false) =>
    gateway.putRestApi({ restApiId, mode, body, failOnWarnings });
  await put("merge", document({}, { "/b": { get: { "x-amazon-apigateway-integration": { type: "mock" } } } }));
  expect(await paths()).toEqual(["/", "/a", "/b"]);
  expect((await gateway.getRestApi({ restApiId })).binaryMediaTypes).toEqual(["image/png"]);
  const loose = document({ security: [{ api_key: [] }] }, { "/c": { get: {} } });
  await expect(put("overwrite", loose, true)).rejects.toMatchObject({
    name: "BadRequestException",
    message: expect.stringContaining("Warnings found during import"),
  });
  expect(await paths()).toEqual(["/", "/a", "/b"]);
  expect((await put("overwrite", loose)).warnings).toHaveLength(2);
  expect(await paths()).toEqual(["/", "/c"]);
  const after = await gateway.getRestApi({ restApiId });
  expect(after.binaryMediaTypes).toBeUndefined();
  expect(after.endpointConfiguration?.types).toEqual(["REGIONAL"]);
  await expect(put("overwrite", Buffer.from("openapi: 3.0.1"))).rejects.toMatchObject({ name: "BadRequestException" });
});

test("an export can be imported again", async () => {
  const schema = { type: "object", required: ["id"], properties: { id: { $ref: "#/components/schemas/Id" } } };
  const body = document(
    { components: { schemas: { Id: { type: "string" }, Thing: schema } } },
    {
      "/a": {
        post: {
          requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
          "x-amazon-apigateway-integration": { type: "mock" },
        },
      },
    },
  );
  const { id: restApiId = "" } = await gateway.importRestApi({ body });
  await gateway.createDeployment({ restApiId, stageName: "prod" });
  const exported = await gateway.getExport({ restApiId, stageName: "prod", exportType: "oas30", parameters: { extensions: "apigateway" } });
  const text = exported.body?.transformToString() ?? "";
  expect(JSON.parse(text)).toMatchObject({
    paths: { "/a": { post: { "x-amazon-apigateway-integration": { type: "mock" } } } },
    components: { schemas: { Thing: schema } },
  });
  expect((await gateway.importRestApi({ body: Buffer.from(text), failOnWarnings: true })).name).toBe("Imported");
});

test("with AWS's rate limits, DeleteRestApi succeeds once in thirty seconds", async () => {
  const clock = virtualClock();
  const strict = await localAws({ clock, settings: { realism: true } });
  try {
    const client = strict.client(APIGateway);
    const make = async () => {
      clock.advance(30_000);
      return (await client.createRestApi({ name: "x" })).id;
    };
    const [one, two] = [await make(), await make()];
    await client.deleteRestApi({ restApiId: one });
    await expect(client.deleteRestApi({ restApiId: two })).rejects.toMatchObject({
      name: "TooManyRequestsException",
      retryAfterSeconds: "30",
      $metadata: { httpStatusCode: 429 },
    });
    clock.advance(30_000);
    await client.deleteRestApi({ restApiId: two });
  } finally {
    await strict.close();
  }
});
