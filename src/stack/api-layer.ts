import { type ApiRoute, ROUTES } from "../../handlers/contract/routes.ts";
import type { FunctionName } from "../config/config.ts";
import { defined } from "../defined.ts";
import { declare, type ResourceNode } from "../engine/contract.ts";
import {
  apigatewayAccount,
  apigatewayApiKey,
  apigatewayRestApi,
  apigatewayStage,
  apigatewayUsagePlan,
  lambdaPermission,
  logsGroup,
  wafv2Association,
  wafv2WebAcl,
} from "../resources/index.ts";
import { API_ID, API_KEY_ID, STAGE_ID } from "../stack-ids.ts";
import type { FunctionNode } from "./function-layer.ts";
import { logGroup, type StackInput } from "./layer.ts";
import { ALIAS } from "./naming.ts";
import { deployedApi } from "./openapi.ts";
import { gatewayLogsPolicy, gatewayLogsTrust } from "./permissions.ts";

const SECONDS_A_DAY = 86_400;
const LARGEST_QUOTA = 2_147_483_647;

/** The API, its permissions and its logs. The stage comes last, because it makes the API reachable. */
export function apiLayer(input: StackInput, functions: ReadonlyMap<FunctionName, FunctionNode>): readonly ResourceNode[] {
  const { config, names, place, production, key } = input;
  const { api } = config;
  const { document, hash, methods } = deployedApi(config, place);
  const account = accountSetting(input);
  const accessLog = logGroup(input, "api.logs", names.apiAccessLog);
  const rest = declare(apigatewayRestApi, API_ID, {
    identity: () => ({ name: api.name }),
    spec: () => ({ document, hash, methods }),
  });
  const executionLog = declare(logsGroup, "api.execution-logs", {
    needs: defined({ rest, key }),
    identity: (from) => from.rest && { name: names.executionLog(from.rest.id) },
    spec: (from) => ({ retentionDays: input.logRetentionDays, kmsKey: from.key?.arn }),
  });
  const permissions = permissionLayer(input, rest, functions);
  const stage = declare(apigatewayStage, STAGE_ID, {
    needs: { rest, account, accessLog, executionLog },
    identity: (from) => from.rest && { apiId: from.rest.id, stage: api.stage },
    spec: (from) => ({
      document: hash,
      rateLimit: api.rateLimit,
      burstLimit: api.burstLimit,
      accessLog: from.accessLog.arn,
      logLevel: production ? "ERROR" : "INFO",
    }),
  });
  const firewall = production && api.waf ? firewallLayer(input, stage) : [];
  const keys = api.auth === "apiKey" ? keyLayer(input, stage) : [];
  return [account, accessLog, rest, executionLog, ...permissions, stage, ...firewall, ...keys];
}

const accountSetting = ({ names, place }: StackInput) =>
  declare(apigatewayAccount, "api.account", {
    identity: () => ({ role: names.gatewayLogsRole }),
    spec: () => ({
      description: "API Gateway writes the logs of the APIs of this account",
      trust: gatewayLogsTrust,
      policy: gatewayLogsPolicy(place),
    }),
  });

/** Seconds in which WAF counts the calls of an address, and our smallest limit. */
const WINDOW_SECONDS = 300;
const LEAST_CALLS = 100;

/**
 * One address may make as many calls as the whole stage, because phones share the address of their provider. WAF blocks further calls
 * before the stage counts them.
 */
function firewallLayer({ config, names }: StackInput, stage: ResourceNode<{ readonly apiId: string; readonly stage: string }>) {
  const acl = declare(wafv2WebAcl, "api.firewall", {
    identity: () => ({ name: names.webAcl }),
    spec: () => ({
      description: `Stops floods and known attacks before ${config.api.name}`,
      ratePerAddress: Math.max(LEAST_CALLS, Math.ceil(config.api.rateLimit * WINDOW_SECONDS)),
    }),
  });
  const association = declare(wafv2Association, "api.firewall-stage", {
    needs: { acl, stage },
    identity: (from) => from.stage && { stageArn: names.stageArn(from.stage.apiId) },
    spec: (from) => ({ aclArn: from.acl.arn }),
  });
  return [acl, association];
}

/** Only the method of a route may call its function's alias. The statements of one function are added one after the other, because Lambda loses concurrent ones. */
function permissionLayer(
  input: StackInput,
  rest: ResourceNode<{ readonly id: string }>,
  functions: ReadonlyMap<FunctionName, FunctionNode>,
) {
  const { config, names, place } = input;
  const last = new Map<FunctionName, ResourceNode>();
  return ROUTES.flatMap((route: ApiRoute) => {
    const live = functions.get(route.function);
    if (!live) return [];
    const before = last.get(route.function);
    const node = declare(lambdaPermission, `permission.${route.operationId}`, {
      needs: defined({ rest, function: live, before }),
      identity: () => ({
        functionName: config.functions.names[route.function],
        qualifier: ALIAS,
        statementId: `fleetlogix-${route.operationId}`,
      }),
      spec: (from) => ({
        aliasArn: from.function.aliasArn,
        service: "apigateway.amazonaws.com",
        sourceArn: names.callerArn(from.rest.id, route.method, route.path),
        sourceAccount: place.account,
      }),
    });
    last.set(route.function, node);
    return [node];
  });
}

function keyLayer({ config, names }: StackInput, stage: ResourceNode<{ readonly apiId: string; readonly stage: string }>) {
  const { rateLimit, burstLimit, name } = config.api;
  const key = declare(apigatewayApiKey, API_KEY_ID, {
    identity: () => ({ name: names.apiKey }),
    spec: () => ({ description: `Calls of the drivers' phones to ${name}` }),
  });
  const usagePlan = declare(apigatewayUsagePlan, "api.plan", {
    needs: { stage, key },
    identity: () => ({ name: names.usagePlan }),
    spec: (from) => ({
      description: `How often a key may call ${name}`,
      apiId: from.stage.apiId,
      stage: from.stage.stage,
      keyId: from.key.id,
      rateLimit,
      burstLimit,
      // All calls that the rate allows in a day, as a whole number: the rate limits the calls, the quota only counts them.
      dailyQuota: Math.min(Math.max(1, Math.round(rateLimit * SECONDS_A_DAY)), LARGEST_QUOTA),
    }),
  });
  return [key, usagePlan];
}
