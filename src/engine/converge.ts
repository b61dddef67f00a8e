import { FleetlogixError } from "../errors.ts";
import type { Change, DeleteOptions, Observation, Verb } from "./contract.ts";
import { type Decision, decide, FAILED, foreign, ownerOf } from "./decide.ts";
import { diffStuck, resourceHeld, settleFailed, settleTimeout } from "./errors.ts";
import { newRetry, type Retry, readWithRetry, retryClassOf } from "./retry.ts";
import { call, type EngineRun, type Present, pause, type Subject } from "./run.ts";
import { readLive, readTagged, TAG_LAG, waitUntilSettled } from "./wait.ts";

/**
 * Default of `settle.readLagMs`: the time in which AWS may answer with the old value after a change. After it, an unchanged difference is a
 * bug, and an absent resource counts as deleted.
 */
const READ_LAG_MS = 120_000;
/** The same for an endpoint other than AWS. After this time the endpoint has dropped the attribute: it answers from its own memory. */
const FORGIVING_LAG_MS = 1_000;
/** A create whose answer was lost may have taken effect. In this time "absent" counts as a stale read; afterwards the resource is created again. */
const UNSURE_LAG_MS = 5_000;
const LAG_POLL_MS = 1_000;
const FORGIVING_POLL_MS = 350;
/** Upper limit of writes for one resource: only a difference that oscillates reaches it. */
const MAX_ACTS = 40;

export interface Converged {
  readonly decision: Decision;
  readonly live: Present;
  /** True with `--no-wait`: AWS finishes the resource later. */
  readonly settling: boolean;
}
/** The writes of this run to one resource. The next read is compared with them. */
interface History {
  readonly retries: Map<Verb, Retry>;
  /** Paths of differences that the endpoint does not keep. They are warnings at endpoints other than AWS. */
  readonly forgotten: Set<string>;
  /** Our create. `sure`: AWS answered it. */
  made?: { readonly at: number; readonly sure: boolean } | undefined;
  changed?: { readonly at: number; readonly changes: readonly Change[] } | undefined;
  replaced: boolean;
  /** Number of writes. */
  acts: number;
}

/**
 * Converges one resource: read → decide → act → wait, until no difference is left. Therefore `create` only has to make the resource exist,
 * and `update` may do one step at a time (Lambda's code before its configuration, DynamoDB's indexes one by one). After every write, also
 * after one whose answer was lost, the resource is read and decided again. No write is repeated without a read.
 */
export async function converge(subject: Subject, spec: unknown, run: EngineRun): Promise<Converged> {
  const history: History = { retries: new Map(), forgotten: new Set(), replaced: false, acts: 0 };
  const pollMs = Math.min(run.policy.forgiving ? FORGIVING_POLL_MS : LAG_POLL_MS, subject.kind.settle.pollMs);
  let seen = await readTagged(subject, run, TAG_LAG.found);
  const first = judge(subject, spec, seen, history, run);
  run.emit({ type: "resource.decided", id: subject.id, kind: subject.kind.kind, name: subject.label, decision: first });
  for (;;) {
    const decision = judge(subject, spec, seen, history, run);
    if (decision.action === "refuse") {
      throw new FleetlogixError(decision.code, decision.why, { hint: decision.hint, resource: subject.id });
    }
    if (seen.state === "settling") {
      if (subject.kind.slow && !run.policy.wait) return { decision: first, live: seen, settling: true };
      seen = await waitUntilSettled(subject, run, seen);
      continue;
    }
    if (decision.action === "keep" && seen.state !== "absent") return { decision: first, live: seen, settling: false };
    refuseFailed(subject, seen, decision, history);
    if (forgets(subject, decision, history, run)) continue;
    if (lags(subject, decision, history, run)) await pause(run, pollMs);
    else await act(subject, spec, seen, decision, history, run);
    seen = await readTagged(subject, run, history.made ? TAG_LAG.made : TAG_LAG.found);
  }
}

