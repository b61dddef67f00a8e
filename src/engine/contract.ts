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
   * `timeoutMs`: the longest time that AWS may need for one change of this kind. `pollMs`: pause between two reads. `readLagMs`: time in
   * which a read may still show the old value after a change; default: two minutes.
   */
  readonly settle: { readonly timeoutMs: number; readonly pollMs: number; readonly readLagMs?: number };
  /** The error codes that mean "absent", and the only call that proves it. */
  readonly notFound: NotFound;
  /**
   * Codes of `create` for a resource that exists already: by an earlier call whose answer was lost, or by another run. The engine treats
   * the create as done, reads the resource and decides again.
   */
  readonly alreadyExists?: readonly string[];
  /** Faults that this kind classifies differently from the general rules (aws/faults.ts). The first matching rule counts. */
  readonly retries?: readonly RetryRule[];
  /** IAM actions of this kind's calls. `fleetlogix permissions` makes the deployer's policy of them. */
  readonly access?: Access<Id>;
  /** True for a kind that takes minutes: started first, waited for last, and not waited for with `--no-wait`. */
  readonly slow?: boolean;
  /** Reason why the resource is kept: it is shared by the whole account, created when missing, and never deleted. */
  readonly retained?: string;
  /** Role (key of `needs`) of the resource that contains this one. AWS deletes both together, so a teardown of both makes no call for this one. */
  readonly partOf?: string;

  /**
   * True when a late writer may create the resource again, without our tag, right after its deletion. A teardown then reads it once more at
   * its end.
   */
  readonly comesBack?: boolean;

  // ── pure ──────────────────────────────────────────────────────────────────────────────────
  /** The resource's name on AWS. */
  label(id: Id): string;
  /** All differences between the desired and the live state, without tags; [] means up to date. */
  diff(spec: Spec, live: Live): readonly Change[];
  /** Notes for users about facts that are no difference, one sentence each, e.g. a size that AWS has raised and that cannot shrink. */
  notes?(spec: Spec, live: Live | undefined): readonly string[];
  /** The values that dependants may use. */
  outputs(live: Live): Out;
  /** The same outputs computed from names, where AWS computes them so (ARNs). A first plan can show them. */
  predict?(id: Id, place: AwsLocation): Out;
  /** For `status`: ARN or id, the state in AWS's terms, the address if there is one, and what else users look for. */
  describe(live: Live): Description;

  // ── effects: each idempotent ──────────────────────────────────────────────────────────────
  /** May throw a fault of `notFound`. The engine treats it as "absent" when it is the answer of the proving call, and reads again otherwise. */
  read(id: Id, ctx: Ctx<World>): Promise<Observation<Live>>;
  /** Creates the resource, with `ctx.tags` in the create call if AWS allows it. It need not be complete: `diff` and `update` do the rest. */
  create(id: Id, spec: Spec, ctx: Ctx<World>): Promise<void>;
  /** Applies `changes` (paths of `diff`, and `tags.<key>` for tags). It may do one step only; the engine calls it again for the others. */
  update(id: Id, spec: Spec, live: Live, changes: readonly Change[], ctx: Ctx<World>): Promise<void>;
  /** Deletes the resource. It may do one step only (protection off, one batch of objects); the engine calls it again until the resource is absent. */
  delete(id: Id, live: Live, how: DeleteOptions, ctx: Ctx<World>): Promise<void>;
  /** Finds the user of the resource after AWS refused its deletion because of one. undefined: none was found. */
  heldBy?(id: Id, live: Live, ctx: Ctx<World>): Promise<Holder | undefined>;
  /** The resource's contents, shown in the question before a teardown. */
  inventory?(id: Id, live: Live, ctx: Ctx<World>): Promise<Inventory>;
  /**
   * Ids of this kind that may be ours, by which orphans are found without a state file. The engine ignores the ids of the configuration,
   * reads the others and keeps those that carry the stack's tag.
   */
  candidates?(ctx: Ctx<World>): Promise<readonly Id[]>;
}

/** Actions in IAM's form, `service:Action`. A replacement and the removal of doubles need `delete`, too. */
export interface Access<Id> {
  /** The ARNs to which the actions are limited; `*` where only AWS knows the id. */
  on(id: Id, place: AwsLocation): readonly string[];
  readonly read: readonly string[];
  readonly write?: readonly string[];
  readonly delete?: readonly string[];
  /** Lists, and actions that IAM cannot limit to a resource. */
  readonly everywhere?: { readonly read?: readonly string[]; readonly write?: readonly string[]; readonly delete?: readonly string[] };
}

