import type { KeyMetadata, Tag } from "@aws-sdk/client-kms";
import { actions, arnAt } from "../aws/access.ts";
import { type Attributes, type AttributeValues, attributeChanges, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent } from "../aws/faults.ts";
import { carriesTag } from "../aws/ownership.ts";
import { collect } from "../aws/pages.ts";
import { type PolicyDocument, policyForm } from "../aws/policies.ts";
import type { KMS } from "../aws/sdk/types.ts";
import type { Ctx, Observation, ResourceKind, Tags } from "../engine/contract.ts";

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
  /** Enabled, Disabled, PendingDeletion, … */
  readonly state: string;
  readonly attributes: AttributeValues;
  /** Ids of our keys from concurrent runs that never had an alias: nothing is encrypted with them. */
  readonly doubles: readonly string[];
}
export interface KeyOutputs {
  readonly arn: string;
}

/** Name of a key's only policy. It is KMS's default; endpoints other than AWS require it. */
const PolicyName = "default";
/** Description of a key until it has its alias. A key with this description was never used: only such a key is deleted as a double. */
const UNFINISHED = "fleetlogix: not in use yet";
/** The shortest waiting period that KMS allows. */
const DELETION_WINDOW_DAYS = 7;

/** The key of a stack. It has no `candidates`: its encrypted data stays longer than the stack, so it is never an orphan. */
export const kmsKey: ResourceKind<KeyId, KeySpec, KeyLive, KeyOutputs, AwsClients> = {
  kind: "kms.key",
  holdsData: true,
  retained: "what it has encrypted (objects, tables, databases and their snapshots) cannot be read without it",
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  // The lists of aliases and keys prove absence. An unreadable part of a listed key does not: each run would create another key.
  notFound: { provenBy: undefined, codes: ["NotFoundException"] },
  retries: [
    // "pending deletion": another run has scheduled the deletion of the same double.
    { class: "busy", codes: ["KMSInvalidStateException"], message: /updating|creating|pending deletion/i },
    // Another run has taken the alias: the next read says which key is the stack's.
    { class: "busy", codes: ["AlreadyExistsException"] },
  ],

  access: {
    on: ({ alias }, place) => [alias, "key/*"].map((part) => arnAt(place, "kms", part)),
    read: actions("kms", "DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"),
    write: [
      ...actions("kms", "CancelKeyDeletion", "CreateAlias", "EnableKey", "EnableKeyRotation", "PutKeyPolicy"),
      ...actions("kms", "ScheduleKeyDeletion", "TagResource", "UpdateAlias", "UpdateKeyDescription"),
      // Calls that AWS services make to the key with the deployer's permissions.
      ...actions("kms", "CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ListGrants"),
    ],
    delete: ["kms:DeleteAlias", "kms:ScheduleKeyDeletion", "kms:UpdateAlias"],
    everywhere: { read: ["kms:ListAliases", "kms:ListKeys"], write: ["kms:CreateKey"] },
  },
  label: ({ alias }) => alias,
  diff: (spec, live) => attributeChanges(ATTRIBUTES, live.attributes, spec, live),
  outputs: ({ arn }) => ({ arn }),
  describe: ({ arn, state }) => ({ arn, state }),

  async read({ alias }, ctx) {
    return observe(await ctx.world.kms(), alias, ctx);
  },
  async create(_id, spec, ctx) {
    const kms = await ctx.world.kms();
    await kms.createKey({ Description: UNFINISHED, Policy: JSON.stringify(spec.policy), Tags: tagListOf(ctx.tags) });
  },
  async update({ alias }, spec, live, changes, ctx) {
    const kms = await ctx.world.kms();
    for (const write of writesOf(ATTRIBUTES, changes, spec, live)) await write(kms, live.id, alias);
    const tags = changedTags(changes);
    if (tags) await kms.tagResource({ KeyId: live.id, Tags: tagListOf(tags) });
  },
  async delete() {},
  async inventory() {
    return {
      items: 1,
      bytes: 0,
      text: "the key that encrypts the stack's data",
      cost: "$1 a month, and $1 more after each of the first two yearly rotations",
    };
  },
};

const tagListOf = (tags: Tags): Tag[] => Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

