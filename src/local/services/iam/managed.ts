import type * as IAM from "@aws-sdk/client-iam";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { allAwsManaged, awsManaged } from "./aws-managed.ts";
import type { IamState, PolicyDocument } from "./documents.ts";
import { freshId, page, seconds } from "./forms.ts";
import { checkIdentityPolicy, checkName, checkPath, checkTags, mergeTags } from "./validation.ts";

const MOST_CHARACTERS = 6_144;
/** The date shown for AWS's own policies. */
const LONG_AGO = "2015-02-06T18:39:46.000Z";

export function customerPolicy(state: IamState, arn: string | undefined): PolicyDocument {
  const policy = state.policies.get(arn ?? "");
  if (policy) return policy;
  if (awsManaged(arn ?? ""))
    throw new LocalFault("AccessDenied", "Policies that AWS manages cannot be changed: their account is not yours.", 403);
  throw notFound(arn);
}
export const notFound = (arn: string | undefined): LocalFault => new LocalFault("NoSuchEntityException", `Policy ${arn} was not found.`);

/** A policy of the account or of AWS, in the same form. */
export function anyPolicy(state: IamState, arn: string | undefined): PolicyDocument {
  const own = state.policies.get(arn ?? "");
  if (own) return own;
  const isAwsManaged = awsManaged(arn ?? "");
  if (!isAwsManaged) throw notFound(arn);
  return {
    name: isAwsManaged.name,
    id: `ANPA${Buffer.from(isAwsManaged.name).toString("hex").toUpperCase().slice(0, 17).padEnd(17, "A")}`,
    arn: isAwsManaged.arn,
    path: isAwsManaged.path,
    description: isAwsManaged.description,
    createdAt: LONG_AGO,
    updatedAt: LONG_AGO,
    tags: [],
    versions: [{ id: "v1", document: isAwsManaged.document, createdAt: LONG_AGO }],
    defaultVersion: "v1",
    lastVersion: 1,
  };
}

export function asPolicy(state: IamState, policy: PolicyDocument, whole: boolean): IAM.Policy {
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
    ...(whole && policy.description !== undefined && { Description: policy.description }),
    ...(whole && { Tags: [...policy.tags] }),
  };
}

export function checkSize(document: string): void {
  checkIdentityPolicy(document);
  if (document.replace(/\s/g, "").length > MOST_CHARACTERS)
    throw new LocalFault("LimitExceededException", `Cannot exceed quota for PolicySize: ${MOST_CHARACTERS}`);
}

/** Operations for customer managed policies. */
export function policyOperations(env: LocalEnv, state: IamState) {
  return { ...lifecycleOperations(env, state), ...readOperations(state), ...policyTagOperations(state) };
}

const newPolicy = (arn: string, input: IAM.CreatePolicyCommandInput, now: string): PolicyDocument => ({
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
    checkSize(input.PolicyDocument ?? "");
    const arn = `arn:aws:iam::${env.account}:policy${input.Path ?? "/"}${input.PolicyName}`;
    if (state.policies.values().some((policy) => policy.name.toLowerCase() === input.PolicyName?.toLowerCase()))
      throw new LocalFault(
        "EntityAlreadyExistsException",
        `A policy called ${input.PolicyName} already exists. Duplicate names are not allowed.`,
      );
    const policy = newPolicy(arn, input, seconds(env.clock));
    state.policies.put(arn, policy);
    return { Policy: asPolicy(state, policy, true) };
  };
  const remove: Handler<IAM.DeletePolicyCommandInput, IAM.DeletePolicyCommandOutput> = (input) => {
    const policy = customerPolicy(state, input.PolicyArn);
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
    Policy: asPolicy(state, anyPolicy(state, input.PolicyArn), true),
  });
  const list: Handler<IAM.ListPoliciesCommandInput, IAM.ListPoliciesCommandOutput> = (input) => {
    const scope = input.Scope ?? "All";
    const own = scope === "AWS" ? [] : state.policies.values();
    const isAwsManaged = scope === "Local" ? [] : allAwsManaged().map((policy) => anyPolicy(state, policy.arn));
    const found = [...own, ...isAwsManaged]
      .filter((policy) => policy.path.startsWith(input.PathPrefix ?? "/"))
      .map((policy) => asPolicy(state, policy, false))
      .filter((policy) => !input.OnlyAttached || (policy.AttachmentCount ?? 0) > 0);
    const { items, ...paging } = page(found, (policy) => policy.Arn ?? "", input);
    return { Policies: items, ...paging };
  };
  const entities: Handler<IAM.ListEntitiesForPolicyCommandInput, IAM.ListEntitiesForPolicyCommandOutput> = (input) => {
    const { arn } = anyPolicy(state, input.PolicyArn);
    const roles = input.EntityFilter && input.EntityFilter !== "Role" ? [] : state.roles.values();
    const named = roles.filter((role) => role.attached.includes(arn)).map((role) => ({ RoleName: role.name, RoleId: role.id }));
    const { items, ...paging } = page(named, (role) => role.RoleName, input);
    return { PolicyRoles: items, PolicyGroups: [], PolicyUsers: [], ...paging };
  };
  return { GetPolicy: get, ListPolicies: list, ListEntitiesForPolicy: entities };
}

function policyTagOperations(state: IamState) {
  const tag: Handler<IAM.TagPolicyCommandInput, IAM.TagPolicyCommandOutput> = (input) => {
    const policy = customerPolicy(state, input.PolicyArn);
    const tags = mergeTags(policy.tags, input.Tags ?? []);
    checkTags(tags);
    state.policies.put(policy.arn, { ...policy, tags });
    return {};
  };
  const untag: Handler<IAM.UntagPolicyCommandInput, IAM.UntagPolicyCommandOutput> = (input) => {
    const policy = customerPolicy(state, input.PolicyArn);
    state.policies.put(policy.arn, { ...policy, tags: policy.tags.filter(({ Key }) => !input.TagKeys?.includes(Key ?? "")) });
    return {};
  };
  const list: Handler<IAM.ListPolicyTagsCommandInput, IAM.ListPolicyTagsCommandOutput> = (input) => {
    const { items, ...paging } = page(anyPolicy(state, input.PolicyArn).tags, (one) => one.Key ?? "", input);
    return { Tags: items, ...paging };
  };
  return { TagPolicy: tag, UntagPolicy: untag, ListPolicyTags: list };
}
