import type { Deployment, MethodSetting, Stage } from "@aws-sdk/client-api-gateway";
import { type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { gatewayAccess, gatewayArn, patchedAttributes, remove, replace } from "../aws/gateway.ts";
import { collect } from "../aws/pages.ts";
import type { APIGateway } from "../aws/sdk/types.ts";
import type { AwsLocation, Observation, ResourceKind } from "../engine/contract.ts";

export interface StageId {
  readonly apiId: string;
  readonly stage: string;
}
export interface StageSpec {
  /** Hash of the document that must be deployed. */
  readonly document: string;
  readonly rateLimit: number;
  readonly burstLimit: number;
  /** ARN of the access log's group, without `:*`. */
  readonly accessLog: string;
  readonly logLevel: "INFO" | "ERROR";
}
interface StageLive {
  readonly arn: string;
  readonly apiId: string;
  readonly stage: string;
  readonly deployment: string | undefined;
  /** Hash of the deployed document; undefined for a deployment that is not ours. */
  readonly document: string | undefined;
  readonly attributes: AttributeValues;
  /** Settings of single methods, by `{path}/{verb}` as AWS writes it. */
  readonly methodSettings: Readonly<Record<string, MethodSetting>>;
  readonly variables: object | undefined;
  readonly changed: Date | undefined;
  /** Our deployments that no stage uses. */
  readonly oldDeployments: readonly string[];
}
export interface StageOutputs {
  readonly apiId: string;
  readonly stage: string;
}

/** The description of a deployment names its document, by which the unused deployment of an interrupted run is found. */
const MARK = "document ";
/** One JSON object in a line. Numbers are quoted, because API Gateway writes a missing one as `-`. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  requestTime: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  apiKeyId: "$context.identity.apiKeyId",
  httpMethod: "$context.httpMethod",
  resourcePath: "$context.resourcePath",
  status: "$context.status",
  protocol: "$context.protocol",
  responseLength: "$context.responseLength",
  responseLatency: "$context.responseLatency",
  integrationErrorMessage: "$context.integrationErrorMessage",
  errorMessage: "$context.error.message",
  wafStatus: "$context.waf.status",
  xrayTraceId: "$context.xrayTraceId",
});

export const apigatewayStage: ResourceKind<StageId, StageSpec, StageLive, StageOutputs, AwsClients> = {
  kind: "apigateway.stage",
  holdsData: false,
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  notFound: { provenBy: "apigateway:GetStage", codes: ["NotFoundException"] },
  retries: [
    // The account's logging role, or the API's methods, are not known everywhere yet.
    { class: "propagation", message: /CloudWatch Logs role ARN|enable logging|doesn't contain any methods|No integration defined/i },
  ],

  access: gatewayAccess("restapis"),
  label: ({ stage }) => stage,
  diff: (spec, live) => [
    ...differences({ document: [live.document, spec.document] }),
    ...attributeChanges(ATTRIBUTES, live.attributes, spec, live),
    ...differences({
      methodSettings: [live.methodSettings, {}],
      variables: [live.variables, {}],
      oldDeployments: [live.oldDeployments, []],
    }),
  ],
  outputs: ({ apiId, stage }) => ({ apiId, stage }),
  describe: ({ arn, changed }) => ({ arn, state: "ready", since: changed }),

  async read({ apiId: restApiId, stage: stageName }, ctx) {
    const gateway = await ctx.world.apigateway();
    return observe(gateway, restApiId, await gateway.getStage({ restApiId, stageName }), ctx.place);
  },
  async create({ apiId: restApiId, stage: stageName }, spec, ctx) {
    const gateway = await ctx.world.apigateway();
    const deploymentId = await deploymentOf(gateway, restApiId, spec.document);
    await gateway.createStage({ restApiId, stageName, deploymentId, tracingEnabled: true, tags: ctx.tags });
  },
  /** The stage gets another deployment and is never replaced: usage plans, keys and domains refer to it. Unused deployments are deleted. */
  async update({ apiId: restApiId, stage: stageName }, spec, live, changes, ctx) {
    const gateway = await ctx.world.apigateway();
    const next = touches(changes, "document") ? await deploymentOf(gateway, restApiId, spec.document) : live.deployment;
    const patchOperations = [
      ...writesOf(ATTRIBUTES, changes, spec, live).flat(),
      ...(touches(changes, "variables") ? Object.keys(live.variables ?? {}).map((name) => remove(`/variables/${name}`)) : []),
      ...(touches(changes, "methodSettings") ? Object.keys(live.methodSettings).map((method) => remove(`/${method}`)) : []),
      ...(next === live.deployment ? [] : [replace("/deploymentId", next)]),
    ];
    if (patchOperations.length > 0) await gateway.updateStage({ restApiId, stageName, patchOperations });
    // An unused deployment of an interrupted run may be the next one.
    const old = touches(changes, "oldDeployments") ? live.oldDeployments.filter((id) => id !== next) : [];
    for (const deploymentId of old) await gateway.deleteDeployment({ restApiId, deploymentId });
    const tags = changedTags(changes);
    if (tags) await gateway.tagResource({ resourceArn: live.arn, tags });
  },
  async delete({ apiId: restApiId, stage: stageName }, _live, _how, ctx) {
    await (await ctx.world.apigateway()).deleteStage({ restApiId, stageName });
  },
};