/**
 * `read` reads a resource and then its parts (tags, policy, rotation). Only the answer of `provenBy` means that the resource is absent. A
 * NotFound of a later call is a lag or a fault, and never a reason to create the resource again. During a create or an update, a NotFound
 * counts as propagation; during a delete, that step is done.
 */
export interface NotFound {
  /** `service:Operation`. undefined: an empty list is the proof, and `read` itself returns "absent". */
  readonly provenBy: string | undefined;
  /** AWS's error codes, in the spelling of the SDK and of the wire. */
  readonly codes: readonly string[];
}

export type Verb = "read" | "create" | "update" | "delete";
export interface Change {
  /** Dotted path of the attribute, e.g. `versioning`, `tags.Project`. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly forces?: "replace";
  /** With `forces`: the setting for fleetlogix.config.json that keeps the live resource, e.g. `"username": "fleet" in "database"`. */
  readonly keep?: string | undefined;
}
export type Tags = Readonly<Record<string, string>>;
/** `inherited`: AWS cannot tag the resource; its parent proves the ownership. */
export type SeenTags = Tags | "inherited";
export type Observation<Live> =
  | { readonly state: "absent" }
  /** `adoptionBlocker`: the reason why even `--adopt` cannot adopt it ("belongs to another account"), as a phrase after its name. */
  | { readonly state: "ready" | "settling"; readonly live: Live; readonly tags: SeenTags; readonly adoptionBlocker?: string }
  | { readonly state: "failed"; readonly live: Live; readonly tags: SeenTags; readonly reason: string };
export interface Description {
  readonly arn?: string | undefined;
  /** The state in AWS's terms if there is one (`available`, `ACTIVE`), otherwise `ready`. */
  readonly state: string;
  readonly address?: string | undefined;
  /** The reason why it does not work although AWS reports it as ready, as a phrase: "stopped: reserved concurrency 0". */
  readonly trouble?: string | undefined;
  /** Time of its creation, or of its last deployment. */
  readonly since?: Date | undefined;
  /** Size of its code or of its storage. */
  readonly bytes?: number | undefined;
  /** Version and class: "PostgreSQL 17.4, db.t4g.micro, 20 GB". */
  readonly detail?: string | undefined;
}
export interface Holder {
  /** The user as a phrase after "is held by": "a rule of the security group sg-1 (other)". */
  readonly what: string;
  /** false: AWS releases the resource without help. true: somebody must remove the holder. */
  readonly stays: boolean;
  /** With `stays`: how to remove the holder, as a sentence. */
  readonly fix?: string;
}
export interface Inventory {
  readonly items: number;
  readonly bytes: number;
  /** One phrase for users: "1,204 objects, 3.1 GB". */
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
  /** The host that could not be reached, if the network's error names one. */
  readonly host?: string | undefined;
  /** From Retry-After, if AWS sent it. */
  readonly retryAfterMs: number | undefined;
}
/**
 * propagation: a new role or policy is not visible everywhere yet. throttle: too many calls. busy: another change of the same
 * resource is in progress. transient: AWS or the network failed; the call may have taken effect. permanent: a retry is useless.
 */
export type RetryClass = "propagation" | "throttle" | "busy" | "transient" | "permanent";

/** A rule matches a fault that has all members of the rule. */
export interface RetryRule {
  readonly class: RetryClass;
  readonly codes?: readonly string[];
  readonly message?: RegExp;
  /** undefined: every verb. */
  readonly during?: readonly Verb[];
}

/** `World` holds the clients of the kinds. The engine only passes it on. */
export interface Ctx<World = unknown> {
  readonly place: AwsLocation;
  /** `<project>/<environment>`: the value of the tag `fleetlogix:stack`, the proof of ownership. */
  readonly stack: string;
  /** All tags of our resources. */
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
  /** Edges of the graph. `spec` sees only the outputs of these nodes, so an undeclared dependency is a type error. */
  readonly needs: Readonly<Record<string, ResourceNode>>;
  readonly identity: (from: never) => unknown;
  readonly spec: (from: never) => unknown;
  readonly outputs?: Out; // phantom: carries the type, has no value
}
type OutputsOf<N> = N extends ResourceNode<infer Out> ? Out : never;
type From<Needs> = { readonly [K in keyof Needs]: OutputsOf<Needs[K]> };

/**
 * `identity` gets the outputs of dependencies that may be absent (in a teardown, in a first plan). It returns undefined when the resource
 * cannot exist without them. `spec` is called only when all dependencies exist or are predictable.
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
