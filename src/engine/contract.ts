/**
 * The one contract between the engine and a kind of AWS resource.
 *
 * The upper half is pure: no client, clock, environment or randomness. It decides.
 * The lower half calls AWS. Each function acts once and returns: it never waits, retries, logs or asks the user.
 * The engine owns order, waiting, retrying, ownership and progress. A kind only translates.
 *
 * `Id` finds the resource without a state file: a deterministic name, or the id of the parent and a name.
 * `Spec` is the desired state. `Live` is the state that AWS reports, in the normal form of the kind. `Out` is what dependants may use.
 */
export interface ResourceKind<Id, Spec, Live, Out, World = unknown> {
  /** `<service>.<resource>`; the file is `resources/<service>-<resource>.ts`, or a folder of that name. */
  readonly kind: string;
  /** True when a deletion or replacement loses data: a teardown keeps it, and a replacement needs `--allow-data-loss`. */
  readonly holdsData: boolean;
  /**
   * How long AWS may take to finish one change of this kind, and how often to look. `readLagMs`: how long a read may answer with the
   * old value after a change; without it two minutes.
   */
  readonly settle: { readonly timeoutMs: number; readonly pollMs: number; readonly readLagMs?: number };
  /** Error codes that mean "absent", and the only call that proves it. */
  readonly notFound: NotFound;
  /**
   * Codes with which `create` reports that the resource exists: by an earlier call whose answer was lost, or by another run. The engine
   * takes the create as done, reads the resource and decides again.
   */
  readonly alreadyExists?: readonly string[];
  /** Faults that this kind classifies in another way than the general rules (aws/faults.ts). The first rule that fits counts. */
  readonly retries?: readonly RetryRule[];
  /** IAM's actions for what this kind calls: the policy of a deployer is made of them (`fleetlogix permissions`). */
  readonly access?: Access<Id>;
  /** Takes minutes: started first, waited for last; not waited for with `--no-wait`. */
  readonly slow?: boolean;
  /** Shared by the whole account: created when missing, never deleted. The phrase gives the reason. */
  readonly retained?: string;
  /** Role (key of `needs`) of the resource that contains it. AWS deletes it with that one, so a teardown of both makes no call for it. */
  readonly partOf?: string;

  /** A late writer may create it again, without our tag, right after its deletion: a teardown reads it once more at its end. */
  readonly comesBack?: boolean;

  // ── pure ──────────────────────────────────────────────────────────────────────────────────
  /** Its name on AWS. */
  label(id: Id): string;
  /** Every difference between what is wanted and what is there, tags aside; [] means up to date. */
  diff(spec: Spec, live: Live): readonly Change[];
  /** Notes for people that are no difference, one sentence each, e.g. a size that AWS has raised and that cannot shrink. */
  notes?(spec: Spec, live: Live | undefined): readonly string[];
  /** What dependants may use. */
  outputs(live: Live): Out;
  /** The same outputs computed from names, where AWS does so (ARNs): a first plan can show them. */
  predict?(id: Id, place: AwsLocation): Out;
  /** For `status`: ARN or id, AWS's own word for the state, and an address if it has one. */
  describe(live: Live): Description;

  // ── effects: each idempotent ──────────────────────────────────────────────────────────────
  /** May throw a fault of `notFound`. The engine turns it into "absent" when the proving call answered it, and reads again otherwise. */
  read(id: Id, ctx: Ctx<World>): Promise<Observation<Live>>;
  /** Creates it, tagged with `ctx.tags` in the create call where AWS can. It need not be complete: diff and update do the rest. */
  create(id: Id, spec: Spec, ctx: Ctx<World>): Promise<void>;
  /** Applies `changes` (paths of `diff`, and `tags.<key>` for tags). May take one step: the engine calls it again. */
  update(id: Id, spec: Spec, live: Live, changes: readonly Change[], ctx: Ctx<World>): Promise<void>;
  /** May take one step (protection off, one batch of objects): the engine calls it again until the resource is absent. */
  delete(id: Id, live: Live, how: DeleteOptions, ctx: Ctx<World>): Promise<void>;
  /** Finds what uses it, after AWS refused the deletion for that reason. undefined: nothing was found. */
  heldBy?(id: Id, live: Live, ctx: Ctx<World>): Promise<Holder | undefined>;
  /** Its contents, for the question before a teardown. */
  inventory?(id: Id, live: Live, ctx: Ctx<World>): Promise<Inventory>;
  /**
   * Ids of this kind that may be ours. So orphans are found without a state file: the engine leaves out the ids of the configuration,
   * reads the others and keeps those that carry the stack's tag.
   */
  candidates?(ctx: Ctx<World>): Promise<readonly Id[]>;
}

/** Actions as IAM names them, `service:Action`. A replacement and the removal of doubles need `delete`, too. */
export interface Access<Id> {
  /** The ARNs that the actions are narrowed to; `*` for what only AWS knows. */
  on(id: Id, place: AwsLocation): readonly string[];
  readonly read: readonly string[];
  readonly write?: readonly string[];
  readonly delete?: readonly string[];
  /** Lists, and actions for which IAM knows no resource. */
  readonly everywhere?: { readonly read?: readonly string[]; readonly write?: readonly string[]; readonly delete?: readonly string[] };
}

/**
 * `read` reads a resource and then its parts (tags, policy, rotation). Only the answer of `provenBy` means that the resource is
 * absent. A NotFound from a later call is a lag or a fault, never a reason to create the resource again. During an update a
 * NotFound is propagation; during a delete that step is done.
 */
