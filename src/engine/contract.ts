/**
 * The one contract between the engine and a kind of AWS resource.
 *
 * The upper half is pure: no client, clock, environment or randomness. It decides.
 * The lower half touches AWS. It acts, once, and returns: it never waits, retries, logs or asks.
 * The engine owns order, waiting, retrying, ownership and progress; a kind owns translation only.
 *
 * `Id` is what finds the resource again without any state: a deterministic name, or the parent's id and a name.
 * `Spec` is what it should be; `Live` is what AWS says it is, in the kind's own normal form; `Out` is what dependants may use.
 */
export interface ResourceKind<Id, Spec, Live, Out, World = unknown> {
  /** `<service>.<resource>`; the file is `resources/<service>-<resource>.ts`. */
  readonly kind: string;
  /** True when deleting or replacing it loses data: kept by teardown, and replaced only after an explicit yes. */
  readonly holdsData: boolean;
  /**
   * How long AWS may take to finish one change of this kind, and how often to look. `readLagMs`: how long a read may answer with the
   * old value after a change; without it two minutes.
   */
  readonly settle: { readonly timeoutMs: number; readonly pollMs: number; readonly readLagMs?: number };
  /** How AWS says that there is no such thing, and which call alone proves it. */
  readonly notFound: NotFound;
  /** IAM's actions for what this kind calls: the policy of a deployer is made of them (`fleetlogix permissions`). */
  readonly access?: Access<Id>;
  /** Takes minutes: started first, waited for last, and not at all with --no-wait. */
  readonly slow?: boolean;
  /** Shared by the whole account: made when missing, never deleted, whatever is asked. The phrase says why. */
  readonly retained?: string;
  /** Key of the need (`needs`) that it is a part of: AWS deletes it with that, so a teardown of both leaves it to AWS. */
  readonly partOf?: string;

  /** Late writers may make it anew, without our tag, right after it was deleted: a teardown looks once more at its end. */
  readonly comesBack?: boolean;

  // ── pure ──────────────────────────────────────────────────────────────────────────────────
  /** What people call it: its name on AWS. */
  label(id: Id): string;
  /** Every difference between what is wanted and what is there, tags aside; [] means up to date. */
  diff(spec: Spec, live: Live): readonly Change[];
  /** What people must know and what is no difference: a sentence each, e.g. a size that AWS has raised and that cannot shrink. */
  notes?(spec: Spec, live: Live | undefined): readonly string[];
  /** What dependants may use. */
  outputs(live: Live): Out;
  /** The same outputs from names alone, where AWS computes them from names (ARNs): lets a first plan see ahead. */
  predict?(id: Id, place: Place): Out;
  /** For `status`: ARN or id, AWS's own word for the state, and an address if it has one. */
  describe(live: Live): Description;
  /** A fault that means something special for this kind, e.g. a role that Lambda cannot assume yet. undefined: the general rules hold. */
  retry?(fault: AwsFault, during: Verb): RetryClass | undefined;

  // ── effects: each idempotent ──────────────────────────────────────────────────────────────
  /** May throw what `notFound` names: the engine makes "absent" of it when the proving call said it, and looks again when another did. */
  read(id: Id, ctx: Ctx<World>): Promise<Observation<Live>>;
  /** Makes it exist, tagged with `ctx.tags` in the create call where AWS can; need not finish it: diff and update do the rest. */
  create(id: Id, spec: Spec, ctx: Ctx<World>): Promise<void>;
  /** Works off `changes` (paths of `diff`, and `tags.<key>` for tags); may take one step: the engine comes back. */
  update(id: Id, spec: Spec, live: Live, changes: readonly Change[], ctx: Ctx<World>): Promise<void>;
  /** May take one step (protection off, one batch of objects): the engine comes back until it is absent. */
  delete(id: Id, live: Live, how: DeleteOptions, ctx: Ctx<World>): Promise<void>;
  /** Asked when its deletion is refused because something uses it: what that is. undefined: nothing can be found. */
  heldBy?(id: Id, live: Live, ctx: Ctx<World>): Promise<Holder | undefined>;
  /** What it holds, for the question before a teardown. */
  inventory?(id: Id, live: Live, ctx: Ctx<World>): Promise<Inventory>;
  /**
   * Ids of this kind that may be ours: how a stateless tool finds what the configuration no longer names. The engine leaves out those
   * that it knows, reads the others and keeps those that carry the stack's tag.
   */
  candidates?(ctx: Ctx<World>): Promise<readonly Id[]>;
}

