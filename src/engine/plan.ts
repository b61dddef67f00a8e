import { defined } from "../defined.ts";
import { FleetlogixError } from "../errors.ts";
import type { ResourceNode } from "./contract.ts";
import { type Decision, type Planned, refuse } from "./decide.ts";
import { decisionOn, needsOf, type ObservedNode } from "./observe.ts";
import type { EngineRun, Present, Subject } from "./run.ts";

export function plan(seen: readonly ObservedNode[], run: Pick<EngineRun, "ctx" | "policy">): readonly Planned[] {
  return seen.map((one) => planned(one, decisionOn(one, run)));
}

export function planned(seen: ObservedNode, decision: Decision): Planned {
  const arn = arnOf(seen);
  return defined({ id: seen.id, kind: seen.node.kind.kind, name: seen.subject.label, decision, arn });
}

/** The live ARN, or the one that AWS will compute from the name. */
function arnOf({ observation, subject, out }: ObservedNode): string | undefined {
  if (observation.state !== "absent") return subject.kind.describe(observation.live).arn;
  const arn = typeof out === "object" && out !== null && "arn" in out ? out.arn : undefined;
  return typeof arn === "string" ? arn : undefined;
}

/** Throws one error that names every refused resource, before the first write. */
export function refuseBeforeWriting(resources: readonly Planned[]): void {
  const refused = resources.flatMap((r) => (r.decision.action === "refuse" ? [{ id: r.id, ...r.decision }] : []));
  const [first] = refused;
  if (!first) return;
  const code = refused.some((r) => r.code === "OWNER_FOREIGN") ? "OWNER_FOREIGN" : first.code;
  const hints = [...new Set(refused.map((r) => r.hint))].join(" ");
  const text =
    refused.length === 1 ? first.why : `${refused.length} resources cannot be changed:\n${refused.map((r) => `  ${r.why}`).join("\n")}`;
  throw new FleetlogixError(code, text, { hint: hints, resource: first.id });
}

/** The deletion of one existing resource in a teardown: a node of the stack, or an orphan (it has our tag and is not in the configuration). */
export interface Deletion {
  readonly id: string;
  readonly subject: Subject;
  readonly live: Present;
  readonly decision: Decision;
  readonly orphan: boolean;
  /** Position in the order of the stack. A resource may use resources of lower levels. */
  readonly level: number;
  readonly needs: readonly string[];
  /** Id of the resource that contains this one. AWS deletes both in one call. */
  readonly deletedWith?: string | undefined;
}

/**
 * Decides on all deletions, pure. A resource that holds data is kept unless `deleteData` is set. A foreign resource is not touched. The
 * dependencies of both are kept. `orphansOnly`: only orphans are deleted; the stack stays.
 */
export function planDeletions(
  nodes: readonly ObservedNode[],
  orphans: readonly Orphan[],
  options: { readonly deleteData: boolean; readonly orphansOnly?: boolean | undefined },
  run: Pick<EngineRun, "ctx">,
): readonly Deletion[] {
  const orphanDeletions = judgeOrphans(nodes, orphans, options, run);
  if (options.orphansOnly) return orphanDeletions;
  const existing = nodes.flatMap((item, level) => (item.observation.state === "absent" ? [] : [{ item, level, live: item.observation }]));
  const decisions = new Map<string, Decision>();
  const needed = new Map<string, string>();
  for (const { item, live } of existing.toReversed()) {
    const decision = judge(item.subject, live, needed.get(item.id), options, run);
    decisions.set(item.id, decision);
    if (decision.action === "delete") continue;
    const why = decision.action === "refuse" ? `${item.subject.label}, which is left alone, may need it` : `${item.subject.label} needs it`;
    for (const need of needsOf(item.node)) needed.set(need, why);
  }
  const stackDeletions = existing.map(({ item, level, live }): Deletion => {
    const parent = item.node.kind.partOf === undefined ? undefined : item.node.needs[item.node.kind.partOf];
    const parentDecision = parent && decisions.get(parent.id);
    const own = decisions.get(item.id) ?? { action: "delete" };
    const decision = withParent(own, parentDecision, parent?.id);
    const deletedWith = parentDecision?.action === "delete" ? parent?.id : undefined;
    return { id: item.id, subject: item.subject, live, decision, orphan: false, level, needs: needsOf(item.node), deletedWith };
  });
  return [...stackDeletions, ...orphanDeletions];
}

/** A part gets the decision on its parent. */
function withParent(own: Decision, parent: Decision | undefined, parentId: string | undefined): Decision {
  if (parent?.action === "retain") return { ...parent, why: `it is part of ${parentId}, which is kept` };
  return parent?.action === "refuse" ? parent : own;
}

/** An orphan's dependencies are unknown. A kept orphan keeps those that its kind has in the stack. */
function judgeOrphans(
  nodes: readonly ObservedNode[],
  orphans: readonly Orphan[],
  options: { readonly deleteData: boolean },
  run: Pick<EngineRun, "ctx">,
): readonly Deletion[] {
  const uses = kindNeeds(nodes.map((item) => item.node));
  const kept = orphans.filter(({ subject, live }) => judge(subject, live, undefined, options, run).action === "retain");
  return orphans.map(({ subject, live, level }): Deletion => {
    const user = kept.find((other) => uses(other.subject, subject));
    const decision = judge(subject, live, user && `${user.subject.label} may need it`, options, run);
    return { id: subject.id, subject, live, decision, orphan: true, level, needs: [] };
  });
}

function judge(
  subject: Subject,
  live: Present,
  needed: string | undefined,
  { deleteData }: { readonly deleteData: boolean },
  run: Pick<EngineRun, "ctx">,
): Decision {
  const { kind } = subject;
  const refusal = refuse(subject, live.tags, run.ctx);
  if (refusal?.code === "OWNER_FOREIGN")
    return { ...refusal, hint: "It is left alone: only what carries this stack's tag is ever removed." };
  if (refusal) return refusal;
  const why = kind.retained ?? (kind.holdsData && !deleteData ? "it holds data; --delete-data removes it" : needed);
  return why === undefined ? { action: "delete" } : { action: "retain", why };
}

export interface Orphan {
  readonly subject: Subject;
  readonly live: Present;
  readonly level: number;
}

export function plannedDeletion({ id, subject, live, decision, orphan }: Deletion): Planned {
  const { arn } = subject.kind.describe(live.live);
  return defined({ id, kind: subject.kind.kind, name: subject.label, decision, arn, orphan: orphan || undefined });
}

/** Returns whether a resource of one kind may need one of another kind, according to the nodes of the stack. */
export function kindNeeds(nodes: readonly ResourceNode[]): (user: Subject, used: Subject) => boolean {
  const pairs = new Set(nodes.flatMap((node) => Object.values(node.needs).map((need) => `${node.kind.kind} > ${need.kind.kind}`)));
  return (user, used) => pairs.has(`${user.kind.kind} > ${used.kind.kind}`);
}
