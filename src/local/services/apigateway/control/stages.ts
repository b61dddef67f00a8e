import type {
  CreateStageCommandInput,
  DeleteStageCommandInput,
  FlushStageCacheCommandInput,
  GetStageCommandInput,
  GetStagesCommandInput,
  PatchOperation,
  Stage,
  UpdateStageCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Call, Operations } from "../../../core/service.ts";
import {
  badRequest,
  conflict,
  defined,
  filled,
  type Gateway,
  requireApi,
  requireDeployment,
  requireStage,
  type StageDoc,
  stageKey,
  stagesOf,
} from "../state.ts";
import { METHOD_SETTING_RULES } from "./method-settings.ts";
import { applyPatches, entry, flag, type Rules, text } from "./patch.ts";

export function stageOperations(gateway: Gateway): Operations {
  return {
    CreateStage: (input: CreateStageCommandInput, call): Stage => create(gateway, input, call),
    GetStage: (input: GetStageCommandInput, call): Stage => describeStage(requireStage(gateway, input.restApiId, input.stageName, call)),
    GetStages: (input: GetStagesCommandInput, call) => {
      const all = stagesOf(gateway, requireApi(gateway, input.restApiId, call).id);
      return { item: all.filter((stage) => !input.deploymentId || stage.deploymentId === input.deploymentId).map(describeStage) };
    },
    UpdateStage: (input: UpdateStageCommandInput, call): Stage => update(gateway, input, call),
    DeleteStage: (input: DeleteStageCommandInput, call) => {
      const stage = requireStage(gateway, input.restApiId, input.stageName, call);
      for (const plan of gateway.plans.values()) {
        const stages = plan.stages.filter((one) => one.apiId !== stage.apiId || one.stage !== stage.name);
        if (stages.length < plan.stages.length) gateway.plans.put(plan.id, { ...plan, stages });
      }
      gateway.stages.delete(stageKey(stage.apiId, stage.name));
      return {};
    },
    FlushStageCache: (input: FlushStageCacheCommandInput, call) => {
      requireStage(gateway, input.restApiId, input.stageName, call);
      return {};
    },
  };
}

export function newStage(apiId: string, name: string, now: number): Omit<StageDoc, "deploymentId"> {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) throw badRequest("Stage name only allows a-zA-Z0-9_-");
  return {
    name,
    apiId,
    createdAt: now,
    updatedAt: now,
    cacheClusterEnabled: false,
    variables: {},
    methodSettings: {},
    tracing: false,
    tags: {},
  };
}

function create(gateway: Gateway, input: CreateStageCommandInput, call: Call): Stage {
  const api = requireApi(gateway, input.restApiId, call);
  const name = input.stageName ?? "";
  if (gateway.stages.has(stageKey(api.id, name))) throw conflict("Stage already exists");
  const deployment = requireDeployment(gateway, api.id, input.deploymentId, call);
  const stage: StageDoc = {
    ...newStage(api.id, name, gateway.env.clock.now()),
    deploymentId: deployment.id,
    ...defined({
      description: input.description,
      documentationVersion: input.documentationVersion,
      cacheClusterSize: input.cacheClusterSize,
      canary: input.canarySettings,
    }),
    cacheClusterEnabled: input.cacheClusterEnabled ?? false,
    variables: input.variables ?? {},
    tracing: input.tracingEnabled ?? false,
    tags: input.tags ?? {},
  };
  checkVariables(stage);
  gateway.stages.put(stageKey(api.id, name), stage);
  return describeStage(stage);
}

function update(gateway: Gateway, input: UpdateStageCommandInput, call: Call): Stage {
  const draft = structuredClone(requireStage(gateway, input.restApiId, input.stageName, call));
  applyPatches(draft, (input.patchOperations ?? []).map(withEmptyMethodPath), RULES);
  requireDeployment(gateway, draft.apiId, draft.deploymentId, call);
  checkVariables(draft);
  checkLogging(gateway, draft, call);
  draft.updatedAt = gateway.env.clock.now();
  gateway.stages.put(stageKey(draft.apiId, draft.name), draft);
  return describeStage(draft);
}

