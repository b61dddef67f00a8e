import { createHash, randomUUID } from "node:crypto";
import type { CreateKeyCommandInput, KeyMetadata, Tag } from "@aws-sdk/client-kms";
import { managedKeyArn, managedKeyId } from "../../core/managed-key.ts";
import { type Call, type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import { type Tags, tagsOf, withTags } from "../../core/tags.ts";
import { checkedPolicy, defaultPolicy } from "./key-policy.ts";

/** A customer key in the journal. It has no key material, because nothing is encrypted here. Times in ms. */
export interface KeyDocument {
  readonly id: string;
  readonly region: string;
  readonly arn: string;
  readonly description: string;
  readonly usage: NonNullable<KeyMetadata["KeyUsage"]>;
  readonly spec: NonNullable<KeyMetadata["KeySpec"]>;
  readonly enabled: boolean;
  readonly policy: string;
  /** undefined: the key is not rotated. */
  readonly rotation?: { readonly days: number; readonly since: number } | undefined;
  readonly tags: Tags;
  readonly createdAt: number;
  /** Time of the final deletion; undefined: no deletion is scheduled. */
  readonly deleteAt?: number | undefined;
  /** True for a key that AWS manages for one of its services. Such keys are not stored. */
  readonly isAwsManaged?: boolean;
}
export interface AliasDocument {
  /** Begins with `alias/`. */
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}
export interface Kms {
  readonly env: LocalEnv;
  readonly keys: Collection<KeyDocument>;
  readonly aliases: Collection<AliasDocument>;
}
export const openKms = (env: LocalEnv): Kms => ({
  env,
  keys: env.store.collection("kms.keys"),
  aliases: env.store.collection("kms.aliases"),
});

/** The region's keys, oldest first. Removes keys whose deletion is due, with their aliases. */
export function keysIn({ env, keys, aliases }: Kms, region: string): KeyDocument[] {
  for (const key of keys.values())
    if (key.deleteAt !== undefined && key.deleteAt <= env.clock.now()) {
      keys.delete(key.id);
      for (const alias of aliases.values()) if (alias.keyId === key.id) aliases.delete(aliasKey(alias.region, alias.name));
    }
  return keys
    .values()
    .filter((key) => key.region === region)
    .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}
export const aliasKey = (region: string, name: string): string => `${region}/${name}`;

/** Finds a key by id, ARN, alias or the ARN of an alias. */
export function requireKey(kms: Kms, id: string | undefined, { region, account }: Call): KeyDocument {
  const text = id ?? "";
  const name = /(?:^|:)(alias\/.+)$/.exec(text)?.[1];
  const managed = managedKey(text, name, region, account);
  if (managed) return managed;
  if (name !== undefined) {
    const alias = kms.aliases.get(aliasKey(region, name));
    const found = keysIn(kms, region).find((key) => key.id === alias?.keyId);
    if (!found) throw notFound(`Alias arn:aws:kms:${region}:${account}:${name} is not found.`);
    return found;
  }
  const found = keysIn(kms, region).find((key) => key.id === text || key.arn === text);
  // As recorded: text that is no UUID and the ARN of another region are refused as invalid.
  if (!found && !/(^|\/)(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(text))
    throw notFound(`Invalid keyId '${text}'`);
  if (!found && text.startsWith("arn:") && text.split(":")[3] !== region) throw notFound(`Invalid arn ${text.split(":")[3]}`);
  if (!found) throw notFound(`Key '${text.startsWith("arn:") ? text : `arn:aws:kms:${region}:${account}:key/${text}`}' does not exist`);
  return found;
}
/**
 * Services whose data AWS encrypts with a managed key when the customer names none, and AWS's words for the data. Those of DynamoDB and S3
 * are recorded, the others unproven.
 */
const DATA_BY_SERVICE: Readonly<Record<string, string>> = {
  dynamodb: "DynamoDB data",
  lambda: "Lambda functions",
  rds: "RDS database volumes",
  s3: "S3 objects",
  secretsmanager: "Secrets Manager data",
  sns: "SNS data",
};
/**
 * The key that AWS manages for a service, by id, ARN or alias. DescribeKey of `alias/aws/…` creates the key when it is missing
 * (documentation of the KMS API, DescribeKey). Therefore it always exists here.
 */
function managedKey(text: string, alias: string | undefined, region: string, account: string): KeyDocument | undefined {
  const service = Object.keys(DATA_BY_SERVICE).find((name) =>
    alias === undefined ? text.split("/").at(-1) === managedKeyId(name, region) : alias === `alias/aws/${name}`,
  );
  if (service === undefined) return undefined;
  return {
    id: managedKeyId(service, region),
    region,
    arn: managedKeyArn(service, region, account),
    description: `Default key that protects my ${DATA_BY_SERVICE[service]} when no other key is defined`,
    usage: "ENCRYPT_DECRYPT",
    spec: "SYMMETRIC_DEFAULT",
    enabled: true,
    policy: defaultPolicy(account),
    tags: {},
    createdAt: 0,
    isAwsManaged: true,
  };
}
/** The key at an id that its owner can change: neither pending deletion nor managed by AWS. */
export function requireChangeableKey(kms: Kms, id: string | undefined, call: Call): KeyDocument {
  const key = requireKey(kms, id, call);
  if (key.isAwsManaged) throw new LocalFault("AccessDeniedException", `${key.arn} is managed by AWS: it cannot be changed.`, 400);
  if (key.deleteAt !== undefined) throw new LocalFault("KMSInvalidStateException", `${key.arn} is pending deletion.`);
  return key;
}
/** KMS answers 400, although its model says 404 (recorded). */
export const notFound = (message: string): LocalFault => new LocalFault("NotFoundException", message, 400);

export function newKey({ env }: Kms, input: CreateKeyCommandInput, { region, account }: Call): KeyDocument {
  const id = randomUUID();
  return {
    id,
    region,
    arn: `arn:aws:kms:${region}:${account}:key/${id}`,
    description: input.Description ?? "",
    usage: input.KeyUsage ?? "ENCRYPT_DECRYPT",
    spec: input.KeySpec ?? "SYMMETRIC_DEFAULT",
    enabled: true,
    policy: input.Policy === undefined ? defaultPolicy(account) : checkedPolicy(input.Policy),
    tags: addTags({}, input.Tags),
    createdAt: env.clock.now(),
  };
}
/** Adds tags. KMS uses other member names for a tag than most services. The messages are recorded. */
export function addTags(before: Tags, added: readonly Tag[] = []): Tags {
  const tagFault = (message: string): LocalFault => new LocalFault("TagException", message);
  const keys = added.map(({ TagKey }) => TagKey ?? "");
  if (keys.some((key) => /^aws:/i.test(key))) throw tagFault("Tags beginning with aws: are reserved");
  if (new Set(keys).size < keys.length) throw tagFault("Duplicate tag keys");
  const list = added.map(({ TagKey: Key, TagValue: Value }) => ({ Key, Value }));
  return withTags(before, tagsOf(list), () => tagFault("Too many tags"));
}

export function metadataOf(key: KeyDocument): KeyMetadata {
  const pending = key.deleteAt !== undefined;
  return {
    AWSAccountId: key.arn.split(":")[4],
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: key.enabled && !pending,
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: pending ? "PendingDeletion" : key.enabled ? "Enabled" : "Disabled",
    ...(key.deleteAt !== undefined && { DeletionDate: new Date(key.deleteAt) }),
    Origin: "AWS_KMS",
    KeyManager: key.isAwsManaged ? "AWS" : "CUSTOMER",
    CustomerMasterKeySpec: key.spec as never,
    KeySpec: key.spec,
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
    // 64 hexadecimal digits. They have no use here, because there is no key material.
    CurrentKeyMaterialId: createHash("sha256").update(key.id).digest("hex"),
  };
}

/** One page. The marker is the number of items on the pages before. */
export function page<T>(
  all: readonly T[],
  { Marker, Limit = 100 }: { readonly Marker?: string | undefined; readonly Limit?: number | undefined },
): { items: T[]; nextPage: { Truncated: boolean; NextMarker?: string } } {
  const from = Number(Marker ?? 0);
  if (!Number.isInteger(from)) throw new LocalFault("InvalidMarkerException", "Invalid marker");
  const to = from + Limit;
  const nextPage = to < all.length ? { Truncated: true, NextMarker: String(to) } : { Truncated: false };
  return { items: all.slice(from, to), nextPage };
}
