import type { Permission } from "../../core/service.ts";

/** The permissions of API Gateway are HTTP verbs on the paths of its own REST interface. */
export function gatewayPermissions(operation: string, input: Record<string, unknown>, region: string): readonly Permission[] {
  return [{ action: `apigateway:${verbOf(operation)}`, resource: `arn:aws:apigateway:${region}::${pathOf(operation, input)}` }];
}

const VERBS: readonly (readonly [RegExp, string])[] = [
  [/^(Get|List)/, "GET"],
  [/^(Create|Import)/, "POST"],
  [/^(Put|Tag)/, "PUT"],
  [/^Update/, "PATCH"],
];
const verbOf = (operation: string): string => VERBS.find(([pattern]) => pattern.test(operation))?.[1] ?? "DELETE";

/** The path of the resource that an operation concerns. */
function pathOf(operation: string, input: Record<string, unknown>): string {
  const at = (collection: string, ...members: string[]): string => {
    const id = members.map((member) => input[member]).find((value) => typeof value === "string");
    return id === undefined ? `/${collection}` : `/${collection}/${id}`;
  };
  if (/Tag/.test(operation)) return at("tags", "resourceArn");
  if (/Account$/.test(operation)) return "/account";
  if (/ApiKey/.test(operation)) return at("apikeys", "apiKey");
  if (/Usage/.test(operation)) {
    const key = /PlanKey/.test(operation)
      ? at("keys", operation === "CreateUsagePlanKey" ? "" : "keyId")
      : /Usage$/.test(operation)
        ? "/usage"
        : "";
    return at("usageplans", "usagePlanId") + key;
  }
  const api = at("restapis", "restApiId");
  if (/Resource/.test(operation)) return api + at("resources", "resourceId", "parentId");
  if (/Method|Integration/.test(operation))
    return api + at("resources", "resourceId") + at("methods", "httpMethod") + responsePath(operation, input);
  if (/Stage/.test(operation)) return api + at("stages", operation === "CreateStage" ? "" : "stageName");
  if (/Deployment/.test(operation)) return api + at("deployments", operation === "CreateDeployment" ? "" : "deploymentId");
  if (/Model/.test(operation)) return api + at("models", "modelName");
  if (/Validator/.test(operation)) return api + at("requestvalidators", "requestValidatorId");
  if (/Authorizer/.test(operation)) return api + at("authorizers", "authorizerId");
  if (/GatewayResponse/.test(operation)) return api + at("gatewayresponses", "responseType");
  if (/Export/.test(operation)) return `${api}${at("stages", "stageName")}${at("exports", "exportType")}`;
  return api;
}
const responsePath = (operation: string, { statusCode }: Record<string, unknown>): string =>
  (/Integration/.test(operation) ? "/integration" : "") + (/Response$/.test(operation) ? `/responses/${statusCode}` : "");
