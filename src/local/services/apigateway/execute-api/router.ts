import type { Method } from "@aws-sdk/client-api-gateway";
import type { ApiDoc, ResourceDoc } from "../state.ts";

interface Node {
  readonly fixed: Map<string, Node>;
  variable?: readonly [name: string, node: Node];
  greedy?: readonly [name: string, resource: ResourceDoc];
  resource?: ResourceDoc;
}
export interface Route {
  readonly resource: ResourceDoc;
  readonly method: Method;
  /** Undecoded values of the path, as REST APIs forward them. */
  readonly pathParameters: Record<string, string>;
}

const trees = new WeakMap<ApiDoc, Node>();

/** The most specific resource with the verb: fixed segments win over `{x}`, and `{x}` over `{x+}`. */
export function routeOf(api: ApiDoc, verb: string, path: string): Route | undefined {
  const tree = trees.get(api) ?? treeOf(api);
  trees.set(api, tree);
  const segments = path.replace(/\/$/, "").split("/").slice(1);
  const methodAt = (resource: ResourceDoc): Method | undefined => resource.methods[verb] ?? resource.methods.ANY;
  const found = find(tree, segments, 0, {}, (resource) => methodAt(resource) !== undefined);
  const method = found && methodAt(found.resource);
  return found && method ? { ...found, method } : undefined;
}

function treeOf(api: ApiDoc): Node {
  const root: Node = { fixed: new Map() };
  for (const resource of Object.values(api.resources)) {
    if (Object.keys(resource.methods).length === 0) continue;
    let at = root;
    const segments = resource.path.split("/").filter(Boolean);
    const greedy = /^\{(.+)\+\}$/.exec(segments.at(-1) ?? "")?.[1];
    for (const segment of greedy ? segments.slice(0, -1) : segments) at = child(at, segment);
    if (greedy) at.greedy = [greedy, resource];
    else at.resource = resource;
  }
  return root;
}
function child(node: Node, segment: string): Node {
  const variable = /^\{(.+)\}$/.exec(segment)?.[1];
  if (variable) {
    node.variable ??= [variable, { fixed: new Map() }];
    return node.variable[1];
  }
  const known = node.fixed.get(segment) ?? { fixed: new Map() };
  node.fixed.set(segment, known);
  return known;
}

type Found = Omit<Route, "method">;
type Serves = (resource: ResourceDoc) => boolean;
function find(node: Node, segments: readonly string[], at: number, parameters: Record<string, string>, serves: Serves): Found | undefined {
  const segment = segments[at];
  if (segment === undefined)
    return node.resource && serves(node.resource) ? { resource: node.resource, pathParameters: parameters } : undefined;
  const fixed = node.fixed.get(decoded(segment));
  const exact = fixed && find(fixed, segments, at + 1, parameters, serves);
  if (exact) return exact;
  if (node.variable && segment !== "") {
    const [name, next] = node.variable;
    const found = find(next, segments, at + 1, { ...parameters, [name]: segment }, serves);
    if (found) return found;
  }
  if (!node.greedy) return undefined;
  const [name, resource] = node.greedy;
  if (!serves(resource)) return undefined;
  return { resource, pathParameters: { ...parameters, [name]: segments.slice(at).join("/") } };
}
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
