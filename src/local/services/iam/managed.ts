import type * as IAM from "@aws-sdk/client-iam";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { awsPolicies, findAwsPolicy } from "./aws-managed.ts";
import { freshId, nowInSeconds } from "./formats.ts";
import { page } from "./paging.ts";
import type { IamState, StoredPolicy } from "./state.ts";
import { checkIdentityPolicy, checkName, checkPath, checkTags, mergeTags } from "./validation.ts";

const MAX_CHARACTERS = 6_144;
/** The date shown for AWS's own policies. */
const AWS_POLICY_DATE = "2015-02-06T18:39:46.000Z";

export function requireCustomerPolicy(state: IamState, arn: string | undefined): StoredPolicy {
  const policy = state.policies.get(arn ?? "");
  if (policy) return policy;
  if (findAwsPolicy(arn ?? ""))
    throw new LocalFault("AccessDenied", "Policies that AWS manages cannot be changed: their account is not yours.", 403);
  throw policyNotFound(arn);
}
export const policyNotFound = (arn: string | undefined): LocalFault =>
  new LocalFault("NoSuchEntityException", `Policy ${arn} was not found.`);

/** A policy of the account or of AWS, in the same form. */
export function requirePolicy(state: IamState, arn: string | undefined): StoredPolicy {
  const customerPolicy = state.policies.get(arn ?? "");
  if (customerPolicy) return customerPolicy;
  const awsPolicy = findAwsPolicy(arn ?? "");
  if (!awsPolicy) throw policyNotFound(arn);
  return {
    name: awsPolicy.name,
    id: `ANPA${Buffer.from(awsPolicy.name).toString("hex").toUpperCase().slice(0, 17).padEnd(17, "A")}`,
    arn: awsPolicy.arn,
    path: awsPolicy.path,
    description: awsPolicy.description,
    createdAt: AWS_POLICY_DATE,
    updatedAt: AWS_POLICY_DATE,
    tags: [],
    versions: [{ id: "v1", document: awsPolicy.document, createdAt: AWS_POLICY_DATE }],
    defaultVersion: "v1",
    lastVersion: 1,
  };
}

export function asPolicy(state: IamState, policy: StoredPolicy, withDetails: boolean): IAM.Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: state.roles.values().filter((role) => role.attached.includes(policy.arn)).length,
    PermissionsBoundaryUsageCount: state.roles.values().filter((role) => role.boundary === policy.arn).length,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.updatedAt),
    ...(withDetails && policy.description !== undefined && { Description: policy.description }),
    ...(withDetails && { Tags: [...policy.tags] }),
  };
}

export function checkManagedPolicy(document: string): void {
  checkIdentityPolicy(document);
  if (document.replace(/\s/g, "").length > MAX_CHARACTERS)
    throw new LocalFault("LimitExceededException", `Cannot exceed quota for PolicySize: ${MAX_CHARACTERS}`);
}

/** Operations for customer managed policies. */
export function policyOperations(env: LocalEnv, state: IamState) {
  return { ...lifecycleOperations(env, state), ...readOperations(state), ...policyTagOperations(state) };
}

const newPolicy = (arn: string, input: IAM.CreatePolicyCommandInput, now: string): StoredPolicy => ({
  name: input.PolicyName ?? "",
  id: freshId("ANPA"),
  arn,
  path: input.Path ?? "/",
  description: input.Description,
  createdAt: now,
  updatedAt: now,
  tags: mergeTags([], input.Tags ?? []),
  versions: [{ id: "v1", document: input.PolicyDocument ?? "", createdAt: now }],
  defaultVersion: "v1",
  lastVersion: 1,
});

