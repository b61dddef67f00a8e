import type {
  CreateDeploymentCommandInput,
  DeleteDeploymentCommandInput,
  Deployment,
  GetDeploymentCommandInput,
  GetDeploymentsCommandInput,
  MethodSnapshot,
  UpdateDeploymentCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Call, Operations } from "../../../core/service.ts";
import {
  type ApiDoc,
  badRequest,
  byAge,
  type DeploymentDoc,
  defined,
  deploymentKey,
  filled,
  type Gateway,
  newResourceId,
  requireApi,
  requireDeployment,
  stageKey,
  stagesOf,
} from "../state.ts";
import { page } from "./paging.ts";
import { applyPatches, text } from "./patch.ts";
import { newStage } from "./stages.ts";

export function deploymentOperations(gateway: Gateway): Operations {
  return {
    CreateDeployment: (input: CreateDeploymentCommandInput, call): Deployment => create(gateway, input, call),
    GetDeployment: (input: GetDeploymentCommandInput, call): Deployment => {
      const deployment = requireDeployment(gateway, input.restApiId, input.deploymentId, call);
      return describeDeployment(deployment, input.embed?.includes("apisummary") ?? false);
    },
    GetDeployments: (input: GetDeploymentsCommandInput, call) => {
      const api = requireApi(gateway, input.restApiId, call);
      const all = gateway.deployments.values().filter((deployment) => deployment.apiId === api.id);
      const { items, position } = page(all.sort(byAge), input.position, input.limit);
      return defined({ items: items.map((deployment) => describeDeployment(deployment, false)), position });
    },
    UpdateDeployment: (input: UpdateDeploymentCommandInput, call): Deployment => {
      const draft = structuredClone(requireDeployment(gateway, input.restApiId, input.deploymentId, call));
      applyPatches(draft, input.patchOperations, { "/description": text("description") });
      gateway.deployments.put(deploymentKey(draft.apiId, draft.id), draft);
      return describeDeployment(draft, false);
    },
    DeleteDeployment: (input: DeleteDeploymentCommandInput, call) => {
      const deployment = requireDeployment(gateway, input.restApiId, input.deploymentId, call);
      if (stagesOf(gateway, deployment.apiId).some((stage) => stage.deploymentId === deployment.id))
        throw badRequest("Active stages pointing to this deployment must be moved or deleted");
      gateway.deployments.delete(deploymentKey(deployment.apiId, deployment.id));
      return {};
    },
  };
}

function create(gateway: Gateway, input: CreateDeploymentCommandInput, call: Call): Deployment {
  const api = requireApi(gateway, input.restApiId, call);
  assertComplete(api);
  const now = gateway.env.clock.now();
  const deployment: DeploymentDoc = {
    id: newResourceId(),
    apiId: api.id,
    createdAt: now,
    ...defined({ description: input.description }),
    snapshot: structuredClone(api),
  };
  const key = stageKey(api.id, input.stageName ?? "");
  const before = gateway.stages.get(key);
  const given = defined({
    description: input.stageDescription,
    variables: input.variables,
    tracing: input.tracingEnabled,
    cacheClusterEnabled: input.cacheClusterEnabled,
    cacheClusterSize: input.cacheClusterSize,
  });
  gateway.deployments.put(deploymentKey(api.id, deployment.id), deployment);
  if (input.stageName) {
    const stage = before ?? newStage(api.id, input.stageName, now);
    gateway.stages.put(key, { ...stage, ...given, deploymentId: deployment.id, updatedAt: now });
  }
  return describeDeployment(deployment, false);
}

function assertComplete(api: ApiDoc): void {
  const methods = Object.values(api.resources).flatMap((resource) => Object.values(resource.methods));
  if (methods.length === 0) throw badRequest("The REST API doesn't contain any methods");
  if (methods.some((method) => !method.methodIntegration)) throw badRequest("No integration defined for method");
}

function describeDeployment(deployment: DeploymentDoc, summary: boolean): Deployment {
  return defined({
    id: deployment.id,
    description: deployment.description,
    createdDate: new Date(deployment.createdAt),
    apiSummary: summary ? filled(summaryOf(deployment.snapshot)) : undefined,
  });
}
function summaryOf(api: ApiDoc): Record<string, Record<string, MethodSnapshot>> {
  const used = Object.values(api.resources).filter((resource) => Object.keys(resource.methods).length > 0);
  return Object.fromEntries(
    used.map((resource) => [
      resource.path,
      Object.fromEntries(
        Object.entries(resource.methods).map(([verb, { authorizationType, apiKeyRequired }]) => [
          verb,
          { authorizationType, apiKeyRequired },
        ]),
      ),
    ]),
  );
}