export interface NotFound {
  /** `service:Operation`; undefined where an empty list is the proof and `read` itself says "absent". */
  readonly provenBy: string | undefined;
  /** AWS's error codes, in each spelling that SDK and wire have. */
  readonly codes: readonly string[];
}

export type Verb = "read" | "create" | "update" | "delete";
export interface Change {
  /** Dotted path of the attribute, e.g. `versioning`, `tags.Project`. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly forces?: "replace";
  /** With `forces`: what to write in fleetlogix.config.json so that what is there stays, e.g. `"username": "fleet" in "database"`. */
  readonly keep?: string | undefined;
}
export type Tags = Readonly<Record<string, string>>;
/** `inherited`: AWS cannot tag it; its parent proves the ownership. */
export type SeenTags = Tags | "inherited";
export type Observation<Live> =
  | { readonly state: "absent" }
  /** `adoptionBlocker`: why even `--adopt` cannot take it ("belongs to another account"); the phrase follows its name. */
  | { readonly state: "ready" | "settling"; readonly live: Live; readonly tags: SeenTags; readonly adoptionBlocker?: string }
  | { readonly state: "failed"; readonly live: Live; readonly tags: SeenTags; readonly reason: string };
export interface Description {
  readonly arn?: string | undefined;
  /** AWS's own word where it has one (`available`, `ACTIVE`), else `ready`. */
  readonly state: string;
  readonly address?: string | undefined;
  /** Why it does not work although AWS calls it ready, as a phrase: "stopped: reserved concurrency 0". */
  readonly trouble?: string | undefined;
}
export interface Holder {
  /** "a rule of the security group sg-1 (other)": follows "is held by". */
  readonly what: string;
  /** false: AWS releases it by itself. true: somebody must remove the holder. */
  readonly stays: boolean;
  /** How to remove it, as a sentence; with `stays`. */
  readonly fix?: string;
}
export interface Inventory {
  readonly items: number;
  readonly bytes: number;
  /** One phrase for people: "1,204 objects, 3.1 GB". */
  readonly text: string;
  /** Cost of keeping it as a phrase; undefined when it is negligible. */
  readonly cost?: string | undefined;
}
export interface DeleteOptions {
  /** Name of the final database snapshot; undefined: no snapshot. */
  readonly finalSnapshot: string | undefined;
}
export interface AwsLocation {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}
/** An AWS error in our form (made in aws/faults.ts). Kinds compare `code`, never SDK classes. */
export interface AwsFault {
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** `service:Operation` that failed. */
  readonly operation: string | undefined;
  /** The computer that could not be reached, where the network names one. */
  readonly host?: string | undefined;
  /** From Retry-After, if AWS sent one. */
  readonly retryAfterMs: number | undefined;
}
/**
 * propagation: a new role or policy is not visible everywhere yet. throttle: too many calls. busy: another change of the same
 * resource is in progress. transient: AWS or the network failed; the call may have taken effect. permanent: a retry is useless.
 */
export type RetryClass = "propagation" | "throttle" | "busy" | "transient" | "permanent";

/** A fault fits a rule when it fits all members that the rule has. */
export interface RetryRule {
  readonly class: RetryClass;
  readonly codes?: readonly string[];
  readonly message?: RegExp;
  /** undefined: every verb. */
  readonly during?: readonly Verb[];
}

/** `World` holds the clients of the kinds. The engine hands it on and never uses it. */
export interface Ctx<World = unknown> {
  readonly place: AwsLocation;
  /** `<project>/<environment>`: the value of the tag `fleetlogix:stack`, the proof of ownership. */
  readonly stack: string;
  /** All tags that a resource of ours carries. */
  readonly tags: Tags;
  readonly signal: AbortSignal;
  readonly world: World;
}

// ── declaring a stack ─────────────────────────────────────────────────────────────────────────
// biome-ignore lint/suspicious/noExplicitAny: the engine handles kinds without knowing their types; kinds stay fully typed.
export type AnyKind = ResourceKind<any, any, any, any, any>;
export interface ResourceNode<out Out = unknown> {
  /** Stable id in the stack: `table.deliveries`, `function.verify-delivery`. */
  readonly id: string;
  readonly kind: AnyKind;
  /** Edges of the graph. `spec` sees the outputs of these nodes only, so an undeclared dependency is a type error. */
  readonly needs: Readonly<Record<string, ResourceNode>>;
  readonly identity: (from: never) => unknown;
  readonly spec: (from: never) => unknown;
  readonly outputs?: Out; // phantom: carries the type, has no value
}
type OutputsOf<N> = N extends ResourceNode<infer Out> ? Out : never;
type From<Needs> = { readonly [K in keyof Needs]: OutputsOf<Needs[K]> };

/**
 * `identity` gets the outputs of dependencies that may be absent (in a teardown, in a first plan). It returns undefined when the
 * resource cannot exist without them. `spec` runs only when all dependencies exist or are predictable.
 */
export function declare<Id, Spec, Live, Out, World, const Needs extends Record<string, ResourceNode> = Record<never, never>>(
  kind: ResourceKind<Id, Spec, Live, Out, World>,
  id: string,
  options: {
    needs?: Needs;
    identity: (from: Partial<From<Needs>>) => Id | undefined;
    spec: (from: From<Needs>) => Spec;
  },
): ResourceNode<Out> {
  return {
    id,
    kind,
    needs: options.needs ?? {},
    identity: options.identity as (from: never) => unknown,
    spec: options.spec as (from: never) => unknown,
  };
}
