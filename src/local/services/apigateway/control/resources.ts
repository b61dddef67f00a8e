import type {
  CreateResourceCommandInput,
  DeleteResourceCommandInput,
  GetResourceCommandInput,
  GetResourcesCommandInput,
  GetResourcesCommandOutput,
  Resource,
  UpdateResourceCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Operations, Result } from "../../../core/service.ts";
import {
  type ApiDoc,
  apiAt,
  badRequest,
  changeApi,
  conflict,
  defined,
  filled,
  type Gateway,
  newResourceId,
  type ResourceDoc,
  resourceOf,
} from "../state.ts";
import { page } from "./paging.ts";
import { applyPatches, type Rules } from "./patch.ts";

export function resourceOperations(gateway: Gateway): Operations {
  return {
    CreateResource: (input: CreateResourceCommandInput, call): Resource =>
      changeApi(gateway, input.restApiId, call, (api) => describeResource(addResource(api, input.parentId, input.pathPart ?? ""), false)),
    GetResource: (input: GetResourceCommandInput, call): Resource =>
      describeResource(resourceOf(apiAt(gateway, input.restApiId, call), input.resourceId), input.embed?.includes("methods") ?? false),
    GetResources: (input: GetResourcesCommandInput, call): Result<GetResourcesCommandOutput> => {
      const all = Object.values(apiAt(gateway, input.restApiId, call).resources).sort((a, b) => (a.path < b.path ? -1 : 1));
      const { items, position } = page(all, input.position, input.limit);
      const embed = input.embed?.includes("methods") ?? false;
      return defined({ items: items.map((resource) => describeResource(resource, embed)), position });
    },
    UpdateResource: (input: UpdateResourceCommandInput, call): Resource =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const resource = resourceOf(api, input.resourceId);
        if (resource.id === api.rootId) throw badRequest("Root resource cannot be updated");
        applyPatches({ api, resource }, input.patchOperations, RULES);
        renamePaths(api, resource);
        return describeResource(resource, false);
      }),
    DeleteResource: (input: DeleteResourceCommandInput, call) =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const resource = resourceOf(api, input.resourceId);
        if (resource.id === api.rootId) throw badRequest("Root resource cannot be deleted");
        for (const id of descendants(api, resource.id)) delete api.resources[id];
        return {};
      }),
  };
}

/** Adds a resource below its parent, for CreateResource and for imports. */
export function addResource(api: ApiDoc, parentId: string | undefined, pathPart: string): ResourceDoc {
  const parent = resourceOf(api, parentId);
  checkPart(api, parent, pathPart);
  const id = newResourceId();
  const resource: ResourceDoc = { id, parentId: parent.id, pathPart, path: joined(parent, pathPart), methods: {} };
  api.resources[id] = resource;
  return resource;
}
const joined = (parent: ResourceDoc, pathPart: string): string => (parent.path === "/" ? `/${pathPart}` : `${parent.path}/${pathPart}`);

function checkPart(api: ApiDoc, parent: ResourceDoc, pathPart: string, self?: string): void {
  if (!/^([A-Za-z0-9._\-:$@]+|\{[A-Za-z0-9._\-:]+\+?\})$/.test(pathPart))
    throw badRequest(
      "Resource's path part only allow a-zA-Z0-9._-:$ or a valid greedy path variable and curly braces at the beginning and the end.",
    );
  if (parent.pathPart?.endsWith("+}")) throw badRequest(`Cannot create a child of a resource with a greedy path variable: ${parent.path}`);
  const siblings = Object.values(api.resources).filter((one) => one.parentId === parent.id && one.id !== self);
  if (siblings.some((one) => one.pathPart === pathPart))
    throw conflict(`Another resource with the same parent already has this name: ${pathPart}`);
  const variable =
    pathPart.startsWith("{") &&
    siblings.find((one) => one.pathPart?.startsWith("{") && one.pathPart.endsWith("+}") === pathPart.endsWith("+}"));
  if (variable)
    throw badRequest(`A sibling (${variable.pathPart}) of this resource already has a variable path part -- only one is allowed.`);
}

const RULES: Rules<{ api: ApiDoc; resource: ResourceDoc }> = {
  "/pathPart": ({ api, resource }, value) => {
    checkPart(api, resourceOf(api, resource.parentId), value ?? "", resource.id);
    resource.pathPart = value;
  },
  "/parentId": ({ api, resource }, value) => {
    const parent = resourceOf(api, value);
    if (descendants(api, resource.id).includes(parent.id)) throw badRequest("A resource cannot be moved below itself");
    checkPart(api, parent, resource.pathPart ?? "", resource.id);
    resource.parentId = parent.id;
  },
};

function renamePaths(api: ApiDoc, resource: ResourceDoc): void {
  resource.path = joined(resourceOf(api, resource.parentId), resource.pathPart ?? "");
  for (const child of Object.values(api.resources)) if (child.parentId === resource.id) renamePaths(api, child);
}
function descendants(api: ApiDoc, id: string): string[] {
  const children = Object.values(api.resources).filter((one) => one.parentId === id);
  return [id, ...children.flatMap((child) => descendants(api, child.id))];
}

/** Without `embed` AWS gives only the names of the methods. */
function describeResource(resource: ResourceDoc, embed: boolean): Resource {
  const methods = embed ? resource.methods : Object.fromEntries(Object.keys(resource.methods).map((verb) => [verb, {}]));
  return defined({
    id: resource.id,
    parentId: resource.parentId,
    pathPart: resource.pathPart,
    path: resource.path,
    resourceMethods: filled(methods),
  });
}
