import { randomUUID } from "node:crypto";
import type {
  CreateSecretCommandInput,
  CreateSecretCommandOutput,
  DeleteSecretCommandInput,
  DeleteSecretCommandOutput,
  RestoreSecretCommandInput,
  RestoreSecretCommandOutput,
  TagResourceCommandInput,
  TagResourceCommandOutput,
  UntagResourceCommandInput,
  UntagResourceCommandOutput,
  UpdateSecretCommandInput,
  UpdateSecretCommandOutput,
} from "@aws-sdk/client-secrets-manager";
import { type Call, type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import {
  checkSecretId,
  invalid,
  invalidName,
  isFromOutside,
  newArn,
  refused,
  refuseManaged,
  type Secret,
  type Secrets,
  sameValue,
  tagMap,
  valueIn,
  withVersion,
} from "./secret.ts";
import { tokenInUse } from "./values.ts";

const DAY_MS = 86_400_000;

export function lifecycleOperations(env: LocalEnv, secrets: Secrets): Operations {
  const create: Handler<CreateSecretCommandInput, CreateSecretCommandOutput> = (input, call) => {
    const name = input.Name as string;
    if (!/^[\w/+=.@!-]{1,512}$/.test(name)) throw invalidName();
    if (input.AddReplicaRegions?.length)
      throw new LocalFault("NotImplemented", "The local AWS does not implement AddReplicaRegions of secretsmanager:CreateSecret.", 501);
    const value = valueIn(input);
    const id = input.ClientRequestToken ?? randomUUID();
    const existing = secrets.byName(call.region, name);
    if (existing) return sameCreation(existing, id, value);
    const now = env.clock.now();
    const owner = owningService(name, call);
    const bare: Secret = {
      arn: newArn(call.region, call.account, name),
      name,
      region: call.region,
      description: input.Description || undefined,
      kmsKeyId: input.KmsKeyId,
      tags: tagMap(input.Tags ?? [], call),
      tagged: (input.Tags ?? []).length > 0,
      versions: {},
      owningService: owner,
      // RDS rotates the passwords that it manages weekly.
      rotation: owner ? { rules: { AutomaticallyAfterDays: 7 } } : undefined,
      createdAt: now,
      changedAt: now,
    };
    const secret = secrets.put(value ? withVersion(bare, id, value, ["AWSCURRENT"], now) : bare);
    return { ARN: secret.arn, Name: name, ...(value && { VersionId: id }) };
  };
  const update: Handler<UpdateSecretCommandInput, UpdateSecretCommandOutput> = (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    refuseManaged(secret, call);
    const value = valueIn(input);
    const id = input.ClientRequestToken ?? randomUUID();
    const described = {
      ...secret,
      description: input.Description ?? secret.description,
      kmsKeyId: input.KmsKeyId ?? secret.kmsKeyId,
      changedAt: env.clock.now(),
    };
    const known = secret.versions[id];
    if (known && value && !sameValue(known, value)) throw tokenInUse(id, secret);
    secrets.put(value && !known ? withVersion(described, id, value, ["AWSCURRENT"], env.clock.now()) : described);
    return { ARN: secret.arn, Name: secret.name, ...(value && { VersionId: id }) };
  };
  return { CreateSecret: create, UpdateSecret: update, ...deletionOperations(env, secrets), ...tagOperations(secrets) };
}

/** The names of managed secrets begin with `<service>!`. */
const owningService = (name: string, call: Call): string | undefined => (isFromOutside(call) ? undefined : /^([a-z]+)!/.exec(name)?.[1]);

/** A second CreateSecret with the same token and value answers as the first one did. */
function sameCreation(existing: Secret, id: string, value: ReturnType<typeof valueIn>): CreateSecretCommandOutput {
  if (existing.deletion) throw refused("You can't create this secret because a secret with this name is already scheduled for deletion.");
  const known = existing.versions[id];
  if (!known || !value || !sameValue(known, value))
    throw new LocalFault("ResourceExistsException", `The operation failed because the secret ${existing.name} already exists.`);
  return { ARN: existing.arn, Name: existing.name, VersionId: id, $metadata: {} };
}

function deletionOperations(env: LocalEnv, secrets: Secrets): Operations {
  const remove: Handler<DeleteSecretCommandInput, DeleteSecretCommandOutput> = (input, call) => {
    const { SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = input;
    if (force && days !== undefined) throw invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
    if (days !== undefined && (days < 7 || days > 30))
      throw invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
    const now = env.clock.now();
    const found = secrets.find(call.region, SecretId as string);
    // A forced deletion of a missing secret succeeds.
    if (!found && force) return absent(SecretId as string, call, now);
    const secret = force ? (found as Secret) : secrets.live(call.region, SecretId);
    refuseManaged(secret, call);
    const purgeAt = now + (days ?? 30) * DAY_MS;
    if (force) secrets.remove(secret);
    else secrets.put({ ...secret, deletion: { at: now, purgeAt } });
    return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(force ? now : purgeAt) };
  };
  const restore: Handler<RestoreSecretCommandInput, RestoreSecretCommandOutput> = (input, { region }) => {
    const secret = secrets.require(region, input.SecretId);
    secrets.put({ ...secret, deletion: undefined });
    return { ARN: secret.arn, Name: secret.name };
  };
  return { DeleteSecret: remove, RestoreSecret: restore };
}

function absent(id: string, { region, account }: Call, now: number) {
  checkSecretId(id);
  const ARN = id.startsWith("arn:") ? id : newArn(region, account, id);
  return { ARN, Name: id, DeletionDate: new Date(now) };
}

function tagOperations(secrets: Secrets): Operations {
  const tag: Handler<TagResourceCommandInput, TagResourceCommandOutput> = (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    const tags = { ...secret.tags, ...tagMap(input.Tags ?? [], call) };
    if (Object.keys(tags).length > 50) throw invalid("You can't have more than 50 tags on a secret.");
    secrets.put({ ...secret, tags, tagged: true });
    return {};
  };
  const untag: Handler<UntagResourceCommandInput, UntagResourceCommandOutput> = (input, { region }) => {
    const secret = secrets.live(region, input.SecretId);
    const kept = Object.entries(secret.tags).filter(([key]) => !input.TagKeys?.includes(key));
    secrets.put({ ...secret, tags: Object.fromEntries(kept) });
    return {};
  };
  return { TagResource: tag, UntagResource: untag };
}
