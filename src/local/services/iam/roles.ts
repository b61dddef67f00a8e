import type * as IAM from "@aws-sdk/client-iam";
import type { Handler, LocalEnv } from "../../core/service.ts";
import { LocalFault } from "../../core/service.ts";
import { findAwsPolicy } from "./aws-managed.ts";
import { encodedPolicy, freshId, nowInSeconds } from "./formats.ts";
import { page } from "./paging.ts";
import type { IamState, StoredRole } from "./state.ts";
import { checkName, checkPath, checkSessionLength, checkTags, checkTrustPolicy, mergeTags } from "./validation.ts";

/** The role of this name. Throws AWS's NoSuchEntity. */
export function requireRole(state: IamState, name: string | undefined): StoredRole {
  checkName(name, "roleName", 64);
  const role = state.roles.get(name);
  if (!role) throw new LocalFault("NoSuchEntityException", `The role with name ${name} cannot be found.`);
  return role;
}

function asRole(role: StoredRole, withDetails: boolean): IAM.Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodedPolicy(role.trust),
    MaxSessionDuration: role.maxSession,
    Description: role.description,
    // Lists omit the members that would cost AWS a second read.
    ...(withDetails && role.tags.length > 0 && { Tags: [...role.tags] }),
    ...(withDetails && { RoleLastUsed: {} }),
    ...(withDetails &&
      role.boundary && {
        PermissionsBoundary: { PermissionsBoundaryType: "PermissionsBoundaryPolicy", PermissionsBoundaryArn: role.boundary },
      }),
  };
}

interface NewRole {
  readonly name: string;
  readonly path: string;
  readonly trust: string;
  readonly description?: string | undefined;
  readonly maxSession?: number | undefined;
  readonly tags?: readonly IAM.Tag[] | undefined;
  readonly boundary?: string | undefined;
  readonly attached?: readonly string[];
}
function storeNewRole(env: LocalEnv, state: IamState, newRole: NewRole): StoredRole {
  const isTaken = state.roles.keys().some((name) => name.toLowerCase() === newRole.name.toLowerCase());
  if (isTaken) throw new LocalFault("EntityAlreadyExistsException", `Role with name ${newRole.name} already exists.`);
  const role: StoredRole = {
    name: newRole.name,
    id: freshId("AROA"),
    arn: `arn:aws:iam::${env.account}:role${newRole.path}${newRole.name}`,
    path: newRole.path,
    createdAt: nowInSeconds(env.clock),
    trust: newRole.trust,
    description: newRole.description,
    maxSession: newRole.maxSession ?? 3_600,
    tags: mergeTags([], newRole.tags ?? []),
    inline: {},
    attached: newRole.attached ?? [],
    boundary: newRole.boundary,
  };
  state.roles.put(role.name, role);
  return role;
}

export function roleOperations(env: LocalEnv, state: IamState) {
  const listRoles: Handler<IAM.ListRolesCommandInput, IAM.ListRolesCommandOutput> = (input) => {
    const found = state.roles.values().filter((role) => role.path.startsWith(input.PathPrefix ?? "/"));
    const { items, ...paging } = page(found, (role) => role.name, input);
    return { Roles: items.map((role) => asRole(role, false)), ...paging };
  };
  return {
    ListRoles: listRoles,
    GetRole: ((input) => ({ Role: asRole(requireRole(state, input.RoleName), true) })) as Handler<
      IAM.GetRoleCommandInput,
      IAM.GetRoleCommandOutput
    >,
    ...updateOperations(state),
    ...tagOperations(state),
    ...serviceLinkedOperations(env, state),
    ...lifecycleOperations(env, state),
  };
}

function lifecycleOperations(env: LocalEnv, state: IamState) {
  const createRole: Handler<IAM.CreateRoleCommandInput, IAM.CreateRoleCommandOutput> = (input) => {
    checkName(input.RoleName, "roleName", 64);
    checkPath(input.Path ?? "/");
    checkTrustPolicy(input.AssumeRolePolicyDocument ?? "");
    checkSessionLength(input.MaxSessionDuration ?? 3_600);
    checkTags(input.Tags ?? []);
    checkBoundary(state, input.PermissionsBoundary);
    const role = storeNewRole(env, state, {
      name: input.RoleName,
      path: input.Path ?? "/",
      trust: input.AssumeRolePolicyDocument ?? "",
      description: input.Description,
      maxSession: input.MaxSessionDuration,
      tags: input.Tags,
      boundary: input.PermissionsBoundary,
    });
    // As recorded: only a read shows the maximum session duration and the last use.
    const { MaxSessionDuration: _length, RoleLastUsed: _use, ...created } = asRole(role, true);
    return { Role: created };
  };
  const deleteRole: Handler<IAM.DeleteRoleCommandInput, IAM.DeleteRoleCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    if (role.path.startsWith("/aws-service-role/"))
      throw new LocalFault(
        "UnmodifiableEntityException",
        `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS.`,
      );
    if (role.attached.length > 0) throw new LocalFault("DeleteConflictException", "Cannot delete entity, must detach all policies first.");
    if (Object.keys(role.inline).length > 0)
      throw new LocalFault("DeleteConflictException", "Cannot delete entity, must delete policies first.");
    state.roles.delete(role.name);
    return {};
  };
  return { CreateRole: createRole, DeleteRole: deleteRole };
}

function checkBoundary(state: IamState, arn: string | undefined): void {
  if (arn === undefined || findAwsPolicy(arn) || state.policies.has(arn)) return;
  throw new LocalFault("NoSuchEntityException", `Scope ARN: ${arn} does not exist or is not attachable.`);
}

