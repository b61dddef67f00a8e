import type { AnyKind, DeleteOptions, Inventory, ResourceNode } from "./contract.ts";
import { remove } from "./converge.ts";
import { ownerOf, refuse } from "./decide.ts";
import { toError } from "./errors.ts";
import { type ExecutionResult, reporter } from "./execute.ts";
import { walk } from "./graph.ts";
import type { ObservedNode } from "./observe.ts";
import { type Deletion, kindNeeds, type Orphan, plannedDeletion } from "./plan.ts";
import { readWithRetry } from "./retry.ts";
import type { EngineRun, Subject } from "./run.ts";
import { readLive } from "./wait.ts";

/** A resource that may be an orphan, before it is read. */
interface Candidate {
  readonly subject: Subject;
  readonly level: number;
  /** Ending of another environment in its name, such as `-staging`; undefined when its name tells none. */
  readonly ending: string | undefined;
}

/**
 * Resources that carry our tag and belong to no node of the stack. Each one is read, because AWS also lists deleted resources.
 * `suffix` is the ending of this environment's names. A name of ours with another ending may belong to another environment: when the tag
 * of one such resource says so, the others with that ending are not read. Otherwise every environment would cost a hundred calls.
 */
export async function findOrphans(
  seen: readonly ObservedNode[],
  kinds: readonly AnyKind[],
  run: EngineRun,
  suffix: string,
): Promise<readonly Orphan[]> {
  const candidates = (await Promise.all(kinds.map((kind) => candidatesOf(kind, seen, run, suffix)))).flat();
  const endings = new Set(candidates.map(({ ending }) => ending));
  const found = [...endings].map((ending) => {
    const group = candidates.filter((one) => one.ending === ending);
    if (ending === undefined) return Promise.all(group.map((one) => inspect(one, run)));
    // The kinds that hold data come first and take the most calls to read.
    return inspectUntilForeign(group.toReversed(), run);
  });
  return (await Promise.all(found)).flat().flatMap(({ orphan }) => orphan ?? []);
}

async function candidatesOf(kind: AnyKind, seen: readonly ObservedNode[], run: EngineRun, suffix: string): Promise<readonly Candidate[]> {
  const subject = { id: `orphan.${kind.kind}`, kind, identity: undefined, label: kind.kind, rank: seen.length };
  const { candidates } = kind;
  if (!candidates) return [];
  const owned = seen.filter(({ node }) => node.kind === kind).map((one) => one.subject);
  const known = new Set(owned.map(({ identity }) => fingerprint(identity)));
  const ids = await explained(subject, run, () => readWithRetry(subject, run, () => candidates.call(kind, run.ctx)));
  const level = Math.max(-1, ...seen.flatMap((s, index) => (s.node.kind === kind ? [index] : []))) + 0.5;
  const endingOf = endingOfOther(
    owned.map(({ label }) => label),
    suffix,
  );
  return ids
    .filter((identity) => !known.has(fingerprint(identity)))
    .map((identity) => {
      const label = kind.label(identity);
      return { subject: { ...subject, identity, id: `${subject.id}.${label}`, label }, level, ending: endingOf(label) };
    });
}

/** The ending that a name has in place of `suffix`, when it is otherwise one of `labels`. Names of tables have `_` where others have `-`. */
function endingOfOther(labels: readonly string[], suffix: string): (label: string) => string | undefined {
  const plain = (name: string): string => name.replaceAll("_", "-");
  const bases = labels.map(plain).flatMap((name) => (name.endsWith(suffix) ? [name.slice(0, name.length - suffix.length)] : []));
  const longestFirst = bases.toSorted((a, b) => b.length - a.length);
  return (label) => {
    const name = plain(label);
    const base = longestFirst.find((one) => name.startsWith(one) && /^(-[a-z0-9-]+)?$/.test(name.slice(one.length)));
    return base === undefined ? undefined : name.slice(base.length);
  };
}

interface Inspected {
  readonly orphan?: Orphan;
  /** It carries the tag of another stack. */
  readonly foreign: boolean;
}

async function inspectUntilForeign(group: readonly Candidate[], run: EngineRun): Promise<readonly Inspected[]> {
  const inspected: Inspected[] = [];
  for (const candidate of group) {
    inspected.push(await inspect(candidate, run));
    if (inspected.at(-1)?.foreign) break;
  }
  return inspected;
}

