import { createHash } from "node:crypto";
import { type Call, type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import { type FileStore, openFiles } from "./files.ts";
import { type ObjectIndex, openIndex } from "./object-index.ts";
import type { Described, Version } from "./version.ts";

export interface Bucket {
  readonly name: string;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  versioning?: "Enabled" | "Suspended";
  /** Sub-resources by name, as text of `freeze`. A missing name was never set. */
  settings: Record<string, string>;
}
export interface Upload extends Described {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: number;
  /** True when the key had an object when the upload began. undefined: an older release began the upload. */
  readonly overwrites?: boolean;
  readonly algorithm?: string | undefined;
  readonly checksumType?: "FULL_OBJECT" | "COMPOSITE" | undefined;
}

export interface S3State {
  readonly env: LocalEnv;
  readonly buckets: Collection<Bucket>;
  readonly uploads: Collection<Upload>;
  readonly objects: ObjectIndex;
  readonly files: FileStore;
  /** Times when buckets were deleted. With realism, their names stay blocked for some seconds. */
  readonly deletedAt: Map<string, number>;
}

export function openState(env: LocalEnv): S3State {
  return {
    env,
    buckets: env.store.collection<Bucket>("s3.buckets"),
    uploads: env.store.collection<Upload>("s3.uploads"),
    objects: openIndex(env.store.collection<Version>("s3.versions")),
    files: openFiles(env.dataDir),
    deletedAt: new Map(),
  };
}

/** The bucket that a call names, after the checks that come before every operation. */
export function requireBucket(state: S3State, name: string | undefined, call: Call): Bucket {
  const bucket = state.buckets.get(name ?? "");
  if (!bucket) throw new LocalFault("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName: name });
  // Calls from inside (no headers) come from AWS services, which find a bucket in any region.
  if (call.headers.host !== undefined && call.principal.type !== "anonymous" && bucket.region !== call.region)
    throw new LocalFault(
      "PermanentRedirect",
      "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
      301,
      { Endpoint: `s3.${bucket.region}.amazonaws.com`, Bucket: bucket.name },
      { "x-amz-bucket-region": bucket.region },
    );
  return bucket;
}

export const bucketArn = (name: string | undefined): string => `arn:aws:s3:::${name}`;
/** The canonical user id of the account: 64 hexadecimal digits, as on AWS. */
export const ownerOf = (account: string): { ID: string } => ({ ID: createHash("sha256").update(account).digest("hex") });
export const accessDenied = (message = "Access Denied"): LocalFault => new LocalFault("AccessDenied", message, 403);
