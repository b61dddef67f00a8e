import { FleetlogixError } from "../errors.ts";
import { type Patience, patience } from "./attempt.ts";
import type { Change, Observation, Verb } from "./contract.ts";
import { type Decision, decide, FAILED } from "./decide.ts";
import { settleFailed, settleTimeout, stuck } from "./problems.ts";
import { remove } from "./remove.ts";
import { call, type Present, pause, type Run, type Subject } from "./run.ts";
import { lookForTags, settle, TAG_LAG } from "./settle.ts";

/** How long AWS may answer with the old value after a change, where a kind says nothing: past it, an unmoved difference is a bug, an absent thing is gone. */
const READ_LAG_MS = 120_000;
/** The same at an endpoint that is not AWS: what has not moved by then was not kept. */
const FORGIVING_LAG_MS = 2_000;
/** A create without an answer may have taken effect: how long "absent" may be an old answer before it is made again. */
const UNSURE_LAG_MS = 5_000;
const LAG_POLL_MS = 1_000;
/** More steps than any kind needs; reached only by a difference that swings back and forth. */
const MAX_ACTS = 40;

export interface Converged {
  readonly decision: Decision;
  readonly live: Present;
  /** Left on its way: AWS finishes it without us (--no-wait). */
  readonly settling: boolean;
}
/** What this run did to the resource: against it the next look is held. */
interface Memory {
  readonly patience: Map<Verb, Patience>;
  readonly forgotten: Set<string>;
  made?: { readonly at: number; readonly sure: boolean } | undefined;
  changed?: { readonly at: number; readonly changes: readonly Change[] } | undefined;
  replaced: boolean;
  acts: number;
}

/**
 * The life of one resource: read → decide → act → settle, round and round until no difference is left.
 * So `create` need only make it exist, and `update` may take one step at a time (Lambda's code before its configuration,
 * DynamoDB's indexes one by one): the engine comes back for the rest. After every act, and above all after one whose answer
 * was lost, the resource is looked at and decided anew: no writing call is ever repeated blindly.
 */
export async function converge(subject: Subject, spec: unknown, run: Run): Promise<Converged> {
  const memory: Memory = { patience: new Map(), forgotten: new Set(), replaced: false, acts: 0 };
  let seen = await lookForTags(subject, run, TAG_LAG.found);
  const first = judge(subject, spec, seen, memory, run);
  run.emit({ type: "resource.decided", id: subject.id, kind: subject.kind.kind, name: subject.label, decision: first });
  for (;;) {
    const decision = judge(subject, spec, seen, memory, run);
    if (decision.action === "refuse") {
      throw new FleetlogixError(decision.code, decision.why, { hint: decision.hint, resource: subject.id });
    }
    if (seen.state === "settling") {
      if (subject.kind.slow && !run.policy.wait) return { decision: first, live: seen, settling: true };
      seen = await settle(subject, run, seen);
      continue;
    }
    if (decision.action === "keep" && seen.state !== "absent") return { decision: first, live: seen, settling: false };
    refuseFailed(subject, seen, decision, memory);
    if (lags(subject, decision, memory, run)) await pause(run, Math.min(LAG_POLL_MS, subject.kind.settle.pollMs));
    else await act(subject, spec, seen, decision, memory, run);
    seen = await lookForTags(subject, run, memory.made ? TAG_LAG.made : TAG_LAG.found);
  }
}

function judge(subject: Subject, spec: unknown, seen: Observation<unknown>, memory: Memory, run: Run): Decision {
  // An endpoint that keeps no tags: what this very run made there is ours.
  const adopt = run.policy.adopt || (run.policy.forgiving && memory.made !== undefined);
  const decision = decide(subject, { known: true, value: spec }, seen, run.ctx, { ...run.policy, adopt });
  if (decision.action !== "update" && decision.action !== "replace") return decision;
  const changes = decision.changes.filter((c) => !memory.forgotten.has(c.path));
  if (changes.length === 0) return { action: "keep" };
  return { ...decision, action: changes.some((c) => c.forces) ? "replace" : "update", changes };
}

/** What failed and holds data is for people to mend; what failed again right after it was made anew will fail once more. */
function refuseFailed(subject: Subject, seen: Observation<unknown>, decision: Decision, memory: Memory): void {
  if (seen.state !== "failed" || !("changes" in decision)) return;
  const nothingElse = decision.changes.every((c) => c.path === FAILED);
  const again = decision.action === "replace" && memory.replaced;
  if ((decision.action === "update" && nothingElse) || again) throw settleFailed(subject, seen.reason);
}

/** Is the answer perhaps older than our last act? Then looking again is due, not acting again. */
function lags(subject: Subject, decision: Decision, memory: Memory, run: Run): boolean {
  const now = run.ports.clock.now();
  const readLagMs = subject.kind.settle.readLagMs ?? READ_LAG_MS;
  if (decision.action === "create" && memory.made) {
    const age = now - memory.made.at;
    if (age < (memory.made.sure ? readLagMs : UNSURE_LAG_MS)) return true;
    if (memory.made.sure) throw settleTimeout(subject, "absent", age);
    memory.made = undefined;
    return false;
  }
  const { changed } = memory;
  if (!("changes" in decision) || !changed || !decision.changes.every((c) => changed.changes.some((d) => same(c, d)))) return false;
  if (decision.changes.length < changed.changes.length) return false;
  if (now - changed.at < (run.policy.forgiving ? FORGIVING_LAG_MS : readLagMs)) return true;
  if (!run.policy.forgiving) throw stuck(subject, decision.changes);
  run.emit({ type: "resource.forgets", id: subject.id, name: subject.label, changes: decision.changes });
  for (const change of decision.changes) memory.forgotten.add(change.path);
  return true;
}

async function act(
  subject: Subject,
  spec: unknown,
  seen: Observation<unknown>,
  decision: Decision,
  memory: Memory,
  run: Run,
): Promise<void> {
  const { kind, identity } = subject;
  const changes = "changes" in decision ? decision.changes : [];
  memory.acts += 1;
  if (memory.acts > MAX_ACTS) throw stuck(subject, changes);
  if (decision.action === "update" && seen.state !== "absent") {
    const outcome = await once(subject, "update", () => kind.update(identity, spec, seen.live, changes, run.ctx), memory, run);
    if (outcome === "done") memory.changed = { at: run.ports.clock.now(), changes };
    return;
  }
  if (decision.action === "replace") {
    await remove(subject, run, { finalSnapshot: undefined });
    memory.replaced = true;
  }
  const outcome = await once(subject, "create", () => kind.create(identity, spec, run.ctx), memory, run);
  const at = run.ports.clock.now();
  if (outcome !== "undone") memory.made = { at, sure: outcome === "done" };
  if (outcome === "done") memory.changed = { at, changes };
}

/** One writing call. `unknown`: no answer, it may have taken effect. `undone`: AWS refused it for now. Both end after a pause. */
async function once(
  subject: Subject,
  verb: "create" | "update",
  effect: () => Promise<void>,
  memory: Memory,
  run: Run,
): Promise<"done" | "unknown" | "undone"> {
  run.emit({ type: "resource.acting", id: subject.id, verb });
  const retry = memory.patience.get(verb) ?? patience(subject, verb, run);
  memory.patience.set(verb, retry);
  try {
    await call(subject, run, effect);
    memory.patience.delete(verb);
    return "done";
  } catch (error) {
    return (await retry(error)) === "transient" ? "unknown" : "undone";
  }
}

const same = (a: Change, b: Change) => JSON.stringify(a) === JSON.stringify(b);
