import type {
  Account,
  GetTagsCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
  UpdateAccountCommandInput,
} from "@aws-sdk/client-api-gateway";
import type { Role } from "@aws-sdk/client-iam";
import type { Call, Operations } from "../../core/service.ts";
import { keyAt } from "./keys.ts";
import { type AccountDoc, apiAt, badRequest, defined, type Gateway, stageAt, stageKey } from "./model.ts";
import { applyPatches, text } from "./patch.ts";
import { planAt } from "./usage-plans.ts";

const PROPAGATION_MS = 8_000;

export function accountOperations(gateway: Gateway): Operations {
  return {
    GetAccount: (_input: object, call): Account => describeAccount(gateway.accounts.get(call.region) ?? {}),
    UpdateAccount: async (input: UpdateAccountCommandInput, call): Promise<Account> => {
      const draft: AccountDoc = applyPatches({ ...gateway.accounts.get(call.region) }, input.patchOperations, {
        "/cloudwatchRoleArn": text("cloudwatchRoleArn"),
      });
      if (!draft.cloudwatchRoleArn) delete draft.cloudwatchRoleArn;
      else await assertUsable(gateway, draft.cloudwatchRoleArn);
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

/** AWS tries the role at once: it must exist, trust API Gateway and be old enough to be known everywhere. */
async function assertUsable(gateway: Gateway, arn: string): Promise<void> {
  const { env } = gateway;
  const role = await env.dispatch("iam", "GetRole", { RoleName: arn.slice(arn.lastIndexOf("/") + 1) }).then(
    (output) => output.Role as Role,
    () => undefined,
  );
  const trust = role?.AssumeRolePolicyDocument ?? "";
  const young = env.settings.realism && env.clock.now() - (role?.CreateDate?.getTime() ?? 0) < PROPAGATION_MS;
  if (role?.Arn !== arn || young || !/apigateway\.amazonaws\.com/.test(trust.startsWith("%") ? decodeURIComponent(trust) : trust))
    throw badRequest(
      "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.",
    );
}

/** Something with tags, and how to write them back. */
interface Tagged {
  readonly tags: Record<string, string>;
  readonly store: (tags: Record<string, string>) => void;
}
function tagged(gateway: Gateway, arn: string | undefined, call: Call): Tagged {
  const parts = /^arn:aws[a-z-]*:apigateway:[^:]+::\/(restapis|apikeys|usageplans)\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(
    decodeURIComponent(arn ?? ""),
  );
  if (!parts) throw badRequest("Invalid resource ARN specified");
  const [, kind, id, stageName] = parts;
  if (stageName) {
    const stage = stageAt(gateway, id, stageName, call);
    return { tags: stage.tags, store: (tags) => gateway.stages.put(stageKey(stage.apiId, stage.name), { ...stage, tags }) };
  }
  if (kind === "apikeys") {
    const key = keyAt(gateway, id, call);
    return { tags: key.tags, store: (tags) => gateway.keys.put(key.id, { ...key, tags }) };
  }
  if (kind === "usageplans") {
    const plan = planAt(gateway, id, call);
    return { tags: plan.tags, store: (tags) => gateway.plans.put(plan.id, { ...plan, tags }) };
  }
  const api = apiAt(gateway, id, call);
  return { tags: api.tags, store: (tags) => gateway.apis.put(api.id, { ...api, tags }) };
}

function tagOperations(gateway: Gateway): Operations {
  return {
    TagResource: (input: TagResourceCommandInput, call) => {
      const { tags, store } = tagged(gateway, input.resourceArn, call);
      if (Object.keys(input.tags ?? {}).some((key) => key.startsWith("aws:")))
        throw badRequest("Invalid tag key: aws: prefixed tag key names are not allowed");
      store({ ...tags, ...input.tags });
      return {};
    },
    UntagResource: (input: UntagResourceCommandInput, call) => {
      const { tags, store } = tagged(gateway, input.resourceArn, call);
      store(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.tagKeys?.includes(key))));
      return {};
    },
    GetTags: (input: GetTagsCommandInput, call) => ({ tags: { ...tagged(gateway, input.resourceArn, call).tags } }),
  };
}