/** Settings of all methods together. */
const methods = (found: Stage): MethodSetting => found.methodSettings?.["*/*"] ?? {};
const ATTRIBUTES = patchedAttributes<StageSpec, Stage>({
  rateLimit: ["/*/*/throttling/rateLimit", (found) => methods(found).throttlingRateLimit, (spec) => spec.rateLimit],
  burstLimit: ["/*/*/throttling/burstLimit", (found) => methods(found).throttlingBurstLimit, (spec) => spec.burstLimit],
  logLevel: ["/*/*/logging/loglevel", (found) => methods(found).loggingLevel, (spec) => spec.logLevel],
  metrics: ["/*/*/metrics/enabled", (found) => methods(found).metricsEnabled ?? false, () => true],
  bodyLogging: ["/*/*/logging/dataTrace", (found) => methods(found).dataTraceEnabled ?? false, () => false],
  accessLog: [
    "/accessLogSettings/destinationArn",
    (found) => found.accessLogSettings?.destinationArn?.replace(/:\*$/, ""),
    (spec) => spec.accessLog,
  ],
  accessLogFormat: ["/accessLogSettings/format", (found) => found.accessLogSettings?.format, () => ACCESS_LOG_FORMAT],
  tracing: ["/tracingEnabled", (found) => found.tracingEnabled ?? false, () => true],
});

async function observe(gateway: APIGateway, restApiId: string, found: Stage, place: AwsLocation): Promise<Observation<StageLive>> {
  const [deployments, stages] = await Promise.all([deploymentsOf(gateway, restApiId), gateway.getStages({ restApiId })]);
  const used = new Set([found, ...(stages.item ?? [])].map((s) => s.deploymentId));
  const { "*/*": _all, ...methodSettings } = found.methodSettings ?? {};
  const stage = found.stageName ?? "";
  const live: StageLive = {
    arn: gatewayArn(place, `/restapis/${restApiId}/stages/${stage}`),
    apiId: restApiId,
    stage,
    deployment: found.deploymentId,
    document: documentOf(deployments.find((d) => d.id === found.deploymentId)),
    attributes: readAttributes(ATTRIBUTES, found),
    methodSettings,
    variables: found.variables,
    changed: found.lastUpdatedDate ?? found.createdDate,
    oldDeployments: deployments.filter((d) => documentOf(d) && !used.has(d.id)).flatMap((d) => d.id ?? []),
  };
  return { state: "ready", live, tags: found.tags ?? {} };
}
const deploymentsOf = (gateway: APIGateway, restApiId: string): Promise<readonly Deployment[]> =>
  collect(gateway.paginateGetDeployments({ restApiId, limit: 500 }), (page) => page.items);
const documentOf = (deployment: Deployment | undefined) =>
  deployment?.description?.startsWith(MARK) ? deployment.description.slice(MARK.length) : undefined;
/** CreateDeployment creates duplicates silently, so a deployment of the same document from an interrupted run is used. */
async function deploymentOf(gateway: APIGateway, restApiId: string, document: string): Promise<string> {
  const made = (await deploymentsOf(gateway, restApiId)).find((d) => documentOf(d) === document);
  return (made ?? (await gateway.createDeployment({ restApiId, description: MARK + document }))).id ?? "";
}
