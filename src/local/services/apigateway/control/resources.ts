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
  badRequest,
  changeApi,
  conflict,
  defined,
  filled,
  type Gateway,
  newResourceId,
  type ResourceDoc,
  requireApi,
  requireResource,
} from "../state.ts";
import { page } from "./paging.ts";
import { applyPatches, type Rules } from "./patch.ts";

export function resourceOperations(gateway: Gateway): Operations {
  return {
    CreateResource: (input: CreateResourceCommandInput, call): Resource =>
      changeApi(gateway, input.restApiId, call, (api) =>
        describeResource(addResource(api, childrenOf(api), input.parentId, input.pathPart ?? ""), false),
      ),
    GetResource: (input: GetResourceCommandInput, call): Resource =>
      describeResource(
        requireResource(requireApi(gateway, input.restApiId, call), input.resourceId),
        input.embed?.includes("methods") ?? false,
      ),
    GetResources: (input: GetResourcesCommandInput, call): Result<GetResourcesCommandOutput> => {
      const all = Object.values(requireApi(gateway, input.restApiId, call).resources).sort((a, b) => (a.path < b.path ? -1 : 1));
      const { items, position } = page(all, input.position, input.limit);
      const embed = input.embed?.includes("methods") ?? false;
      return defined({ items: items.map((resource) => describeResource(resource, embed)), position });
    },
    UpdateResource: (input: UpdateResourceCommandInput, call): Resource =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const resource = requireResource(api, input.resourceId);
        const draft = { api, resource, children: childrenOf(api) };
        applyPatches(draft, input.patchOperations, RULES, { onlyReplace: true });
        if (resource.id !== api.rootId) renamePaths(api, resource, draft.children);
        return describeResource(resource, false);
      }),
    DeleteResource: (input: DeleteResourceCommandInput, call) =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const resource = requireResource(api, input.resourceId);
        if (resource.id === api.rootId) throw badRequest("Root resource cannot be deleted");
        for (const id of descendants(childrenOf(api), resource.id)) delete api.resources[id];
        return {};
      }),
  };
}

/** The children of each resource, by its id, then by path part. */
export type Children = Map<string, Map<string, ResourceDoc>>;
/** One pass over all resources, so that a search for a child need not read them all. */
export function childrenOf(api: ApiDoc): Children {
  const children: Children = new Map();
  for (const resource of Object.values(api.resources)) attach(children, resource);
  return children;
}
function attach(children: Children, resource: ResourceDoc): void {
  const { parentId, pathPart } = resource;
  if (parentId === undefined || pathPart === undefined) return;
  const siblings = children.get(parentId) ?? new Map<string, ResourceDoc>();
  children.set(parentId, siblings.set(pathPart, resource));
}
function detach(children: Children, { parentId, pathPart }: ResourceDoc): void {
  children.get(parentId ?? "")?.delete(pathPart ?? "");
}

/** Adds a resource below its parent, and to `children`, for CreateResource and for imports. */
export function addResource(api: ApiDoc, children: Children, parentId: string | undefined, pathPart: string): ResourceDoc {
  const parent = requireResource(api, parentId);
  checkPart(children, parent, pathPart);
  const id = newResourceId();
  const resource: ResourceDoc = { id, parentId: parent.id, pathPart, path: joined(parent, pathPart), methods: {} };
  api.resources[id] = resource;
  attach(children, resource);
  return resource;
}
const joined = (parent: ResourceDoc, pathPart: string): string => (parent.path === "/" ? `/${pathPart}` : `${parent.path}/${pathPart}`);

function checkPart(children: Children, parent: ResourceDoc, pathPart: string): void {
  if (!/^([A-Za-z0-9._\-:$@]+|\{[A-Za-z0-9._\-:]+\+?\})$/.test(pathPart))
    throw badRequest(
      "Resource's path part only allow a-zA-Z0-9._-:$ or a valid greedy path variable and curly braces at the beginning and the end.",
    );
  if (parent.pathPart?.endsWith("+}"))
    throw badRequest(`Cannot create a child of a resource with a greedy path variable: ${parent.pathPart}`);
  const siblings = children.get(parent.id);
  if (siblings?.has(pathPart)) throw conflict(`Another resource with the same parent already has this name: ${pathPart}`);
  if (!pathPart.startsWith("{")) return;
  for (const other of siblings?.keys() ?? [])
    if (other.startsWith("{"))
      throw badRequest(`A sibling (${other}) of this resource already has a variable path part -- only one is allowed`);
}

interface Draft {
  readonly api: ApiDoc;
  readonly resource: ResourceDoc;
  readonly children: Children;
}
const RULES: Rules<Draft> = {
  "/parentId": ({ api, resource, children }, value) => {
    assertNotRoot(api, resource, "parentId");
    const parent = requireResource(api, value);
    if (isBelow(api, parent, resource)) throw badRequest("Resources cannot be cyclical.");
    detach(children, resource);
    checkPart(children, parent, resource.pathPart ?? "");
    resource.parentId = parent.id;
    attach(children, resource);
  },
  "/pathPart": ({ api, resource, children }, value) => {
    assertNotRoot(api, resource, "pathPart");
    detach(children, resource);
    checkPart(children, requireResource(api, resource.parentId), value ?? "");
    resource.pathPart = value;
    attach(children, resource);
  },
};
function assertNotRoot(api: ApiDoc, resource: ResourceDoc, member: string): void {
  if (resource.id === api.rootId) throw badRequest(`Root resource cannot update its ${member}.`);
}

/** True if the resource is the ancestor or lies below it. */
function isBelow(api: ApiDoc, resource: ResourceDoc, ancestor: ResourceDoc): boolean {
  for (let at: ResourceDoc | undefined = resource; at; at = api.resources[at.parentId ?? ""]) if (at === ancestor) return true;
  return false;
}
function renamePaths(api: ApiDoc, resource: ResourceDoc, children: Children): void {
  resource.path = joined(requireResource(api, resource.parentId), resource.pathPart ?? "");
  for (const child of children.get(resource.id)?.values() ?? []) renamePaths(api, child, children);
}
function descendants(children: Children, id: string): string[] {
  const found = [id];
  for (const one of found) for (const child of children.get(one)?.values() ?? []) found.push(child.id);
  return found;
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
