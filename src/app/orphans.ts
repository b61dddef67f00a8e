import type { ExecutedResource, ExecutionResult } from "../engine/execute.ts";
import { type ObservedNode, observe } from "../engine/observe.ts";
import { type Deletion, planDeletions, plannedDeletion } from "../engine/plan.ts";
import type { EngineRun } from "../engine/run.ts";
import { executeDeletions, findOrphans } from "../engine/teardown.ts";
import { KINDS } from "../resources/index.ts";
import { isNamedKey } from "./keys.ts";

const KEPT = "it holds data; `teardown --orphans --delete-data` deletes it";

/** Orphans (see `findOrphans` for `suffix`), with the decision of `up`: delete at the end of the run, or retain where it holds data. */
export async function planOrphans(seen: readonly ObservedNode[], run: EngineRun, suffix: string): Promise<readonly Deletion[]> {
  const orphans = (await findOrphans(seen, KINDS, run, suffix)).filter((orphan) => !isNamedKey(orphan));
  return planDeletions(seen, orphans, { deleteData: false, orphansOnly: true }, run).map((item) =>
    item.decision.action === "retain" && item.subject.kind.holdsData ? { ...item, decision: { ...item.decision, why: KEPT } } : item,
  );
}

/** Deletes the planned orphans after the stack is complete. A resource that became part of the stack in the meantime stays. */
export async function removeOrphans(
  planned: readonly Deletion[],
  seen: readonly ObservedNode[],
  stack: ExecutionResult,
  run: EngineRun,
  suffix: string,
): Promise<ExecutionResult> {
  const deletions = planned.filter((item) => item.decision.action === "delete");
  const kept = planned.filter((item) => item.decision.action !== "delete").map((item) => resultOf(item, "done"));
  const unfinished = stack.resources.filter((r) => r.status !== "done" || r.settling).map((r) => r.id);
  if (deletions.length === 0) return { ...stack, resources: [...stack.resources, ...kept] };
  if (unfinished.length > 0) return { ...stack, resources: [...stack.resources, ...kept, ...skipped(deletions, unfinished, run)] };
  const nodes = seen.map((item) => item.node);
  const still = await planOrphans(await observe(nodes, run, { specs: false }), run, suffix);
  const due = deletions.filter((item) => still.some((other) => other.id === item.id && other.decision.action === "delete"));
  if (due.length === 0) return { ...stack, resources: [...stack.resources, ...kept] };
  const removal = await executeDeletions(due, nodes, run, () => ({ finalSnapshot: undefined }));
  return {
    ...stack,
    ok: stack.ok && removal.ok,
    resources: [...stack.resources, ...kept, ...removal.resources],
    error: stack.error ?? removal.error,
  };
}

function skipped(deletions: readonly Deletion[], because: readonly string[], run: EngineRun): readonly ExecutedResource[] {
  if (!run.ctx.signal.aborted) for (const { id } of deletions) run.emit({ type: "resource.skipped", id, because });
  return deletions.map((item) => resultOf(item, "skipped"));
}
const resultOf = (item: Deletion, status: ExecutedResource["status"]): ExecutedResource => ({
  ...plannedDeletion(item),
  status,
  durationMs: 0,
});
