import { type Doomed, destroy, findOrphans, planDestroy, plannedDoom, takeInventory } from "../engine/destroy.ts";
import type { Emit } from "../engine/events.ts";
import { observe, type Seen } from "../engine/observe.ts";
import type { Run, Subject } from "../engine/run.ts";
import { KINDS } from "../resources/index.ts";
import { refuseUnshown } from "./agreed.ts";
import type { Plan, PlannedResource, RunResult, TeardownOptions } from "./contract.ts";
import { isNamedKey } from "./keys.ts";
import { holdLock } from "./locking.ts";
import type { Session } from "./session.ts";

export async function planTeardown(session: Session, options: TeardownOptions): Promise<Plan> {
  const { doomed, run } = await look(session, options);
  return { resources: await Promise.all(doomed.map((item) => withInventory(item, options, run))) };
}

export async function applyTeardown(session: Session, options: TeardownOptions, emit: Emit): Promise<RunResult> {
  const { doomed, seen, run } = await look(session, options, emit);
  refuseUnshown(doomed.map(plannedDoom), options.agreed);
  const nodes = seen.map((item) => item.node);
  const snapshots = new Map<string, string>();
  const how = (subject: Subject) => {
    const finalSnapshot = options.skipFinalSnapshot ? undefined : snapshotName(subject, session);
    if (finalSnapshot !== undefined) snapshots.set(subject.id, finalSnapshot);
    return { finalSnapshot };
  };
  if (!doomed.some((item) => item.decision.action === "delete")) return destroy(doomed, nodes, run, how);
  const lock = await holdLock(session, seen, "teardown");
  try {
    const outcome = await destroy(doomed, nodes, run, how);
    return {
      ...outcome,
      resources: outcome.resources.map((r) => (r.status === "done" ? { ...r, finalSnapshot: snapshots.get(r.id) } : r)),
    };
  } finally {
    await lock.release();
  }
}

async function look(
  session: Session,
  { deleteData, wait, orphansOnly }: TeardownOptions,
  emit?: Emit,
): Promise<{ doomed: readonly Doomed[]; seen: readonly Seen[]; run: Run }> {
  const stack = session.stack();
  const run = session.run(stack, { wait }, emit);
  const seen = await observe(stack.nodes, run, { specs: false });
  const found = await findOrphans(seen, KINDS, run);
  // Keys that people made go with the stack, not as leftovers of its configuration.
  const orphans = orphansOnly ? found.filter((orphan) => !isNamedKey(orphan)) : found;
  return { doomed: planDestroy(seen, orphans, { deleteData, orphansOnly }, run), seen, run };
}

async function withInventory(item: Doomed, { skipFinalSnapshot }: TeardownOptions, run: Run): Promise<PlannedResource> {
  const held = await takeInventory(item, run);
  const leaves = !skipFinalSnapshot && item.decision.action === "delete" && item.subject.kind.kind === DATABASE;
  const text = leaves ? `${held?.text}; leaves a final snapshot` : held?.text;
  return { ...plannedDoom(item), ...(held && { inventory: text, cost: held.cost }) };
}

const DATABASE = "rds.instance";
/** With the time, because the snapshot of an earlier teardown keeps its name. Letters, digits and single hyphens only. */
function snapshotName({ kind, label }: Subject, { ports }: Session): string | undefined {
  if (kind.kind !== DATABASE) return undefined;
  const time = new Date(ports.clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `${label}-final-${time}`;
}