/** Actions as IAM names them, `service:Action`. A replacement and the removal of doubles need `delete`, too. */
export interface Access<Id> {
  /** The ARNs that the actions are narrowed to; `*` for what only AWS knows. */
  on(id: Id, place: Place): readonly string[];
  readonly read: readonly string[];
  readonly write?: readonly string[];
  readonly delete?: readonly string[];
  /** Lists, and actions for which IAM knows no resource. */
  readonly everywhere?: { readonly read?: readonly string[]; readonly write?: readonly string[]; readonly delete?: readonly string[] };
}

/**
 * A read looks at a thing and then at its parts (tags, policy, rotation). Only the answer of `provenBy` means that the thing is
 * absent: a NotFound from a later look is a lag or a fault, never a reason to make the thing again. During an update a NotFound is
 * propagation; during a delete that step is done.
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
/** `inherited`: AWS cannot tag it; it is part of a parent that proves the ownership. */
export type SeenTags = Tags | "inherited";
export type Observation<Live> =
  | { readonly state: "absent" }
  /** `barred`: why it cannot even be taken over ("belongs to another account"); the phrase follows its name. */
  | { readonly state: "ready" | "settling"; readonly live: Live; readonly tags: SeenTags; readonly barred?: string }
  | { readonly state: "failed"; readonly live: Live; readonly tags: SeenTags; readonly reason: string };
export interface Description {
  readonly arn?: string | undefined;
  /** AWS's own word where it has one (`available`, `ACTIVE`), else `ready`. */
  readonly state: string;
  readonly address?: string | undefined;
  /** Why it does not serve although AWS calls it ready, as a phrase: "stopped: reserved concurrency 0". */
  readonly trouble?: string | undefined;
}
export interface Holder {
  /** "a rule of the security group sg-1 (other)": follows "is held by". */
  readonly what: string;
  /** false: AWS lets go of it by itself. true: it stays until somebody removes it. */
  readonly stays: boolean;
  /** How to remove it, as a sentence; with `stays`. */
  readonly fix?: string;
}
export interface Inventory {
  readonly items: number;
  readonly bytes: number;
  /** One phrase for people: "1,204 objects, 3.1 GB". */
  readonly text: string;
  /** What keeping it costs, one phrase, or undefined when next to nothing. */
  readonly cost?: string | undefined;
}
export interface DeleteOptions {
  /** Name for the database's last snapshot; undefined: none is made. */
  readonly finalSnapshot: string | undefined;
}
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}
/** What every AWS error becomes at the edge (aws/faults.ts): kinds match on `code`, never on SDK classes. */
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
 * propagation: a new role or policy is not known everywhere yet. throttle: too many calls. busy: another change of the
 * same resource is under way. transient: AWS or the network failed; it may have taken effect. permanent: asking again is useless.
 */
export type RetryClass = "propagation" | "throttle" | "busy" | "transient" | "permanent";

/** `World` is what a kind acts through (for ours: the AWS clients). The engine carries it and never looks inside. */
export interface Ctx<World = unknown> {
  readonly place: Place;
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
  /** Edges of the graph and, by the same stroke, the only outputs `spec` can see: an undeclared dependency cannot be read. */
  readonly needs: Readonly<Record<string, ResourceNode>>;
  readonly identity: (from: never) => unknown;
  readonly spec: (from: never) => unknown;
  readonly outputs?: Out; // phantom: carries the type, never a value
}
type OutputsOf<N> = N extends ResourceNode<infer Out> ? Out : never;
type From<Needs> = { readonly [K in keyof Needs]: OutputsOf<Needs[K]> };

/**
 * `identity` sees the outputs of needs that may be absent (at a teardown, in a first plan): it returns undefined when the
 * resource cannot exist without them. `spec` runs only when all needs are there (or predictable).
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
