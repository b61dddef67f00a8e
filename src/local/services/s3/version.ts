import type { AccessControlPolicy } from "@aws-sdk/client-s3";
import type { Checksums } from "./checksums.ts";
import type { Segment } from "./segment.ts";

export interface Tagged {
  readonly Key: string;
  readonly Value: string;
}
/** What a writer says about an object beside its content; the names are those of the SDK. */
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
/** One version of an object, or a delete marker; the newest is the current one. */
export interface Version extends Described {
  /** Order of writing over the whole store; also the document's name. */
  readonly seq: number;
  readonly bucket: string;
  readonly key: string;
  /** "null" where the bucket was not versioned. */
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
