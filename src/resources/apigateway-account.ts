import { actions, globalArnAt } from "../aws/access.ts";
import { differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent, toFault } from "../aws/faults.ts";
import { fromTagList } from "../aws/ownership.ts";
import { type PolicyDocument, policyForm } from "../aws/policies.ts";
import { OUR_POLICY, readRole } from "../aws/roles.ts";
import type { IAM } from "../aws/sdk/types.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";

/** The account's setting, in each region, of the role for API Gateway's logs. All APIs share it. */
export interface AccountId {
  /** Role to create when the setting is empty. It belongs to the account, not to the stack. */
  readonly role: string;
}
export interface AccountSpec {
  readonly description: string;
  readonly trust: PolicyDocument;
  readonly policy: PolicyDocument;
}
interface AccountLive {
  readonly roleArn: string;
  /** The role that fleetlogix made, in normal form. undefined: the account names another role, which is used unchanged. */
  readonly own: { readonly trust: unknown; readonly policy: unknown; readonly attached: readonly string[] } | undefined;
}

const NO_ROLE = ["NoSuchEntityException", "NoSuchEntity"];
/** The policy that API Gateway's developer guide prescribes for the role. It lets the role write to every log of the account. */
const PRESCRIBED = "service-role/AmazonAPIGatewayPushToCloudWatchLogs";
/** UpdateAccount tests the role. For one that IAM has not propagated yet it answers either text (hashicorp/terraform-provider-aws internal/service/apigateway/account.go). */
const ROLE_NOT_USABLE =
  /role ARN does not have required permissions|could not successfully write to CloudWatch Logs using the ARN specified/i;

/** The setting is written only when it is empty: an existing role stays. A role that fleetlogix created is repaired when it differs. */
export const apigatewayAccount: ResourceKind<AccountId, AccountSpec, AccountLive, object, AwsClients> = {
  kind: "apigateway.account",
  holdsData: false,
  retained: "every API of the account and region writes its logs with it",
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  // The account may name a role that was deleted since: then it is made again.
  notFound: { provenBy: "iam:GetRole", codes: NO_ROLE },

  access: {
    on: ({ role }, place) => [arnOf(role, place)],
    read: actions("iam", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies"),
    write: [
      ...actions("iam", "AttachRolePolicy", "CreateRole", "DetachRolePolicy", "PassRole", "PutRolePolicy", "TagRole"),
      "iam:UpdateAssumeRolePolicy",
    ],
    everywhere: { read: ["apigateway:GET"], write: ["apigateway:PATCH"] },
  },
  label: () => "API Gateway's logging role",
  diff: (spec, { own }) =>
    own
      ? differences({
          trust: [own.trust, policyForm(spec.trust)],
          policy: [own.policy, policyForm(spec.policy)],
          attachedPolicies: [own.attached, []],
        })
      : [],
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ roleArn }) => ({ arn: roleArn, state: "ready" }),

  async read({ role }, ctx) {
    const { cloudwatchRoleArn: roleArn } = await (await ctx.world.apigateway()).getAccount({});
    if (!roleArn) return { state: "absent" };
    const own = roleArn === arnOf(role, ctx.place) ? await ownRole(await ctx.world.iam(), role) : undefined;
    return { state: "ready", live: { roleArn, own }, tags: "inherited" };
  },
  async create({ role }, spec, ctx) {
    const iam = await ctx.world.iam();
    await makeRole(iam, role, spec);
    const value = arnOf(role, ctx.place);
    try {
      await (await ctx.world.apigateway()).updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] });
    } catch (error) {
      // AWS answers the same text for a role that is not propagated and for one whose policy is too narrow for its test. The prescribed
      // policy is wide enough. Once the account has the role, that policy is a difference and is detached.
      if (ROLE_NOT_USABLE.test(toFault(error)?.message ?? ""))
        await iam.attachRolePolicy({ RoleName: role, PolicyArn: `arn:${ctx.place.partition}:iam::aws:policy/${PRESCRIBED}` });
      throw error;
    }
  },
  async update({ role: RoleName }, spec, { own }, changes, ctx) {
    const iam = await ctx.world.iam();
    if (touches(changes, "attachedPolicies"))
      for (const PolicyArn of own?.attached ?? []) await iam.detachRolePolicy({ RoleName, PolicyArn });
    if (touches(changes, "trust")) await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: JSON.stringify(spec.trust) });
    if (touches(changes, "policy"))
      await iam.putRolePolicy({ RoleName, PolicyName: OUR_POLICY, PolicyDocument: JSON.stringify(spec.policy) });
  },
  async delete() {},
};

/** undefined: the role is foreign. */
async function ownRole(iam: IAM, RoleName: string): Promise<AccountLive["own"]> {
  const { role, policy, attachedPolicies: attached } = await readRole(iam, RoleName);
  if (fromTagList(role?.Tags).ManagedBy !== "fleetlogix") return undefined;
  return { trust: policyForm(role?.AssumeRolePolicyDocument), policy: policyForm(policy), attached };
}

/** Repairs the trust of a role that an earlier run created: API Gateway refuses a role with a wrong trust. */
async function makeRole(iam: IAM, RoleName: string, { description, trust, policy }: AccountSpec): Promise<void> {
  const existing = await orAbsent(iam.getRole({ RoleName }), ...NO_ROLE);
  if (existing && fromTagList(existing.Role?.Tags).ManagedBy !== "fleetlogix") throw foreignRole(RoleName);
  const document = JSON.stringify(trust);
  const trusted = [policyForm(existing?.Role?.AssumeRolePolicyDocument), policyForm(trust)] as const;
  if (!existing) {
    const Tags = [{ Key: "ManagedBy", Value: "fleetlogix" }];
    await iam.createRole({ RoleName, Description: description, AssumeRolePolicyDocument: document, Tags });
  } else if (differences({ trusted }).length > 0) await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: document });
  await iam.putRolePolicy({ RoleName, PolicyName: OUR_POLICY, PolicyDocument: JSON.stringify(policy) });
}
const foreignRole = (name: string): FleetlogixError =>
  new FleetlogixError("OWNER_FOREIGN", `The role "${name}" exists already and is not fleetlogix's.`, {
    hint: "Remove that role, or name one of your own for API Gateway's logs: `aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN`.",
  });
const arnOf = (name: string, place: AwsLocation) => globalArnAt(place, "iam", `role/${name}`);
