import { type ApiRoute, ROUTES } from "../../handlers/contract/routes.ts";
import type { FunctionName } from "../config/config.ts";
import { oneOf } from "../config/one-of.ts";

/** Names of the sample events of a function: its operations of the API. */
export const samplesOf = (name: FunctionName): readonly string[] => routesOf(name).map(({ operationId }) => operationId);

const routesOf = (name: FunctionName): readonly ApiRoute[] => ROUTES.filter((route) => route.function === name);

/** The documented example of an operation, as API Gateway sends it to the function (REST proxy event, payload format 1.0). */
export function sampleEvent(name: FunctionName, sample: string, now: Date): string {
  const id = oneOf("sample", sample, samplesOf(name));
  const route = routesOf(name).find(({ operationId }) => operationId === id) as ApiRoute;
  const { pathParameters, query, request } = route.example;
  const path = route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => pathParameters[parameter] ?? "");
  return JSON.stringify({
    resource: route.path,
    path,
    httpMethod: route.method,
    headers: { "content-type": "application/json" },
    pathParameters: Object.keys(pathParameters).length > 0 ? pathParameters : null,
    queryStringParameters: query ?? null,
    requestContext: { requestId: `sample-${now.getTime()}`, resourcePath: route.path, httpMethod: route.method, stage: "sample" },
    body: request === undefined ? null : JSON.stringify(request),
    isBase64Encoded: false,
  });
}
