import type { KeyMetadata, Tag } from "@aws-sdk/client-kms";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent } from "../aws/faults.ts";
import { carriesTag } from "../aws/ownership.ts";
import { type PolicyDocument, policyForm } from "../aws/policies.ts";
import type { KMS } from "../aws/sdk/types.ts";
import type { Change, Ctx, Observation, ResourceKind, Tags } from "../engine/contract.ts";

export interface KeyId {
  /** `alias/…`: AWS chooses the id of a key, and a key has no name. */
  readonly alias: string;
}
export interface KeySpec {
  readonly description: string;
  readonly policy: PolicyDocument;
}
interface KeyLive {
  readonly id: string;
  readonly arn: string;
  /** undefined: an interrupted run created the key and not yet its alias. */
  readonly alias: string | undefined;
  /** Enabled, Disabled, PendingDeletion, … */
  readonly state: string;
  readonly description: string;
  /** In normal form. */
  readonly policy: unknown;
  readonly rotation: boolean;
  /** Ids of our keys from concurrent runs that never had an alias: nothing is encrypted with them. */
  readonly doubles: readonly string[];
}
export interface KeyOutputs {
  readonly arn: string;
}

const GONE = ["NotFoundException"];
/** The only policy that a key has. KMS takes it as the default; imitations need the name. */
const PolicyName = "default";
/** Description until a key has its alias. Only a key that still has it was never used and may be deleted as a duplicate. */
const UNFINISHED = "fleetlogix: not in use yet";
/** The shortest period that KMS allows. */
const DOUBLE_GOES_AFTER_DAYS = 7;

/** One for each stack. It has no `candidates`: its encrypted data outlives the stack, so it never counts as an orphan. */
export const kmsKey: ResourceKind<KeyId, KeySpec, KeyLive, KeyOutputs, AwsClients> = {
  kind: "kms.key",
  holdsData: true,
  retained: "what it has encrypted (objects, tables, databases and their snapshots) cannot be read without it",
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  // The lists of aliases and of keys prove it. An unreadable part of a listed key never does: that would make one key more in each run.
  notFound: { provenBy: undefined, codes: GONE },
  retries: [{ class: "busy", codes: ["KMSInvalidStateException"], message: /updating|creating/i }],

  access: {
    on: ({ alias }, { partition, region, account }) => [alias, "key/*"].map((part) => `arn:${partition}:kms:${region}:${account}:${part}`),
    read: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
    write: [
      ...["CancelKeyDeletion", "CreateAlias", "EnableKey", "EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"].map(
        (a) => `kms:${a}`,
      ),
      ...["TagResource", "UpdateAlias", "UpdateKeyDescription"].map((a) => `kms:${a}`),
      // What the services do with the key in the deployer's name.
      ...["CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ListGrants"].map((a) => `kms:${a}`),
    ],
    delete: ["kms:DeleteAlias", "kms:ScheduleKeyDeletion", "kms:UpdateAlias"],
    everywhere: { read: ["kms:ListAliases", "kms:ListKeys"], write: ["kms:CreateKey"] },
  },
  label: ({ alias }) => alias,
  diff: (spec, live) =>
    differences({
      keyState: [live.state, "Enabled"],
      policy: [live.policy, policyForm(spec.policy)],
      rotation: [live.rotation, true],
      alias: [live.alias === undefined ? "none" : "its own", "its own"],
      description: [live.description, spec.description],
      doubles: [live.doubles, []],
    }),
  outputs: ({ arn }) => ({ arn }),
  describe: ({ arn, state }) => ({ arn, state }),

  async read({ alias }, ctx) {
    return observe(await ctx.world.kms(), alias, ctx);
  },
  async create(_id, spec, ctx) {
    const kms = await ctx.world.kms();
    const Tags: Tag[] = Object.entries(ctx.tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    await kms.createKey({ Description: UNFINISHED, Policy: JSON.stringify(spec.policy), Tags });
  },
  /** The description comes after the alias: it says that the key is in use. */
  async update({ alias: AliasName }, spec, live, changes, ctx) {
    const kms = await ctx.world.kms();
    const { id: KeyId } = live;
    if (touches(changes, "keyState")) {
      if (live.state === "PendingDeletion") await kms.cancelKeyDeletion({ KeyId });
      await kms.enableKey({ KeyId });
    }
    if (touches(changes, "policy")) await kms.putKeyPolicy({ KeyId, PolicyName, Policy: JSON.stringify(spec.policy) });
    if (touches(changes, "rotation")) await kms.enableKeyRotation({ KeyId });
    const tags = changedTags(changes);
    if (tags) await kms.tagResource({ KeyId, Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })) });
    await name(kms, { AliasName, TargetKeyId: KeyId }, spec.description, changes);
    for (const double of live.doubles)
      await orAbsent(kms.scheduleKeyDeletion({ KeyId: double, PendingWindowInDays: DOUBLE_GOES_AFTER_DAYS }), "KMSInvalidStateException");
  },
  async delete() {},
  async inventory() {
    return {
      items: 1,
      bytes: 0,
      text: "the key of all that the stack has encrypted",
      cost: "$1 a month, and $1 more after each of the first two yearly rotations",
    };
  },
};

