import type { LocalEnv, LocalService } from "../../core/service.ts";
import { createBuckets } from "../../core/token-bucket.ts";
import { loadModel } from "../../core/validation.ts";
import { createAccessLog } from "./access-log.ts";
import { accountOperations } from "./account.ts";
import { createAuthorizationCache } from "./authorization-cache.ts";
import { authorizerOperations } from "./authorizers.ts";
import { deploymentOperations } from "./deployments.ts";
import { invitesOrigin, isAddress, serve } from "./execute-api.ts";
import { gatewayResponseOperations } from "./gateway-responses.ts";
import { refuseInput } from "./input-rules.ts";
import { integrationOperations } from "./integrations.ts";
import { keyOperations } from "./keys.ts";
import { methodOperations } from "./methods.ts";
import { openGateway } from "./model.ts";
import { exportOperations } from "./openapi-export.ts";
import { partOperations } from "./parts.ts";
import { gatewayPermissions } from "./permissions.ts";
import { rateLimited } from "./rates.ts";
import { resourceOperations } from "./resources.ts";
import { restApiOperations } from "./rest-apis.ts";
import { stageOperations } from "./stages.ts";
import { createUsageCounter, usageOperations } from "./usage.ts";
import { planOperations } from "./usage-plans.ts";

/** API Gateway's REST APIs: control plane, and the deployed APIs under `/restapis/<id>/<stage>/_user_request_/…`. */
export function apigatewayService(env: LocalEnv): LocalService {
  const gateway = openGateway(env);
  const usage = createUsageCounter(gateway);
  const log = createAccessLog(gateway);
  const authorizations = createAuthorizationCache();
  const plane = { gateway, buckets: createBuckets(), usage, log, authorizations, calls: new Map() };
  return {
    name: "apigateway",
    sdk: () => import("@aws-sdk/client-api-gateway"),
    model: () => loadModel("apigateway"),
    maxBodyBytes: 10 * 1024 * 1024,
    inputRules: { refuse: refuseInput },
    operations: rateLimited(gateway, {
      ...restApiOperations(gateway),
      ...resourceOperations(gateway),
      ...methodOperations(gateway),
      ...integrationOperations(gateway),
      ...partOperations(gateway),
      ...authorizerOperations(gateway, authorizations),
      ...gatewayResponseOperations(gateway),
      ...deploymentOperations(gateway),
      ...stageOperations(gateway),
      ...keyOperations(gateway),
      ...planOperations(gateway),
      ...usageOperations(gateway, usage),
      ...accountOperations(gateway),
      ...exportOperations(gateway),
    }),
    permissions: (operation, input, call) => gatewayPermissions(operation, input, call.region),
    isPublic: isAddress,
    invites: (request, _response, url) => invitesOrigin(plane, request, url),
    http: (request, response) => serve(plane, request, response),
    async stop() {
      usage.flush();
      await log.flush();
    },
    facts: () => ({ apis: gateway.apis.size, stages: gateway.stages.size }),
  };
}
