import { ask } from "./attempt.ts";
import type { AnyKind, AwsFault, Observation } from "./contract.ts";
import { ownerOf } from "./decide.ts";
import { settleTimeout } from "./problems.ts";
import { pause, type Run, type Subject } from "./run.ts";

/** What takes AWS minutes takes an imitation of it a second: looks become rarer as the wait grows. */
const FIRST_POLL_MS = 250;
/** A tag may be invisible for some seconds after it was written (DynamoDB lists none at first). */
const TAG_POLL_MS = 1_000;
/** How long an untagged resource is looked at again before it counts as foreign: what we never touched, and what we just made. */
export const TAG_LAG = { found: 3_000, made: 30_000 } as const;
/** An endpoint that is not AWS answers at once, or keeps no tags at all. */
const FORGIVING_TAG_LAG_MS = 2_000;

/** One look at the live resource. */
export function look(subject: Subject, run: Run): Promise<Observation<unknown>> {
  if (subject.identity === undefined) return Promise.resolve({ state: "absent" });
  return ask(subject, run, () => read(subject, run));
}
async function read({ kind, identity }: Subject, run: Run): Promise<Observation<unknown>> {
  try {
    return await kind.read(identity, run.ctx);
  } catch (error) {
    if (provesAbsence(kind, run.ports.toFault(error))) return { state: "absent" };
    throw error;
  }
}
const provesAbsence = ({ notFound }: AnyKind, fault: AwsFault | undefined): boolean =>
  fault !== undefined && fault.operation === notFound.provenBy && notFound.codes.includes(fault.code);

/** A look that does not take a tag's lag for a stranger: what carries no stack tag is looked at again for `patienceMs`. */
export async function lookForTags(subject: Subject, run: Run, patienceMs: number): Promise<Observation<unknown>> {
  const until = run.ports.clock.now() + (run.policy.forgiving ? Math.min(patienceMs, FORGIVING_TAG_LAG_MS) : patienceMs);
  for (;;) {
    const seen = await look(subject, run);
    const untagged = seen.state !== "absent" && ownerOf(seen.tags, run.ctx.stack) === "untagged";
    if (!untagged || run.policy.adopt || run.ports.clock.now() >= until) return seen;
    await pause(run, TAG_POLL_MS);
  }
}

/** The only loop in fleetlogix that waits for AWS to finish: until the resource is no longer on its way to somewhere. */
export async function settle(subject: Subject, run: Run, found: Observation<unknown>): Promise<Observation<unknown>> {
  const { timeoutMs, pollMs } = subject.kind.settle;
  const { clock } = run.ports;
  const started = clock.now();
  let seen = found;
  while (seen.state === "settling") {
    const elapsedMs = clock.now() - started;
    const { state } = subject.kind.describe(seen.live);
    if (elapsedMs >= timeoutMs) throw settleTimeout(subject, state, elapsedMs);
    run.emit({ type: "resource.waiting", id: subject.id, state, elapsedMs });
    await pause(run, Math.min(pollMs, Math.max(FIRST_POLL_MS, elapsedMs / 2), timeoutMs - elapsedMs));
    seen = await look(subject, run);
  }
  return seen;
}
