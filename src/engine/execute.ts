import type { FleetlogixError } from "../errors.ts";
import { type Converged, converge } from "./converge.ts";
import { decisionOn, needsOf, outputsFor, type Seen, subjectOf } from "./observe.ts";
import { type Planned, planned } from "./plan.ts";
import { interrupted, known } from "./problems.ts";
import type { Run } from "./run.ts";
import { walk } from "./walk.ts";

export interface NodeResult extends Planned {
  readonly status: "done" | "failed" | "skipped";
  readonly durationMs: number;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  /** AWS is still at it; we were asked not to wait. */
  readonly settling?: boolean;
}
export interface Outcome {
  readonly ok: boolean;
  readonly resources: readonly NodeResult[];
  /** The first failure; INTERRUPTED when the run was. */
  readonly error: FleetlogixError | undefined;
}

/**
 * Makes it so: a node starts when all it needs are done; a failure skips its dependants and nothing else. What was just seen
 * to be as it should be, with all that it needs, is not read a second time; everything else is.
 */
export async function execute(seen: readonly Seen[], run: Run, ready: (id: string) => Promise<void> = async () => {}): Promise<Outcome> {
  const outs = new Map<string, unknown>();
  const kept = new Set<string>();
  const report = reporter(seen.length, run);
  const one = async (item: Seen): Promise<boolean> => {
    const began = run.ports.clock.now();
    try {
      const { decision, live, settling } = await bring(item, outs, kept, run);
      if (decision.action === "keep") kept.add(item.id);
      const out = item.node.kind.outputs(live.live);
      outs.set(item.id, out);
      report.done(planned({ ...item, observation: live, out }, decision), began, settling);
      await ready(item.id);
      return !settling;
    } catch (error) {
      report.failed(planned(item, decisionOn(item, run)), began, known(error, item.subject, run.ports));
      return false;
    }
  };
  const skip = (item: Seen, because: readonly string[]) => report.skipped(planned(item, decisionOn(item, run)), because);
  const first = seen.toSorted((a, b) => a.subject.rank - b.subject.rank);
  await walk(first, (item) => needsOf(item.node), one, skip);
  return report.outcome(seen.map((item) => item.id));
}

async function bring(item: Seen, outs: ReadonlyMap<string, unknown>, kept: ReadonlySet<string>, run: Run): Promise<Converged> {
  const decision = decisionOn(item, run);
  if (decision.action === "keep" && item.observation.state === "ready" && needsOf(item.node).every((need) => kept.has(need))) {
    run.emit({ type: "resource.decided", id: item.id, kind: item.node.kind.kind, name: item.subject.label, decision });
    return { decision, live: item.observation, settling: false };
  }
  const from = outputsFor(item.node, (id) => outs.get(id));
  return converge(subjectOf(item.node, from, item.subject.rank), item.node.spec(from as never), run);
}

/** Keeps the results and says the events, for going up and for tearing down alike. */
export function reporter(total: number, run: Run) {
  const { clock } = run.ports;
  const started = clock.now();
  const results = new Map<string, NodeResult>();
  let first: FleetlogixError | undefined;
  const onAbort = () => run.emit({ type: "run.interrupted" });
  run.ctx.signal.addEventListener("abort", onAbort, { once: true });
  run.emit({ type: "run.started", total });
  return {
    done(resource: Planned, began: number, settling = false): void {
      const durationMs = clock.now() - began;
      results.set(resource.id, { ...resource, status: "done", durationMs, ...(settling ? { settling } : {}) });
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
    outcome(ids: readonly string[]): Outcome {
      run.ctx.signal.removeEventListener("abort", onAbort);
      const error = run.ctx.signal.aborted ? interrupted() : first;
      run.emit({ type: "run.finished", ok: error === undefined, elapsedMs: clock.now() - started });
      return { ok: error === undefined, resources: ids.flatMap((id) => results.get(id) ?? []), error };
    },
  };
}
