import { randomUUID } from "node:crypto";
import type {
  BatchGetSecretValueCommandInput,
  BatchGetSecretValueCommandOutput,
  GetSecretValueCommandInput,
  GetSecretValueCommandOutput,
  ListSecretVersionIdsCommandInput,
  ListSecretVersionIdsCommandOutput,
  PutSecretValueCommandInput,
  PutSecretValueCommandOutput,
  SecretValueEntry,
  UpdateSecretVersionStageCommandInput,
  UpdateSecretVersionStageCommandOutput,
} from "@aws-sdk/client-secrets-manager";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import { invalid, refused, refuseManaged, type Secret, type Secrets, sameValue, valueIn, withStage, withVersion } from "./secret.ts";

const DAY_MS = 86_400_000;

/** The values of secrets and the versions that hold them. */
export function valueOperations(env: LocalEnv, secrets: Secrets): Operations {
  const get: Handler<GetSecretValueCommandInput, GetSecretValueCommandOutput> = (input, { region }) => {
    const secret = secrets.live(region, input.SecretId);
    const entry = read(secret, input);
    const today = Math.floor(env.clock.now() / DAY_MS) * DAY_MS;
    const id = entry.VersionId ?? "";
    const version = secret.versions[id];
    if (version && version.accessedAt !== today)
      secrets.put({ ...secret, accessedAt: today, versions: { ...secret.versions, [id]: { ...version, accessedAt: today } } });
    return entry;
  };
  const getMany: Handler<BatchGetSecretValueCommandInput, BatchGetSecretValueCommandOutput> = (input, { region }) => {
    if (input.Filters)
      throw new LocalFault("NotImplemented", "The local AWS does not implement Filters of secretsmanager:BatchGetSecretValue.", 501);
    const ids = input.SecretIdList ?? [];
    if (ids.length < 1 || ids.length > 20) throw invalid("You must provide between 1 and 20 secrets.");
    const SecretValues: SecretValueEntry[] = [];
    const Errors: { SecretId: string; ErrorCode: string; Message: string }[] = [];
    for (const SecretId of ids) {
      try {
        SecretValues.push(read(secrets.live(region, SecretId), {}));
      } catch (error) {
        if (!(error instanceof LocalFault)) throw error;
        Errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
      }
    }
    return { SecretValues, Errors };
  };
  const put: Handler<PutSecretValueCommandInput, PutSecretValueCommandOutput> = (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    refuseManaged(secret, call);
    const value = valueIn(input);
    if (!value) throw invalid("You must provide either SecretString or SecretBinary.");
    const id = input.ClientRequestToken ?? randomUUID();
    const known = secret.versions[id];
    const stages = input.VersionStages ?? ["AWSCURRENT"];
    const filled = known?.string !== undefined || known?.binary !== undefined;
    if (known && filled && !sameValue(known, value)) throw tokenInUse(id, secret);
    const next = filled ? secret : secrets.put(withVersion(secret, id, value, stages, env.clock.now()));
    return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [...(next.versions[id]?.stages ?? [])] };
  };
  return {
    GetSecretValue: get,
    BatchGetSecretValue: getMany,
    PutSecretValue: put,
    ListSecretVersionIds: listVersions(secrets),
    UpdateSecretVersionStage: moveStage(secrets),
  };
}

export const tokenInUse = (id: string, secret: Secret): LocalFault =>
  new LocalFault(
    "ResourceExistsException",
    `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
  );

function read(
  secret: Secret,
  { VersionId, VersionStage }: Pick<GetSecretValueCommandInput, "VersionId" | "VersionStage">,
): SecretValueEntry {
  const stage = VersionStage ?? (VersionId === undefined ? "AWSCURRENT" : undefined);
  const [id, version] =
    Object.entries(secret.versions).find(
      ([one, { stages }]) => (VersionId === undefined || one === VersionId) && (stage === undefined || stages.includes(stage)),
    ) ?? [];
  if (!id && VersionId !== undefined && VersionStage !== undefined && secret.versions[VersionId])
    throw refused("You provided a VersionStage that is not associated to the provided VersionId.");
  if (!id || !version || (version.string === undefined && version.binary === undefined)) {
    const what = VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${VersionId}`;
    throw new LocalFault("ResourceNotFoundException", `Secrets Manager can't find the specified secret value for ${what}`);
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: id,
    SecretString: version.string,
    ...(version.binary !== undefined && { SecretBinary: Buffer.from(version.binary, "base64") }),
    VersionStages: [...version.stages],
    CreatedDate: new Date(version.createdAt),
  };
}

const listVersions =
  (secrets: Secrets): Handler<ListSecretVersionIdsCommandInput, ListSecretVersionIdsCommandOutput> =>
  (input, { region }) => {
    const secret = secrets.require(region, input.SecretId);
    const listed = Object.entries(secret.versions).filter(([, { stages }]) => stages.length > 0 || input.IncludeDeprecated);
    const Versions = listed.map(([VersionId, { stages, createdAt, accessedAt }]) => ({
      VersionId,
      // As recorded for a secret without a customer key.
      KmsKeyIds: [secret.kmsKeyId ?? "DefaultEncryptionKey"],
      ...(accessedAt !== undefined && { LastAccessedDate: new Date(accessedAt) }),
      ...(stages.length > 0 && { VersionStages: [...stages] }),
      CreatedDate: new Date(createdAt),
    }));
    return { ARN: secret.arn, Name: secret.name, Versions };
  };

const moveStage =
  (secrets: Secrets): Handler<UpdateSecretVersionStageCommandInput, UpdateSecretVersionStageCommandOutput> =>
  (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    refuseManaged(secret, call);
    const stage = input.VersionStage as string;
    const holder = Object.entries(secret.versions).find(([, { stages }]) => stages.includes(stage))?.[0];
    if (input.MoveToVersionId !== undefined && !secret.versions[input.MoveToVersionId])
      throw new LocalFault(
        "ResourceNotFoundException",
        `Secrets Manager can't find the specified secret value for VersionId: ${input.MoveToVersionId}`,
      );
    if (holder !== undefined && holder !== input.MoveToVersionId && holder !== input.RemoveFromVersionId)
      throw invalid(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    if (stage === "AWSCURRENT" && input.MoveToVersionId === undefined)
      throw invalid("You can't remove staging label AWSCURRENT without moving it to another version.");
    secrets.put(withStage(secret, stage, input.MoveToVersionId));
    return { ARN: secret.arn, Name: secret.name };
  };
