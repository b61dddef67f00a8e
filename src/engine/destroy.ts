import { ask } from "./attempt.ts";
import type { AnyKind, DeleteOptions, Inventory, ResourceNode } from "./contract.ts";
import { type Decision, ownerOf, refuse } from "./decide.ts";
import { type Outcome, reporter } from "./execute.ts";
import { needsOf, type Seen } from "./observe.ts";
import type { Planned } from "./plan.ts";
import { known } from "./problems.ts";
import { remove } from "./remove.ts";
import type { Present, Run, Subject } from "./run.ts";
import { look } from "./settle.ts";
import { walk } from "./walk.ts";

/** One thing that is there and that a teardown must judge: of the stack, or an orphan (ours by tag, no longer in the configuration). */
export interface Doomed {
  readonly id: string;
  readonly subject: Subject;
  readonly live: Present;
  readonly decision: Decision;
  readonly orphan: boolean;
  /** Place in the order of the stack: what comes later may use what comes earlier. */
  readonly level: number;
  readonly needs: readonly string[];
  /** Id of what it is a part of and goes with: AWS deletes both in one. */
  readonly goesWith?: string | undefined;
}

/**
 * Pure. What holds data is kept unless asked, what is not ours is left alone, and what either needs is kept.
 * `orphansOnly`: the stack stays, what its configuration no longer names goes.
 */
export function planDestroy(
  seen: readonly Seen[],
  orphans: readonly Orphan[],
  options: { readonly deleteData: boolean; readonly orphansOnly?: boolean | undefined },
  run: Pick<Run, "ctx">,
): readonly Doomed[] {
  const lost = judgeOrphans(seen, orphans, options, run);
  if (options.orphansOnly) return lost;
  const there = seen.flatMap((item, level) => (item.observation.state === "absent" ? [] : [{ item, level, live: item.observation }]));
  const decisions = new Map<string, Decision>();
  const needed = new Map<string, string>();
  for (const { item, live } of there.toReversed()) {
    const decision = judge(item.subject, live, needed.get(item.id), options, run);
    decisions.set(item.id, decision);
    if (decision.action === "delete") continue;
    const why = decision.action === "refuse" ? `${item.subject.label}, which is left alone, may need it` : `${item.subject.label} needs it`;
    for (const need of needsOf(item.node)) needed.set(need, why);
  }
  const fromStack = there.map(({ item, level, live }): Doomed => {
    const parent = item.node.kind.partOf === undefined ? undefined : item.node.needs[item.node.kind.partOf];
    const fate = parent && decisions.get(parent.id);
    const own = decisions.get(item.id) ?? { action: "delete" };
    const decision =
      fate?.action === "retain" ? { ...fate, why: `it is part of ${parent?.id}, which is kept` } : fate?.action === "refuse" ? fate : own;
    const goesWith = fate?.action === "delete" ? parent?.id : undefined;
    return { id: item.id, subject: item.subject, live, decision, orphan: false, level, needs: needsOf(item.node), goesWith };
  });
  return [...fromStack, ...lost];
}

