import type { AttemptResult } from "../shared/contention.ts";
import { retryContended } from "../shared/contention.ts";
import { asFault } from "../shared/errors.ts";
import type { Call } from "../shared/serve.ts";
import type { DeviationDeps } from "./deps.ts";
import { type Decision, decide } from "./episode.ts";
import type { MeasuredFix } from "./fix.ts";
import { lease, recordSent } from "./outbox.ts";
import type { Alert, Message } from "./state.ts";
import { loadDeviation, type StoredDeviation, saveDeviation } from "./store.ts";

export interface DeviationWrite {
  readonly decisions: readonly Decision[];
  /** Messages that this invocation has leased and must send. */
  readonly leased: readonly Message[];
}

/** Lambda may run a little longer than its own limit. */
const LEASE_MARGIN_MS = 1_000;

/**
 * Makes one attempt: reads the state unless it is known, decides about all fixes and writes once. Each time that the sort key of an
 * alert is in use, the next attempt opens the alert a millisecond later.
 */
export function makeAttempt(
  deps: DeviationDeps,
  call: Call,
  vehicleId: string,
  fixes: readonly MeasuredFix[],
  found: StoredDeviation | undefined,
): (conflicting: StoredDeviation | undefined) => Promise<AttemptResult<DeviationWrite, StoredDeviation>> {
  let first = found;
  let written: { readonly writer: string; readonly attempted: DeviationWrite } | undefined;
  let writes = 0;
  let taken = 0;
  return async (conflicting) => {
    const stored = conflicting ?? first ?? (await loadDeviation(deps, vehicleId, call.signal));
    first = undefined;
    // The stored version is our own write, whose answer was lost.
    if (written !== undefined && stored.writer === written.writer) return { done: written.attempted };
    const nowMs = deps.runtime.clock().getTime();
    const decisions = fold(deps, stored, fixes, nowMs, taken);
    const { state, messages } = lease(
      decisions.at(-1)?.state ?? stored.state,
      call.invocation,
      nowMs,
      nowMs + call.remainingMs() + LEASE_MARGIN_MS,
    );
    if (state === stored.state) return { done: { decisions, leased: [] } };
    const writer = `${call.invocation}/${++writes}`;
    const attempted = { decisions, leased: messages };
    written = { writer, attempted };
    const next = { state, version: stored.version, writer };
    const saved = await saveDeviation(deps, vehicleId, next, { changed: lastOfEach(decisions) }, call.signal);
    if (!("conflicting" in saved)) return { done: attempted };
    if ("taken" in saved) taken += 1;
    return saved.conflicting?.writer === writer ? { done: attempted } : { conflicting: saved.conflicting };
  };
}

function fold(
  deps: DeviationDeps,
  stored: StoredDeviation,
  fixes: readonly MeasuredFix[],
  nowMs: number,
  openingShiftMs: number,
): readonly Decision[] {
  const context = { rules: deps.rules, tracking: deps.tracking, nowMs, otherTrack: stored.otherTrack, openingShiftMs };
  let { state } = stored;
  return fixes.map((fix) => {
    const decision = decide(state, fix, context);
    state = decision.state;
    return decision;
  });
}

/** The last version of each changed alert: a transaction can write an item only once. */
const lastOfEach = (decisions: readonly Decision[]): readonly Alert[] => [
  ...new Map(decisions.flatMap(({ changed }) => changed).map((alert) => [alert.alert_id, alert])).values(),
];

/**
 * Records in the outbox which messages were sent. A failure here does not fail the call, whose state is already durable: the lease
 * expires and the messages are sent again.
 */
export async function recordSentMessages(
  deps: DeviationDeps,
  call: Call,
  vehicleId: string,
  leased: readonly Message[],
  sent: ReadonlySet<string>,
): Promise<void> {
  if (leased.length === 0) return;
  const notifiedAt = deps.runtime.clock().toISOString();
  const writer = `${call.invocation}/outbox`;
  let itemsAreGone = false;
  const attempt = async (conflicting: StoredDeviation | undefined): Promise<AttemptResult<true, StoredDeviation>> => {
    const stored = conflicting ?? (await loadDeviation(deps, vehicleId, call.signal));
    if (stored.writer === writer) return { done: true };
    const { state, notified } = recordSent(stored.state, leased, sent, notifiedAt);
    const alerts = itemsAreGone ? {} : { notified, notifiedAt };
    const saved = await saveDeviation(deps, vehicleId, { state, version: stored.version, writer }, alerts, call.signal);
    itemsAreGone ||= "taken" in saved;
    return "conflicting" in saved ? { conflicting: saved.conflicting } : saved;
  };
  try {
    await retryContended(attempt, deps.runtime);
  } catch (error) {
    call.log("WARN", "outbox not updated; its messages may be sent twice", { error_name: asFault(error).name });
  }
}
