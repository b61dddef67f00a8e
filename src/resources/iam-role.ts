import { actions, globalArnAt } from "../aws/access.ts";
import { type Attributes, type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import { KEY_POLICY, type PolicyDocument, policyForm } from "../aws/policies.ts";
import { OUR_POLICY, type RoleAnswers, readRole } from "../aws/roles.ts";
import type { IAM } from "../aws/sdk/types.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export type { PolicyDocument, PolicyStatement } from "../aws/policies.ts";

export interface RoleId {
  readonly name: string;
}
export interface RoleSpec {
  readonly description: string;
  /** Trust policy: the principals that may assume the role. */
  readonly trust: PolicyDocument;
  /** Our inline policy. Other policies are removed. */
  readonly policy: PolicyDocument;
}
interface RoleLive extends Pick<RoleAnswers, "inlinePolicies" | "attachedPolicies"> {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly attributes: AttributeValues;
}
export interface RoleOutputs {
  /** AWS's unique id. A role that is deleted and created again has another id. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly arn: string;
}

export const iamRole: ResourceKind<RoleId, RoleSpec, RoleLive, RoleOutputs, AwsClients> = {
  kind: "iam.role",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 1_000 },
  notFound: { provenBy: "iam:GetRole", codes: ["NoSuchEntityException", "NoSuchEntity"] },
  alreadyExists: ["EntityAlreadyExistsException", "EntityAlreadyExists"],

  access: {
    on: ({ name }, place) => [arnOf(name, place)],
    read: actions("iam", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies"),
    write: [
      ...actions("iam", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy", "TagRole"),
      ...actions("iam", "UpdateAssumeRolePolicy", "UpdateRole"),
      // Needed to pass the role to its service.
      "iam:PassRole",
    ],
    delete: actions("iam", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "ListInstanceProfilesForRole"),
    everywhere: { read: ["iam:ListRoles"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => attributeChanges(ATTRIBUTES, live.attributes, spec, live),
  outputs: ({ id, name, arn }) => ({ id, name, arn }),
  predict: ({ name }, place) => ({ name, arn: arnOf(name, place) }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const answers = await readRole(await ctx.world.iam(), name);
    const { role, inlinePolicies, attachedPolicies } = answers;
    const attributes = readAttributes(ATTRIBUTES, answers);
    const live = { id: role?.RoleId ?? "", name, arn: role?.Arn ?? "", attributes, inlinePolicies, attachedPolicies };
    return { state: "ready", live, tags: fromTagList(role?.Tags) };
  },
  async create({ name }, spec, ctx) {
    const iam = await ctx.world.iam();
    const AssumeRolePolicyDocument = JSON.stringify(spec.trust);
    await iam.createRole({ RoleName: name, Description: spec.description, AssumeRolePolicyDocument, Tags: toTagList(ctx.tags) });
  },
  async update({ name: RoleName }, spec, live, changes, ctx) {
    const iam = await ctx.world.iam();
    for (const write of writesOf(ATTRIBUTES, changes, spec, live)) await write(iam, RoleName);
    const tags = changedTags(changes);
    if (tags) await iam.tagRole({ RoleName, Tags: toTagList(tags) });
  },
  /** IAM deletes no role that has policies or instance profiles. */
  async delete({ name: RoleName }, live, _how, ctx) {
    const iam = await ctx.world.iam();
    await detach(iam, RoleName, live.attachedPolicies);
    await erase(iam, RoleName, live.inlinePolicies);
    const { InstanceProfiles = [] } = await iam.listInstanceProfilesForRole({ RoleName });
    for (const { InstanceProfileName } of InstanceProfiles) await iam.removeRoleFromInstanceProfile({ RoleName, InstanceProfileName });
    await iam.deleteRole({ RoleName });
  },
  // The tagging API has no IAM roles, so all roles are listed.
  candidates: async (ctx) =>
    ourNames((await ctx.world.iam()).paginateListRoles({ PathPrefix: "/" }), (page) => page.Roles?.map((r) => r.RoleName)),
};

const arnOf = (name: string, place: AwsLocation) => globalArnAt(place, "iam", `role/${name}`);
/** Foreign inline policies. The policy for the key belongs to the function (lambda-function/key-grant.ts). */
const foreign = (names: readonly string[]) => names.filter((name) => name !== OUR_POLICY && name !== KEY_POLICY);

type Write = (iam: IAM, RoleName: string) => Promise<unknown>;
const ATTRIBUTES: Attributes<RoleSpec, RoleLive, [answers: RoleAnswers], Write> = {
  trust: {
    read: ({ role }) => policyForm(role?.AssumeRolePolicyDocument),
    wanted: (spec) => policyForm(spec.trust),
    write: (spec) => (iam, RoleName) => iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: JSON.stringify(spec.trust) }),
  },
  policy: {
    read: ({ policy }) => policyForm(policy),
    wanted: (spec) => policyForm(spec.policy),
    write: (spec) => (iam, RoleName) =>
      iam.putRolePolicy({ RoleName, PolicyName: OUR_POLICY, PolicyDocument: JSON.stringify(spec.policy) }),
  },
  otherPolicies: {
    read: ({ inlinePolicies }) => foreign(inlinePolicies),
    wanted: () => [],
    write: (_spec, live) => (iam, RoleName) => erase(iam, RoleName, foreign(live.inlinePolicies)),
  },
  attachedPolicies: {
    read: ({ attachedPolicies }) => attachedPolicies,
    wanted: () => [],
    write: (_spec, live) => (iam, RoleName) => detach(iam, RoleName, live.attachedPolicies),
  },
  description: {
    read: ({ role }) => role?.Description,
    wanted: (spec) => spec.description,
    write: (spec) => (iam, RoleName) => iam.updateRole({ RoleName, Description: spec.description }),
  },
};

async function detach(iam: IAM, RoleName: string, arns: readonly string[]): Promise<void> {
  for (const PolicyArn of arns) await iam.detachRolePolicy({ RoleName, PolicyArn });
}
async function erase(iam: IAM, RoleName: string, names: readonly string[]): Promise<void> {
  for (const PolicyName of names) await iam.deleteRolePolicy({ RoleName, PolicyName });
}
