import type { MethodSetting, Stage, UsagePlan } from "@aws-sdk/client-api-gateway";
import { naming } from "../../stack/naming.ts";
import type { Session } from "../session.ts";
import { type Check, judge, type Look, read } from "./finding.ts";

interface ApiFacts {
  readonly stage: Stage;
  readonly all: MethodSetting;
  readonly validated: boolean;
  readonly plans: readonly UsagePlan[];
  readonly webAcl: boolean;
}

/** The stage that callers see. */
export const lookAtApi: Look = async (session) => {
  const { api } = session.config;
  return judge(`${api.name}/${api.stage}`, await apiFacts(session), [...stageChecks(session), ...planChecks(session)]);
};
const FIELDS = ["requestId", "ip", "requestTime", "httpMethod", "resourcePath", "status", "protocol", "responseLength"];
const stageChecks = (session: Session): readonly Check<ApiFacts>[] => [
  [
    "api.execution-logs",
    ({ all }) => all.loggingLevel !== undefined && all.loggingLevel !== "OFF" && all.metricsEnabled === true,
    "its errors are not logged, or it is not measured",
  ],
  ["api.no-body-logs", ({ all }) => all.dataTraceEnabled !== true, "whole bodies are written into its log"],
  [
    "api.access-logs",
    ({ stage }) => Boolean(stage.accessLogSettings?.destinationArn) && isStructured(stage.accessLogSettings?.format),
    "its calls are not logged as JSON",
  ],
  ["api.tracing", ({ stage }) => stage.tracingEnabled === true, "its calls are not traced"],
  ["api.validation", ({ validated }) => validated, "a method takes what it does not know"],
  [
    "api.throttling",
    ({ all }) => positive(all.throttlingRateLimit) && (all.throttlingRateLimit ?? 0) <= session.config.api.rateLimit,
    "it takes more calls than it should",
  ],
  ["api.no-secrets", ({ stage }) => Object.keys(stage.variables ?? {}).length === 0, "its variables may hold a secret"],
  ["api.cache", ({ stage, all }) => stage.cacheClusterEnabled !== true || all.cacheDataEncrypted === true, "its cache is not encrypted"],
  ["api.firewall", ({ webAcl }) => webAcl, "no web ACL stands before it"],
];
const planChecks = ({ config }: Session): readonly Check<ApiFacts>[] =>
  config.api.auth === "apiKey"
    ? [
        [
          "api.usage-plan",
          ({ plans }) => plans.some((plan) => positive(plan.throttle?.rateLimit) && plan.quota !== undefined),
          "keys may call without a limit of their own",
        ],
      ]
    : [];
const positive = (rate: number | undefined): boolean => rate !== undefined && rate > 0;
function isStructured(format: string | undefined): boolean {
  try {
    return FIELDS.every((field) => field in (JSON.parse(format ?? "") as object));
  } catch {
    return false;
  }
}

async function apiFacts(session: Session): Promise<ApiFacts | undefined> {
  const { clients, config, place, ask } = session;
  const gateway = await clients.apigateway();
  const restApiId = await ask("the API", () => ownApi(session));
  if (restApiId === undefined) return undefined;
  const { stage: stageName } = config.api;
  const stage = await read(session, "the API's stage", () => gateway.getStage({ restApiId, stageName }), "NotFoundException");
  if (!stage) return undefined;
  const asksFirewall = config.hardening === "production" && config.api.waf;
  const [validated, plans, webAcl] = await Promise.all([
    ask("the API's methods", () => allValidated(session, restApiId)),
    ask("the usage plans", () => plansOf(session, restApiId)),
    asksFirewall &&
      read(
        session,
        "the web ACL",
        async () => (await clients.wafv2()).getWebACLForResource({ ResourceArn: naming(config, place).stageArn(restApiId) }),
        "WAFNonexistentItemException",
      ),
  ]);
  return { stage, all: stage.methodSettings?.["*/*"] ?? {}, validated, plans, webAcl: webAcl !== false && webAcl?.WebACL !== undefined };
}
async function ownApi({ clients, config, stackName }: Session): Promise<string | undefined> {
  for await (const { items = [] } of (await clients.apigateway()).paginateGetRestApis({ limit: 500 })) {
    const own = items.find(({ name, tags }) => name === config.api.name && tags?.["fleetlogix:stack"] === stackName);
    if (own) return own.id;
  }
  return undefined;
}
/** Every method but a preflight's, which takes nothing. */
async function allValidated({ clients }: Session, restApiId: string): Promise<boolean> {
  for await (const { items = [] } of (await clients.apigateway()).paginateGetResources({ restApiId, limit: 500, embed: ["methods"] }))
    for (const { resourceMethods = {} } of items)
      for (const [verb, method] of Object.entries(resourceMethods)) if (verb !== "OPTIONS" && !method.requestValidatorId) return false;
  return true;
}
async function plansOf({ clients }: Session, apiId: string): Promise<readonly UsagePlan[]> {
  const plans: UsagePlan[] = [];
  for await (const { items = [] } of (await clients.apigateway()).paginateGetUsagePlans({ limit: 500 }))
    plans.push(...items.filter(({ apiStages = [] }) => apiStages.some((stage) => stage.apiId === apiId)));
  return plans;
}