async function inspect({ subject, level }: Candidate, run: EngineRun): Promise<Inspected> {
  const live = await explained(subject, run, () => readLive(subject, run));
  if (live.state === "absent") return { foreign: false };
  const foreign = ownerOf(live.tags, run.ctx.stack) === "foreign";
  return refuse(subject, live.tags, run.ctx) ? { foreign } : { foreign, orphan: { subject, live, level } };
}

/** The contents of a resource and the cost of keeping it, for the question before a teardown. */
export async function takeInventory({ subject, live, decision }: Deletion, run: EngineRun): Promise<Inventory | undefined> {
  const { kind, identity } = subject;
  const { inventory } = kind;
  if (!inventory || decision.action === "refuse") return undefined;
  return explained(subject, run, () => readWithRetry(subject, run, () => inventory.call(kind, identity, live.live, run.ctx)));
}

/** Turns an AWS fault into an error that names the resource and the next step. */
async function explained<T>(subject: Subject, run: EngineRun, effect: () => Promise<T>): Promise<T> {
  try {
    return await effect();
  } catch (error) {
    throw toError(error, subject, run.ports);
  }
}

type Report = ReturnType<typeof reporter>;
type OptionsOf = (subject: Subject) => DeleteOptions;

/** Deletes what was planned, dependants first. A failure keeps the dependencies of the failed resource. */
export async function executeDeletions(
  deletions: readonly Deletion[],
  nodes: readonly ResourceNode[],
  run: EngineRun,
  optionsOf: OptionsOf,
): Promise<ExecutionResult> {
  const report = reporter(deletions.length, run);
  const mayComeBack: Deletion[] = [];
  const deleteItem = async (item: Deletion): Promise<boolean> => {
    const deleted = await deleteOne(item, run, optionsOf, report);
    if (deleted && item.decision.action === "delete" && item.subject.kind.comesBack) mayComeBack.push(item);
    return deleted;
  };
  await walk(deletions, dependantsAmong(deletions, nodes), deleteItem, (item, because) => report.skipped(plannedDeletion(item), because));
  await Promise.all(mayComeBack.map((item) => deleteAgain(item, run, optionsOf, report)));
  return report.outcome(deletions.map((item) => item.id));
}

/** Returns true when its dependencies may be deleted now. */
async function deleteOne(item: Deletion, run: EngineRun, optionsOf: OptionsOf, report: Report): Promise<boolean> {
  const began = run.ports.clock.now();
  const resource = plannedDeletion(item);
  const { decision, id, subject } = item;
  run.emit({ type: "resource.decided", id, kind: resource.kind, name: resource.name, decision });
  if (decision.action === "refuse") report.skipped(resource, []);
  if (decision.action === "retain") report.done(resource, began);
  if (decision.action !== "delete") return true;
  try {
    const end = item.deletedWith === undefined ? await remove(subject, run, optionsOf(subject)) : "absent";
    report.done(resource, began, end === "settling");
    return end === "absent";
  } catch (error) {
    report.failed(resource, began, toError(error, subject, run.ports));
    return false;
  }
}

/** Deletes a resource a second time when a late writer of ours created it again after its deletion. It has no tag then. */
async function deleteAgain(item: Deletion, run: EngineRun, optionsOf: OptionsOf, report: Report): Promise<void> {
  const began = run.ports.clock.now();
  try {
    const seen = await readLive(item.subject, run);
    if (seen.state === "absent" || ownerOf(seen.tags, run.ctx.stack) === "foreign") return;
    await remove(item.subject, { ...run, policy: { ...run.policy, adopt: true } }, optionsOf(item.subject));
  } catch (error) {
    report.failed(plannedDeletion(item), began, toError(error, item.subject, run.ports));
  }
}

/**
 * Items that must be deleted before an item: its dependants. An orphan's dependencies are unknown, so we assume those that its kind has in
 * the stack. A part is reported as deleted after its parent, and nothing waits for it.
 */
function dependantsAmong(deletions: readonly Deletion[], nodes: readonly ResourceNode[]): (item: Deletion) => readonly string[] {
  const uses = kindNeeds(nodes);
  const needs = (other: Deletion, item: Deletion) =>
    other.orphan || item.orphan ? uses(other.subject, item.subject) : other.needs.includes(item.id);
  return (item) => {
    if (item.deletedWith !== undefined) return [item.deletedWith];
    const later = deletions.filter((other) => other.level > item.level && other.deletedWith === undefined);
    return later.filter((other) => needs(other, item)).map((other) => other.id);
  };
}

function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