/** A concurrent run may have taken the alias: the next read says which key is the stack's. */
async function name(
  kms: KMS,
  alias: { readonly AliasName: string; readonly TargetKeyId: string },
  Description: string,
  changes: readonly Change[],
): Promise<void> {
  if (touches(changes, "alias") && !(await orAbsent(kms.createAlias(alias), "AlreadyExistsException"))) return;
  if (touches(changes, "description")) await kms.updateKeyDescription({ KeyId: alias.TargetKeyId, Description });
}

interface Found {
  readonly key: KeyMetadata;
  readonly tags: Tags;
}
async function observe(kms: KMS, alias: string, ctx: Ctx<AwsClients>): Promise<Observation<KeyLive>> {
  const aliases = await aliasesOf(kms);
  const named = aliases.get(alias);
  const ours = await unnamed(kms, new Set(aliases.values()), ctx.stack);
  const it = named === undefined ? ours[0] : await lookAt(kms, named);
  if (!it) return { state: "absent" };
  const { KeyId = "", Arn: arn = "", KeyState: state = "Enabled", Description: description = "" } = it.key;
  const [policy, rotation] = await Promise.all([kms.getKeyPolicy({ KeyId, PolicyName }), kms.getKeyRotationStatus({ KeyId })]);
  const doubles = ours.filter(({ key }) => key.KeyId !== KeyId && key.Description === UNFINISHED && key.KeyState !== "PendingDeletion");
  const live: KeyLive = {
    id: KeyId,
    arn,
    alias: named === undefined ? undefined : alias,
    state,
    description,
    policy: policyForm(policy.Policy),
    rotation: rotation.KeyRotationEnabled ?? false,
    doubles: doubles.map(({ key }) => key.KeyId ?? ""),
  };
  return { state: state === "Creating" || state === "Updating" ? "settling" : "ready", live, tags: it.tags };
}
async function aliasesOf(kms: KMS): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  for await (const { Aliases = [] } of kms.paginateListAliases({}))
    for (const { AliasName = "", TargetKeyId } of Aliases) if (TargetKeyId) all.set(AliasName, TargetKeyId);
  return all;
}
/**
 * Our keys without an alias. Few keys of an account have none, so few tags are read. Keys in use come first, then those not pending
 * deletion, then the oldest: all runs choose the same one.
 */
async function unnamed(kms: KMS, named: ReadonlySet<string>, stack: string): Promise<readonly Found[]> {
  const ids: string[] = [];
  for await (const { Keys = [] } of kms.paginateListKeys({}))
    ids.push(...Keys.flatMap((key) => key.KeyId ?? []).filter((id) => !named.has(id)));
  const ours: Found[] = [];
  for (const id of ids) {
    // A foreign key may deny this read.
    const tags = await orAbsent(tagsOf(kms, id), "AccessDeniedException", ...GONE);
    const found = carriesTag(tags, stack) ? await orAbsent(lookAt(kms, id), ...GONE) : undefined;
    if (found) ours.push(found);
  }
  const rank = ({ key }: Found) => (key.Description === UNFINISHED ? 2 : 0) + (key.KeyState === "PendingDeletion" ? 1 : 0);
  const age = ({ key }: Found) => key.CreationDate?.getTime() ?? 0;
  return ours.toSorted((a, b) => rank(a) - rank(b) || age(a) - age(b) || ((a.key.KeyId ?? "") < (b.key.KeyId ?? "") ? -1 : 1));
}
async function lookAt(kms: KMS, KeyId: string): Promise<Found | undefined> {
  const [{ KeyMetadata: key }, tags] = await Promise.all([kms.describeKey({ KeyId }), tagsOf(kms, KeyId)]);
  return key && { key, tags };
}
async function tagsOf(kms: KMS, KeyId: string): Promise<Tags> {
  const all: Record<string, string> = {};
  for await (const { Tags = [] } of kms.paginateListResourceTags({ KeyId }))
    for (const { TagKey = "", TagValue = "" } of Tags) all[TagKey] = TagValue;
  return all;
}
