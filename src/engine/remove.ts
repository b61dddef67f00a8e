import { FleetlogixError } from "../errors.ts";
import { ask, patience } from "./attempt.ts";
import type { DeleteOptions } from "./contract.ts";
import { foreign, ownerOf } from "./decide.ts";
import { held, settleTimeout } from "./problems.ts";
import { call, pause, type Run, type Subject } from "./run.ts";
import { look, lookForTags, settle, TAG_LAG } from "./settle.ts";

/** More steps than any kind needs; reached only by something that does not go, or goes on being shown. */
const MAX_STEPS = 10;
/** Steps that follow at once; before later ones AWS is given time to catch up: the kind's own poll, doubling to at most this. */
const QUICK_STEPS = 3;
const LONGEST_PAUSE_MS = 30_000;

/** Deletes until it is absent. `settling`: AWS is at it and we were asked not to wait. Never what is not ours. */
export async function remove(subject: Subject, run: Run, how: DeleteOptions): Promise<"absent" | "settling"> {
  const { kind, identity } = subject;
  const started = run.ports.clock.now();
  let retry = patience(subject, "delete", run);
  for (let step = 0; step < MAX_STEPS; step++) {
    let seen = step === 0 ? await lookForTags(subject, run, TAG_LAG.found) : await look(subject, run);
    if (seen.state === "settling") {
      if (step > 0 && kind.slow && !run.policy.wait) return "settling";
      seen = await settle(subject, run, seen);
    }
    if (seen.state === "absent") return "absent";
    const owner = ownerOf(seen.tags, run.ctx.stack);
    // While AWS deletes, tags may go before the thing itself.
    if (!run.policy.adopt && (step === 0 ? owner !== "ours" : owner === "foreign")) throw notOurs(subject, seen.tags);
    const { live } = seen;
    if (step === 0) run.emit({ type: "resource.acting", id: subject.id, verb: "delete" });
    try {
      await call(subject, run, () => kind.delete(identity, live, how, run.ctx));
      retry = patience(subject, "delete", run);
    } catch (error) {
      // Gone already, or a part of it: the next look tells.
      const code = run.ports.toFault(error)?.code;
      if (code === undefined || !kind.notFound.codes.includes(code)) await retry(error, await holderOf(subject, live, error, run));
    }
    if (step >= QUICK_STEPS) await pause(run, Math.min(LONGEST_PAUSE_MS, kind.settle.pollMs * 2 ** (step - QUICK_STEPS)));
  }
  throw settleTimeout(subject, "there", run.ports.clock.now() - started);
}

/** What keeps AWS from deleting it. One that stays is told at once: no patience mends it. */
async function holderOf(subject: Subject, live: unknown, error: unknown, run: Run): Promise<string | undefined> {
  const { heldBy } = subject.kind;
  const fault = run.ports.toFault(error);
  if (!heldBy || !fault || (subject.kind.retry?.(fault, "delete") ?? run.ports.classify(fault, "delete")) !== "busy") return undefined;
  const holder = await ask(subject, run, () => heldBy.call(subject.kind, subject.identity, live, run.ctx));
  if (holder?.stays) throw held(subject, holder, fault);
  return holder?.what;
}

function notOurs(subject: Subject, tags: Parameters<typeof foreign>[1]): FleetlogixError {
  const { code, why, hint } = foreign(subject, tags);
  return new FleetlogixError(code, why, { hint, resource: subject.id });
}
