import type { Role } from "@aws-sdk/client-iam";
import { collect } from "./pages.ts";
import type { IAM } from "./sdk/types.ts";

/** Name of our inline policy in every role of ours. */
export const OUR_POLICY = "fleetlogix";

export interface RoleAnswers {
  readonly role: Role | undefined;
  /** Text of our inline policy. */
  readonly policy: string | undefined;
  /** Names of all inline policies, and ARNs of the attached ones. */
  readonly inlinePolicies: readonly string[];
  readonly attachedPolicies: readonly string[];
}

/** Only `iam:GetRole` proves that a role is absent: IAM has one code for a missing role and a missing policy, so a policy is read when it is listed. */
export async function readRole(iam: IAM, RoleName: string): Promise<RoleAnswers> {
  const { Role: role } = await iam.getRole({ RoleName });
  const [inlinePolicies, attachedPolicies] = await Promise.all([
    collect(iam.paginateListRolePolicies({ RoleName }), (page) => page.PolicyNames),
    collect(iam.paginateListAttachedRolePolicies({ RoleName }), (page) => page.AttachedPolicies?.map((p) => p.PolicyArn ?? "")),
  ]);
  const ours = inlinePolicies.includes(OUR_POLICY) ? await iam.getRolePolicy({ RoleName, PolicyName: OUR_POLICY }) : undefined;
  return { role, policy: ours?.PolicyDocument, inlinePolicies, attachedPolicies };
}
