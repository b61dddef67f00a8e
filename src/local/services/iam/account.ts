import type * as IAM from "@aws-sdk/client-iam";
import { type Call, type Handler, type LocalEnv, LocalFault, type Permission, type Principal } from "../../core/service.ts";
import { requireRole } from "./roles.ts";
import type { IamState } from "./state.ts";

/** Operations that read the account, as the console's first page does. It has no users, groups or instance profiles. */
export function accountOperations(env: LocalEnv, state: IamState, decide: LocalEnv["decide"]) {
  const lastPage = { IsTruncated: false };
  const getUser: Handler<IAM.GetUserCommandInput, IAM.GetUserCommandOutput> = (input, call) => {
    if (input.UserName) throw new LocalFault("NoSuchEntityException", `The user with name ${input.UserName} cannot be found.`);
    return { User: rootUser(call) };
  };
  const summary: Handler<IAM.GetAccountSummaryCommandInput, IAM.GetAccountSummaryCommandOutput> = () => ({
    SummaryMap: { Roles: state.roles.size, RolesQuota: 1000, Policies: state.policies.size, PoliciesQuota: 1500, Users: 0, Groups: 0 },
  });
  const noProfiles: Handler<IAM.ListInstanceProfilesForRoleCommandInput, IAM.ListInstanceProfilesForRoleCommandOutput> = (input) => {
    requireRole(state, input.RoleName);
    return { InstanceProfiles: [], ...lastPage };
  };
  return {
    GetUser: getUser,
    GetAccountSummary: summary,
    ListAccountAliases: (() => ({ AccountAliases: [], ...lastPage })) as Handler<
      IAM.ListAccountAliasesCommandInput,
      IAM.ListAccountAliasesCommandOutput
    >,
    ListUsers: (() => ({ Users: [], ...lastPage })) as Handler<IAM.ListUsersCommandInput, IAM.ListUsersCommandOutput>,
    ListGroups: (() => ({ Groups: [], ...lastPage })) as Handler<IAM.ListGroupsCommandInput, IAM.ListGroupsCommandOutput>,
    ListInstanceProfiles: (() => ({ InstanceProfiles: [], ...lastPage })) as Handler<
      IAM.ListInstanceProfilesCommandInput,
      IAM.ListInstanceProfilesCommandOutput
    >,
    ListInstanceProfilesForRole: noProfiles,
    SimulatePrincipalPolicy: simulate(env, state, decide),
  };
}

function rootUser({ account }: Call): IAM.User {
  const epoch = new Date(0);
  return { Path: "/", UserName: "root", UserId: account, Arn: `arn:aws:iam::${account}:root`, CreateDate: epoch };
}

/** Decides as for a real call. */
function simulate(
  env: LocalEnv,
  state: IamState,
  decide: LocalEnv["decide"],
): Handler<IAM.SimulatePrincipalPolicyCommandInput, IAM.SimulatePrincipalPolicyCommandOutput> {
  return (input) => {
    const principal = principalOf(env, state, input.PolicySourceArn ?? "");
    if (input.PolicyInputList?.length || input.PermissionsBoundaryPolicyInputList?.length)
      throw new LocalFault("NotImplemented", "The local AWS does not implement iam:SimulatePrincipalPolicy with further policies.", 501);
    const context = Object.fromEntries(
      (input.ContextEntries ?? []).map((entry) => [entry.ContextKeyName ?? "", entry.ContextKeyValues ?? []]),
    );
    const resources = input.ResourceArns?.length ? input.ResourceArns : ["*"];
    const results = (input.ActionNames ?? []).flatMap((action) =>
      resources.map((resource): IAM.EvaluationResult => {
        const permission: Permission = { action, resource, context, policy: input.ResourcePolicy };
        const verdict = decide(principal, permission);
        const denied = !verdict.allowed && verdict.message.includes("explicit deny") ? "explicitDeny" : "implicitDeny";
        return {
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: verdict.allowed ? "allowed" : denied,
          MatchedStatements: [],
          MissingContextValues: [],
        };
      }),
    );
    return { EvaluationResults: results, IsTruncated: false };
  };
}

function principalOf(env: LocalEnv, state: IamState, arn: string): Principal {
  if (arn === `arn:aws:iam::${env.account}:root`) return { type: "root", arn };
  const role = state.roles.values().find((stored) => stored.arn === arn);
  if (!role) throw new LocalFault("NoSuchEntityException", `The role with name ${arn.split("/").pop()} cannot be found.`);
  const session = "simulation";
  return {
    type: "role",
    arn: `arn:aws:sts::${env.account}:assumed-role/${role.name}/${session}`,
    roleArn: arn,
    roleName: role.name,
    session,
  };
}
