import type { RouteFix } from "../contract/schemas.ts";
import { hash } from "../shared/identity.ts";
import { findEvent, markOf, remember } from "../shared/memory.ts";
import { merged, withoutAhead } from "../shared/tracks.ts";
import { judgeFix } from "../tracking/plausibility.ts";
import { begin, closedBy, type Step, step } from "./alert.ts";
import type { Circumstances, MeasuredFix } from "./fix.ts";
import { enqueue } from "./outbox.ts";
import type { Alert, DeviationState, Message } from "./state.ts";

export type Outcome = "applied" | "late" | "implausible" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: Outcome;
  readonly state: DeviationState;
  /** The episode that the answer names. */
  readonly alert: Alert | undefined;
  /** Alerts whose items no longer say what they say. */
  readonly changed: readonly Alert[];
  /** Messages that were never sent and now never will be: SNS has refused all of this vehicle's for too long. */
  readonly givenUp: readonly Message[];
}

/** Names the route that a fix belongs to. A route that the call brings along without an id is one of its own; `#` is in no id. */
export const routeKey = (fix: Pick<RouteFix, "route_id" | "planned_route">): string =>
  fix.route_id ?? `#${hash(fix.planned_route).slice(0, 16)}`;

/** What a fix does to the episodes of its vehicle. Pure. */
export function decide(stored: DeviationState, fix: MeasuredFix, around: Circumstances): Decision {
  const { event } = fix;
  const open = stored.alert?.state === "open" ? stored.alert : undefined;
  const unchanged = (outcome: Outcome, state: DeviationState, alert = open): Decision => ({
    outcome,
    state,
    alert,
    changed: [],
    givenUp: [],
  });
  const seen = findEvent(stored.memory, event.id);
  if (seen !== undefined) {
    if (seen.mark !== markOf(event.fingerprint)) return unchanged("reused", stored);
    const isLast = stored.last?.event_id === event.id;
    return unchanged("duplicate", stored, isLast && stored.last?.answered_alert ? stored.alert : isLast ? undefined : open);
  }
  const before = withoutAheadOf(stored, event.ms, around.nowMs);
  const track = merged(before.track, around.elsewhere, around.tracking);
  const judgement = judgeFix(track, toFix(fix), around.tracking);
  const remembered = { ...before, track: judgement.track, memory: remember(stored.memory, event) };
  if (judgement.verdict === "implausible") return unchanged("implausible", remembered);
  // Only an older fix is late: of equal times each counts.
  if (before.last !== undefined && event.ms < Date.parse(before.last.recorded_at)) return unchanged("late", remembered);
  return apply(remembered, fix, around);
}

const toFix = ({ event, position, accuracy_m, heading_deg, speed_kmh }: MeasuredFix) => ({
  atMs: event.ms,
  position,
  accuracyM: accuracy_m,
  headingDeg: heading_deg,
  speedKmh: speed_kmh,
});

/** A stored time that lies ahead of our clock makes nothing late. */
function withoutAheadOf(state: DeviationState, fixMs: number, nowMs: number): DeviationState {
  const lastMs = state.last === undefined ? 0 : Date.parse(state.last.recorded_at);
  return { ...state, track: withoutAhead(state.track, fixMs, nowMs), last: lastMs > nowMs && lastMs > fixMs ? undefined : state.last };
}

function apply(state: DeviationState, fix: MeasuredFix, around: Circumstances): Decision {
  const isOtherRoute = state.last !== undefined && state.last.route_key !== fix.routeKey;
  const left = [...state.left, ...(isOtherRoute && state.alert?.state === "open" ? [state.alert] : [])];
  const endings = left.map((alert) => closedBy(alert, fix, "route_changed", around.nowMs));
  const current = isOtherRoute ? undefined : state.alert;
  const isDeviated = fix.deviationKm > fix.thresholdKm;
  const streak = !isDeviated || current?.state === "open" ? 0 : (isOtherRoute ? 0 : state.streak) + 1;
  const opens = streak >= around.rules.confirmFixes;
  const now: Step = current?.state === "open" ? step(current, fix, around) : opens ? begin(fix, state.alert, around) : { alert: current };
  const changed = [...endings, ...(now.changed ? [now] : [])].flatMap(({ alert }) => alert ?? []);
  const messages = [...endings, now].flatMap(({ message }) => message ?? []);
  const answered = now.changed === true || now.alert?.state === "open";
  const { queue, givenUp } = enqueue(state.outbox, messages);
  return {
    outcome: "applied",
    state: {
      ...state,
      last: toLast(fix, answered),
      streak: opens ? 0 : streak,
      // The last one of another route is kept for its sort key alone.
      alert: now.alert ?? (isOtherRoute ? endings.at(-1)?.alert : undefined),
      left: [],
      outbox: queue,
    },
    alert: answered ? now.alert : undefined,
    changed,
    givenUp,
  };
}

const toLast = (fix: MeasuredFix, answered: boolean) => ({
  position: fix.position,
  recorded_at: fix.event.at,
  event_id: fix.event.id,
  route_id: fix.routeId,
  speed_kmh: fix.speed_kmh,
  accuracy_m: fix.accuracy_m,
  heading_deg: fix.heading_deg,
  route_key: fix.routeKey,
  answered_alert: answered,
});
