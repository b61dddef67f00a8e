import type { Deployment, MethodSetting, PatchOperation, Stage } from "@aws-sdk/client-api-gateway";
import { type Attributes, type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { gatewayAccess } from "../aws/gateway-access.ts";
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

const GONE = ["NotFoundException"];
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
  notFound: { provenBy: "apigateway:GetStage", codes: GONE },
  retries: [
    // The account's logging role, or the API's methods, are not known everywhere yet.
    {
      class: "propagation",
      message: /CloudWatch Logs role ARN|enable logging|doesn't contain any methods|No integration defined/i,
    },
    { class: "propagation", codes: GONE, during: ["create"] },
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
    const patches = [...writesOf(ATTRIBUTES, changes, spec, live)];
    if (touches(changes, "variables"))
      patches.push(...Object.keys(live.variables ?? {}).map((name) => ({ op: "remove" as const, path: `/variables/${name}` })));
    if (touches(changes, "methodSettings"))
      patches.push(...Object.keys(live.methodSettings).map((method) => ({ op: "remove" as const, path: `/${method}` })));
    const next = touches(changes, "document") ? await deploymentOf(gateway, restApiId, spec.document) : live.deployment;
    if (next !== live.deployment) patches.push({ op: "replace", path: "/deploymentId", value: next });
    if (patches.length > 0) await gateway.updateStage({ restApiId, stageName, patchOperations: patches });
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

const replace = (path: string, value: unknown): PatchOperation => ({ op: "replace", path, value: String(value) });
/** Settings of all methods together. */
const methods = (found: Stage): MethodSetting => found.methodSettings?.["*/*"] ?? {};
const ATTRIBUTES: Attributes<StageSpec, StageLive, [found: Stage], PatchOperation> = {
  rateLimit: {
    read: (found) => methods(found).throttlingRateLimit,
    wanted: (spec) => spec.rateLimit,
    write: (spec) => replace("/*/*/throttling/rateLimit", spec.rateLimit),
  },
  burstLimit: {
    read: (found) => methods(found).throttlingBurstLimit,
    wanted: (spec) => spec.burstLimit,
    write: (spec) => replace("/*/*/throttling/burstLimit", spec.burstLimit),
  },
  logLevel: {
    read: (found) => methods(found).loggingLevel,
    wanted: (spec) => spec.logLevel,
    write: (spec) => replace("/*/*/logging/loglevel", spec.logLevel),
  },
  metrics: {
    read: (found) => methods(found).metricsEnabled ?? false,
    wanted: () => true,
    write: () => replace("/*/*/metrics/enabled", true),
  },
  bodyLogging: {
    read: (found) => methods(found).dataTraceEnabled ?? false,
    wanted: () => false,
    write: () => replace("/*/*/logging/dataTrace", false),
  },
  accessLog: {
    read: (found) => found.accessLogSettings?.destinationArn?.replace(/:\*$/, ""),
    wanted: (spec) => spec.accessLog,
    write: (spec) => replace("/accessLogSettings/destinationArn", spec.accessLog),
  },
  accessLogFormat: {
    read: (found) => found.accessLogSettings?.format,
    wanted: () => ACCESS_LOG_FORMAT,
    write: () => replace("/accessLogSettings/format", ACCESS_LOG_FORMAT),
  },
  tracing: {
    read: (found) => found.tracingEnabled ?? false,
    wanted: () => true,
    write: () => replace("/tracingEnabled", true),
  },
};

async function observe(gateway: APIGateway, restApiId: string, found: Stage, place: AwsLocation): Promise<Observation<StageLive>> {
  const [deployments, stages] = await Promise.all([deploymentsOf(gateway, restApiId), gateway.getStages({ restApiId })]);
  const used = new Set([found, ...(stages.item ?? [])].map((s) => s.deploymentId));
  const { "*/*": _all, ...methodSettings } = found.methodSettings ?? {};
  const stage = found.stageName ?? "";
  const live: StageLive = {
    arn: `arn:${place.partition}:apigateway:${place.region}::/restapis/${restApiId}/stages/${stage}`,
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
