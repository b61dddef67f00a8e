import { createHash, type Hash } from "node:crypto";
import { Crc32, Crc32c, Crc64Nvme } from "@aws-sdk/checksums/crc";
import { Xxh3_64, Xxh3_128, Xxh64 } from "@aws-sdk/checksums/xxh";
import { LocalFault } from "../../core/service.ts";

/** Base64 by algorithm, e.g. { CRC32: "nTz9Ow==" }. */
export type Checksums = Readonly<Partial<Record<Algorithm, string>>>;
export interface Hasher {
  update(chunk: Uint8Array): void;
  digest(): Promise<Uint8Array>;
}
const native = (name: string) => (): Hasher => {
  const hash: Hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), digest: async () => hash.digest() };
};
const ALGORITHMS = {
  CRC32: { bytes: 4, make: (): Hasher => new Crc32() },
  CRC32C: { bytes: 4, make: (): Hasher => new Crc32c() },
  CRC64NVME: { bytes: 8, make: (): Hasher => new Crc64Nvme() },
  SHA1: { bytes: 20, make: native("sha1") },
  SHA256: { bytes: 32, make: native("sha256") },
  SHA512: { bytes: 64, make: native("sha512") },
  MD5: { bytes: 16, make: native("md5") },
  XXHASH64: { bytes: 8, make: (): Hasher => new Xxh64() },
  XXHASH3: { bytes: 8, make: (): Hasher => new Xxh3_64() },
  XXHASH128: { bytes: 16, make: (): Hasher => new Xxh3_128() },
} as const;
export type Algorithm = keyof typeof ALGORITHMS;
const NAMES = Object.keys(ALGORITHMS) as Algorithm[];

/** The algorithm that S3 uses when the writer names none. */
export const DEFAULT_ALGORITHM: Algorithm = "CRC64NVME";
/** True for algorithms whose checksum of the whole follows from those of the parts. S3 keeps them as full-object checksums. */
export const isFullObjectByDefault = (algorithm: Algorithm): boolean => algorithm === "CRC64NVME";

export const hasher = (algorithm: Algorithm): Hasher => ALGORITHMS[algorithm].make();

/** The algorithm of this name. Clients write it in any case. */
export function algorithmOf(name: string | undefined): Algorithm | undefined {
  if (!name) return undefined;
  const found = NAMES.find((known) => known === name.toUpperCase());
  if (!found) throw new LocalFault("InvalidRequest", `The checksum algorithm ${name} is not supported.`, 400);
  return found;
}

/** The checksums in headers or trailers, `x-amz-checksum-<algorithm>`. */
export function statedChecksums(headers: Iterable<readonly [string, string]>): Checksums {
  const found: Partial<Record<Algorithm, string>> = {};
  for (const [name, value] of headers) {
    const algorithm = NAMES.find((known) => name.toLowerCase() === `x-amz-checksum-${known.toLowerCase()}`);
    if (!algorithm) continue;
    if (Buffer.from(value, "base64").length !== ALGORITHMS[algorithm].bytes && !value.includes("-"))
      throw new LocalFault("InvalidRequest", `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`, 400);
    found[algorithm] = value;
  }
  return found;
}

/** The algorithm of the checksum that a request states, or announces for its trailer. */
export const statedAlgorithm = (headers: Readonly<Record<string, string>>): Algorithm | undefined =>
  (Object.keys(statedChecksums(Object.entries(headers)))[0] as Algorithm | undefined) ??
  algorithmOf(/^x-amz-checksum-(\w+)/i.exec(headers["x-amz-trailer"] ?? "")?.[1]);

/** Throws when a stated checksum differs from the computed one. */
export function compareChecksums(stated: Checksums, computed: Checksums): void {
  for (const [algorithm, value] of Object.entries(stated))
    if (computed[algorithm as Algorithm] !== value)
      throw new LocalFault("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`, 400);
}

/** Checksums as members of an SDK output: { ChecksumCRC32: "…" }. */
export const asMembers = (checksums: Checksums): Record<string, string> =>
  Object.fromEntries(Object.entries(checksums).map(([algorithm, value]) => [`Checksum${algorithm}`, value]));
/** Checksums from the members of an SDK input. */
export function fromMembers(input: object): Checksums {
  const found: Partial<Record<Algorithm, string>> = {};
  for (const algorithm of NAMES) {
    const value = (input as Record<string, unknown>)[`Checksum${algorithm}`];
    if (typeof value === "string") found[algorithm] = value;
  }
  return found;
}

/** The composite checksum of a multipart object: computed from the digests of its parts, with their number as suffix. */
export async function compositeChecksum(algorithm: Algorithm, parts: readonly Checksums[]): Promise<string> {
  const hash = hasher(algorithm);
  for (const part of parts) hash.update(Buffer.from(part[algorithm] ?? "", "base64"));
  return `${Buffer.from(await hash.digest()).toString("base64")}-${parts.length}`;
}
