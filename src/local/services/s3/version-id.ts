import { createHash, randomBytes } from "node:crypto";
import { LocalFault } from "../../core/service.ts";

const RANDOM_BYTES = 20;
const CHECK_BYTES = 4;
const check = (random: Buffer): Buffer => createHash("sha256").update(random).digest().subarray(0, CHECK_BYTES);

/**
 * A new id of 32 characters. The last bytes are a checksum of the others. It shows whether an unknown id is invalid or belongs to a deleted
 * version.
 */
export function newVersionId(): string {
  const random = randomBytes(RANDOM_BYTES);
  return Buffer.concat([random, check(random)]).toString("base64url");
}
function isVersionId(id: string): boolean {
  const bytes = Buffer.from(id, "base64url");
  if (bytes.length !== RANDOM_BYTES + CHECK_BYTES || bytes.toString("base64url") !== id) return false;
  return check(bytes.subarray(0, RANDOM_BYTES)).equals(bytes.subarray(RANDOM_BYTES));
}

/** Throws for the id of a version that cannot exist. A bucket without versioning has only `null` versions (recorded). */
export function checkVersionId(id: string, versioned: boolean): void {
  if (id === "null" || (versioned && isVersionId(id))) return;
  throw new LocalFault("InvalidArgument", "Invalid version id specified", 400, { ArgumentName: "versionId", ArgumentValue: id });
}