function judge(subject: Subject, spec: unknown, seen: Observation<unknown>, history: History, run: EngineRun): Decision {
  // An endpoint that keeps no tags: a resource that this run created there is ours.
  const adopt = run.policy.adopt || (run.policy.forgiving && history.made !== undefined);
  const decision = decide(subject, { known: true, value: spec }, seen, run.ctx, { ...run.policy, adopt });
  if (decision.action !== "update" && decision.action !== "replace") return decision;
  const changes = decision.changes.filter((c) => !history.forgotten.has(c.path));
  if (changes.length === 0) return { action: "keep" };
  return { ...decision, action: changes.some((c) => c.forces) ? "replace" : "update", changes };
}

/** Throws when a failed resource holds data (a person must repair it), or when it failed again right after its replacement. */
function refuseFailed(subject: Subject, seen: Observation<unknown>, decision: Decision, history: History): void {
  if (seen.state !== "failed" || !("changes" in decision)) return;
  const nothingElse = decision.changes.every((c) => c.path === FAILED);
  const failedAgain = decision.action === "replace" && history.replaced;
  if ((decision.action === "update" && nothingElse) || failedAgain) throw settleFailed(subject, seen.reason);
}

/** The differences of our last update, if the read still shows all of them. */
function unchanged(decision: Decision, { changed }: History): { readonly changes: readonly Change[]; readonly at: number } | undefined {
  if (!("changes" in decision) || !changed || decision.changes.length < changed.changes.length) return undefined;
  const isOld = decision.changes.every((c) => changed.changes.some((d) => same(c, d)));
  return isOld ? { changes: decision.changes, at: changed.at } : undefined;
}

/** True when an endpoint other than AWS has just been found to drop these attributes. They are no differences any more. */
function forgets(subject: Subject, decision: Decision, history: History, run: EngineRun): boolean {
  const old = unchanged(decision, history);
  if (!run.policy.forgiving || !old || run.ports.clock.now() - old.at < FORGIVING_LAG_MS) return false;
  run.emit({ type: "resource.forgets", id: subject.id, name: subject.label, changes: old.changes });
  for (const { path } of old.changes) history.forgotten.add(path);
  return true;
}

/** True when the read may be older than our last write. Then the resource is read again before any other write. */
function lags(subject: Subject, decision: Decision, history: History, run: EngineRun): boolean {
  const now = run.ports.clock.now();
  const readLagMs = subject.kind.settle.readLagMs ?? READ_LAG_MS;
  if (decision.action === "create" && history.made) {
    const age = now - history.made.at;
    if (age < (history.made.sure ? readLagMs : UNSURE_LAG_MS)) return true;
    if (history.made.sure) throw settleTimeout(subject, "absent", age);
    history.made = undefined;
    return false;
  }
  const old = unchanged(decision, history);
  if (!old) return false;
  if (!run.policy.forgiving && now - old.at >= readLagMs) throw diffStuck(subject, old.changes);
  return true;
}

async function act(
  subject: Subject,
  spec: unknown,
  seen: Observation<unknown>,
  decision: Decision,
  history: History,
  run: EngineRun,
): Promise<void> {
  const { kind, identity } = subject;
  const changes = "changes" in decision ? decision.changes : [];
  history.acts += 1;
  if (history.acts > MAX_ACTS) throw diffStuck(subject, changes);
  if (decision.action === "update" && seen.state !== "absent") {
    const written = await tryWrite(subject, "update", () => kind.update(identity, spec, seen.live, changes, run.ctx), history, run);
    if (written === "done") history.changed = { at: run.ports.clock.now(), changes };
    return;
  }
  if (decision.action === "replace") {
    await remove(subject, run, { finalSnapshot: undefined });
    history.replaced = true;
  }
  const written = await tryWrite(subject, "create", () => kind.create(identity, spec, run.ctx), history, run);
  const at = run.ports.clock.now();
  if (written !== "undone") history.made = { at, sure: written === "done" };
  if (written === "done") history.changed = { at, changes };
}

