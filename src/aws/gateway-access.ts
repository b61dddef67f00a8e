import type { Access } from "../engine/contract.ts";

/** The actions of API Gateway are the verbs of its REST interface, on paths with ids that AWS chooses. Tags have separate paths. */
export const gatewayAccess = (collection: "apikeys" | "restapis" | "usageplans"): Access<unknown> => ({
  on: (_id, { partition, region }) =>
    [`/${collection}`, `/${collection}/*`, "/tags/*"].map((path) => `arn:${partition}:apigateway:${region}::${path}`),
  read: ["apigateway:GET"],
  write: ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"],
  delete: ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH"],
});
