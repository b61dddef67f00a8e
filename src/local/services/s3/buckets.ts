import type {
  CreateBucketCommandInput,
  DeleteBucketCommandInput,
  GetBucketLocationCommandInput,
  GetBucketVersioningCommandInput,
  HeadBucketCommandInput,
  ListBucketsCommandInput,
  PutBucketVersioningCommandInput,
} from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { aclOf } from "./access.ts";
import { freeze } from "./documents.ts";
import { forget } from "./multipart.ts";
import { compareKeys } from "./object-index.ts";
import { type Bucket, bucketArn, ownerOf, requireBucket, type S3State } from "./state.ts";
import { checkedTags } from "./tags.ts";

const HOME = "us-east-1";
/** Time for which S3 blocks the name of a deleted bucket. Applies only with realism. */
const NAME_BUSY_MS = 20_000;

export function createBucket(state: S3State) {
  return (input: CreateBucketCommandInput, call: Call) => {
    const { Bucket: name = "", CreateBucketConfiguration: configuration } = input;
    checkName(name);
    const region = regionOf(configuration?.LocationConstraint, call.region);
    const tags = checkedTags(configuration?.Tags, 50);
    const existing = state.buckets.get(name);
    if (existing) return recreate(state, existing, region);
    checkNameFree(state, name);
    const ownership = input.ObjectOwnership ?? "BucketOwnerEnforced";
    if (input.ACL !== undefined && input.ACL !== "private" && ownership === "BucketOwnerEnforced")
      throw new LocalFault(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        400,
      );
    const open = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
    state.buckets.put(name, {
      name,
      region,
      createdAt: state.env.clock.now(),
      ...(input.ObjectLockEnabledForBucket ? { versioning: "Enabled" as const } : {}),
      settings: {
        ownershipControls: freeze({ Rules: [{ ObjectOwnership: ownership }] }),
        publicAccessBlock: freeze(open),
        ...(tags.length > 0 ? { tagging: freeze({ TagSet: tags }) } : {}),
        ...(input.ObjectLockEnabledForBucket ? { "object-lock": freeze({ ObjectLockEnabled: "Enabled" }) } : {}),
        ...(input.ACL ? { acl: freeze(aclOf(input.ACL, call.account)) } : {}),
      },
    });
    return { Location: region === HOME ? `/${name}` : `http://${name}.s3.amazonaws.com/`, BucketArn: bucketArn(name) };
  };
}

/** Only in us-east-1, an owner's second CreateBucket succeeds. It resets the bucket's ACL. */
function recreate(state: S3State, existing: Bucket, region: string) {
  if (region !== HOME || existing.region !== HOME)
    throw new LocalFault(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      409,
      { BucketName: existing.name },
    );
  const { acl: _, ...settings } = existing.settings;
  state.buckets.put(existing.name, { ...existing, settings });
  return { Location: `/${existing.name}`, BucketArn: bucketArn(existing.name) };
}

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
function regionOf(constraint: string | undefined, region: string): string {
  const isRegion = constraint === undefined || constraint === "EU" || REGION.test(constraint);
  if (!isRegion || (region === HOME && constraint === HOME))
    throw new LocalFault("InvalidLocationConstraint", "The specified location-constraint is not valid", 400, {
      LocationConstraint: constraint,
    });
  const stated = constraint === "EU" ? "eu-west-1" : constraint;
  if ((stated ?? HOME) === region) return region;
  throw new LocalFault(
    "IllegalLocationConstraintException",
    `The ${constraint ?? "unspecified"} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    400,
  );
}

function checkName(name: string): void {
  const well =
    /^(?=.{3,63}$)[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name) && !/\.\.|\.-|-\.|^(\d+\.){3}\d+$|^xn--|^sthree-|-s3alias$|--ol-s3$/.test(name);
  if (!well) throw new LocalFault("InvalidBucketName", "The specified bucket is not valid.", 400, { BucketName: name });
}

/** AWS frees the name of a deleted bucket late. Creating it at once fails with this conflict. */
function checkNameFree({ env, deletedAt }: S3State, name: string): void {
  if (!env.settings.realism || env.clock.now() - (deletedAt.get(name) ?? Number.NEGATIVE_INFINITY) >= NAME_BUSY_MS) return;
  throw new LocalFault(
    "OperationAborted",
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    409,
  );
}

export function deleteBucket(state: S3State) {
  return (input: DeleteBucketCommandInput, call: Call) => {
    const { name } = requireBucket(state, input.Bucket, call);
    if (state.objects.keys(name).length > 0) {
      const hidden = "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
      const versioned = state.buckets.get(name)?.versioning !== undefined;
      throw new LocalFault("BucketNotEmpty", versioned ? hidden : "The bucket you tried to delete is not empty", 409, { BucketName: name });
    }
    for (const upload of state.uploads.values()) if (upload.bucket === name) forget(state, upload);
    state.buckets.delete(name);
    state.deletedAt.set(name, state.env.clock.now());
    return {};
  };
}

export function headBucket(state: S3State) {
  return (input: HeadBucketCommandInput, call: Call) => {
    const { region, name } = requireBucket(state, input.Bucket, call);
    return { BucketRegion: region, BucketArn: bucketArn(name), AccessPointAlias: false };
  };
}

export function getBucketLocation(state: S3State) {
  return (input: GetBucketLocationCommandInput, call: Call) => {
    // The call works in every region, because clients use it to find the bucket's region.
    const { region } = requireBucket(state, input.Bucket, { ...call, headers: {} });
    return region === HOME ? {} : { LocationConstraint: region as "eu-west-1" };
  };
}

export function listBuckets(state: S3State) {
  return (input: ListBucketsCommandInput, call: Call) => {
    const all = state.buckets
      .values()
      .filter(({ name, region }) => name.startsWith(input.Prefix ?? "") && (input.BucketRegion ?? region) === region)
      .sort((a, b) => compareKeys(a.name, b.name));
    const rest = all.filter(({ name }) => input.ContinuationToken === undefined || name > input.ContinuationToken);
    const shown = rest.slice(0, input.MaxBuckets ?? 10_000);
    return {
      Buckets: shown.map(({ name, region, createdAt }) => ({
        Name: name,
        CreationDate: new Date(createdAt),
        BucketRegion: region,
        BucketArn: bucketArn(name),
      })),
      Owner: ownerOf(call.account),
      Prefix: input.Prefix,
      ...(shown.length < rest.length ? { ContinuationToken: shown.at(-1)?.name } : {}),
    };
  };
}

export function putBucketVersioning(state: S3State) {
  return (input: PutBucketVersioningCommandInput, call: Call) => {
    const bucket = requireBucket(state, input.Bucket, call);
    const { Status, MFADelete } = input.VersioningConfiguration ?? {};
    if (MFADelete === "Enabled")
      throw new LocalFault("NotImplemented", "The local AWS does not implement s3:PutBucketVersioning with MFADelete.", 501);
    if (Status !== "Enabled" && Status !== "Suspended")
      throw new LocalFault("IllegalVersioningConfigurationException", "The Versioning element must be specified", 400);
    if (Status === "Suspended" && bucket.settings["object-lock"])
      throw new LocalFault(
        "InvalidBucketState",
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        409,
      );
    state.buckets.put(bucket.name, { ...bucket, versioning: Status });
    return {};
  };
}
export function getBucketVersioning(state: S3State) {
  return (input: GetBucketVersioningCommandInput, call: Call) => {
    const { versioning } = requireBucket(state, input.Bucket, call);
    return versioning ? { Status: versioning } : {};
  };
}
