import type { Call, Permission } from "../../core/service.ts";
import { bucketArn, type S3State } from "./state.ts";

/** Operations whose IAM action has another name. */
const ACTIONS: Readonly<Record<string, string>> = {
  HeadObject: "GetObject",
  HeadBucket: "ListBucket",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  ListBuckets: "ListAllMyBuckets",
  ListMultipartUploads: "ListBucketMultipartUploads",
  ListParts: "ListMultipartUploadParts",
  CopyObject: "PutObject",
  CreateMultipartUpload: "PutObject",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
  CompleteMultipartUpload: "PutObject",
  GetBucketEncryption: "GetEncryptionConfiguration",
  PutBucketEncryption: "PutEncryptionConfiguration",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  DeleteBucketLifecycle: "PutLifecycleConfiguration",
  GetBucketCors: "GetBucketCORS",
  PutBucketCors: "PutBucketCORS",
  DeleteBucketCors: "PutBucketCORS",
  GetBucketReplication: "GetReplicationConfiguration",
  PutBucketReplication: "PutReplicationConfiguration",
  DeleteBucketReplication: "PutReplicationConfiguration",
  DeleteBucketTagging: "PutBucketTagging",
  DeleteBucketOwnershipControls: "PutBucketOwnershipControls",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
  PutBucketAccelerateConfiguration: "PutAccelerateConfiguration",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  PutBucketNotificationConfiguration: "PutBucketNotification",
  GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
  PutObjectLockConfiguration: "PutBucketObjectLockConfiguration",
};
/**
 * The actions of configurations with an id: s3:PutInventoryConfiguration for PutBucketInventoryConfiguration and so on. Deleting needs the
 * Put action.
 */
const withIdAction = (operation: string): string =>
  operation.replace(
    /^(Get|Put|Delete|List)Bucket(Analytics|Inventory|Metrics|IntelligentTiering)Configurations?$/,
    (_, verb: string, kind: string) => `${verb === "Put" || verb === "Delete" ? "Put" : "Get"}${kind}Configuration`,
  );
/** Operations with another action name when they name a version. */
const VERSIONED = new Set([
  "GetObject",
  "DeleteObject",
  "GetObjectTagging",
  "PutObjectTagging",
  "DeleteObjectTagging",
  "GetObjectAcl",
  "PutObjectAcl",
  "GetObjectAttributes",
]);

export function permissionsOf(state: S3State) {
  return (operation: string, input: Record<string, unknown>, _call: Call): readonly Permission[] => {
    // Each object's permission is checked in the operation.
    if (operation === "DeleteObjects") return [];
    const bucket = input.Bucket as string | undefined;
    if (bucket === undefined) return [{ action: `s3:${ACTIONS[operation] ?? operation}`, resource: "*" }];
    const context: Record<string, string> = { "aws:SecureTransport": "true" };
    if (/^ListObject/.test(operation)) {
      context["s3:prefix"] = String(input.Prefix ?? "");
      if (input.Delimiter !== undefined) context["s3:delimiter"] = String(input.Delimiter);
      if (input.MaxKeys !== undefined) context["s3:max-keys"] = String(input.MaxKeys);
    }
    if (input.ServerSideEncryption !== undefined) context["s3:x-amz-server-side-encryption"] = String(input.ServerSideEncryption);
    if (input.ACL !== undefined) context["s3:x-amz-acl"] = String(input.ACL);
    const on = (action: string, name: string, key: unknown): Permission => ({
      action: `s3:${action}`,
      resource: key === undefined ? bucketArn(name) : `${bucketArn(name)}/${key}`,
      policy: state.buckets.get(name)?.settings.policy,
      context,
    });
    const own = on(actionOf(operation, input), bucket, input.Key);
    const source = sourceOf(input.CopySource);
    return source ? [own, on(source.versioned ? "GetObjectVersion" : "GetObject", source.bucket, source.key)] : [own];
  };
}
function actionOf(operation: string, input: Record<string, unknown>): string {
  const action = ACTIONS[operation] ?? withIdAction(operation);
  if (input.VersionId === undefined || !VERSIONED.has(action)) return action;
  return action.replace("Object", "ObjectVersion");
}
function sourceOf(header: unknown): { bucket: string; key: string; versioned: boolean } | undefined {
  if (typeof header !== "string") return undefined;
  const [path = "", query] = header.split(/\?(?=versionId=)/);
  const [, bucket, key] = /^\/?([^/]+)\/(.*)$/s.exec(decodeURIComponent(path)) ?? [];
  return bucket !== undefined && key !== undefined ? { bucket, key, versioned: query !== undefined } : undefined;
}
