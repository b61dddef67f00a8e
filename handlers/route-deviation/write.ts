import type { Tried } from "../shared/contention.ts";
import { untilUncontended } from "../shared/contention.ts";
import { asFault } from "../shared/errors.ts";
import type { Call } from "../shared/serve.ts";
import type { DeviationDeps } from "./deps.ts";
import { type Decision, decide } from "./episode.ts";
import type { MeasuredFix } from "./fix.ts";
import { lease, settle } from "./outbox.ts";
import type { Alert, Message } from "./state.ts";
import { loadDeviation, type StoredDeviation, saveDeviation } from "./store.ts";

export interface Attempted {
  readonly decisions: readonly Decision[];
  /** Written as this invocation's to send. */
  readonly leased: readonly Message[];
}

/** Lambda may go on a little after its own time. */
const LEASE_MARGIN_MS = 1_000;

/**
 * Reads, unless it has been read, decides about all fixes and writes once. Each time that the sort key of an alert is taken, the next
 * attempt opens it a millisecond later.
 */
export function makeAttempt(
  deps: DeviationDeps,
  call: Call,
  vehicleId: string,
  fixes: readonly MeasuredFix[],
  found: StoredDeviation | undefined,
): (seen: StoredDeviation | undefined) => Promise<Tried<Attempted, StoredDeviation>> {
  let first = found;
  let written: { readonly writer: string; readonly attempted: Attempted } | undefined;
  let writes = 0;
  let taken = 0;
  return async (seen) => {
    const stored = seen ?? first ?? (await loadDeviation(deps, vehicleId, call.signal));
    first = undefined;
    // Our own write, whose answer was lost, is in the way.
    if (written !== undefined && stored.writer === written.writer) return { done: written.attempted };
    const nowMs = deps.around.clock().getTime();
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
    if (!("seen" in saved)) return { done: attempted };
    if ("taken" in saved) taken += 1;
    return saved.seen?.writer === writer ? { done: attempted } : { seen: saved.seen };
  };
}

function fold(
  deps: DeviationDeps,
  stored: StoredDeviation,
  fixes: readonly MeasuredFix[],
  nowMs: number,
  openingShiftMs: number,
): readonly Decision[] {
  const around = { rules: deps.rules, tracking: deps.tracking, nowMs, elsewhere: stored.elsewhere, openingShiftMs };
  let { state } = stored;
  return fixes.map((fix) => {
    const decision = decide(state, fix, around);
    state = decision.state;
    return decision;
  });
}

/** A transaction writes an item once: of each alert as it is in the end. */
const lastOfEach = (decisions: readonly Decision[]): readonly Alert[] => [
  ...new Map(decisions.flatMap(({ changed }) => changed).map((alert) => [alert.alert_id, alert])).values(),
];

/** The call's own state is durable by now, so a failure here fails nothing: the lease runs out and the message is sent again. */
export async function settleOutbox(
  deps: DeviationDeps,
  call: Call,
  vehicleId: string,
  leased: readonly Message[],
  sent: ReadonlySet<string>,
): Promise<void> {
  if (leased.length === 0) return;
  const notifiedAt = deps.around.clock().toISOString();
  const writer = `${call.invocation}/outbox`;
  let itemsAreGone = false;
  const attempt = async (seen: StoredDeviation | undefined): Promise<Tried<true, StoredDeviation>> => {
    const stored = seen ?? (await loadDeviation(deps, vehicleId, call.signal));
    if (stored.writer === writer) return { done: true };
    const { state, told } = settle(stored.state, leased, sent, notifiedAt);
    const alerts = itemsAreGone ? {} : { told, notifiedAt };
    const saved = await saveDeviation(deps, vehicleId, { state, version: stored.version, writer }, alerts, call.signal);
    itemsAreGone ||= "taken" in saved;
    return "seen" in saved ? { seen: saved.seen } : saved;
  };
  try {
    await untilUncontended(attempt, deps.around);
  } catch (error) {
    call.log("WARN", "outbox not settled; its messages may be sent twice", { error_name: asFault(error).name });
  }
}
