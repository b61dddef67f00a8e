import type { AnyKind, AwsFault, Observation } from "./contract.ts";
import { ownerOf } from "./decide.ts";
import { settleTimeout } from "./errors.ts";
import { readWithRetry } from "./retry.ts";
import { type EngineRun, pause, type Subject } from "./run.ts";

/** The first poll interval; it grows with the wait. A local AWS finishes within a second, AWS within minutes. */
const FIRST_POLL_MS = 250;
/** A tag may be invisible for some seconds after it was written (DynamoDB lists none at first). */
const TAG_POLL_MS = 1_000;
/**
 * Time in which an untagged resource is read again before it counts as foreign. `found`: this run has not changed it. `made`: this run has
 * just created it.
 */
export const TAG_LAG = { found: 3_000, made: 30_000 } as const;
/** The same for an endpoint other than AWS, which answers at once or keeps no tags at all. */
const FORGIVING_TAG_LAG_MS = 2_000;

/** Reads the live resource once, with retries. */
export function readLive(subject: Subject, run: EngineRun): Promise<Observation<unknown>> {
  if (subject.identity === undefined) return Promise.resolve({ state: "absent" });
  return readWithRetry(subject, run, () => read(subject, run));
}
async function read({ kind, identity }: Subject, run: EngineRun): Promise<Observation<unknown>> {
  try {
    return await kind.read(identity, run.ctx);
  } catch (error) {
    if (provesAbsence(kind, run.ports.toFault(error))) return { state: "absent" };
    throw error;
  }
}
const provesAbsence = ({ notFound }: AnyKind, fault: AwsFault | undefined): boolean =>
  fault !== undefined && fault.operation === notFound.provenBy && notFound.codes.includes(fault.code);

/** Reads the live resource. An untagged one is read again for `tagLagMs`, because tags may become visible late. */
export async function readTagged(subject: Subject, run: EngineRun, tagLagMs: number): Promise<Observation<unknown>> {
  const until = run.ports.clock.now() + (run.policy.forgiving ? Math.min(tagLagMs, FORGIVING_TAG_LAG_MS) : tagLagMs);
  for (;;) {
    const seen = await readLive(subject, run);
    const untagged = seen.state !== "absent" && ownerOf(seen.tags, run.ctx.stack) === "untagged";
    if (!untagged || run.policy.adopt || run.ports.clock.now() >= until) return seen;
    await pause(run, TAG_POLL_MS);
  }
}

/** The only loop that waits for AWS, until the resource is no longer `settling`. Throws SETTLE_TIMEOUT. */
export async function waitUntilSettled(subject: Subject, run: EngineRun, found: Observation<unknown>): Promise<Observation<unknown>> {
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
    seen = await readLive(subject, run);
  }
  return seen;
}
