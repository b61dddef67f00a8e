import { randomInt } from "node:crypto";
import type {
  AccessLogSettings,
  ApiKeySourceType,
  ApiStage,
  Authorizer,
  CanarySettings,
  EndpointType,
  GatewayResponse,
  Method,
  MethodSetting,
  Model,
  QuotaSettings,
  RequestValidator,
  ThrottleSettings,
} from "@aws-sdk/client-api-gateway";
import { type Call, type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";

export interface ResourceDoc {
  id: string;
  parentId?: string | undefined;
  pathPart?: string | undefined;
  path: string;
  methods: Record<string, Method>;
}
/** A REST API under edit. A deployment stores a copy of it. */
export interface ApiDoc {
  readonly id: string;
  readonly region: string;
  readonly createdAt: number;
  readonly rootId: string;
  name: string;
  description?: string | undefined;
  version?: string | undefined;
  warnings?: string[] | undefined;
  apiKeySource: ApiKeySourceType;
  endpointType: EndpointType;
  ipAddressType: string;
  binaryMediaTypes: string[];
  minimumCompressionSize?: number | undefined;
  policy?: string | undefined;
  disableExecuteApiEndpoint: boolean;
  tags: Record<string, string>;
  resources: Record<string, ResourceDoc>;
  models: Record<string, Model>;
  validators: Record<string, RequestValidator>;
  authorizers: Record<string, Authorizer>;
  gatewayResponses: Record<string, GatewayResponse>;
}
export interface DeploymentDoc {
  readonly id: string;
  readonly apiId: string;
  readonly createdAt: number;
  description?: string | undefined;
  readonly snapshot: ApiDoc;
}
export interface StageDoc {
  readonly name: string;
  readonly apiId: string;
  readonly createdAt: number;
  updatedAt: number;
  deploymentId: string;
  description?: string | undefined;
  documentationVersion?: string | undefined;
  cacheClusterEnabled: boolean;
  cacheClusterSize?: string | undefined;
  clientCertificateId?: string | undefined;
  variables: Record<string, string>;
  accessLog?: AccessLogSettings | undefined;
  methodSettings: Record<string, MethodSetting>;
  canary?: CanarySettings | undefined;
  tracing: boolean;
  tags: Record<string, string>;
}
export interface KeyDoc {
  readonly id: string;
  readonly region: string;
  readonly value: string;
  readonly createdAt: number;
  updatedAt: number;
  name?: string | undefined;
  description?: string | undefined;
  customerId?: string | undefined;
  enabled: boolean;
  tags: Record<string, string>;
}
export interface PlanDoc {
  readonly id: string;
  readonly region: string;
  name: string;
  description?: string | undefined;
  productCode?: string | undefined;
  stages: ApiStage[];
  throttle?: ThrottleSettings | undefined;
  quota?: QuotaSettings | undefined;
  tags: Record<string, string>;
  keyIds: string[];
}
/** Calls of a key under a plan, by UTC day (`2026-01-31`). */
export interface UsageDoc {
  days: Record<string, number>;
  /** Calls that UpdateUsage added or removed in the current period. */
  granted: number;
}
export interface AccountDoc {
  cloudwatchRoleArn?: string | undefined;
}
export interface Gateway {
  readonly env: LocalEnv;
  readonly apis: Collection<ApiDoc>;
  readonly deployments: Collection<DeploymentDoc>;
  readonly stages: Collection<StageDoc>;
  readonly keys: Collection<KeyDoc>;
  readonly plans: Collection<PlanDoc>;
  readonly usage: Collection<UsageDoc>;
  readonly accounts: Collection<AccountDoc>;
}
export const openGateway = (env: LocalEnv): Gateway => ({
  env,
  apis: env.store.collection("apigateway.apis"),
  deployments: env.store.collection("apigateway.deployments"),
  stages: env.store.collection("apigateway.stages"),
  keys: env.store.collection("apigateway.keys"),
  plans: env.store.collection("apigateway.plans"),
  usage: env.store.collection("apigateway.usage"),
  accounts: env.store.collection("apigateway.accounts"),
});

export const notFound = (message: string): LocalFault => new LocalFault("NotFoundException", message);
export const badRequest = (message: string): LocalFault => new LocalFault("BadRequestException", message);
export const conflict = (message: string): LocalFault => new LocalFault("ConflictException", message);

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const pick = (length: number, letters: string): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
/** Ten letters and digits, as AWS makes them. */
export const newId = (): string => pick(10, LETTERS);
export const newResourceId = (): string => pick(6, LETTERS);
export const newKeyValue = (): string => pick(40, `${LETTERS}ABCDEFGHIJKLMNOPQRSTUVWXYZ`);

export const stageKey = (apiId: string, stage: string): string => `${apiId}/${stage}`;
export const deploymentKey = (apiId: string, id: string): string => `${apiId}/${id}`;

/** `absent`: the text of the error for an unknown API, for operations that name what they look for in it (recorded). */
export function requireApi(gateway: Gateway, id: string | undefined, call: Call, absent?: string): ApiDoc {
  const api = gateway.apis.get(id ?? "");
  if (api?.region !== call.region) throw notFound(absent ?? `Invalid API identifier specified ${call.account}:${id}`);
  return api;
}
/** Applies `change` to a copy and stores it afterwards, so that a call that throws changes nothing. `absent`: see `requireApi`. */
export function changeApi<T>(gateway: Gateway, id: string | undefined, call: Call, change: (draft: ApiDoc) => T, absent?: string): T {
  const draft = structuredClone(requireApi(gateway, id, call, absent));
  const result = change(draft);
  gateway.apis.put(draft.id, draft);
  return result;
}
const NO_RESOURCE = "Invalid Resource identifier specified";
/** The API for operations on a resource's methods. To them an unknown API is an unknown resource. */
export const requireApiOfResources = (gateway: Gateway, id: string | undefined, call: Call): ApiDoc =>
  requireApi(gateway, id, call, NO_RESOURCE);
export const changeResources = <T>(gateway: Gateway, id: string | undefined, call: Call, change: (draft: ApiDoc) => T): T =>
  changeApi(gateway, id, call, change, NO_RESOURCE);
export function requireResource(api: ApiDoc, id: string | undefined): ResourceDoc {
  const found = api.resources[id ?? ""];
  if (!found) throw notFound(NO_RESOURCE);
  return found;
}
export function requireMethod(api: ApiDoc, resourceId: string | undefined, verb: string | undefined): Method {
  const found = requireResource(api, resourceId).methods[verb ?? ""];
  if (!found) throw notFound("Invalid Method identifier specified");
  return found;
}
export function requireStage(gateway: Gateway, apiId: string | undefined, name: string | undefined, call: Call): StageDoc {
  const api = requireApi(gateway, apiId, call);
  const found = gateway.stages.get(stageKey(api.id, name ?? ""));
  if (!found) throw notFound("Invalid stage identifier specified");
  return found;
}
export function requireDeployment(gateway: Gateway, apiId: string | undefined, id: string | undefined, call: Call): DeploymentDoc {
  const api = requireApi(gateway, apiId, call);
  const found = gateway.deployments.get(deploymentKey(api.id, id ?? ""));
  if (!found) throw notFound("Invalid Deployment identifier specified");
  return found;
}

export const stagesOf = (gateway: Gateway, apiId: string): StageDoc[] => gateway.stages.values().filter((stage) => stage.apiId === apiId);
export const byAge = <T extends { readonly createdAt: number }>(a: T, b: T): number => a.createdAt - b.createdAt;

/** Drops undefined members, so that a response has only the members that AWS returns. */
export const defined = <T extends object>(members: T): { [Key in keyof T]: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
/** Undefined for an empty map or list, which AWS omits. */
export const filled = <T extends object>(members: T | undefined): T | undefined =>
  members && Object.keys(members).length > 0 ? members : undefined;
