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

/** The API's stage and usage plans. */
export const lookAtApi: Look = async (session) => {
  const { api } = session.config;
  return judge(`${api.name}/${api.stage}`, await apiFacts(session), [...stageChecks(session), ...planChecks(session)]);
};
const FIELDS = ["requestId", "ip", "requestTime", "httpMethod", "resourcePath", "status", "protocol", "responseLength"];
const stageChecks = (session: Session): readonly Check<ApiFacts>[] => [
  [
    "api.execution-logs",
    ({ all }) => all.loggingLevel !== undefined && all.loggingLevel !== "OFF" && all.metricsEnabled === true,
    "its errors are not logged, or its metrics are disabled",
  ],
  ["api.no-body-logs", ({ all }) => all.dataTraceEnabled !== true, "its log contains whole bodies"],
  [
    "api.access-logs",
    ({ stage }) => Boolean(stage.accessLogSettings?.destinationArn) && isStructured(stage.accessLogSettings?.format),
    "its calls are not logged as JSON",
  ],
  ["api.tracing", ({ stage }) => stage.tracingEnabled === true, "its calls are not traced"],
  ["api.validation", ({ validated }) => validated, "a method does not validate its calls"],
  [
    "api.throttling",
    ({ all }) => positive(all.throttlingRateLimit) && (all.throttlingRateLimit ?? 0) <= session.config.api.rateLimit,
    "its rate limit is missing, or higher than api.rateLimit",
  ],
  ["api.no-secrets", ({ stage }) => Object.keys(stage.variables ?? {}).length === 0, "it has variables, which can contain a secret"],
  ["api.cache", ({ stage, all }) => stage.cacheClusterEnabled !== true || all.cacheDataEncrypted === true, "its cache is not encrypted"],
  ["api.firewall", ({ webAcl }) => webAcl, "it has no web ACL"],
];
const planChecks = ({ config }: Session): readonly Check<ApiFacts>[] =>
  config.api.auth === "apiKey"
    ? [
        [
          "api.usage-plan",
          ({ plans }) => plans.some((plan) => positive(plan.throttle?.rateLimit) && plan.quota !== undefined),
          "no usage plan has a rate limit and a quota",
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
  const readsFirewall = config.hardening === "production" && config.api.waf;
  const [validated, plans, webAcl] = await Promise.all([
    ask("the API's methods", () => allValidated(session, restApiId)),
    ask("the usage plans", () => plansOf(session, restApiId)),
    readsFirewall &&
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
/** True when every method has a validator; OPTIONS is for preflight calls, which have no input. */
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