/** The root resource's settings are addressed as `//GET/…` or `/~1/GET/…`. */
const withEmptyMethodPath = (patch: PatchOperation): PatchOperation =>
  patch.path?.startsWith("//") ? { ...patch, path: `/~1${patch.path.slice(1)}` } : patch;

const RULES: Rules<StageDoc> = {
  "/deploymentId": text("deploymentId"),
  "/description": text("description"),
  "/documentationVersion": text("documentationVersion"),
  "/clientCertificateId": text("clientCertificateId"),
  "/cacheClusterEnabled": flag("cacheClusterEnabled"),
  "/cacheClusterSize": text("cacheClusterSize"),
  "/tracingEnabled": flag("tracing"),
  "/variables/*": entry("variables"),
  "/accessLogSettings/destinationArn": (draft, value) => {
    draft.accessLog = { ...draft.accessLog, destinationArn: value };
  },
  "/accessLogSettings/format": (draft, value) => {
    draft.accessLog = { ...draft.accessLog, format: value };
  },
  "/accessLogSettings": (draft) => {
    if (!draft.accessLog) throw badRequest("Cannot remove access log settings because there are none for this stage");
    draft.accessLog = undefined;
  },
  ...METHOD_SETTING_RULES,
};

function checkVariables({ variables }: StageDoc): void {
  for (const [name, value] of Object.entries(variables)) {
    if (!/^[A-Za-z0-9_]{1,64}$/.test(name))
      throw badRequest(`Stage variable name '${name}' may only contain alphanumeric characters and underscores`);
    if (!/^[A-Za-z0-9\-._~:/?#&=,]{0,512}$/.test(value))
      throw badRequest(`Stage variable value must match the regular expression [A-Za-z0-9-._~:/?#&=,]+: '${value}'`);
  }
}

/** The account's role writes the access log and the execution log. It must be set before either is enabled. */
function checkLogging(gateway: Gateway, stage: StageDoc, call: Call): void {
  const execution = Object.values(stage.methodSettings).some(({ loggingLevel }) => loggingLevel && loggingLevel !== "OFF");
  if ((execution || stage.accessLog?.destinationArn) && !gateway.accounts.get(call.region)?.cloudwatchRoleArn)
    throw badRequest("CloudWatch Logs role ARN must be set in account settings to enable logging");
  const { destinationArn, format } = stage.accessLog ?? {};
  if (destinationArn && !/^arn:aws[a-z-]*:(logs:[^:]+:\d{12}:log-group:[^:]+|firehose:.+)$/.test(destinationArn))
    throw badRequest("Invalid ARN specified in the request. ARN must be a CloudWatch Logs log group without ':*', or a Firehose stream.");
  if (format && (format.includes("\n") || !/\$context\.(requestId|extendedRequestId)\b/.test(format)))
    throw badRequest(
      "Access Log format must be single line, new line character is allowed only at end of the format, and must contain $context.requestId or $context.extendedRequestId",
    );
}

export function describeStage(stage: StageDoc): Stage {
  return defined({
    deploymentId: stage.deploymentId,
    clientCertificateId: stage.clientCertificateId,
    stageName: stage.name,
    description: stage.description,
    cacheClusterEnabled: stage.cacheClusterEnabled,
    cacheClusterSize: stage.cacheClusterSize as never,
    cacheClusterStatus: stage.cacheClusterEnabled ? ("AVAILABLE" as const) : ("NOT_AVAILABLE" as const),
    methodSettings: stage.methodSettings,
    variables: filled(stage.variables),
    documentationVersion: stage.documentationVersion,
    accessLogSettings: stage.accessLog,
    canarySettings: stage.canary,
    tracingEnabled: stage.tracing,
    tags: filled(stage.tags),
    createdDate: new Date(stage.createdAt),
    lastUpdatedDate: new Date(stage.updatedAt),
  });
}