function updateOperations(state: IamState) {
  const updateRole: Handler<IAM.UpdateRoleCommandInput, IAM.UpdateRoleCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    if (input.MaxSessionDuration !== undefined) checkSessionLength(input.MaxSessionDuration);
    state.roles.put(role.name, {
      ...role,
      description: input.Description ?? role.description,
      maxSession: input.MaxSessionDuration ?? role.maxSession,
    });
    return {};
  };
  const updateTrust: Handler<IAM.UpdateAssumeRolePolicyCommandInput, IAM.UpdateAssumeRolePolicyCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    checkTrustPolicy(input.PolicyDocument ?? "");
    state.roles.put(role.name, { ...role, trust: input.PolicyDocument ?? "" });
    return {};
  };
  const updateDescription: Handler<IAM.UpdateRoleDescriptionCommandInput, IAM.UpdateRoleDescriptionCommandOutput> = (input) => {
    const role = { ...requireRole(state, input.RoleName), description: input.Description };
    state.roles.put(role.name, role);
    return { Role: asRole(role, true) };
  };
  return {
    UpdateRole: updateRole,
    UpdateAssumeRolePolicy: updateTrust,
    UpdateRoleDescription: updateDescription,
    ...boundaryOperations(state),
  };
}

function boundaryOperations(state: IamState) {
  const putBoundary: Handler<IAM.PutRolePermissionsBoundaryCommandInput, IAM.PutRolePermissionsBoundaryCommandOutput> = (input) => {
    checkBoundary(state, input.PermissionsBoundary);
    const role = requireRole(state, input.RoleName);
    state.roles.put(role.name, { ...role, boundary: input.PermissionsBoundary });
    return {};
  };
  const deleteBoundary: Handler<IAM.DeleteRolePermissionsBoundaryCommandInput, IAM.DeleteRolePermissionsBoundaryCommandOutput> = (
    input,
  ) => {
    const role = requireRole(state, input.RoleName);
    state.roles.put(role.name, { ...role, boundary: undefined });
    return {};
  };
  return { PutRolePermissionsBoundary: putBoundary, DeleteRolePermissionsBoundary: deleteBoundary };
}

function tagOperations(state: IamState) {
  const tagRole: Handler<IAM.TagRoleCommandInput, IAM.TagRoleCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    checkTags(input.Tags ?? []);
    const tags = mergeTags(role.tags, input.Tags ?? []);
    checkTags(tags);
    state.roles.put(role.name, { ...role, tags });
    return {};
  };
  const untagRole: Handler<IAM.UntagRoleCommandInput, IAM.UntagRoleCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    state.roles.put(role.name, { ...role, tags: role.tags.filter(({ Key }) => !input.TagKeys?.includes(Key ?? "")) });
    return {};
  };
  const listRoleTags: Handler<IAM.ListRoleTagsCommandInput, IAM.ListRoleTagsCommandOutput> = (input) => {
    const { items, ...paging } = page(requireRole(state, input.RoleName).tags, (tag) => tag.Key ?? "", input);
    return { Tags: items, ...paging };
  };
  return { TagRole: tagRole, UntagRole: untagRole, ListRoleTags: listRoleTags };
}

/** The names of service-linked roles, which AWS gives to each service. */
const SERVICE_LINKED: ReadonlyMap<string, string> = new Map([
  ["rds.amazonaws.com", "AWSServiceRoleForRDS"],
  ["ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway"],
  ["replicator.lambda.amazonaws.com", "AWSServiceRoleForLambdaReplicator"],
  ["dynamodb.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"],
]);

/** The services whose roles may have a suffix (LocalStack's tests against AWS). */
const WITH_SUFFIX: ReadonlySet<string> = new Set(["autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"]);

function serviceLinkedOperations(env: LocalEnv, state: IamState) {
  const create: Handler<IAM.CreateServiceLinkedRoleCommandInput, IAM.CreateServiceLinkedRoleCommandOutput> = (input) => {
    const service = input.AWSServiceName ?? "";
    if (input.CustomSuffix && !WITH_SUFFIX.has(service))
      throw new LocalFault("InvalidInput", `Custom suffix is not allowed for ${service}`);
    const name = SERVICE_LINKED.get(service);
    if (!name) throw new LocalFault("InvalidInputException", `Service Name ${service} does not support service-linked roles here.`);
    if (state.roles.has(name))
      throw new LocalFault(
        "InvalidInputException",
        `Service role name ${name} has been taken in this account, please try a different suffix.`,
      );
    const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }] };
    const path = `/aws-service-role/${service}/`;
    const role = storeNewRole(env, state, { name, path, trust: JSON.stringify(trust), description: input.Description });
    return { Role: asRole(role, true) };
  };
  const remove: Handler<IAM.DeleteServiceLinkedRoleCommandInput, IAM.DeleteServiceLinkedRoleCommandOutput> = (input) => {
    const role = requireRole(state, input.RoleName);
    state.roles.delete(role.name);
    return { DeletionTaskId: `task${role.path}${role.name}/${role.id}` };
  };
  const status: Handler<IAM.GetServiceLinkedRoleDeletionStatusCommandInput, IAM.GetServiceLinkedRoleDeletionStatusCommandOutput> = () => ({
    Status: "SUCCEEDED",
  });
  return { CreateServiceLinkedRole: create, DeleteServiceLinkedRole: remove, GetServiceLinkedRoleDeletionStatus: status };
}
