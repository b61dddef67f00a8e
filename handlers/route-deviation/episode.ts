import type { Position } from "../shared/geodesy.ts";
import { type EventIdentity, hash, REMEMBERED, remember } from "../shared/identity.ts";
import type { Alert, Fleet, LastFix, Message, RouteTrack, Rules } from "./state.ts";

/** A fix, measured against its route. Distances in km, rounded. */
export interface MeasuredFix {
  readonly event: EventIdentity;
  readonly vehicleId: string;
  /** Undefined: the call brought the route itself. */
  readonly routeId: string | undefined;
  readonly driverId: string | undefined;
  readonly position: Position;
  readonly deviationKm: number;
  readonly thresholdKm: number;
}

export type Outcome = "applied" | "late" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: Outcome;
  readonly state: Fleet;
  /** The episode that the answer names. */
  readonly alert: Alert | undefined;
  /** The alert's item in the alerts table no longer says what `alert` says. */
  readonly alertChanged: boolean;
  /** Messages that were never sent and now never will be: SNS has refused all of this vehicle's for too long. */
  readonly givenUp: readonly Message[];
}

/** What decides beside state and fix. */
export interface Circumstances {
  /** The alert's sort key if this fix opens an episode. */
  readonly openingTime: string;
  /** Bounds an alert's time to live and nothing else. */
  readonly nowMs: number;
  /** The open alert of the fix's route, where the state has put it aside: see `Fleet.aside`. */
  readonly aside?: Alert | undefined;
}

/** A closed episode begins anew only beyond the threshold, an open one ends only within this share of it. */
const CLOSES_WITHIN = 0.8;
/** 0.8 × 0.7 is a little less than 0.56 in binary fractions: a fix exactly on the line is within. */
const MICROMETRE_KM = 1e-9;
const DAY_MS = 86_400_000;
/**
 * How many routes of a vehicle are remembered beside the present one, so that its item stays far below DynamoDB's 400 KB: fewer of
 * those with nothing to follow up, more of those with an open episode or an unsent message. A vehicle that leaves a route
 * and never comes back to it, day after day, keeps opening episodes; those of the routes it has left longest ago are put
 * aside: they stand in the alerts table alone, until the vehicle is seen near that route again.
 */
const REMEMBERED_ROUTES = 3;
const FOLLOWED_ROUTES = 12;
/** How many messages wait for SNS; beyond them the oldest are given up. Their alerts stay, without `notified_at`. */
const UNSENT_MESSAGES = 100;
/** Key of the route that calls bring along; `#` is in no id. */
const CARRIED_ROUTE = "#planned";

export const routeKey = (routeId: string | undefined): string => routeId ?? CARRIED_ROUTE;

/** Whether the open episode of this route may stand in the alerts table alone. */
export const mayBeAside = (state: Fleet, routeId: string | undefined): boolean =>
  state.aside === true && state.routes[routeKey(routeId)] === undefined;

/** What a fix does to the episodes of its vehicle. Pure. */
export function decide(state: Fleet, fix: MeasuredFix, rules: Rules, around: Circumstances): Decision {
  const key = routeKey(fix.routeId);
  const track = state.routes[key];
  const before = track === undefined ? around.aside : track.alert;
  const unchanged = (outcome: Outcome, alert: Alert | undefined): Decision => ({ outcome, state, alert, alertChanged: false, givenUp: [] });
  const known = track && [track.last, ...track.twins].find((one) => one.id === fix.event.id);
  if (known !== undefined) {
    if (known.fingerprint !== fix.event.fingerprint) return unchanged("reused", undefined);
    const isOwn = known.invocation === fix.event.invocation;
    return unchanged(isOwn ? "applied" : "duplicate", known.answered_alert ? track?.alert : undefined);
  }
  // Its first call was still under way when this one looked for it.
  const seen = track?.recent_events.find((one) => one.id === fix.event.id);
  const open = before?.state === "open" ? before : undefined;
  if (seen !== undefined) return unchanged(seen.fingerprint === fix.event.fingerprint ? "duplicate" : "reused", open);
  // Only an older fix is late. Of the forgotten routes' fixes we know the time and no more: there an equal one may be known.
  const isLate = track === undefined ? fix.event.ms <= (state.floor_ms ?? Number.NEGATIVE_INFINITY) : fix.event.ms < msOf(track);
  if (isLate) return unchanged("late", open);

  const { alert, message, changed } = step(before, fix, rules, around);
  const answered = changed || alert?.state === "open";
  const { id, at, fingerprint, invocation } = fix.event;
  const next: RouteTrack = {
    last: { id, at, fingerprint, invocation, answered_alert: answered },
    twins: track !== undefined && msOf(track) === fix.event.ms ? [...track.twins, track.last].slice(-REMEMBERED) : [],
    recent_events: remember(track?.recent_events ?? [], fix.event),
    alert,
  };
  const queue = message === undefined ? state.outbox : enqueue(state.outbox, message);
  const outbox = queue.slice(-UNSENT_MESSAGES);
  return {
    outcome: "applied",
    state: prune({ ...state, routes: { ...state.routes, [key]: next }, outbox, last_fix: newestFix(state, fix) }, key),
    alert: answered ? alert : undefined,
    alertChanged: changed,
    givenUp: queue.slice(0, -UNSENT_MESSAGES),
  };
}

