import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent } from "../aws/faults.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { collect, ourNames } from "../aws/pages.ts";
import { KEY_POLICY, type PolicyDocument, policyForm } from "../aws/policies.ts";
import type { IAM } from "../aws/sdk/types.ts";
import type { AwsLocation, Observation, ResourceKind } from "../engine/contract.ts";

export type { PolicyDocument, PolicyStatement } from "../aws/policies.ts";

export interface RoleId {
  readonly name: string;
}
export interface RoleSpec {
  readonly description: string;
  /** Trust policy: the principals that may assume the role. */
  readonly trust: PolicyDocument;
  /** Its one inline policy, which IAM deletes with the role. */
  readonly policy: PolicyDocument;
}
interface RoleLive {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  /** In normal form, as `policy`. */
  readonly trust: unknown;
  readonly policy: unknown;
  /** Foreign inline and attached policies. The policy for the key belongs to the function (lambda-function/key-grant.ts). */
  readonly otherPolicies: readonly string[];
  readonly attachedPolicies: readonly string[];
}
export interface RoleOutputs {
  /** AWS's unique id: a role that is deleted and made again gets another. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly arn: string;
}

const INLINE = "fleetlogix";
const GONE = ["NoSuchEntityException", "NoSuchEntity"];

export const iamRole: ResourceKind<RoleId, RoleSpec, RoleLive, RoleOutputs, AwsClients> = {
  kind: "iam.role",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 1_000 },
  notFound: { provenBy: "iam:GetRole", codes: GONE },
  alreadyExists: ["EntityAlreadyExistsException", "EntityAlreadyExists"],

  access: {
    on: ({ name }, { partition, account }) => [`arn:${partition}:iam::${account}:role/${name}`],
    read: ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
    write: [
      ...["CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy", "TagRole", "UpdateAssumeRolePolicy", "UpdateRole"].map(
        (a) => `iam:${a}`,
      ),
      // To pass it to the service that assumes it.
      "iam:PassRole",
    ],
    delete: ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:ListInstanceProfilesForRole"],
    everywhere: { read: ["iam:ListRoles"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) =>
    differences({
      trust: [live.trust, policyForm(spec.trust)],
      policy: [live.policy, policyForm(spec.policy)],
      otherPolicies: [live.otherPolicies, []],
      attachedPolicies: [live.attachedPolicies, []],
      description: [live.description, spec.description],
    }),
  outputs: ({ id, name, arn }) => ({ id, name, arn }),
  predict: ({ name }, { partition, account }: AwsLocation) => ({
    name,
    arn: `arn:${partition}:iam::${account}:role/${name}`,
  }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    return observe(await ctx.world.iam(), name);
  },
  async create({ name }, spec, ctx) {
    const iam = await ctx.world.iam();
    const AssumeRolePolicyDocument = JSON.stringify(spec.trust);
    await iam.createRole({ RoleName: name, Description: spec.description, AssumeRolePolicyDocument, Tags: toTagList(ctx.tags) });
  },
  async update({ name: RoleName }, spec, live, changes, ctx) {
    const iam = await ctx.world.iam();
    if (touches(changes, "trust")) await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: JSON.stringify(spec.trust) });
    if (touches(changes, "policy")) await iam.putRolePolicy({ RoleName, PolicyName: INLINE, PolicyDocument: JSON.stringify(spec.policy) });
    if (touches(changes, "otherPolicies", "attachedPolicies")) await strip(iam, RoleName, live);
    if (touches(changes, "description")) await iam.updateRole({ RoleName, Description: spec.description });
    const tags = changedTags(changes);
    if (tags) await iam.tagRole({ RoleName, Tags: toTagList(tags) });
  },
  /** IAM deletes no role that has policies or instance profiles. */
  async delete({ name: RoleName }, live, _how, ctx) {
    const iam = await ctx.world.iam();
    await strip(iam, RoleName, { ...live, otherPolicies: [...live.otherPolicies, INLINE, KEY_POLICY] });
    const profiles = await orAbsent(iam.listInstanceProfilesForRole({ RoleName }), ...GONE);
    for (const { InstanceProfileName } of profiles?.InstanceProfiles ?? [])
      await orAbsent(iam.removeRoleFromInstanceProfile({ RoleName, InstanceProfileName }), ...GONE);
    await iam.deleteRole({ RoleName });
  },
  // The tagging API does not know IAM roles.
  candidates: async (ctx) =>
    ourNames((await ctx.world.iam()).paginateListRoles({ PathPrefix: "/" }), (page) => page.Roles?.map((r) => r.RoleName)),
};

async function observe(iam: IAM, RoleName: string): Promise<Observation<RoleLive>> {
  const { Role } = await iam.getRole({ RoleName });
  const [inline, names, attached] = await Promise.all([
    orAbsent(iam.getRolePolicy({ RoleName, PolicyName: INLINE }), ...GONE),
    collect(iam.paginateListRolePolicies({ RoleName }), (page) => page.PolicyNames),
    collect(iam.paginateListAttachedRolePolicies({ RoleName }), (page) => page.AttachedPolicies?.map((p) => p.PolicyArn ?? "")),
  ]);
  const live: RoleLive = {
    id: Role?.RoleId ?? "",
    name: RoleName,
    arn: Role?.Arn ?? "",
    description: Role?.Description,
    trust: policyForm(Role?.AssumeRolePolicyDocument),
    policy: policyForm(inline?.PolicyDocument),
    otherPolicies: names.filter((name) => name !== INLINE && name !== KEY_POLICY),
    attachedPolicies: attached,
  };
  return { state: "ready", live, tags: fromTagList(Role?.Tags) };
}
async function strip(iam: IAM, RoleName: string, live: Pick<RoleLive, "otherPolicies" | "attachedPolicies">): Promise<void> {
  for (const PolicyArn of live.attachedPolicies) await orAbsent(iam.detachRolePolicy({ RoleName, PolicyArn }), ...GONE);
  for (const PolicyName of live.otherPolicies) await orAbsent(iam.deleteRolePolicy({ RoleName, PolicyName }), ...GONE);
}
