import type { RouteFix } from "../contract/schemas.ts";
import { hash } from "../shared/identity.ts";
import { findEvent, markOf, remember } from "../shared/memory.ts";
import { merged, withoutAhead } from "../shared/tracks.ts";
import { judgeFix } from "../tracking/plausibility.ts";
import { closeEpisode, continueEpisode, type EpisodeStep, openEpisode } from "./alert.ts";
import type { DecisionContext, MeasuredFix } from "./fix.ts";
import { enqueue } from "./outbox.ts";
import type { Alert, DeviationState, Message } from "./state.ts";

export type DeviationResult = "applied" | "late" | "implausible" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: DeviationResult;
  readonly state: DeviationState;
  /** The episode that the answer reports. */
  readonly alert: Alert | undefined;
  /** Alerts whose stored items must be written. */
  readonly changed: readonly Alert[];
  /** Messages that were dropped unsent, because SNS has refused the messages of this vehicle for too long. */
  readonly givenUp: readonly Message[];
}

/** Identifies the route of a fix. A route that is part of the call and has no id gets a hash after `#`, which no id contains. */
export const routeKey = (fix: Pick<RouteFix, "route_id" | "planned_route">): string =>
  fix.route_id ?? `#${hash(fix.planned_route).slice(0, 16)}`;

/** Applies a fix to the episodes of its vehicle. Pure. */
export function decide(stored: DeviationState, fix: MeasuredFix, context: DecisionContext): Decision {
  const { event } = fix;
  const open = stored.alert?.state === "open" ? stored.alert : undefined;
  const unchanged = (outcome: DeviationResult, state: DeviationState, alert = open): Decision => ({
    outcome,
    state,
    alert,
    changed: [],
    givenUp: [],
  });
  const rememberedEvent = findEvent(stored.memory, event.id);
  if (rememberedEvent !== undefined) {
    if (rememberedEvent.mark !== markOf(event.fingerprint)) return unchanged("reused", stored);
    const isLast = stored.last?.event_id === event.id;
    return unchanged("duplicate", stored, isLast && stored.last?.answered_alert ? stored.alert : isLast ? undefined : open);
  }
  const before = withoutAheadOf(stored, event.ms, context.nowMs);
  const track = merged(before.track, context.otherTrack, context.tracking);
  const judgement = judgeFix(track, toFix(fix), context.tracking);
  const remembered = { ...before, track: judgement.track, memory: remember(stored.memory, event) };
  if (judgement.verdict === "implausible") return unchanged("implausible", remembered);
  // Only an older fix is late; a fix with an equal time is applied.
  if (before.last !== undefined && event.ms < Date.parse(before.last.recorded_at)) return unchanged("late", remembered);
  return apply(remembered, fix, context);
}

const toFix = ({ event, position, accuracy_m, heading_deg, speed_kmh }: MeasuredFix) => ({
  atMs: event.ms,
  position,
  accuracyM: accuracy_m,
  headingDeg: heading_deg,
  speedKmh: speed_kmh,
});

/** The state without times ahead of the server's clock. They come from a wrong clock and would make correct fixes late. */
function withoutAheadOf(state: DeviationState, fixMs: number, nowMs: number): DeviationState {
  const lastMs = state.last === undefined ? 0 : Date.parse(state.last.recorded_at);
  return { ...state, track: withoutAhead(state.track, fixMs, nowMs), last: lastMs > nowMs && lastMs > fixMs ? undefined : state.last };
}

function apply(state: DeviationState, fix: MeasuredFix, context: DecisionContext): Decision {
  const isOtherRoute = state.last !== undefined && state.last.route_key !== fix.routeKey;
  const left = [...state.left, ...(isOtherRoute && state.alert?.state === "open" ? [state.alert] : [])];
  const endings = left.map((alert) => closeEpisode(alert, fix, "route_changed", context.nowMs));
  const current = isOtherRoute ? undefined : state.alert;
  const isDeviated = fix.deviationKm > fix.thresholdKm;
  const streak = !isDeviated || current?.state === "open" ? 0 : (isOtherRoute ? 0 : state.streak) + 1;
  const opens = streak >= context.rules.confirmFixes;
  const step: EpisodeStep =
    current?.state === "open"
      ? continueEpisode(current, fix, context)
      : opens
        ? openEpisode(fix, state.alert, context)
        : { alert: current };
  const changed = [...endings, ...(step.changed ? [step] : [])].flatMap(({ alert }) => alert ?? []);
  const messages = [...endings, step].flatMap(({ message }) => message ?? []);
  const answered = step.changed === true || step.alert?.state === "open";
  const { queue, givenUp } = enqueue(state.outbox, messages);
  return {
    outcome: "applied",
    state: {
      ...state,
      last: toLast(fix, answered),
      streak: opens ? 0 : streak,
      // The last episode of another route is kept only because the next sort key must be later.
      alert: step.alert ?? (isOtherRoute ? endings.at(-1)?.alert : undefined),
      left: [],
      outbox: queue,
    },
    alert: answered ? step.alert : undefined,
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
