import type {
  AccessControlPolicy,
  GetObjectAttributesCommandInput,
  GetObjectTaggingCommandInput,
  PutObjectAclCommandInput,
  PutObjectLegalHoldCommandInput,
  PutObjectRetentionCommandInput,
  PutObjectTaggingCommandInput,
} from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { aclOf, newAcl } from "./access.ts";
import { asMembers } from "./checksums.ts";
import { limit } from "./listing.ts";
import { checkRetainUntil } from "./lock-configuration.ts";
import type { Notify } from "./notifications.ts";
import { checkCustomerKey, findVersion, notAllowed } from "./read.ts";
import { accessDenied, type Bucket, requireBucket, type S3State } from "./state.ts";
import { checkedTags } from "./tags.ts";
import type { Version } from "./version.ts";
import { versionOf } from "./write.ts";

interface Named {
  readonly Bucket: string | undefined;
  readonly Key: string | undefined;
  readonly VersionId?: string | undefined;
}
type Method = Parameters<typeof notAllowed>[1];
/** The version whose settings a call reads or writes. A delete marker refuses, also where it is the current version (recorded). */
function lookUp(state: S3State, input: Named, call: Call, method: Method): { bucket: Bucket; version: Version } {
  const bucket = requireBucket(state, input.Bucket, call);
  const versions = state.objects.versions(bucket.name, input.Key ?? "");
  const named = input.VersionId === undefined ? versions[0] : versions.find((version) => version.versionId === input.VersionId);
  if (named?.deleteMarker) throw notAllowed(named, method);
  return { bucket, version: findVersion(state, bucket, input.Key ?? "", input.VersionId, call) };
}

export function taggingOperations(state: S3State, notify: Notify) {
  const put = (input: Named, tags: Version["tags"], event: string, call: Call, method: Method) => {
    const { bucket, version } = lookUp(state, input, call, method);
    const tagged = { ...version, tags };
    state.objects.update(tagged);
    notify(bucket.name, event, tagged, call);
    return versionOf(bucket, version);
  };
  return {
    PutObjectTagging: (input: PutObjectTaggingCommandInput, call: Call) =>
      put(input, checkedTags(input.Tagging?.TagSet, 10), "ObjectTagging:Put", call, "PUT"),
    DeleteObjectTagging: (input: GetObjectTaggingCommandInput, call: Call) => put(input, [], "ObjectTagging:Delete", call, "DELETE"),
    GetObjectTagging(input: GetObjectTaggingCommandInput, call: Call) {
      const { bucket, version } = lookUp(state, input, call, "GET");
      return { ...versionOf(bucket, version), TagSet: version.tags.map((tag) => ({ ...tag })) };
    },
  };
}

export function getObjectAttributes(state: S3State) {
  return (input: GetObjectAttributesCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const version = findVersion(state, bucket, input.Key ?? "", input.VersionId, call);
    checkCustomerKey(version, input);
    const wanted = new Set<string>(input.ObjectAttributes ?? []);
    const full = {
      ETag: version.etag,
      Checksum: attributedChecksum(version),
      ObjectParts: version.parts && objectParts(version, version.parts, input),
      StorageClass: (version.headers.StorageClass ?? "STANDARD") as "STANDARD",
      ObjectSize: version.size,
    };
    return {
      ...versionOf(bucket, version),
      LastModified: new Date(version.modified),
      ...Object.fromEntries(Object.entries(full).filter(([name, value]) => wanted.has(name) && value !== undefined)),
    };
  };
}
/** Here a composite checksum has no number of parts behind it (recorded). */
function attributedChecksum({ checksums, checksumType }: Version) {
  const bare = Object.entries(checksums).map(([algorithm, value]) => [algorithm, value.replace(/-\d+$/, "")]);
  return bare.length > 0 ? { ...asMembers(Object.fromEntries(bare)), ChecksumType: checksumType } : undefined;
}
/** The parts themselves are shown when each has a checksum of its own (recorded). */
function objectParts({ checksumType }: Version, parts: NonNullable<Version["parts"]>, input: GetObjectAttributesCommandInput) {
  if (checksumType !== "COMPOSITE") return { TotalPartsCount: parts.length };
  const after = Number(input.PartNumberMarker ?? 0);
  const max = limit(input.MaxParts);
  const shown = parts.slice(after, after + max);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(shown.length > 0 ? after + shown.length : 0),
    MaxParts: max,
    IsTruncated: after + shown.length < parts.length,
    Parts: shown.map((part, i) => ({ PartNumber: after + i + 1, Size: part.size, ...asMembers(part.checksums) })),
  };
}

export function lockOperations(state: S3State) {
  const locked = (input: Named, call: Call, method: Method) => {
    const found = lookUp(state, input, call, method);
    if (found.bucket.settings["object-lock"] === undefined)
      throw new LocalFault("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
    return found.version;
  };
  const malformed = () =>
    new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400);
  const missing = () =>
    new LocalFault("NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration", 404);
  return {
    PutObjectRetention(input: PutObjectRetentionCommandInput, call: Call) {
      const version = locked(input, call, "PUT");
      const now = state.env.clock.now();
      const { Mode: mode, RetainUntilDate: date } = input.Retention ?? {};
      // Both or none must be given. An empty retention removes the lock.
      if ((mode === undefined) !== (date === undefined)) throw malformed();
      if (date) checkRetainUntil(date, now, "RetainUntilDate");
      const until = date?.getTime();
      const inForce = version.lock?.mode !== undefined && (version.lock.until ?? 0) > now;
      const loosens = (version.lock?.until ?? 0) > (until ?? 0) || (version.lock?.mode === "COMPLIANCE" && mode !== "COMPLIANCE");
      const changesMode = version.lock?.mode !== mode;
      const bypasses = version.lock?.mode === "GOVERNANCE" && input.BypassGovernanceRetention === true;
      if (inForce && (loosens || changesMode) && !bypasses) throw accessDenied("Access Denied because object protected by object lock.");
      state.objects.update({ ...version, lock: { ...version.lock, mode, until } });
      return {};
    },
    GetObjectRetention(input: Named, call: Call) {
      const { lock } = locked(input, call, "GET");
      if (!lock?.mode) throw missing();
      return { Retention: { Mode: lock.mode as "GOVERNANCE", RetainUntilDate: new Date(lock.until ?? 0) } };
    },
    PutObjectLegalHold(input: PutObjectLegalHoldCommandInput, call: Call) {
      const version = locked(input, call, "PUT");
      state.objects.update({ ...version, lock: { ...version.lock, legalHold: input.LegalHold?.Status === "ON" } });
      return {};
    },
    GetObjectLegalHold(input: Named, call: Call) {
      const { lock } = locked(input, call, "GET");
      if (lock?.legalHold === undefined) throw missing();
      return { LegalHold: { Status: lock.legalHold ? ("ON" as const) : ("OFF" as const) } };
    },
  };
}

/** ACLs of objects. Only those that give the owner full control exist, as in all buckets with AWS's defaults. */
export function objectAclOperations(state: S3State) {
  return {
    PutObjectAcl(input: PutObjectAclCommandInput, call: Call) {
      const { bucket, version } = lookUp(state, input, call, "PUT");
      if (input.ACL === "bucket-owner-full-control") return {};
      state.objects.update({ ...version, acl: newAcl(bucket, input, call.account) });
      return {};
    },
    GetObjectAcl(input: Named, call: Call): AccessControlPolicy {
      const { version } = lookUp(state, input, call, "GET");
      return version.acl ?? aclOf("private", call.account);
    },
  };
}