interface Answers {
  readonly key: KeyMetadata;
  /** Text of its policy. */
  readonly policy: string | undefined;
  readonly rotation: boolean | undefined;
  /** False when an interrupted run created the key without its alias. */
  readonly hasAlias: boolean;
  readonly doubles: readonly string[];
}
type Write = (kms: KMS, KeyId: string, alias: string) => Promise<unknown>;
/** In the order of the writes: the key is enabled first, and its description changes after it has its alias. */
const ATTRIBUTES: Attributes<KeySpec, KeyLive, [answers: Answers], Write> = {
  keyState: {
    read: ({ key }) => key.KeyState ?? "Enabled",
    wanted: () => "Enabled",
    write: (_spec, live) => async (kms, KeyId) => {
      if (live.state === "PendingDeletion") await kms.cancelKeyDeletion({ KeyId });
      await kms.enableKey({ KeyId });
    },
  },
  policy: {
    read: ({ policy }) => policyForm(policy),
    wanted: (spec) => policyForm(spec.policy),
    write: (spec) => (kms, KeyId) => kms.putKeyPolicy({ KeyId, PolicyName, Policy: JSON.stringify(spec.policy) }),
  },
  rotation: {
    read: ({ rotation }) => rotation ?? false,
    wanted: () => true,
    write: () => (kms, KeyId) => kms.enableKeyRotation({ KeyId }),
  },
  alias: {
    read: ({ hasAlias }) => (hasAlias ? "its own" : "none"),
    wanted: () => "its own",
    write: () => (kms, TargetKeyId, AliasName) => kms.createAlias({ AliasName, TargetKeyId }),
  },
  description: {
    read: ({ key }) => key.Description ?? "",
    wanted: (spec) => spec.description,
    write: (spec) => (kms, KeyId) => kms.updateKeyDescription({ KeyId, Description: spec.description }),
  },
  doubles: {
    read: ({ doubles }) => doubles,
    wanted: () => [],
    write: (_spec, live) => async (kms) => {
      for (const KeyId of live.doubles) await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: DELETION_WINDOW_DAYS });
    },
  },
};

interface Found {
  readonly key: KeyMetadata;
  readonly tags: Tags;
}
async function observe(kms: KMS, alias: string, ctx: Ctx<AwsClients>): Promise<Observation<KeyLive>> {
  const aliases = await aliasesOf(kms);
  const aliasTarget = aliases.get(alias);
  const ours = await unnamed(kms, new Set(aliases.values()), ctx.stack);
  const found = aliasTarget === undefined ? ours[0] : await lookAt(kms, aliasTarget);
  if (!found) return { state: "absent" };
  const { key, tags } = found;
  const { KeyId: id = "", Arn: arn = "", KeyState: state = "Enabled" } = key;
  const [{ Policy: policy }, { KeyRotationEnabled: rotation }] = await Promise.all([
    kms.getKeyPolicy({ KeyId: id, PolicyName }),
    kms.getKeyRotationStatus({ KeyId: id }),
  ]);
  const neverUsed = ours.filter((other) => other.key.Description === UNFINISHED && other.key.KeyState !== "PendingDeletion");
  const doubles = neverUsed.flatMap((other) => (other.key.KeyId === id ? [] : (other.key.KeyId ?? [])));
  const attributes = readAttributes(ATTRIBUTES, { key, policy, rotation, hasAlias: aliasTarget !== undefined, doubles });
  return {
    state: state === "Creating" || state === "Updating" ? "settling" : "ready",
    live: { id, arn, state, attributes, doubles },
    tags,
  };
}
async function aliasesOf(kms: KMS): Promise<ReadonlyMap<string, string>> {
  const all = await collect(kms.paginateListAliases({}), (page) => page.Aliases);
  return new Map(all.flatMap(({ AliasName = "", TargetKeyId }) => (TargetKeyId ? [[AliasName, TargetKeyId]] : [])));
}
/**
 * Our keys without an alias. Few keys of an account have none, so few tags are read. Keys in use come first, then those not pending
 * deletion, then the oldest: all runs choose the same one.
 */
async function unnamed(kms: KMS, aliased: ReadonlySet<string>, stack: string): Promise<readonly Found[]> {
  const ids = await collect(kms.paginateListKeys({}), (page) => page.Keys?.flatMap((key) => key.KeyId ?? []));
  const ours: Found[] = [];
  for (const id of ids.filter((one) => !aliased.has(one))) {
    // A foreign key may deny this read.
    const tags = await orAbsent(tagsOf(kms, id), "AccessDeniedException");
    if (carriesTag(tags, stack)) ours.push(await lookAt(kms, id));
  }
  const rank = ({ key }: Found) => (key.Description === UNFINISHED ? 2 : 0) + (key.KeyState === "PendingDeletion" ? 1 : 0);
  const age = ({ key }: Found) => key.CreationDate?.getTime() ?? 0;
  return ours.toSorted((a, b) => rank(a) - rank(b) || age(a) - age(b) || ((a.key.KeyId ?? "") < (b.key.KeyId ?? "") ? -1 : 1));
}
async function lookAt(kms: KMS, KeyId: string): Promise<Found> {
  const [{ KeyMetadata: key = { KeyId } }, tags] = await Promise.all([kms.describeKey({ KeyId }), tagsOf(kms, KeyId)]);
  return { key, tags };
}
async function tagsOf(kms: KMS, KeyId: string): Promise<Tags> {
  const all = await collect(kms.paginateListResourceTags({ KeyId }), (page) => page.Tags);
  return Object.fromEntries(all.map(({ TagKey = "", TagValue = "" }) => [TagKey, TagValue]));
}
