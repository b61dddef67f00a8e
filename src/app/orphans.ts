import { type Doomed, destroy, findOrphans, planDestroy, plannedDoom } from "../engine/destroy.ts";
import type { NodeResult, Outcome } from "../engine/execute.ts";
import { observe, type Seen } from "../engine/observe.ts";
import type { Run } from "../engine/run.ts";
import { KINDS } from "../resources/index.ts";
import { isNamedKey } from "./keys.ts";

const KEPT = "it holds data; `teardown --orphans --delete-data` removes it";

/** Ours by tag and in the configuration no more: what an `up` removes at its end, and what it keeps because it holds data. */
export async function planOrphans(seen: readonly Seen[], run: Run): Promise<readonly Doomed[]> {
  const orphans = (await findOrphans(seen, KINDS, run)).filter((orphan) => !isNamedKey(orphan));
  return planDestroy(seen, orphans, { deleteData: false, orphansOnly: true }, run).map((item) =>
    item.decision.action === "retain" && item.subject.kind.holdsData ? { ...item, decision: { ...item.decision, why: KEPT } } : item,
  );
}

/** Removes the planned ones when the stack stands without them. What came to be part of it in the meantime stays. */
export async function removeOrphans(planned: readonly Doomed[], seen: readonly Seen[], stack: Outcome, run: Run): Promise<Outcome> {
  const doomed = planned.filter((item) => item.decision.action === "delete");
  const kept = planned.filter((item) => item.decision.action !== "delete").map((item) => resultOf(item, "done"));
  const unfinished = stack.resources.filter((r) => r.status !== "done" || r.settling).map((r) => r.id);
  if (doomed.length === 0) return { ...stack, resources: [...stack.resources, ...kept] };
  if (unfinished.length > 0) return { ...stack, resources: [...stack.resources, ...kept, ...skipped(doomed, unfinished, run)] };
  const nodes = seen.map((item) => item.node);
  const still = await planOrphans(await observe(nodes, run, { specs: false }), run);
  const due = doomed.filter((item) => still.some((other) => other.id === item.id && other.decision.action === "delete"));
  if (due.length === 0) return { ...stack, resources: [...stack.resources, ...kept] };
  const removal = await destroy(due, nodes, run, () => ({ finalSnapshot: undefined }));
  return {
    ok: stack.ok && removal.ok,
    resources: [...stack.resources, ...kept, ...removal.resources],
    error: stack.error ?? removal.error,
  };
}

function skipped(doomed: readonly Doomed[], because: readonly string[], run: Run): readonly NodeResult[] {
  if (!run.ctx.signal.aborted) for (const { id } of doomed) run.emit({ type: "resource.skipped", id, because });
  return doomed.map((item) => resultOf(item, "skipped"));
}
const resultOf = (item: Doomed, status: NodeResult["status"]): NodeResult => ({ ...plannedDoom(item), status, durationMs: 0 });
