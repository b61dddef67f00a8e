import { defined } from "../defined.ts";
import type { FleetlogixError } from "../errors.ts";
import { type Converged, converge } from "./converge.ts";
import type { ErrorSummary, Planned } from "./decide.ts";
import { interrupted, toError } from "./errors.ts";
import { walk } from "./graph.ts";
import { decisionOn, needsOf, type ObservedNode, outputsFor, subjectOf } from "./observe.ts";
import { planned } from "./plan.ts";
import type { EngineRun } from "./run.ts";

export interface ExecutedResource extends Planned {
  readonly status: "done" | "failed" | "skipped";
  readonly durationMs: number;
  readonly error?: ErrorSummary | undefined;
  /** True with `--no-wait` when AWS has not finished the resource. */
  readonly settling?: boolean | undefined;
}
export interface ExecutionResult {
  readonly ok: boolean;
  readonly resources: readonly ExecutedResource[];
  /** The first failure, or INTERRUPTED. */
  readonly error: FleetlogixError | undefined;
  /** Outputs of the nodes that are done, by id. */
  readonly outputs?: ReadonlyMap<string, unknown> | undefined;
}

/**
 * Executes the plan. A node starts when its dependencies are done. A failure skips only its dependants. A node that was up to date in the
 * plan, like all its dependencies, is not read a second time; every other node is.
 */
export async function execute(
  seen: readonly ObservedNode[],
  run: EngineRun,
  ready: (id: string) => Promise<void> = async () => {},
): Promise<ExecutionResult> {
  const outs = new Map<string, unknown>();
  const kept = new Set<string>();
  const report = reporter(seen.length, run);
  const executeNode = async (item: ObservedNode): Promise<boolean> => {
    const began = run.ports.clock.now();
    try {
      const { decision, live, settling } = await convergeOrKeep(item, outs, kept, run);
      if (decision.action === "keep") kept.add(item.id);
      const out = item.node.kind.outputs(live.live);
      outs.set(item.id, out);
      report.done(planned({ ...item, observation: live, out }, decision), began, settling);
      await ready(item.id);
      return !settling;
    } catch (error) {
      report.failed(planned(item, decisionOn(item, run)), began, toError(error, item.subject, run.ports));
      return false;
    }
  };
  const skip = (item: ObservedNode, because: readonly string[]) => report.skipped(planned(item, decisionOn(item, run)), because);
  const first = seen.toSorted((a, b) => a.subject.rank - b.subject.rank);
  await walk(first, (item) => needsOf(item.node), executeNode, skip);
  return { ...report.outcome(seen.map((item) => item.id)), outputs: outs };
}

async function convergeOrKeep(
  item: ObservedNode,
  outs: ReadonlyMap<string, unknown>,
  kept: ReadonlySet<string>,
  run: EngineRun,
): Promise<Converged> {
  const decision = decisionOn(item, run);
  if (decision.action === "keep" && item.observation.state === "ready" && needsOf(item.node).every((need) => kept.has(need))) {
    run.emit({ type: "resource.decided", id: item.id, kind: item.node.kind.kind, name: item.subject.label, decision });
    return { decision, live: item.observation, settling: false };
  }
  const from = outputsFor(item.node, (id) => outs.get(id));
  return converge(subjectOf(item.node, from, item.subject.rank), item.node.spec(from as never), run);
}

/** Collects the results and emits the events of an `up` or a teardown. */
export function reporter(total: number, run: EngineRun) {
  const { clock } = run.ports;
  const started = clock.now();
  const results = new Map<string, ExecutedResource>();
  let first: FleetlogixError | undefined;
  const onAbort = () => run.emit({ type: "run.interrupted" });
  run.ctx.signal.addEventListener("abort", onAbort, { once: true });
  run.emit({ type: "run.started", total });
  return {
    done(resource: Planned, began: number, settling = false): void {
      const durationMs = clock.now() - began;
      results.set(resource.id, { ...resource, status: "done", durationMs, ...defined({ settling: settling || undefined }) });
      run.emit({ type: "resource.done", id: resource.id, action: resource.decision.action, elapsedMs: durationMs, settling });
    },
    failed(resource: Planned, began: number, error: FleetlogixError): void {
      const durationMs = clock.now() - began;
      const { code, message } = error;
      const { hint } = error.detail;
      if (code === "INTERRUPTED") {
        results.set(resource.id, { ...resource, status: "skipped", durationMs });
        return;
      }
      first ??= error;
      results.set(resource.id, { ...resource, status: "failed", durationMs, error: { code, message, hint } });
      run.emit({ type: "resource.failed", id: resource.id, code, message, hint });
    },
    skipped(resource: Planned, because: readonly string[]): void {
      results.set(resource.id, { ...resource, status: "skipped", durationMs: 0 });
      if (!run.ctx.signal.aborted) run.emit({ type: "resource.skipped", id: resource.id, because });
    },
    /** Results in the order of `ids`. */
    outcome(ids: readonly string[]): ExecutionResult {
      run.ctx.signal.removeEventListener("abort", onAbort);
      const error = run.ctx.signal.aborted ? interrupted() : first;
      run.emit({ type: "run.finished", ok: error === undefined, elapsedMs: clock.now() - started });
      return { ok: error === undefined, resources: ids.flatMap((id) => results.get(id) ?? []), error };
    },
  };
}