/** Makes one write. `unknown`: no answer, so it may have taken effect. `undone`: AWS refused it for now. Both return after a pause. */
async function tryWrite(
  subject: Subject,
  verb: "create" | "update",
  effect: () => Promise<void>,
  history: History,
  run: EngineRun,
): Promise<"done" | "unknown" | "undone"> {
  run.emit({ type: "resource.acting", id: subject.id, verb });
  const retry = history.retries.get(verb) ?? newRetry(subject, verb, run);
  history.retries.set(verb, retry);
  try {
    await call(subject, run, effect);
    history.retries.delete(verb);
    return "done";
  } catch (error) {
    const code = run.ports.toFault(error)?.code;
    if (verb === "create" && code !== undefined && subject.kind.alreadyExists?.includes(code)) return "done";
    return (await retry(error)) === "transient" ? "unknown" : "undone";
  }
}

const same = (a: Change, b: Change) => JSON.stringify(a) === JSON.stringify(b);

/** Upper limit of delete steps. Only a resource that AWS never deletes, or continues to list, reaches it. */
const MAX_STEPS = 10;
/** Number of steps without a pause. Later steps wait: the poll interval of the kind, doubled each time up to the limit. */
const QUICK_STEPS = 3;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Deletes the resource until it is absent. `settling`: AWS is still deleting, and `--no-wait` is set. Throws OWNER_FOREIGN for a foreign
 * resource.
 */
export async function remove(subject: Subject, run: EngineRun, how: DeleteOptions): Promise<"absent" | "settling"> {
  const { kind, identity } = subject;
  const started = run.ports.clock.now();
  let retry = newRetry(subject, "delete", run);
  for (let step = 0; step < MAX_STEPS; step++) {
    let seen = step === 0 ? await readTagged(subject, run, TAG_LAG.found) : await readLive(subject, run);
    if (seen.state === "settling") {
      if (step > 0 && kind.slow && !run.policy.wait) return "settling";
      seen = await waitUntilSettled(subject, run, seen);
    }
    if (seen.state === "absent") return "absent";
    const owner = ownerOf(seen.tags, run.ctx.stack);
    // While AWS deletes, tags may disappear before the resource itself.
    if (!run.policy.adopt && (step === 0 ? owner !== "ours" : owner === "foreign")) throw notOurs(subject, seen.tags);
    const { live } = seen;
    if (step === 0) run.emit({ type: "resource.acting", id: subject.id, verb: "delete" });
    try {
      await call(subject, run, () => kind.delete(identity, live, how, run.ctx));
      retry = newRetry(subject, "delete", run);
    } catch (error) {
      // The resource, or a part of it, is deleted already. The next read shows which.
      const code = run.ports.toFault(error)?.code;
      if (code === undefined || !kind.notFound.codes.includes(code)) await retry(error, await holderOf(subject, live, error, run));
    }
    if (step >= QUICK_STEPS) await pause(run, Math.min(LONGEST_PAUSE_MS, kind.settle.pollMs * 2 ** (step - QUICK_STEPS)));
  }
  throw settleTimeout(subject, "there", run.ports.clock.now() - started);
}

/** The resource that prevents the deletion. Throws RESOURCE_HELD when AWS does not release it, because a retry is then useless. */
async function holderOf(subject: Subject, live: unknown, error: unknown, run: EngineRun): Promise<string | undefined> {
  const { heldBy } = subject.kind;
  const fault = run.ports.toFault(error);
  if (!heldBy || !fault || retryClassOf(subject, fault, "delete", run) !== "busy") return undefined;
  const holder = await readWithRetry(subject, run, () => heldBy.call(subject.kind, subject.identity, live, run.ctx));
  if (holder?.stays) throw resourceHeld(subject, holder, fault);
  return holder?.what;
}

function notOurs(subject: Subject, tags: Parameters<typeof foreign>[1]): FleetlogixError {
  const { code, why, hint } = foreign(subject, tags);
  return new FleetlogixError(code, why, { hint, resource: subject.id });
}
