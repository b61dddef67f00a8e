import { type Call, LocalFault } from "../../core/service.ts";
import type { Bucket, S3State } from "./state.ts";
import type { Described } from "./version.ts";

const refused = (code: string, message: string): LocalFault => new LocalFault(`KMS.${code}`, message, 400);
const KEY_ID = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * Replaces the id or alias of the KMS key by its ARN. Throws AWS's error for a key that does not exist, is disabled or is pending deletion
 * (recorded by LocalStack's tests against AWS).
 */
export async function withKey(state: S3State, bucket: Bucket, described: Described, call: Call): Promise<Described> {
  const id = described.headers.SSEKMSKeyId;
  if (typeof id !== "string") return described;
  const region = /^arn:[^:]+:kms:([^:]+):/.exec(id)?.[1];
  if (region !== undefined && region !== bucket.region) throw refused("NotFoundException", `Invalid arn ${region}`);
  if (!id.startsWith("arn:") && !id.startsWith("alias/") && !KEY_ID.test(id)) throw refused("NotFoundException", `Invalid keyId '${id}'`);
  const key = await keyOf(state, bucket, id);
  if (!key) throw refused("NotFoundException", missing(id, bucket, call));
  checkState(key);
  return { ...described, headers: { ...described.headers, SSEKMSKeyId: key.Arn } };
}
const missing = (id: string, { region }: Bucket, { account }: Call): string => {
  const arn = id.startsWith("arn:") ? id : `arn:aws:kms:${region}:${account}:${id.startsWith("alias/") ? "" : "key/"}${id}`;
  return arn.includes(":alias/") ? `Alias ${arn} is not found.` : `Key '${arn}' does not exist`;
};

/** Throws when the object's key can no longer decrypt. An older release accepted ids of keys that never existed; their objects stay readable. */
export async function checkReadable(state: S3State, bucket: Bucket, { headers }: Described): Promise<void> {
  if (typeof headers.SSEKMSKeyId !== "string" || !headers.SSEKMSKeyId.startsWith("arn:")) return;
  const key = await keyOf(state, bucket, headers.SSEKMSKeyId);
  if (key) checkState(key);
}

interface Key {
  readonly Arn: string;
  readonly KeyState: string;
}
async function keyOf({ env }: S3State, { region }: Bucket, id: string): Promise<Key | undefined> {
  try {
    return ((await env.dispatch("kms", "DescribeKey", { KeyId: id }, { region })) as { KeyMetadata: Key }).KeyMetadata;
  } catch (error) {
    if (error instanceof LocalFault && error.code === "NotFoundException") return undefined;
    throw error;
  }
}
function checkState({ Arn, KeyState }: Key): void {
  if (KeyState === "Disabled") throw refused("DisabledException", `${Arn} is disabled.`);
  if (KeyState === "PendingDeletion") throw refused("KMSInvalidStateException", `${Arn} is pending deletion.`);
}
