import type * as IAM from "@aws-sdk/client-iam";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { encodedPolicy, nowInSeconds } from "./formats.ts";
import { checkManagedPolicy, requireCustomerPolicy, requirePolicy } from "./managed.ts";
import { page } from "./paging.ts";
import type { IamState, StoredPolicy, StoredVersion } from "./state.ts";

const MAX_VERSIONS = 5;

/** Operations for the versions of a managed policy. The default version is in force. */
export function versionOperations(env: LocalEnv, state: IamState) {
  const create: Handler<IAM.CreatePolicyVersionCommandInput, IAM.CreatePolicyVersionCommandOutput> = (input) => {
    const policy = requireCustomerPolicy(state, input.PolicyArn);
    checkManagedPolicy(input.PolicyDocument ?? "");
    if (policy.versions.length >= MAX_VERSIONS)
      throw new LocalFault(
        "LimitExceededException",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
      );
    const lastVersion = policy.lastVersion + 1;
    const version = { id: `v${lastVersion}`, document: input.PolicyDocument ?? "", createdAt: nowInSeconds(env.clock) };
    const changed: StoredPolicy = {
      ...policy,
      lastVersion,
      versions: [...policy.versions, version],
      ...(input.SetAsDefault && { defaultVersion: version.id, updatedAt: version.createdAt }),
    };
    state.policies.put(policy.arn, changed);
    return { PolicyVersion: asVersion(changed, version, false) };
  };
  const remove: Handler<IAM.DeletePolicyVersionCommandInput, IAM.DeletePolicyVersionCommandOutput> = (input) => {
    const policy = requireCustomerPolicy(state, input.PolicyArn);
    const { id } = requireVersion(policy, input.VersionId);
    if (id === policy.defaultVersion) throw new LocalFault("DeleteConflictException", "Cannot delete the default version of a policy.");
    state.policies.put(policy.arn, { ...policy, versions: policy.versions.filter((version) => version.id !== id) });
    return {};
  };
  const makeDefault: Handler<IAM.SetDefaultPolicyVersionCommandInput, IAM.SetDefaultPolicyVersionCommandOutput> = (input) => {
    const policy = requireCustomerPolicy(state, input.PolicyArn);
    const { id } = requireVersion(policy, input.VersionId);
    state.policies.put(policy.arn, { ...policy, defaultVersion: id, updatedAt: nowInSeconds(env.clock) });
    return {};
  };
  return {
    CreatePolicyVersion: create,
    DeletePolicyVersion: remove,
    SetDefaultPolicyVersion: makeDefault,
    ...versionReads(state),
  };
}

function versionReads(state: IamState) {
  const get: Handler<IAM.GetPolicyVersionCommandInput, IAM.GetPolicyVersionCommandOutput> = (input) => {
    const policy = requirePolicy(state, input.PolicyArn);
    return { PolicyVersion: asVersion(policy, requireVersion(policy, input.VersionId), true) };
  };
  const list: Handler<IAM.ListPolicyVersionsCommandInput, IAM.ListPolicyVersionsCommandOutput> = (input) => {
    const policy = requirePolicy(state, input.PolicyArn);
    const { items, ...paging } = page(policy.versions, (version) => version.id, input);
    return { Versions: items.map((version) => asVersion(policy, version, false)), ...paging };
  };
  return { GetPolicyVersion: get, ListPolicyVersions: list };
}

function requireVersion(policy: StoredPolicy, id: string | undefined): StoredVersion {
  const version = policy.versions.find((stored) => stored.id === id);
  if (!version) throw new LocalFault("NoSuchEntityException", `Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  return version;
}

const asVersion = (policy: StoredPolicy, version: StoredVersion, withDocument: boolean): IAM.PolicyVersion => ({
  VersionId: version.id,
  IsDefaultVersion: version.id === policy.defaultVersion,
  CreateDate: new Date(version.createdAt),
  ...(withDocument && { Document: encodedPolicy(version.document) }),
});
