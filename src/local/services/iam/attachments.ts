import type * as IAM from "@aws-sdk/client-iam";
import { type Handler, LocalFault } from "../../core/service.ts";
import { findAwsPolicy } from "./aws-managed.ts";
import { policyNotFound, requirePolicy } from "./managed.ts";
import { page } from "./paging.ts";
import { requireRole } from "./roles.ts";
import type { IamState } from "./state.ts";

const MAX_ATTACHED = 10;

/** Operations that attach managed policies to roles. */
export function attachmentOperations(state: IamState) {
  const attach: Handler<IAM.AttachRolePolicyCommandInput, IAM.AttachRolePolicyCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    const arn = input.PolicyArn ?? "";
    if (!state.policies.has(arn) && !findAwsPolicy(arn))
      throw new LocalFault("NoSuchEntityException", `Policy ${arn} does not exist or is not attachable.`);
    if (role.attached.includes(arn)) return {};
    if (role.attached.length >= MAX_ATTACHED)
      throw new LocalFault("LimitExceededException", `Cannot exceed quota for PoliciesPerRole: ${MAX_ATTACHED}`);
    state.roles.put(role.name, { ...role, attached: [...role.attached, arn] });
    return {};
  };
  const detach: Handler<IAM.DetachRolePolicyCommandInput, IAM.DetachRolePolicyCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    if (!role.attached.includes(input.PolicyArn ?? "")) throw policyNotFound(input.PolicyArn);
    state.roles.put(role.name, { ...role, attached: role.attached.filter((arn) => arn !== input.PolicyArn) });
    return {};
  };
  const list: Handler<IAM.ListAttachedRolePoliciesCommandInput, IAM.ListAttachedRolePoliciesCommandOutput> = (input) => {
    const attached = requireRole(state, input.RoleName)
      .attached.map((arn) => requirePolicy(state, arn))
      .filter((policy) => policy.path.startsWith(input.PathPrefix ?? "/"))
      .map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));
    const { items, ...paging } = page(attached, (policy) => policy.PolicyArn, input);
    return { AttachedPolicies: items, ...paging };
  };
  return { AttachRolePolicy: attach, DetachRolePolicy: detach, ListAttachedRolePolicies: list };
}
