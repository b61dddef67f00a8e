import type * as IAM from "@aws-sdk/client-iam";
import { type Handler, LocalFault } from "../../core/service.ts";
import { awsManaged } from "./aws-managed.ts";
import type { IamState } from "./documents.ts";
import { page } from "./forms.ts";
import { anyPolicy, notFound } from "./managed.ts";
import { roleNamed } from "./roles.ts";

const MOST_ATTACHED = 10;

/** Operations that attach managed policies to roles. */
export function attachmentOperations(state: IamState) {
  const attach: Handler<IAM.AttachRolePolicyCommandInput, IAM.AttachRolePolicyCommandOutput> = (input) => {
    const role = roleNamed(state, input.RoleName);
    const arn = input.PolicyArn ?? "";
    if (!state.policies.has(arn) && !awsManaged(arn))
      throw new LocalFault("NoSuchEntityException", `Policy ${arn} does not exist or is not attachable.`);
    if (role.attached.includes(arn)) return {};
    if (role.attached.length >= MOST_ATTACHED)
      throw new LocalFault("LimitExceededException", `Cannot exceed quota for PoliciesPerRole: ${MOST_ATTACHED}`);
    state.roles.put(role.name, { ...role, attached: [...role.attached, arn] });
    return {};
  };
  const detach: Handler<IAM.DetachRolePolicyCommandInput, IAM.DetachRolePolicyCommandOutput> = (input) => {
    const role = roleNamed(state, input.RoleName);
    if (!role.attached.includes(input.PolicyArn ?? "")) throw notFound(input.PolicyArn);
    state.roles.put(role.name, { ...role, attached: role.attached.filter((arn) => arn !== input.PolicyArn) });
    return {};
  };
  const list: Handler<IAM.ListAttachedRolePoliciesCommandInput, IAM.ListAttachedRolePoliciesCommandOutput> = (input) => {
    const attached = roleNamed(state, input.RoleName)
      .attached.map((arn) => anyPolicy(state, arn))
      .filter((policy) => policy.path.startsWith(input.PathPrefix ?? "/"))
      .map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));
    const { items, ...paging } = page(attached, (policy) => policy.PolicyArn, input);
    return { AttachedPolicies: items, ...paging };
  };
  return { AttachRolePolicy: attach, DetachRolePolicy: detach, ListAttachedRolePolicies: list };
}
