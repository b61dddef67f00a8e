import type { AccessControlPolicy } from "@aws-sdk/client-s3";
import type { Checksums } from "./checksums.ts";
import type { Segment } from "./segment.ts";

export interface Tagged {
  readonly Key: string;
  readonly Value: string;
}
/** The attributes of an object that the writer states. The names are those of the SDK. */
export interface Described {
  readonly headers: Readonly<Record<string, string | boolean>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tagged[];
  readonly lock?: Lock;
}
export interface Lock {
  readonly mode?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly until?: number | undefined;
  readonly legalHold?: boolean | undefined;
}
/** One version of an object, or a delete marker. The newest is the current one. */
export interface Version extends Described {
  /** Number of the write, in the order of all writes of the store. It is the document's key, too. */
  readonly seq: number;
  readonly bucket: string;
  readonly key: string;
  /** "null" when the bucket had no versioning. */
  readonly versionId: string;
  readonly deleteMarker?: true;
  readonly modified: number;
  /** Without quotes. */
  readonly etag: string;
  readonly size: number;
  readonly segments: readonly Segment[];
  /** Sizes and checksums of the parts of a multipart upload. */
  readonly parts?: readonly { readonly size: number; readonly checksums: Checksums }[];
  readonly checksums: Checksums;
  readonly checksumType?: "FULL_OBJECT" | "COMPOSITE";
  readonly acl?: AccessControlPolicy;
}
