import type { Access } from "../engine/contract.ts";

/** API Gateway's actions are the verbs of its REST interface, on paths whose ids only AWS knows. Tags have paths of their own. */
export const gatewayAccess = (collection: "apikeys" | "restapis" | "usageplans"): Access<unknown> => ({
  on: (_id, { partition, region }) =>
    [`/${collection}`, `/${collection}/*`, "/tags/*"].map((path) => `arn:${partition}:apigateway:${region}::${path}`),
  read: ["apigateway:GET"],
  write: ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"],
  delete: ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH"],
});