/** Whose needs nobody knows: what is kept keeps whatever its kind needs in the stack. */
function judgeOrphans(
  seen: readonly Seen[],
  orphans: readonly Orphan[],
  options: { readonly deleteData: boolean },
  run: Pick<Run, "ctx">,
): readonly Doomed[] {
  const uses = usesAmong(seen.map((item) => item.node));
  const kept = orphans.filter(({ subject, live }) => judge(subject, live, undefined, options, run).action === "retain");
  return orphans.map(({ subject, live, level }): Doomed => {
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
  run: Pick<Run, "ctx">,
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

/** Ours by tag and in no node of the stack. Every hit is looked at: AWS lists things that are gone already. */
export async function findOrphans(seen: readonly Seen[], kinds: readonly AnyKind[], run: Run): Promise<readonly Orphan[]> {
  const owned = new Map<AnyKind, Set<string>>(kinds.map((kind) => [kind, new Set()]));
  for (const { node, subject } of seen) owned.get(node.kind)?.add(fingerprint(subject.identity));
  const found = await Promise.all(
    kinds.map(async (kind): Promise<readonly Orphan[]> => {
      const subject = { id: `orphan.${kind.kind}`, kind, identity: undefined, label: kind.kind, rank: seen.length };
      const { candidates } = kind;
      if (!candidates) return [];
      const isKnown = (identity: unknown) => owned.get(kind)?.has(fingerprint(identity)) ?? false;
      const ids = await inWords(subject, run, () => ask(subject, run, () => candidates.call(kind, run.ctx)));
      const strangers = ids.filter((identity) => !isKnown(identity));
      const level = Math.max(-1, ...seen.flatMap((s, index) => (s.node.kind === kind ? [index] : []))) + 0.5;
      return Promise.all(strangers.map((identity) => inspect({ ...subject, identity }, level, run))).then((all) => all.flat());
    }),
  );
  return found.flat();
}

async function inspect(found: Subject, level: number, run: Run): Promise<readonly Orphan[]> {
  const label = found.kind.label(found.identity);
  const subject = { ...found, id: `${found.id}.${label}`, label };
  const live = await inWords(subject, run, () => look(subject, run));
  return live.state === "absent" || refuse(subject, live.tags, run.ctx) ? [] : [{ subject, live, level }];
}

/** What it holds and what keeping it costs, for the question before a teardown. */
export async function takeInventory(doomed: Doomed, run: Run): Promise<Inventory | undefined> {
  const { kind, identity } = doomed.subject;
  const { inventory } = kind;
  if (!inventory || doomed.decision.action === "refuse") return undefined;
  const { subject } = doomed;
  return inWords(subject, run, () => ask(subject, run, () => inventory.call(kind, identity, doomed.live.live, run.ctx)));
}

/** What AWS refuses here is told with its resource and a next step, as it is everywhere. */
async function inWords<T>(subject: Subject, run: Run, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw known(error, subject, run.ports);
  }
}

type Report = ReturnType<typeof reporter>;
type How = (subject: Subject) => DeleteOptions;

/** Takes down what was planned, dependants first. Left over: what is retained, what is foreign, what failed and what that one needs. */
export async function destroy(doomed: readonly Doomed[], nodes: readonly ResourceNode[], run: Run, how: How): Promise<Outcome> {
  const report = reporter(doomed.length, run);
  const mayComeBack: Doomed[] = [];
  const one = async (item: Doomed): Promise<boolean> => {
    const went = await takeDown(item, run, how, report);
    if (went && item.decision.action === "delete" && item.subject.kind.comesBack) mayComeBack.push(item);
    return went;
  };
  await walk(doomed, dependantsAmong(doomed, nodes), one, (item, because) => report.skipped(plannedDoom(item), because));
  await Promise.all(mayComeBack.map((item) => sweep(item, run, how, report)));
  return report.outcome(doomed.map((item) => item.id));
}

/** Answers whether what it needed may go now. */
async function takeDown(item: Doomed, run: Run, how: How, report: Report): Promise<boolean> {
  const began = run.ports.clock.now();
  const resource = plannedDoom(item);
  const { decision, id, subject } = item;
  run.emit({ type: "resource.decided", id, kind: resource.kind, name: resource.name, decision });
  if (decision.action === "refuse") report.skipped(resource, []);
  if (decision.action === "retain") report.done(resource, began);
  if (decision.action !== "delete") return true;
  try {
    const end = item.goesWith === undefined ? await remove(subject, run, how(subject)) : "absent";
    report.done(resource, began, end === "settling");
    return end === "absent";
  } catch (error) {
    report.failed(resource, began, known(error, subject, run.ports));
    return false;
  }
}

/** What this very run has deleted and a late writer of ours has made anew in the meantime goes again, though it carries no tag. */
async function sweep(item: Doomed, run: Run, how: How, report: Report): Promise<void> {
  const began = run.ports.clock.now();
  try {
    const seen = await look(item.subject, run);
    if (seen.state === "absent" || ownerOf(seen.tags, run.ctx.stack) === "foreign") return;
    await remove(item.subject, { ...run, policy: { ...run.policy, adopt: true } }, how(item.subject));
  } catch (error) {
    report.failed(plannedDoom(item), began, known(error, item.subject, run.ports));
  }
}

export function plannedDoom({ id, subject, live, decision, orphan }: Doomed): Planned & { readonly orphan?: boolean } {
  const { arn } = subject.kind.describe(live.live);
  const known = { id, kind: subject.kind.kind, name: subject.label, decision };
  return { ...known, ...(arn === undefined ? {} : { arn }), ...(orphan ? { orphan } : {}) };
}

/**
 * Who must go before an item: who needs it; for orphans, whose needs nobody knows, whatever kind of thing needs that kind in
 * the stack. A part goes after what it goes with, and nothing waits for it.
 */
function dependantsAmong(doomed: readonly Doomed[], nodes: readonly ResourceNode[]): (item: Doomed) => readonly string[] {
  const uses = usesAmong(nodes);
  const needs = (other: Doomed, item: Doomed) =>
    other.orphan || item.orphan ? uses(other.subject, item.subject) : other.needs.includes(item.id);
  return (item) => {
    if (item.goesWith !== undefined) return [item.goesWith];
    const later = doomed.filter((other) => other.level > item.level && other.goesWith === undefined);
    return later.filter((other) => needs(other, item)).map((other) => other.id);
  };
}

/** Does a thing of this kind need one of that kind, as things of the stack do? */
function usesAmong(nodes: readonly ResourceNode[]): (user: Subject, used: Subject) => boolean {
  const pairs = new Set(nodes.flatMap((node) => Object.values(node.needs).map((need) => `${node.kind.kind} > ${need.kind.kind}`)));
  return (user, used) => pairs.has(`${user.kind.kind} > ${used.kind.kind}`);
}

function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
