import type { DeletedObject, DeleteObjectCommandInput, DeleteObjectsCommandInput, _Error as ObjectError } from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { checkWrite } from "./conditions.ts";
import type { Notify } from "./notifications.ts";
import { accessDenied, type Bucket, bucketArn, requireBucket, type S3State } from "./state.ts";
import type { Version } from "./version.ts";
import { checkVersionId } from "./version-id.ts";
import { discard, place } from "./write.ts";

interface Target {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly ETag?: string | undefined;
}

export function deleteObject(state: S3State, notify: Notify) {
  return (input: DeleteObjectCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const { Key = "", VersionId, IfMatch, BypassGovernanceRetention } = input;
    if (input.IfMatchSize !== undefined || input.IfMatchLastModifiedTime !== undefined)
      throw new LocalFault("NotImplemented", "A header you provided implies functionality that is not implemented", 501);
    if (BypassGovernanceRetention && !bucket.settings["object-lock"])
      throw new LocalFault("InvalidArgument", "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.", 400, {
        ArgumentName: "x-amz-bypass-governance-retention",
      });
    return remove(state, bucket, { Key, VersionId, ETag: IfMatch }, BypassGovernanceRetention ?? false, notify, call);
  };
}

export function deleteObjects(state: S3State, notify: Notify) {
  return (input: DeleteObjectsCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const targets = input.Delete?.Objects ?? [];
    if (targets.length === 0 || targets.length > 1000)
      throw new LocalFault(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        400,
      );
    const Deleted: DeletedObject[] = [];
    const Errors: ObjectError[] = [];
    for (const { Key, VersionId, ETag } of targets) {
      try {
        authorize(state, bucket, { Key, VersionId }, call);
        const done = remove(state, bucket, { Key, VersionId, ETag }, input.BypassGovernanceRetention ?? false, notify, call);
        const marker = done.DeleteMarker ? { DeleteMarker: true, DeleteMarkerVersionId: done.VersionId } : {};
        Deleted.push({ Key, VersionId, ...marker });
      } catch (error) {
        if (!(error instanceof LocalFault)) throw error;
        const { code, message } = inBulk(error);
        Errors.push({ Key, VersionId, Code: code, Message: message });
      }
    }
    return { ...(input.Delete?.Quiet || Deleted.length === 0 ? {} : { Deleted }), ...(Errors.length > 0 ? { Errors } : {}) };
  };
}

/** DeleteObjects answers another code for an id that S3 never issued (recorded). */
const inBulk = (fault: LocalFault): { code: string; message: string } =>
  fault.extra.ArgumentName === "versionId" ? { code: "NoSuchVersion", message: "The specified version does not exist." } : fault;

/** DeleteObjects checks the permission for each object. */
function authorize({ env }: S3State, bucket: Bucket, { Key = "", VersionId }: Target, call: Call): void {
  const verdict = env.decide(call.principal, {
    action: VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion",
    resource: `${bucketArn(bucket.name)}/${Key}`,
    policy: bucket.settings.policy,
    context: { "aws:SecureTransport": "true" },
  });
  if (!verdict.allowed) throw accessDenied(verdict.message);
}

interface Removed {
  readonly DeleteMarker?: boolean;
  readonly VersionId?: string;
}
function remove(state: S3State, bucket: Bucket, target: Target, bypass: boolean, notify: Notify, call: Call): Removed {
  const { Key: key = "", VersionId, ETag } = target;
  const versions = state.objects.versions(bucket.name, key);
  const named = VersionId === undefined ? versions[0] : versions.find((version) => version.versionId === VersionId);
  const exists = named !== undefined && !named.deleteMarker;
  // `*` matches any existing version.
  if (ETag !== undefined) checkWrite(named, { IfMatch: ETag === "*" && exists ? named.etag : ETag });
  if (VersionId !== undefined) {
    // Deleting a deleted version succeeds.
    if (!named) checkVersionId(VersionId, bucket.versioning !== undefined);
    if (!named) return { VersionId };
    checkLock(state, named, bypass);
    discard(state, named);
    notify(bucket.name, "ObjectRemoved:Delete", named, call);
    return { VersionId, ...(named.deleteMarker ? { DeleteMarker: true } : {}) };
  }
  if (!bucket.versioning) {
    for (const version of versions) discard(state, version);
    if (named) notify(bucket.name, "ObjectRemoved:Delete", named, call);
    return {};
  }
  const marker = place(state, bucket, {
    bucket: bucket.name,
    key,
    deleteMarker: true,
    etag: "",
    size: 0,
    segments: [],
    headers: {},
    metadata: {},
    tags: [],
    checksums: {},
  });
  notify(bucket.name, "ObjectRemoved:DeleteMarkerCreated", marker, call);
  return { DeleteMarker: true, VersionId: marker.versionId };
}

function checkLock({ env }: S3State, { lock }: Version, bypass: boolean): void {
  const retained = lock?.until !== undefined && lock.until > env.clock.now() && !(lock.mode === "GOVERNANCE" && bypass);
  if (retained || lock?.legalHold) throw accessDenied("Access Denied because object protected by object lock.");
}
