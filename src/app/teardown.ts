import type { Emit } from "../engine/events.ts";
import { observe } from "../engine/observe.ts";
import { type Deletion, planDeletions, plannedDeletion } from "../engine/plan.ts";
import type { EngineRun, Subject } from "../engine/run.ts";
import { executeDeletions, findOrphans, takeInventory } from "../engine/teardown.ts";
import { KINDS } from "../resources/index.ts";
import { refuseUnshown } from "./confirmed.ts";
import type { Plan, PlannedResource, RunResult, TeardownOptions } from "./contract.ts";
import { isNamedKey } from "./keys.ts";
import { holdLock } from "./locking.ts";
import { type ObservedStack, observedOf, withObserved } from "./observed.ts";
import type { Session } from "./session.ts";

export async function planTeardown(session: Session, options: TeardownOptions): Promise<Plan> {
  const { deletions, seen, stack, run } = await observeDeletions(session, options);
  const resources = await Promise.all(deletions.map((item) => withInventory(item, options, run)));
  return withObserved({ resources }, { stack, seen, deletions });
}

export async function applyTeardown(session: Session, options: TeardownOptions, emit: Emit): Promise<RunResult> {
  const observed = observedOf(options.plan);
  const { deletions, seen, run } = observed
    ? { ...observed, run: session.run(observed.stack, { wait: options.wait }, emit) }
    : await observeDeletions(session, options, emit);
  refuseUnshown(deletions.map(plannedDeletion), options.confirmed);
  const nodes = seen.map((item) => item.node);
  const snapshots = new Map<string, string>();
  const how = (subject: Subject) => {
    const finalSnapshot = options.skipFinalSnapshot ? undefined : snapshotName(subject, session);
    if (finalSnapshot !== undefined) snapshots.set(subject.id, finalSnapshot);
    return { finalSnapshot };
  };
  if (!deletions.some((item) => item.decision.action === "delete")) return executeDeletions(deletions, nodes, run, how);
  const lock = await holdLock(session, seen, "teardown");
  try {
    const outcome = await executeDeletions(deletions, nodes, run, how);
    return {
      ...outcome,
      resources: outcome.resources.map((r) => (r.status === "done" ? { ...r, finalSnapshot: snapshots.get(r.id) } : r)),
    };
  } finally {
    await lock.release();
  }
}

async function observeDeletions(
  session: Session,
  { deleteData, wait, orphansOnly }: TeardownOptions,
  emit?: Emit,
): Promise<ObservedStack & { readonly run: EngineRun }> {
  const stack = session.stack();
  const run = session.run(stack, { wait }, emit);
  const seen = await observe(stack.nodes, run, { specs: false });
  const found = await findOrphans(seen, KINDS, run, session.config.suffix);
  // Keys of `keys create` are deleted with the stack; they are not orphans.
  const orphans = orphansOnly ? found.filter((orphan) => !isNamedKey(orphan)) : found;
  return { deletions: planDeletions(seen, orphans, { deleteData, orphansOnly }, run), seen, stack, run };
}

async function withInventory(item: Deletion, { skipFinalSnapshot }: TeardownOptions, run: EngineRun): Promise<PlannedResource> {
  const held = await takeInventory(item, run);
  const leaves = !skipFinalSnapshot && item.decision.action === "delete" && item.subject.kind.kind === DATABASE;
  const text = leaves ? `${held?.text}; leaves a final snapshot` : held?.text;
  return { ...plannedDeletion(item), inventory: held && text, cost: held?.cost };
}

const DATABASE = "rds.instance";
/** The name contains the time, because the snapshot of an earlier teardown still exists. RDS allows letters, digits and single hyphens. */
function snapshotName({ kind, label }: Subject, { ports }: Session): string | undefined {
  if (kind.kind !== DATABASE) return undefined;
  const time = new Date(ports.clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `${label}-final-${time}`;
}
