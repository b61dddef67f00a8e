import { APIGateway, type PatchOperation } from "@aws-sdk/client-api-gateway";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** Answers that LocalStack's tests recorded from AWS (tests/aws/services/apigateway/test_apigateway_api.snapshot.json). */
let aws: Awaited<ReturnType<typeof localAws>>;
let gateway: APIGateway;
let restApiId: string;
let rootId: string;
beforeAll(async () => {
  aws = await localAws();
  gateway = aws.client(APIGateway);
  const api = await gateway.createRestApi({ name: "recorded" });
  restApiId = api.id as string;
  rootId = api.rootResourceId as string;
});
afterAll(() => aws.close());

const patch = (op: PatchOperation["op"], path: string, value?: string) => ({ patchOperations: [{ op, path, value }] });
const bad = (message: string) => ({ name: "BadRequestException", message });
const absent = (message: string) => ({ name: "NotFoundException", message });
const unsupported = (op: string, path: string) =>
  bad(`Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`);

test("compression has bounds, is only replaced, and ends with an empty value", async () => {
  const bounds = bad("Invalid minimum compression size, must be between 0 and 10485760");
  await expect(gateway.createRestApi({ name: "x", minimumCompressionSize: -1 })).rejects.toMatchObject(bounds);
  const update = (op: PatchOperation["op"], value?: string) =>
    gateway.updateRestApi({ restApiId, ...patch(op, "/minimumCompressionSize", value) });
  await expect(update("replace", "many")).rejects.toMatchObject(bounds);
  await expect(update("add", "10")).rejects.toMatchObject(bad("Invalid patch operation specified. Must be one of: [replace]"));
  expect((await update("replace", "10")).minimumCompressionSize).toBe(10);
  expect((await update("replace", "")).minimumCompressionSize).toBeUndefined();
});

test("a replaced binary media type goes to the end of the list", async () => {
  const update = (...operations: PatchOperation[]) => gateway.updateRestApi({ restApiId, patchOperations: operations });
  await update({ op: "add", path: "/binaryMediaTypes/image~1png" }, { op: "add", path: "/binaryMediaTypes/image~1jpeg" });
  const { binaryMediaTypes } = await update({ op: "replace", path: "/binaryMediaTypes/image~1png", value: "image/gif" });
  expect(binaryMediaTypes).toEqual(["image/jpeg", "image/gif"]);
});

describe("resources", () => {
  test("are only replaced, and not moved in a circle; the root stays where it is", async () => {
    const { id: resourceId = "" } = await gateway.createResource({ restApiId, parentId: rootId, pathPart: "pets" });
    const child = await gateway.createResource({ restApiId, parentId: resourceId, pathPart: "child" });
    const update = (id: string, ...given: Parameters<typeof patch>) =>
      gateway.updateResource({ restApiId, resourceId: id, ...patch(...given) });
    for (const op of ["add", "remove"] as const)
      await expect(update(resourceId, op, "/pathPart", "x")).rejects.toMatchObject(unsupported(op, "/pathPart"));
    await expect(update(resourceId, "replace", "/invalid", "x")).rejects.toMatchObject(
      bad("Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"),
    );
    await expect(update(resourceId, "replace", "/parentId", child.id)).rejects.toMatchObject(bad("Resources cannot be cyclical."));
    await expect(update(rootId, "replace", "/pathPart", "x")).rejects.toMatchObject(bad("Root resource cannot update its pathPart."));
    await expect(update(rootId, "replace", "/parentId", resourceId)).rejects.toMatchObject(
      bad("Root resource cannot update its parentId."),
    );
    expect((await update(resourceId, "replace", "/pathPart", "cats")).path).toBe("/cats");
  });

  test("have one variable child at most, and none below a greedy one", async () => {
    const greedy = await gateway.createResource({ restApiId, parentId: rootId, pathPart: "{proxy+}" });
    await expect(gateway.createResource({ restApiId, parentId: rootId, pathPart: "{one}" })).rejects.toMatchObject(
      bad("A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"),
    );
    await expect(gateway.createResource({ restApiId, parentId: greedy.id, pathPart: "child" })).rejects.toMatchObject(
      bad("Cannot create a child of a resource with a greedy path variable: {proxy+}"),
    );
  });
});

