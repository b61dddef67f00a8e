import type { LocalEnv, LocalService, Permission } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { accountOperations } from "./account.ts";
import { attachmentOperations } from "./attachments.ts";
import { createDecisions, type Decisions } from "./decide.ts";
import { inlineOperations } from "./inline.ts";
import { policyOperations } from "./managed.ts";
import { roleOperations } from "./roles.ts";
import { type IamState, iamState } from "./state.ts";
import { versionOperations } from "./versions.ts";

/** IAM, and the access decisions for every other service. */
export function iamService(env: LocalEnv): { readonly service: LocalService; readonly decide: Decisions["decide"] } {
  const decisions = createDecisions(env, () => state);
  const state: IamState = iamState(env.store, decisions.clearCache);
  return {
    decide: decisions.decide,
    service: {
      name: "iam",
      sdk: () => import("@aws-sdk/client-iam"),
      model: () => loadModel("iam"),
      pageTokens: { all: ["Marker", "Marker", "IsTruncated"] },
      operations: {
        ...roleOperations(env, state),
        ...inlineOperations(state),
        ...attachmentOperations(state),
        ...policyOperations(env, state),
        ...versionOperations(env, state),
        ...accountOperations(env, state, decisions.decide),
      },
      permissions: (operation, input) => [permissionOf(env, state, operation, input)],
      facts: () => ({ roles: state.roles.size, policies: state.policies.size }),
    },
  };
}

function permissionOf(env: LocalEnv, state: IamState, operation: string, input: Record<string, unknown>): Permission {
  const action = `iam:${operation}`;
  if (typeof input.PolicyArn === "string" && input.RoleName === undefined) return { action, resource: input.PolicyArn };
  if (typeof input.RoleName !== "string") return { action, resource: "*" };
  const path = state.roles.get(input.RoleName)?.path ?? input.Path ?? "/";
  return { action, resource: `arn:aws:iam::${env.account}:role${String(path)}${input.RoleName}` };
}