function newestFix(state: Fleet, fix: MeasuredFix): LastFix {
  const { id, at, ms } = fix.event;
  const known = state.last_fix;
  if (known !== undefined && ms <= Date.parse(known.recorded_at)) return known;
  return { position: fix.position, recorded_at: at, event_id: id, route_id: fix.routeId };
}

interface Step {
  readonly alert: Alert | undefined;
  readonly message: Message | undefined;
  readonly changed: boolean;
}

function step(before: Alert | undefined, fix: MeasuredFix, rules: Rules, around: Circumstances): Step {
  const open = before?.state === "open" ? before : undefined;
  const isDeviated = fix.deviationKm > fix.thresholdKm;
  if (open === undefined) return isDeviated ? begin(fix, around) : { alert: before, message: undefined, changed: false };
  if (fix.deviationKm <= CLOSES_WITHIN * fix.thresholdKm + MICROMETRE_KM) {
    const closed: Alert = { ...open, state: "closed", closed_at: fix.event.at };
    return { alert: closed, message: toMessage("ROUTE_DEVIATION_CLEARED", closed, fix), changed: true };
  }
  const raised = Math.max(open.max_deviation_km, fix.deviationKm);
  const alert = raised === open.max_deviation_km ? open : { ...open, max_deviation_km: raised };
  if (!isDeviated || !isDue(open, fix, rules)) return { alert, message: undefined, changed: alert !== open };
  const told = { ...alert, told_ms: fix.event.ms, told_deviation_km: fix.deviationKm };
  return { alert: told, message: toMessage("ROUTE_DEVIATION", told, fix), changed: true };
}

function begin(fix: MeasuredFix, { openingTime, nowMs }: Circumstances): Step {
  const alert: Alert = {
    alert_id: `alert-${hash([fix.vehicleId, routeKey(fix.routeId), fix.event.ms, fix.event.id])}`,
    timestamp: openingTime,
    state: "open",
    route_id: fix.routeId,
    driver_id: fix.driverId,
    deviation_km: fix.deviationKm,
    max_deviation_km: fix.deviationKm,
    threshold_km: fix.thresholdKm,
    position: fix.position,
    expires_at: expiryOf(fix.event.ms, nowMs),
    told_ms: fix.event.ms,
    told_deviation_km: fix.deviationKm,
  };
  return { alert, message: toMessage("ROUTE_DEVIATION", alert, fix), changed: true };
}

/** In seconds: 90 days after it opened; of one reported so late that it would go within a month, 90 days from now. */
const expiryOf = (openedMs: number, nowMs: number): number =>
  Math.floor(((openedMs + 60 * DAY_MS < nowMs ? nowMs : openedMs) + 90 * DAY_MS) / 1000);

/** Time for another message: `renotifyMs` after the last one, or when the deviation has doubled since. By the fixes' own times. */
const isDue = (alert: Alert, fix: MeasuredFix, rules: Rules): boolean =>
  fix.event.ms - alert.told_ms >= rules.renotifyMs || fix.deviationKm >= 2 * alert.told_deviation_km;

const toMessage = (type: Message["type"], alert: Alert, fix: MeasuredFix): Message => ({
  id: hash([alert.alert_id, type, fix.event.ms, fix.event.id]).slice(0, 16),
  type,
  alert_id: alert.alert_id,
  vehicle_id: fix.vehicleId,
  route_id: fix.routeId,
  driver_id: fix.driverId ?? alert.driver_id,
  deviation_km: fix.deviationKm,
  threshold_km: fix.thresholdKm,
  position: fix.position,
  timestamp: fix.event.at,
  leased_until_ms: 0,
  leased_by: "",
});

/** A message that could not be sent yet gives way to a newer one that says the same of the same alert. */
function enqueue(outbox: readonly Message[], message: Message): readonly Message[] {
  const superseded = (one: Message): boolean => one.alert_id === message.alert_id && one.type === message.type && one.leased_until_ms === 0;
  return [...outbox.filter((one) => !superseded(one)), message];
}

/** Forgets the routes not used for longest. The floor keeps a late fix of a forgotten route from opening an old episode again. */
function prune(state: Fleet, current: string): Fleet {
  const unsent = new Set(state.outbox.map((message) => message.alert_id));
  const isFollowed = ({ alert }: RouteTrack): boolean => alert !== undefined && (alert.state === "open" || unsent.has(alert.alert_id));
  const others = Object.entries(state.routes).filter(([key]) => key !== current);
  const newestFirst = others.sort(([, a], [, b]) => msOf(b) - msOf(a));
  const forgotten = [
    ...newestFirst.filter(([, track]) => !isFollowed(track)).slice(REMEMBERED_ROUTES),
    ...newestFirst.filter(([, track]) => isFollowed(track)).slice(FOLLOWED_ROUTES),
  ];
  if (forgotten.length === 0) return state;
  const keys = new Set(forgotten.map(([key]) => key));
  const newest = Math.max(...forgotten.map(([, track]) => msOf(track)));
  const leavesOpen = forgotten.some(([, { alert }]) => alert?.state === "open");
  return {
    ...state,
    routes: Object.fromEntries(Object.entries(state.routes).filter(([key]) => !keys.has(key))),
    floor_ms: Math.max(newest, state.floor_ms ?? newest),
    ...(leavesOpen && { aside: true }),
  };
}

const msOf = ({ last }: RouteTrack): number => Date.parse(last.at);