test("a request validator is only replaced; an unknown API is an unknown validator", async () => {
  const { id: requestValidatorId } = await gateway.createRequestValidator({ restApiId, name: "v" });
  const update = (api: string, ...given: Parameters<typeof patch>) =>
    gateway.updateRequestValidator({ restApiId: api, requestValidatorId, ...patch(...given) });
  await expect(update(restApiId, "add", "/validateRequestBody", "true")).rejects.toMatchObject(unsupported("add", "/validateRequestBody"));
  await expect(update(restApiId, "replace", "/other", "true")).rejects.toMatchObject(
    bad(
      "Invalid patch path  '/other' specified for op 'replace'. Must be one of: [/name, /validateRequestParameters, /validateRequestBody]",
    ),
  );
  const unknown = absent("Invalid Request Validator identifier specified");
  await expect(update("none", "replace", "/name", "x")).rejects.toMatchObject(unknown);
  await expect(gateway.getRequestValidator({ restApiId: "none", requestValidatorId })).rejects.toMatchObject(unknown);
  await expect(gateway.createRequestValidator({ restApiId: "none", name: "x" })).rejects.toMatchObject(
    bad("Invalid REST API identifier specified"),
  );
  expect(await update(restApiId, "replace", "/validateRequestBody", "true")).toMatchObject({ validateRequestBody: true });
});

test("a model has a name and a schema, and its last user is named when it is deleted", async () => {
  const create = (name: string, schema = '{"type":"object"}') =>
    gateway.createModel({ restApiId, name, schema, contentType: "application/json", description: "" });
  await expect(create("")).rejects.toMatchObject(bad("Model name must be non-empty"));
  const made = await create("Trip");
  expect(made.description).toBeUndefined();
  const update = (...given: Parameters<typeof patch>) => gateway.updateModel({ restApiId, modelName: "Trip", ...patch(...given) });
  await expect(update("add", "/schema", "{}")).rejects.toMatchObject(unsupported("add", "/schema"));
  await expect(update("replace", "/schema", "")).rejects.toMatchObject(
    bad("Model schema must have at least 1 property or array items defined"),
  );
  await expect(gateway.getModel({ restApiId: "none", modelName: "Trip" })).rejects.toMatchObject(
    absent("Invalid model name specified: Trip"),
  );
  await gateway.putMethod({
    restApiId,
    resourceId: rootId,
    httpMethod: "ANY",
    authorizationType: "NONE",
    requestModels: { "application/json": "Trip" },
  });
  await expect(gateway.deleteModel({ restApiId, modelName: "Trip" })).rejects.toMatchObject({
    name: "ConflictException",
    message: "Cannot delete model 'Trip', is referenced in method request: //ANY",
  });
});

test("emptied models and parameters are left out; an unknown one cannot be removed", async () => {
  const at = { restApiId, resourceId: rootId, httpMethod: "ANY" };
  const model = "/requestModels/application~1json";
  const changed = await gateway.updateMethod({ ...at, ...patch("remove", model) });
  expect(changed.requestModels).toBeUndefined();
  await expect(gateway.updateMethod({ ...at, ...patch("remove", model) })).rejects.toMatchObject(
    absent("Content-Type specified was not found"),
  );
  const response = await gateway.putMethodResponse({ ...at, statusCode: "200", responseModels: {}, responseParameters: {} });
  expect(response).toMatchObject({ responseModels: {}, responseParameters: {} });
  await expect(gateway.getMethod({ ...at, restApiId: "none" })).rejects.toMatchObject(absent("Invalid Resource identifier specified"));
});
