import { hash } from "../shared/identity.ts";
import type { DecisionContext, MeasuredFix } from "./fix.ts";
import type { Alert, CloseReason, Message } from "./state.ts";

/** One change of an episode: it opens, continues or closes. */
export interface EpisodeStep {
  readonly alert?: Alert | undefined;
  readonly message?: Message | undefined;
  /** The stored item differs from `alert` and must be written. */
  readonly changed?: boolean | undefined;
}

/** An episode opens beyond the threshold and closes only within this share of it (hysteresis). */
const CLOSES_WITHIN = 0.8;
/** 0.8 × 0.7 is a little less than 0.56 in binary floating point: a fix exactly on the limit counts as within. */
const MICROMETRE_KM = 1e-9;
const DAY_MS = 86_400_000;

/** `previous`: the vehicle's last episode. */
export function openEpisode(fix: MeasuredFix, previous: Alert | undefined, { openingShiftMs = 0 }: DecisionContext): EpisodeStep {
  // The time always has milliseconds, because sort keys are compared as text. Two episodes of a vehicle never have the same opening time.
  const earliest = previous === undefined ? fix.event.ms : Math.max(fix.event.ms, Date.parse(previous.timestamp) + 1);
  const alert: Alert = {
    alert_id: `alert-${hash([fix.vehicleId, fix.routeKey, fix.event.ms, fix.event.id])}`,
    timestamp: new Date(earliest + openingShiftMs).toISOString(),
    state: "open",
    route_id: fix.routeId,
    driver_id: fix.driverId,
    deviation_km: fix.deviationKm,
    max_deviation_km: fix.deviationKm,
    threshold_km: fix.thresholdKm,
    position: fix.position,
    last_message_ms: fix.event.ms,
    last_message_deviation_km: fix.deviationKm,
  };
  return { alert, message: toMessage("ROUTE_DEVIATION", alert, fix), changed: true };
}

/** Applies a fix of the same route to an open episode. */
export function continueEpisode(open: Alert, fix: MeasuredFix, { rules, nowMs }: DecisionContext): EpisodeStep {
  if (fix.deviationKm <= CLOSES_WITHIN * fix.thresholdKm + MICROMETRE_KM) return closeEpisode(open, fix, "back_on_route", nowMs);
  const raised = Math.max(open.max_deviation_km, fix.deviationKm);
  const alert = raised === open.max_deviation_km ? open : { ...open, max_deviation_km: raised };
  const isDue = fix.event.ms - open.last_message_ms >= rules.renotifyMs || fix.deviationKm >= 2 * open.last_message_deviation_km;
  if (fix.deviationKm <= fix.thresholdKm || !isDue) return { alert, changed: alert !== open };
  const notified = { ...alert, last_message_ms: fix.event.ms, last_message_deviation_km: fix.deviationKm };
  return { alert: notified, message: toMessage("ROUTE_DEVIATION", notified, fix), changed: true };
}

/** Closes the episode, with one message. For a route that the vehicle has left, the message has the last reported deviation. */
export function closeEpisode(
  open: Alert,
  fix: MeasuredFix,
  close_reason: CloseReason,
  nowMs: number,
): EpisodeStep & { readonly alert: Alert } {
  const alert: Alert = { ...open, state: "closed", closed_at: fix.event.at, close_reason, expires_at: expiryOf(fix.event.ms, nowMs) };
  const deviationKm = close_reason === "route_changed" ? open.last_message_deviation_km : fix.deviationKm;
  const thresholdKm = close_reason === "route_changed" ? open.threshold_km : fix.thresholdKm;
  const message = toMessage("ROUTE_DEVIATION_CLEARED", alert, { ...fix, deviationKm, thresholdKm });
  return { alert, message: { ...message, close_reason }, changed: true };
}

/**
 * Seconds since 1970: 90 days after the closing. An alert reported so late that it would expire within a month expires 90 days from
 * now.
 */
const expiryOf = (closedMs: number, nowMs: number): number =>
  Math.floor(((closedMs + 60 * DAY_MS < nowMs ? nowMs : closedMs) + 90 * DAY_MS) / 1000);

const toMessage = (type: Message["type"], alert: Alert, fix: MeasuredFix): Message => ({
  id: hash([alert.alert_id, type, fix.event.ms, fix.event.id]).slice(0, 16),
  type,
  alert_id: alert.alert_id,
  opened_at: alert.timestamp,
  vehicle_id: fix.vehicleId,
  route_id: alert.route_id,
  driver_id: fix.driverId ?? alert.driver_id,
  deviation_km: fix.deviationKm,
  threshold_km: fix.thresholdKm,
  position: fix.position,
  timestamp: fix.event.at,
  leased_until_ms: 0,
  leased_by: "",
});
