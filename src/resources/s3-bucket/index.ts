import { actions } from "../../aws/access.ts";
import { attributeChanges } from "../../aws/attributes.ts";
import { changedTags } from "../../aws/changes.ts";
import type { AwsClients } from "../../aws/clients.ts";
import { orAbsent, toFault } from "../../aws/faults.ts";
import { mayBeOurs, toTagList } from "../../aws/ownership.ts";
import { statementChanges } from "../../aws/policies.ts";
import type { S3 } from "../../aws/sdk/types.ts";
import type { AwsLocation, Observation, ResourceKind } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { count, remove } from "./contents.ts";
import { ruleChanges, rulesOf } from "./lifecycle.ts";
import { ATTRIBUTES, OWNER_ENFORCED, putsOf, readSettings, readTags } from "./settings.ts";
import type { BucketId, BucketLive, BucketOutputs, BucketSpec } from "./types.ts";

export const s3Bucket: ResourceKind<BucketId, BucketSpec, BucketLive, BucketOutputs, AwsClients> = {
  kind: "s3.bucket",
  holdsData: true,
  // After a put, reads of lifecycle rules may show old values for minutes, longest in eu-west-2 and me-central-1 (hashicorp/terraform-provider-aws
  // pull requests 32850 and 41764).
  settle: { timeoutMs: 300_000, pollMs: 1_000, readLagMs: 600_000 },
  // An answer to HEAD has no body, so these codes come from its status.
  notFound: { provenBy: "s3:HeadBucket", codes: ["NotFound", "Http404", "NoSuchBucket"] },
  alreadyExists: ["BucketAlreadyOwnedByYou"],

  access: {
    on: ({ name }, place) => [arnOf(name, place), `${arnOf(name, place)}/*`],
    read: [
      ...actions("s3", "GetBucketLogging", "GetBucketNotification", "GetBucketOwnershipControls", "GetBucketPolicy"),
      ...actions("s3", "GetBucketPublicAccessBlock", "GetBucketTagging", "GetBucketVersioning", "GetEncryptionConfiguration"),
      ...actions("s3", "GetLifecycleConfiguration", "ListBucket"),
    ],
    write: [
      ...actions("s3", "CreateBucket", "PutBucketLogging", "PutBucketNotification", "PutBucketOwnershipControls", "PutBucketPolicy"),
      ...actions("s3", "PutBucketPublicAccessBlock", "PutBucketTagging", "PutBucketVersioning", "PutEncryptionConfiguration"),
      ...actions("s3", "PutLifecycleConfiguration", "TagResource"),
      // Needed for the lock of the stack.
      ...actions("s3", "DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject"),
    ],
    delete: [
      ...actions("s3", "AbortMultipartUpload", "DeleteBucket", "DeleteObject", "DeleteObjectVersion", "GetObject"),
      ...actions("s3", "ListBucketMultipartUploads", "ListBucketVersions", "PutObject"),
    ],
    everywhere: { read: ["s3:ListAllMyBuckets"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...attributeChanges(ATTRIBUTES, live.attributes, spec, live),
    ...statementChanges("policy", live.policy, spec.policy),
    ...ruleChanges(live.lifecycle, rulesOf(spec)),
  ],
  outputs: ({ name, arn }) => ({ name, arn }),
  predict: ({ name }, place) => ({ name, arn: arnOf(name, place) }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const s3 = await ctx.world.s3();
    const unreadable = await readOwner(s3, name, ctx.place);
    if (unreadable) return unreadable;
    const { tags, ...settings } = await readSettings(s3, { Bucket: name, ExpectedBucketOwner: ctx.place.account });
    return { state: "ready", live: { name, arn: arnOf(name, ctx.place), ...settings }, tags };
  },
  async create({ name }, _spec, ctx) {
    const s3 = await ctx.world.s3();
    const { region, account } = ctx.place;
    // S3 refuses us-east-1 as a location constraint.
    const LocationConstraint = region === "us-east-1" ? undefined : (region as never);
    const CreateBucketConfiguration = { LocationConstraint, Tags: toTagList(ctx.tags) };
    await s3.createBucket({ Bucket: name, ObjectOwnership: OWNER_ENFORCED, CreateBucketConfiguration });
    // S3-compatible stores ignore tags in the create call.
    const own = { Bucket: name, ExpectedBucketOwner: account };
    if (Object.keys(await readTags(s3, own)).length === 0) await s3.putBucketTagging({ ...own, Tagging: { TagSet: toTagList(ctx.tags) } });
  },
  async update({ name }, spec, live, changes, ctx) {
    const s3 = await ctx.world.s3();
    const own = { Bucket: name, ExpectedBucketOwner: ctx.place.account };
    for (const put of putsOf(changes, spec, live)) await put(s3, own);
    const tags = changedTags(changes);
    if (!tags) return;
    // PutBucketTagging replaces the whole set: foreign tags are written again.
    await s3.putBucketTagging({ ...own, Tagging: { TagSet: toTagList({ ...(await readTags(s3, own)), ...tags }) } });
  },
  async delete({ name }, _live, _how, ctx) {
    const s3 = await ctx.world.s3();
    const own = { Bucket: name, ExpectedBucketOwner: ctx.place.account };
    await remove(s3, own, ctx.signal);
  },
  async inventory({ name }, _live, ctx) {
    const own = { Bucket: name, ExpectedBucketOwner: ctx.place.account };
    return count(await ctx.world.s3(), own);
  },
  async candidates(ctx) {
    const s3 = await ctx.world.s3();
    const { Buckets = [] } = await s3.listBuckets({ Prefix: "fleetlogix" });
    const inRegion = Buckets.filter((b) => mayBeOurs(b.Name) && (b.BucketRegion ?? ctx.place.region) === ctx.place.region);
    return inRegion.map((b) => ({ name: b.Name ?? "" }));
  },
};

/** The caller's bucket whose name differs in the region only. Also undefined when the caller may not list buckets. */
export async function bucketElsewhere(
  world: AwsClients,
  place: AwsLocation,
  nameAt: (place: AwsLocation) => string,
): Promise<{ readonly name: string; readonly region: string } | undefined> {
  const [before = "", after] = nameAt({ ...place, region: "*" }).split("*");
  if (after === undefined) return undefined;
  const { Buckets = [] } = (await orAbsent((await world.s3()).listBuckets({ Prefix: before }), "AccessDenied")) ?? {};
  for (const { Name: name = "" } of Buckets) {
    const region = name.slice(before.length, name.length - after.length);
    if (REGION.test(region) && region !== place.region && nameAt({ ...place, region }) === name) return { name, region };
  }
  return undefined;
}
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/** The observation of a bucket that the caller may not read; undefined when the caller may. HeadBucket has no body, so its status decides. */
async function readOwner(s3: S3, name: string, place: AwsLocation): Promise<Observation<BucketLive> | undefined> {
  try {
    await s3.headBucket({ Bucket: name, ExpectedBucketOwner: place.account });
    return undefined;
  } catch (error) {
    const status = toFault(error)?.status;
    if (status === 403) return { state: "ready", live: unreadableBucket(name, place), tags: {}, adoptionBlocker: UNREADABLE };
    if (status !== 301) throw error;
    throw new FleetlogixError("WRONG_PLACE", `The bucket "${name}" exists in another region than ${place.region}.`, {
      hint: "Set `region` to where the stack lives, or `bucket.name` to another name.",
      awsCode: "301",
      cause: error,
    });
  }
}
const UNREADABLE = "belongs to another account (bucket names are global), or the caller may not read it";
/** The bucket without any tag of ours, so that it counts as foreign. */
const unreadableBucket = (name: string, place: AwsLocation): BucketLive => ({
  name,
  arn: arnOf(name, place),
  attributes: {},
  policy: [],
  lifecycle: [],
});

const arnOf = (name: string, { partition }: AwsLocation) => `arn:${partition}:s3:::${name}`;
