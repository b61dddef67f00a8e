import { randomBytes } from "node:crypto";
import type { RotationRulesType, Tag } from "@aws-sdk/client-secrets-manager";
import { type Call, type LocalEnv, LocalFault } from "../../core/service.ts";

export interface Version {
  readonly createdAt: number;
  readonly stages: readonly string[];
  /** Day of the last read, at midnight UTC. */
  readonly accessedAt?: number | undefined;
  /** A version has a string or binary (as base64) value. A version that a rotation has announced has neither. */
  readonly string?: string | undefined;
  readonly binary?: string | undefined;
}
/** A secret in the journal. Times in ms. */
export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly description?: string | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** True when the secret had tags once. From then on AWS shows the member Tags, even when it is empty. */
  readonly tagged?: boolean | undefined;
  readonly versions: Readonly<Record<string, Version>>;
  readonly policy?: string | undefined;
  readonly rotation?: { readonly lambdaArn?: string | undefined; readonly rules: RotationRulesType } | undefined;
  /** `rds` for the password of a database that RDS manages. */
  readonly owningService?: string | undefined;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly rotatedAt?: number | undefined;
  /** Day of the last read, at midnight UTC as AWS shows it. */
  readonly accessedAt?: number | undefined;
  readonly deletion?: { readonly at: number; readonly purgeAt: number } | undefined;
}

export interface Secrets {
  all(region: string): Secret[];
  byName(region: string, name: string): Secret | undefined;
  /** The secret by name, ARN, or ARN without its random suffix. Throws ResourceNotFoundException. */
  require(region: string, id: string | undefined): Secret;
  find(region: string, id: string): Secret | undefined;
  /** Like `need`, but throws for a secret that is marked for deletion. */
  live(region: string, id: string | undefined): Secret;
  put(secret: Secret): Secret;
  remove(secret: Secret): void;
}

export function secretsOf(env: LocalEnv): Secrets {
  const docs = env.store.collection<Secret>("secretsmanager.secrets");
  const all = (region: string): Secret[] =>
    docs.values().filter((secret) => {
      const isDeleted = secret.deletion !== undefined && secret.deletion.purgeAt <= env.clock.now();
      if (isDeleted) docs.delete(secret.arn);
      return secret.region === region && !isDeleted;
    });
  const find = (region: string, id: string): Secret | undefined =>
    all(region).find(({ arn, name }) => arn === id || name === id || arn.slice(0, -7) === id);
  const requireSecret = (region: string, id: string | undefined): Secret => {
    checkSecretId(id ?? "");
    const secret = find(region, id ?? "");
    if (!secret) throw new LocalFault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    return secret;
  };
  return {
    all,
    find,
    require: requireSecret,
    byName: (region, name) => all(region).find((secret) => secret.name === name),
    live(region, id) {
      const secret = requireSecret(region, id);
      if (secret.deletion) throw refused("You can't perform this operation on the secret because it was marked for deletion.");
      return secret;
    },
    put(secret) {
      docs.put(secret.arn, secret);
      return secret;
    },
    remove: (secret) => void docs.delete(secret.arn),
  };
}

/** As recorded: every operation refuses an id that cannot be a name or an ARN before it searches the secret. */
export function checkSecretId(id: string): void {
  if (!/^[\w/+=.@!:-]{1,2048}$/.test(id)) throw invalidName();
}
export const invalidName = (): LocalFault =>
  new LocalFault(
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
  );
export const refused = (message: string): LocalFault => new LocalFault("InvalidRequestException", message);
export const invalid = (message: string): LocalFault => new LocalFault("InvalidParameterException", message);

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** AWS ends each ARN with six random characters, so that a secret created anew has another ARN. */
export const newArn = (region: string, account: string, name: string): string =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${[...randomBytes(6)].map((byte) => LETTERS[byte % LETTERS.length]).join("")}`;

/** True when the call came over HTTP. Other services call from inside. */
export const isFromOutside = (call: Call): boolean => Object.keys(call.headers).length > 0;

/** A managed secret can be changed only by the service that manages it. */
export function refuseManaged(secret: Secret, call: Call): void {
  if (!secret.owningService || !isFromOutside(call)) return;
  throw refused(`You can't modify the secret ${secret.name}: it is managed by ${secret.owningService}.`);
}

export function tagMap(tags: readonly Tag[], call: Call): Record<string, string> {
  if (isFromOutside(call) && tags.some(({ Key }) => Key?.startsWith("aws:")))
    throw invalid("Tag keys that start with aws: are reserved for AWS use.");
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

/** The checked value of a call; undefined when it has none. */
export function valueIn(input: {
  SecretString?: string | undefined;
  SecretBinary?: Uint8Array | undefined;
}): Pick<Version, "string" | "binary"> | undefined {
  const { SecretString, SecretBinary } = input;
  if (SecretString !== undefined && SecretBinary !== undefined)
    throw invalid("You can't specify both a binary secret value and a string secret value in the same secret.");
  const size = SecretString !== undefined ? Buffer.byteLength(SecretString) : (SecretBinary?.length ?? 0);
  if (size > 65_536)
    throw new LocalFault(
      "ValidationException",
      "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
    );
  if (SecretString !== undefined) return { string: SecretString };
  return SecretBinary && { binary: Buffer.from(SecretBinary).toString("base64") };
}

/** Number of versions without a stage that are kept. AWS deletes them at unspecified times. */
const DEPRECATED_KEPT = 10;

/** Adds a version with a value and stages. A stage is on one version only. */
export function withVersion(
  secret: Secret,
  id: string,
  value: Pick<Version, "string" | "binary">,
  stages: readonly string[],
  now: number,
): Secret {
  const versions = { ...secret.versions, [id]: { createdAt: now, stages: secret.versions[id]?.stages ?? [], ...value } };
  return stages.reduce((changed, stage) => withStage(changed, stage, id), { ...secret, versions, changedAt: now });
}

/** Moves a stage to a version, or removes it. The version that loses AWSCURRENT gets AWSPREVIOUS. */
export function withStage(secret: Secret, stage: string, to: string | undefined): Secret {
  const before = Object.entries(secret.versions).find(([, { stages }]) => stages.includes(stage))?.[0];
  const previous = stage === "AWSCURRENT" && before !== undefined && before !== to ? before : undefined;
  const versions = Object.entries(secret.versions).map(([id, version]): [string, Version] => {
    const others = version.stages.filter((one) => one !== stage && !(previous && one === "AWSPREVIOUS"));
    const gained = [...(id === to ? [stage] : []), ...(id === previous ? ["AWSPREVIOUS"] : [])];
    return [id, { ...version, stages: [...others, ...gained] }];
  });
  const deprecated = versions.filter(([, { stages }]) => stages.length === 0).sort(([, a], [, b]) => b.createdAt - a.createdAt);
  const dropped = new Set(deprecated.slice(DEPRECATED_KEPT).map(([id]) => id));
  return { ...secret, versions: Object.fromEntries(versions.filter(([id]) => !dropped.has(id))) };
}

export const sameValue = (version: Version, value: Pick<Version, "string" | "binary">): boolean =>
  version.string === value.string && version.binary === value.binary;
export const tagList = (secret: Secret): Tag[] => Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value }));