function lifecycleOperations(env: LocalEnv, state: IamState) {
  const create: Handler<IAM.CreatePolicyCommandInput, IAM.CreatePolicyCommandOutput> = (input) => {
    checkName(input.PolicyName, "policyName", 128);
    checkPath(input.Path ?? "/");
    checkTags(input.Tags ?? []);
    checkManagedPolicy(input.PolicyDocument ?? "");
    const arn = `arn:aws:iam::${env.account}:policy${input.Path ?? "/"}${input.PolicyName}`;
    if (state.policies.values().some((policy) => policy.name.toLowerCase() === input.PolicyName?.toLowerCase()))
      throw new LocalFault(
        "EntityAlreadyExistsException",
        `A policy called ${input.PolicyName} already exists. Duplicate names are not allowed.`,
      );
    const policy = newPolicy(arn, input, nowInSeconds(env.clock));
    state.policies.put(arn, policy);
    return { Policy: asPolicy(state, policy, true) };
  };
  const remove: Handler<IAM.DeletePolicyCommandInput, IAM.DeletePolicyCommandOutput> = (input) => {
    const policy = requireCustomerPolicy(state, input.PolicyArn);
    if (state.roles.values().some((role) => role.attached.includes(policy.arn) || role.boundary === policy.arn))
      throw new LocalFault("DeleteConflictException", "Cannot delete a policy attached to entities.");
    if (policy.versions.length > 1)
      throw new LocalFault(
        "DeleteConflictException",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    state.policies.delete(policy.arn);
    return {};
  };
  return { CreatePolicy: create, DeletePolicy: remove };
}

function readOperations(state: IamState) {
  const get: Handler<IAM.GetPolicyCommandInput, IAM.GetPolicyCommandOutput> = (input) => ({
    Policy: asPolicy(state, requirePolicy(state, input.PolicyArn), true),
  });
  const list: Handler<IAM.ListPoliciesCommandInput, IAM.ListPoliciesCommandOutput> = (input) => {
    const scope = input.Scope ?? "All";
    const ofCustomer = scope === "AWS" ? [] : state.policies.values();
    const managedByAws = scope === "Local" ? [] : awsPolicies().map((policy) => requirePolicy(state, policy.arn));
    const found = [...ofCustomer, ...managedByAws]
      .filter((policy) => policy.path.startsWith(input.PathPrefix ?? "/"))
      .map((policy) => asPolicy(state, policy, false))
      .filter((policy) => !input.OnlyAttached || (policy.AttachmentCount ?? 0) > 0);
    const { items, ...paging } = page(found, (policy) => policy.Arn ?? "", input);
    return { Policies: items, ...paging };
  };
  const listEntities: Handler<IAM.ListEntitiesForPolicyCommandInput, IAM.ListEntitiesForPolicyCommandOutput> = (input) => {
    const { arn } = requirePolicy(state, input.PolicyArn);
    const roles = input.EntityFilter && input.EntityFilter !== "Role" ? [] : state.roles.values();
    const rolesWithPolicy = roles.filter((role) => role.attached.includes(arn)).map((role) => ({ RoleName: role.name, RoleId: role.id }));
    const { items, ...paging } = page(rolesWithPolicy, (role) => role.RoleName, input);
    return { PolicyRoles: items, PolicyGroups: [], PolicyUsers: [], ...paging };
  };
  return { GetPolicy: get, ListPolicies: list, ListEntitiesForPolicy: listEntities };
}

function policyTagOperations(state: IamState) {
  const tag: Handler<IAM.TagPolicyCommandInput, IAM.TagPolicyCommandOutput> = (input) => {
    const policy = requireCustomerPolicy(state, input.PolicyArn);
    const tags = mergeTags(policy.tags, input.Tags ?? []);
    checkTags(tags);
    state.policies.put(policy.arn, { ...policy, tags });
    return {};
  };
  const untag: Handler<IAM.UntagPolicyCommandInput, IAM.UntagPolicyCommandOutput> = (input) => {
    const policy = requireCustomerPolicy(state, input.PolicyArn);
    state.policies.put(policy.arn, { ...policy, tags: policy.tags.filter(({ Key }) => !input.TagKeys?.includes(Key ?? "")) });
    return {};
  };
  const list: Handler<IAM.ListPolicyTagsCommandInput, IAM.ListPolicyTagsCommandOutput> = (input) => {
    const { items, ...paging } = page(requirePolicy(state, input.PolicyArn).tags, (tag) => tag.Key ?? "", input);
    return { Tags: items, ...paging };
  };
  return { TagPolicy: tag, UntagPolicy: untag, ListPolicyTags: list };
}
