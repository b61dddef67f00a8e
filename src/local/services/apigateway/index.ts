import { REST_JSON_REFUSALS } from "../../core/refusals.ts";
import type { LocalEnv, LocalService } from "../../core/service.ts";
import { createTokenBuckets } from "../../core/token-bucket.ts";
import { loadModel } from "../../core/validation.ts";
import { createAuthorizationCache } from "./authorization-cache.ts";
import { accountOperations } from "./control/account.ts";
import { keyOperations } from "./control/api-keys.ts";
import { authorizerOperations } from "./control/authorizers.ts";
import { deploymentOperations } from "./control/deployments.ts";
import { gatewayResponseOperations } from "./control/gateway-responses.ts";
import { refuseInput } from "./control/input-rules.ts";
import { integrationOperations } from "./control/integrations.ts";
import { methodOperations } from "./control/methods.ts";
import { modelOperations } from "./control/models.ts";
import { rateLimited } from "./control/rate-limits.ts";
import { requestValidatorOperations } from "./control/request-validators.ts";
import { resourceOperations } from "./control/resources.ts";
import { restApiOperations } from "./control/rest-apis.ts";
import { stageOperations } from "./control/stages.ts";
import { createUsageCounter, usageOperations } from "./control/usage.ts";
import { planOperations } from "./control/usage-plans.ts";
import { createAccessLog } from "./execute-api/access-log.ts";
import { allowsOrigin, isInvokeUrl, serve } from "./execute-api/server.ts";
import { exportOperations } from "./openapi/export.ts";
import { importOperations } from "./openapi/import.ts";
import { gatewayPermissions } from "./permissions.ts";
import { openGateway } from "./state.ts";

/** API Gateway's REST APIs: the control plane, and the deployed APIs under `/restapis/<id>/<stage>/_user_request_/…`. */
export function apigatewayService(env: LocalEnv): LocalService {
  const gateway = openGateway(env);
  const usage = createUsageCounter(gateway);
  const log = createAccessLog(gateway);
  const authorizations = createAuthorizationCache();
  const plane = { gateway, buckets: createTokenBuckets(), usage, log, authorizations, calls: new Map() };
  return {
    name: "apigateway",
    sdk: () => import("@aws-sdk/client-api-gateway"),
    model: () => loadModel("apigateway"),
    refusals: { ...REST_JSON_REFUSALS, throttled: { ...REST_JSON_REFUSALS.throttled, message: "Too Many Requests" } },
    pageTokens: { all: ["position", "position"] },
    maxBodyBytes: 10 * 1024 * 1024,
    inputRules: { refuse: refuseInput },
    operations: rateLimited(gateway, {
      ...restApiOperations(gateway),
      ...resourceOperations(gateway),
      ...methodOperations(gateway),
      ...integrationOperations(gateway),
      ...modelOperations(gateway),
      ...requestValidatorOperations(gateway),
      ...authorizerOperations(gateway, authorizations),
      ...gatewayResponseOperations(gateway),
      ...deploymentOperations(gateway),
      ...stageOperations(gateway),
      ...keyOperations(gateway),
      ...planOperations(gateway),
      ...usageOperations(gateway, usage),
      ...accountOperations(gateway),
      ...importOperations(gateway),
      ...exportOperations(gateway),
    }),
    permissions: (operation, input, call) => gatewayPermissions(operation, input, call.region),
    isPublic: isInvokeUrl,
    allowsCrossSite: (request, _response, url) => allowsOrigin(plane, request, url),
    http: (request, response) => serve(plane, request, response),
    async stop() {
      usage.flush();
      await log.flush();
    },
    facts: () => ({ apis: gateway.apis.size, stages: gateway.stages.size }),
  };
}
