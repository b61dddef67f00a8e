import type { Alert, Fleet, Message } from "./state.ts";

/**
 * Sending messages at least once, and by one invocation at a time. A message is written into the outbox together with the
 * fix that caused it, under a lease of the invocation that will send it. Sent: it leaves the outbox. Not sent: the
 * lease is given back, and the vehicle's next call sends it. Died meanwhile: the lease runs out.
 */

/** One call sends no more than this; what is left goes with the next. */
const BATCH = 10;

export interface Lease {
  readonly state: Fleet;
  readonly messages: readonly Message[];
}

/**
 * Takes what nobody is sending, and what this invocation took already in a write whose answer was lost. `untilMs` lies
 * beyond the life of this invocation.
 */
export function lease(state: Fleet, invocation: string, nowMs: number, untilMs: number): Lease {
  const taken = new Set(
    state.outbox
      .filter((message) => message.leased_until_ms <= nowMs || message.leased_by === invocation)
      .slice(0, BATCH)
      .map((message) => message.id),
  );
  if (taken.size === 0) return { state, messages: [] };
  const outbox = state.outbox.map((message) =>
    taken.has(message.id) ? { ...message, leased_until_ms: untilMs, leased_by: invocation } : message,
  );
  return { state: { ...state, outbox }, messages: outbox.filter((message) => taken.has(message.id)) };
}

export interface Settlement {
  readonly state: Fleet;
  /** Alerts whose `notified_at` has changed. */
  readonly alerts: readonly Alert[];
}

/** After the attempt: what was sent leaves, what was not is free again. */
export function settle(state: Fleet, leased: readonly Message[], sentIds: ReadonlySet<string>, notifiedAt: string): Settlement {
  const own = new Set(leased.map((message) => message.id));
  const outbox = state.outbox
    .filter((message) => !sentIds.has(message.id))
    .map((message) => (own.has(message.id) ? { ...message, leased_until_ms: 0, leased_by: "" } : message));
  const told = new Set(leased.filter((message) => sentIds.has(message.id)).map((message) => message.alert_id));
  const alerts: Alert[] = [];
  const routes = Object.fromEntries(
    Object.entries(state.routes).map(([key, track]) => {
      if (track.alert === undefined || !told.has(track.alert.alert_id)) return [key, track];
      const alert = { ...track.alert, notified_at: notifiedAt };
      alerts.push(alert);
      return [key, { ...track, alert }];
    }),
  );
  return { state: { ...state, outbox, routes }, alerts };
}
