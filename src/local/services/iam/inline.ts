import type * as IAM from "@aws-sdk/client-iam";
import { type Handler, LocalFault } from "../../core/service.ts";
import { encodedPolicy } from "./formats.ts";
import { page } from "./paging.ts";
import { requireRole } from "./roles.ts";
import type { IamState, StoredRole } from "./state.ts";
import { checkIdentityPolicy, checkName } from "./validation.ts";

/** Limit of a role's inline policies together, in characters without white space. */
const MAX_CHARACTERS = 10_240;

/** Operations for inline policies, which are deleted with their role. */
export function inlineOperations(state: IamState) {
  const put: Handler<IAM.PutRolePolicyCommandInput, IAM.PutRolePolicyCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    checkName(input.PolicyName, "policyName", 128);
    checkIdentityPolicy(input.PolicyDocument ?? "");
    const inline = { ...role.inline, [input.PolicyName]: input.PolicyDocument ?? "" };
    const size = Object.values(inline).reduce((sum, text) => sum + text.replace(/\s/g, "").length, 0);
    if (size > MAX_CHARACTERS)
      throw new LocalFault("LimitExceededException", `Maximum policy size of ${MAX_CHARACTERS} bytes exceeded for role ${role.name}`);
    state.roles.put(role.name, { ...role, inline });
    return {};
  };
  const get: Handler<IAM.GetRolePolicyCommandInput, IAM.GetRolePolicyCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    return {
      RoleName: role.name,
      PolicyName: input.PolicyName,
      PolicyDocument: encodedPolicy(requireInlinePolicy(role, input.PolicyName ?? "")),
    };
  };
  const remove: Handler<IAM.DeleteRolePolicyCommandInput, IAM.DeleteRolePolicyCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    requireInlinePolicy(role, input.PolicyName ?? "");
    const inline = Object.fromEntries(Object.entries(role.inline).filter(([name]) => name !== input.PolicyName));
    state.roles.put(role.name, { ...role, inline });
    return {};
  };
  const list: Handler<IAM.ListRolePoliciesCommandInput, IAM.ListRolePoliciesCommandOutput> = (input) => {
    const { items, ...paging } = page(Object.keys(requireRole(state, input.RoleName).inline), (name) => name, input);
    return { PolicyNames: items, ...paging };
  };
  return { PutRolePolicy: put, GetRolePolicy: get, DeleteRolePolicy: remove, ListRolePolicies: list };
}

function requireInlinePolicy(role: StoredRole, name: string): string {
  const document = role.inline[name];
  if (document === undefined) throw new LocalFault("NoSuchEntityException", `The role policy with name ${name} cannot be found.`);
  return document;
}
