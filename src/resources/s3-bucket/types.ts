import type { LifecycleRule } from "@aws-sdk/client-s3";
import type { AttributeValues } from "../../aws/attributes.ts";
import type { PolicyDocument, Statements } from "../../aws/policies.ts";

export interface BucketId {
  readonly name: string;
}
export interface BucketSpec {
  readonly policy: PolicyDocument;
  /** Keys with this prefix go to Glacier after so many days. */
  readonly archive?: { readonly prefix: string; readonly afterDays: number } | undefined;
  /** Objects are deleted after so many days; undefined: kept. */
  readonly expireDays?: number | undefined;
  readonly noncurrentExpireDays: number;
  /** SQS queue for notifications of new files in the lake, such as that of a Snowflake pipe; undefined: none. */
  readonly queue?: string | undefined;
  /** ARN of a customer key for new objects; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
  /** Encrypted with S3's own keys: S3 delivers access logs to no bucket with a KMS key. */
  readonly s3Keys?: boolean | undefined;
  /** Target of the access log; undefined: accesses are not logged. */
  readonly accessLog?: { readonly bucket: string; readonly prefix: string } | undefined;
}
export interface BucketLive {
  readonly name: string;
  readonly arn: string;
  /** By path of ATTRIBUTES; {} for a bucket that the caller may not read. */
  readonly attributes: AttributeValues;
  readonly policy: Statements;
  readonly lifecycle: readonly LifecycleRule[];
}
export interface BucketOutputs {
  readonly name: string;
  readonly arn: string;
}
