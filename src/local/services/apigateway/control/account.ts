import type {
  Account,
  GetTagsCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
  UpdateAccountCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Role } from "@aws-sdk/client-iam";
import type { Call, LocalEnv, Operations } from "../../../core/service.ts";
import { type AccountDoc, badRequest, defined, type Gateway, requireApi, requireStage, stageKey } from "../state.ts";
import { requireKey } from "./api-keys.ts";
import { applyPatches, text } from "./patch.ts";
import { requirePlan } from "./usage-plans.ts";

const PROPAGATION_MS = 8_000;

export function accountOperations(gateway: Gateway): Operations {
  return {
    GetAccount: (_input: object, call): Account => describeAccount(gateway.accounts.get(call.region) ?? {}),
    UpdateAccount: async (input: UpdateAccountCommandInput, call): Promise<Account> => {
      const draft: AccountDoc = applyPatches({ ...gateway.accounts.get(call.region) }, input.patchOperations, {
        "/cloudwatchRoleArn": text("cloudwatchRoleArn"),
      });
      if (!draft.cloudwatchRoleArn) delete draft.cloudwatchRoleArn;
      else await assertUsable(gateway, call.region, draft.cloudwatchRoleArn);
      gateway.accounts.put(call.region, draft);
      return describeAccount(draft);
    },
    ...tagOperations(gateway),
  };
}
const describeAccount = (account: AccountDoc): Account =>
  defined({
    cloudwatchRoleArn: account.cloudwatchRoleArn,
    throttleSettings: { burstLimit: 5_000, rateLimit: 10_000 },
    features: ["UsagePlans"],
    apiKeyVersion: "4",
  });

const NOT_ASSUMABLE = "The role ARN does not have required permissions set to API Gateway";
const CANNOT_WRITE = "API Gateway could not successfully write to CloudWatch Logs using the ARN specified";

/** AWS tests the role at once. The role must exist, trust API Gateway, have propagated, and allow writing logs. */
async function assertUsable(gateway: Gateway, region: string, arn: string): Promise<void> {
  const { env } = gateway;
  const role = await env.dispatch("iam", "GetRole", { RoleName: arn.slice(arn.lastIndexOf("/") + 1) }).then(
    (output) => output.Role as Role,
    () => undefined,
  );
  const age = env.clock.now() - (role?.CreateDate?.getTime() ?? 0);
  const propagationLeftMs = env.settings.realism ? PROPAGATION_MS - age : 0;
  if (role?.Arn !== arn || propagationLeftMs > PROPAGATION_MS / 2 || !trustsGateway(role.AssumeRolePolicyDocument ?? ""))
    throw badRequest(NOT_ASSUMABLE);
  // The trust policy propagates before the permissions.
  if (propagationLeftMs > 0 || !mayWriteLogs(env, region, arn)) throw badRequest(CANNOT_WRITE);
}
/** Checks the permission on the log group that API Gateway writes to; permissions on other groups do not count. */
function mayWriteLogs(env: LocalEnv, region: string, arn: string): boolean {
  const { accessKeyId } = env.assume(arn, "apigateway", 900);
  const principal = env.identify(accessKeyId)?.principal;
  const resource = `arn:aws:logs:${region}:${env.account}:log-group:API-Gateway-Execution-Logs_abcdef1234/prod:log-stream:0`;
  return principal !== undefined && env.decide(principal, { action: "logs:PutLogEvents", resource }).allowed;
}

interface TrustStatement {
  readonly Effect?: string;
  readonly Principal?: string | { readonly Service?: string | readonly string[] };
  readonly Action?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, object>>;
}
/**
 * Other services send aws:SourceAccount and aws:SourceArn when they assume a role. API Gateway sends neither, so a
 * condition on them never matches (aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws pull request 479).
 */
function trustsGateway(document: string): boolean {
  const text = document.startsWith("%") ? decodeURIComponent(document) : document;
  const { Statement = [] } = JSON.parse(text || "{}") as { Statement?: TrustStatement | readonly TrustStatement[] };
  return [Statement].flat().some(({ Effect, Principal, Action, Condition = {} }: TrustStatement) => {
    const services = typeof Principal === "string" ? [Principal] : [Principal?.Service ?? []].flat();
    const unmet = Object.keys(Condition).some((operator) => !/IfExists$|^Null$/i.test(operator));
    return (
      Effect === "Allow" &&
      services.some((s) => s === "*" || s === "apigateway.amazonaws.com") &&
      /"sts:(AssumeRole|\*)"/.test(JSON.stringify([Action].flat())) &&
      !unmet
    );
  });
}

/** The tags of a resource, and the function that stores new ones. */
interface TaggedResource {
  readonly tags: Record<string, string>;
  readonly store: (tags: Record<string, string>) => void;
}
function taggedResource(gateway: Gateway, arn: string | undefined, call: Call): TaggedResource {
  const parts = /^arn:aws[a-z-]*:apigateway:[^:]+::\/(restapis|apikeys|usageplans)\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(
    decodeURIComponent(arn ?? ""),
  );
  if (!parts) throw badRequest("Invalid resource ARN specified");
  const [, kind, id, stageName] = parts;
  if (stageName) {
    const stage = requireStage(gateway, id, stageName, call);
    return { tags: stage.tags, store: (tags) => gateway.stages.put(stageKey(stage.apiId, stage.name), { ...stage, tags }) };
  }
  if (kind === "apikeys") {
    const key = requireKey(gateway, id, call);
    return { tags: key.tags, store: (tags) => gateway.keys.put(key.id, { ...key, tags }) };
  }
  if (kind === "usageplans") {
    const plan = requirePlan(gateway, id, call);
    return { tags: plan.tags, store: (tags) => gateway.plans.put(plan.id, { ...plan, tags }) };
  }
  const api = requireApi(gateway, id, call);
  return { tags: api.tags, store: (tags) => gateway.apis.put(api.id, { ...api, tags }) };
}

function tagOperations(gateway: Gateway): Operations {
  return {
    TagResource: (input: TagResourceCommandInput, call) => {
      const { tags, store } = taggedResource(gateway, input.resourceArn, call);
      if (Object.keys(input.tags ?? {}).some((key) => key.startsWith("aws:")))
        throw badRequest("Invalid tag key: aws: prefixed tag key names are not allowed");
      store({ ...tags, ...input.tags });
      return {};
    },
    UntagResource: (input: UntagResourceCommandInput, call) => {
      const { tags, store } = taggedResource(gateway, input.resourceArn, call);
      store(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.tagKeys?.includes(key))));
      return {};
    },
    GetTags: (input: GetTagsCommandInput, call) => ({ tags: { ...taggedResource(gateway, input.resourceArn, call).tags } }),
  };
}
