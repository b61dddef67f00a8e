import { defined } from "../defined.ts";
import type { AnyKind, Change, Ctx, Observation, SeenTags } from "./contract.ts";

/** When a dependency is missing, a value cannot be compared. Then the decision is a create, or an update with an unknown value. */
export type Decision =
  | { readonly action: "create"; readonly notes?: Notes }
  | { readonly action: "update" | "replace"; readonly changes: readonly Change[]; readonly notes?: Notes }
  | { readonly action: "keep"; readonly notes?: Notes }
  | { readonly action: "delete" }
  | { readonly action: "retain"; readonly why: string }
  | { readonly action: "refuse"; readonly code: Refusal; readonly why: string; readonly hint: string };

/** One planned action as plain data: it can be printed, saved and compared. */
export interface Planned {
  readonly id: string;
  readonly kind: string;
  /** The resource's name on AWS. */
  readonly name: string;
  readonly decision: Decision;
  /** ARN or address, live or predicted. */
  readonly arn?: string | undefined;
  /** True for a resource that carries the stack's tag and is not in the configuration. */
  readonly orphan?: boolean | undefined;
}
/** A failure as plain data. */
export interface ErrorSummary {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Notes for people, one sentence each; left out when there are none. */
export type Notes = readonly string[];
export type Refusal = "OWNER_FOREIGN" | "WRONG_PLACE" | "DATA_PROTECTED";

export interface Policy {
  /** Adopt resources that have one of our names and not our tag. */
  readonly adopt: boolean;
  /** Ids of data-holding resources that may be replaced. */
  readonly allowDataLoss: ReadonlySet<string>;
  /** True for an endpoint other than AWS: there, an attribute that it does not keep is a warning. */
  readonly forgiving: boolean;
  /** false: do not wait for slow resources (--no-wait). */
  readonly wait: boolean;
}

/** The tag whose value proves the ownership. */
export const STACK_TAG = "fleetlogix:stack";
/** The tag that names the region of the stack: a global resource, like a role, is visible from every region. */
export const REGION_TAG = "fleetlogix:region";
/** Path of the difference for a resource that AWS reports as failed. */
export const FAILED = "state";

export type Owner = "ours" | "foreign" | "untagged";
export function ownerOf(tags: SeenTags, stack: string): Owner {
  if (tags === "inherited" || tags[STACK_TAG] === stack) return "ours";
  return tags[STACK_TAG] === undefined ? "untagged" : "foreign";
}

/** The region of the owning stack, when it is another one. */
export function otherRegion(tags: SeenTags, wanted: Ctx["tags"]): string | undefined {
  const region = tags === "inherited" ? undefined : tags[REGION_TAG];
  return region === wanted[REGION_TAG] ? undefined : region;
}

/**
 * The desired state of a node. It is unknown while a dependency does not exist and cannot be predicted. `guess`: the spec with `pending`
 * texts for the missing values, if that is possible.
 */
export type Spec =
  | { readonly known: true; readonly value: unknown }
  | { readonly known: false; readonly after: readonly string[]; readonly guess?: unknown };
/** Placeholder for a value that AWS assigns when `need` is created. */
export const pending = (need: string): string => `(known after ${need})`;
const isPending = (value: unknown): boolean => /\(known after [^)"]+\)/.test(JSON.stringify(value) ?? "");
export interface ResourceRef {
  readonly id: string;
  readonly kind: AnyKind;
  readonly label: string;
}

/** The decision on one resource, pure. The plan shows it; the executor calls it again after each read. */
export function decide(
  subject: ResourceRef,
  spec: Spec,
  seen: Observation<unknown>,
  owner: Pick<Ctx, "stack" | "tags">,
  policy: Pick<Policy, "adopt" | "allowDataLoss">,
): Decision {
  const notes = notesOn(subject.kind, spec, seen);
  if (seen.state === "absent") return { action: "create", ...notes };
  if ("adoptionBlocker" in seen && seen.adoptionBlocker !== undefined) return notAdoptable(subject, seen.adoptionBlocker);
  const refusal = refuse(subject, seen.tags, owner);
  if (refusal && !(policy.adopt && refusal.code === "OWNER_FOREIGN")) return refusal;
  const changes = differences(subject.kind, spec, seen, owner);
  if (changes.length === 0) return { action: "keep", ...notes };
  const forcing = changes.filter((c) => c.forces === "replace");
  if (forcing.length === 0) return { action: "update", changes, ...notes };
  if (!subject.kind.holdsData || policy.allowDataLoss.has(subject.id)) return { action: "replace", changes, ...notes };
  return dataProtected(subject, forcing);
}

/** The hint first names the setting that keeps the data, and last the command that deletes the data. */
function dataProtected({ id, kind, label }: ResourceRef, forcing: readonly Change[]): Decision {
  const differing = forcing.map(({ path, from, to }) => `${path} (${show(from)} there, ${show(to)} wanted)`).join(", ");
  const keeps = new Set(forcing.map(({ keep }) => keep ?? "another name for it"));
  return {
    action: "refuse",
    code: "DATA_PROTECTED",
    why: `${differing} of "${label}" cannot be changed in place: it would take a new one, and the data would be lost`,
    hint: `To keep it, write in fleetlogix.config.json: ${[...keeps].join("; ")}. Only to give it up: \`--allow-data-loss ${id}\` deletes the ${kind.kind} "${label}" with all its data.`,
  };
}
const show = (value: unknown): string => JSON.stringify(value) ?? "nothing";

function notesOn(kind: AnyKind, spec: Spec, seen: Observation<unknown>): { readonly notes?: Notes } {
  const live = seen.state === "absent" ? undefined : seen.live;
  const notes = tryWith(spec, (value) => kind.notes?.(value, live)) ?? [];
  return notes.length > 0 ? { notes } : {};
}

/** Refuses a resource that is foreign, or belongs to our stack in another region. */
export function refuse(
  subject: ResourceRef,
  tags: SeenTags,
  owner: Pick<Ctx, "stack" | "tags">,
): (Decision & { readonly action: "refuse" }) | undefined {
  // The region comes first: a resource of a stack in another region is never adopted.
  const region = otherRegion(tags, owner.tags);
  if (region === undefined) return ownerOf(tags, owner.stack) === "ours" ? undefined : foreign(subject, tags);
  return {
    action: "refuse",
    code: "WRONG_PLACE",
    why: `${subject.kind.kind} "${subject.label}" belongs to the stack in ${region}, and there is one of that name for all regions`,
    hint: `To go on there: \`--region ${region}\`. For a second stack here, with names of its own: \`--env ${ownEnvironment(owner.tags)}\`.`,
  };
}

const LONGEST_ENVIRONMENT = 19;
/** A free name for an environment: the requested one with the region behind it. */
export function ownEnvironment({ Environment = "dev", [REGION_TAG]: region = "" }: Ctx["tags"]): string {
  const both = `${Environment}-${region}`;
  return Environment === "dev" || both.length > LONGEST_ENVIRONMENT ? region : both;
}

export function foreign(subject: ResourceRef, tags: SeenTags): Decision & { readonly action: "refuse" } {
  const otherStack = tags === "inherited" ? undefined : tags[STACK_TAG];
  return {
    action: "refuse",
    code: "OWNER_FOREIGN",
    why: `${subject.kind.kind} "${subject.label}" exists already and ${otherStack ? `belongs to the stack ${otherStack}` : "does not carry this stack's tag"}`,
    hint: "Choose another name in fleetlogix.config.json, or take it over: `--adopt`.",
  };
}

function notAdoptable(subject: ResourceRef, why: string): Decision {
  const hint = "Choose another name in fleetlogix.config.json.";
  return { action: "refuse", code: "OWNER_FOREIGN", why: `${subject.kind.kind} "${subject.label}" ${why}`, hint };
}

function differences(
  kind: AnyKind,
  spec: Spec,
  seen: Exclude<Observation<unknown>, { state: "absent" }>,
  owner: Pick<Ctx, "stack" | "tags">,
): readonly Change[] {
  const own = [...ownDifferences(kind, spec, seen.live), ...tagDifferences(seen.tags, owner.tags)];
  if (seen.state === "failed") {
    return [
      ...own,
      { path: FAILED, from: seen.reason, to: "ready", ...defined({ forces: kind.holdsData ? undefined : ("replace" as const) }) },
    ];
  }
  if (own.length > 0 || spec.known) return own;
  return spec.after.map((need) => ({ path: `(after ${need})`, from: "as it is", to: "known after create" }));
}

/** Differences of the spec, or of its guess. A certain difference must be known before the first write, above all one that forces a replacement. */
function ownDifferences(kind: AnyKind, spec: Spec, live: unknown): readonly Change[] {
  const changes = tryWith(spec, (value) => kind.diff(value, live)) ?? [];
  return spec.known
    ? changes
    : changes.map(({ forces, ...change }) => ({ ...change, ...defined({ forces: isPending(change.to) ? undefined : forces }) }));
}
/** A kind may parse a value, such as an ARN. A guess with a placeholder cannot be compared then. */
function tryWith<T>(spec: Spec, compare: (value: unknown) => T): T | undefined {
  if (spec.known) return compare(spec.value);
  if (spec.guess === undefined) return undefined;
  try {
    return compare(spec.guess);
  } catch {
    return undefined;
  }
}

/** Differences of our tags. Other tags are ignored. */
function tagDifferences(seen: SeenTags, wanted: Ctx["tags"]): readonly Change[] {
  if (seen === "inherited") return [];
  return Object.entries(wanted)
    .filter(([key, value]) => seen[key] !== value)
    .map(([key, value]) => ({ path: `tags.${key}`, from: seen[key], to: value }));
}
