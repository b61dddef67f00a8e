import { LocalFault } from "../core/service.ts";
import { members, type Operation, requiredMembers, traitsOf, type WireService } from "./schema.ts";

/** An operation of a REST protocol, compiled for matching. */
interface Route {
  readonly operation: Operation;
  readonly method: string;
  readonly path: RegExp;
  readonly labels: readonly string[];
  /** Query parameters that tell this operation from a sibling on the same path, e.g. `tagging`. */
  readonly fixed: readonly (readonly [name: string, value: string | undefined])[];
  readonly xId: string | undefined;
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
  readonly rank: number;
}
export interface RouteMatch {
  readonly operation: Operation;
  readonly labels: Readonly<Record<string, string>>;
}
export type Routes = readonly Route[];

/**
 * Sorted, the most specific first: by fixed query parameters, then required ones, then the longest literal path. In REST-JSON a request
 * without a required parameter still finds its operation, whose model then refuses it. S3 tells its operations apart by such parameters.
 */
export function compileRoutes(service: WireService): Routes {
  const routes = Object.values(service.operations)
    .map(compile)
    .sort((a, b) => b.rank - a.rank);
  if (service.protocol !== "restJson1") return routes;
  const lacking = routes.filter(({ requiredQuery, requiredHeaders }) => requiredQuery.length + requiredHeaders.length > 0);
  return [...routes, ...lacking.map((route) => ({ ...route, requiredQuery: [], requiredHeaders: [] }))];
}

function compile(operation: Operation): Route {
  const [method, uri] = operation.traits.http ?? ["POST", "/"];
  const [modelled = "/", query = ""] = uri.split("?");
  // The SDK moves S3's bucket from the path to the host name. In path style it is the first segment.
  const path = members(operation.input).some(
    ([name, member]) => name === "Bucket" && traitsOf(member).httpLabel && !uri.includes("{Bucket}"),
  )
    ? `/{Bucket}${modelled === "/" ? "" : modelled}`
    : modelled;
  const labels: string[] = [];
  const pattern = path
    .split(/(\{[^}]+\})/)
    .map((segment) => {
      const label = /^\{([^}+]+)(\+?)\}$/.exec(segment);
      if (!label) return segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      labels.push(label[1] as string);
      return label[2] ? "(.+)" : "([^/]+)";
    })
    .join("");
  const statics = query ? query.split("&").map((pair) => pair.split("=") as [string, string | undefined]) : [];
  // Only SDKs send `x-id`. It may distinguish two operations on the same path, and it may be missing.
  const fixed = statics.filter(([name]) => name !== "x-id");
  const required = new Set(requiredMembers(operation.input));
  const bound = members(operation.input).filter(([name]) => required.has(name));
  const requiredQuery = bound.flatMap(([, member]) => traitsOf(member).httpQuery ?? []);
  const requiredHeaders = bound.flatMap(([, member]) => traitsOf(member).httpHeader?.toLowerCase() ?? []);
  const literal = path.replace(/\{[^}]+\}/g, "").length;
  return {
    operation,
    method,
    path: new RegExp(`^${pattern}/?$`),
    labels,
    fixed,
    xId: statics.find(([name]) => name === "x-id")?.[1],
    requiredQuery,
    requiredHeaders,
    rank: fixed.length * 10_000 + requiredQuery.length * 1_000 + requiredHeaders.length * 500 + literal * 2 - labels.length,
  };
}

export function matchRoute(
  routes: Routes,
  method: string,
  path: string,
  query: URLSearchParams,
  headers: Readonly<Record<string, string>>,
): RouteMatch | undefined {
  const xId = query.get("x-id");
  for (const route of routes) {
    if (route.method !== method) continue;
    if (route.fixed.length + route.requiredQuery.length > query.size) continue;
    if (!route.fixed.every(([name, value]) => query.has(name) && (!value || query.get(name) === value))) continue;
    if (xId && route.xId && xId !== route.xId) continue;
    if (!route.requiredQuery.every((name) => query.has(name)) || !route.requiredHeaders.every((name) => name in headers)) continue;
    const found = route.path.exec(path);
    if (!found) continue;
    return {
      operation: route.operation,
      labels: Object.fromEntries(route.labels.map((label, i) => [label, decodeLabel(found[i + 1] as string)])),
    };
  }
  return undefined;
}

function decodeLabel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new LocalFault("InvalidURI", "Couldn't parse the specified URI.", 400);
  }
}
