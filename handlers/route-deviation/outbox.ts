import type { DeviationState, Message } from "./state.ts";

/**
 * Sending messages at least once, and by one invocation at a time. A message is written into the outbox together with the
 * fix that caused it, under a lease of the invocation that will send it. Sent: it leaves the outbox. Not sent: the
 * lease is given back, and the vehicle's next call sends it. Died meanwhile: the lease runs out.
 */

/** One call sends no more than this; what is left goes with the next. */
const BATCH = 10;

export interface Lease {
  readonly state: DeviationState;
  readonly messages: readonly Message[];
}

/**
 * Takes what nobody is sending, and what this invocation took already in a write whose answer was lost. `untilMs` lies
 * beyond the life of this invocation.
 */
export function lease(state: DeviationState, invocation: string, nowMs: number, untilMs: number): Lease {
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
  readonly state: DeviationState;
  /** Alerts of which SNS has taken a message. */
  readonly told: readonly ToldAlert[];
}
export interface ToldAlert {
  readonly alert_id: string;
  /** Its sort key. */
  readonly timestamp: string;
}

/** After the attempt: what was sent leaves, what was not is free again. */
export function settle(state: DeviationState, leased: readonly Message[], sentIds: ReadonlySet<string>, notifiedAt: string): Settlement {
  const own = new Set(leased.map((message) => message.id));
  const outbox = state.outbox
    .filter((message) => !sentIds.has(message.id))
    .map((message) => (own.has(message.id) ? { ...message, leased_until_ms: 0, leased_by: "" } : message));
  const sent = leased.filter((message) => sentIds.has(message.id));
  const told = new Map(sent.flatMap(({ alert_id, opened_at }) => (opened_at === undefined ? [] : [[alert_id, opened_at] as const])));
  const alert = state.alert !== undefined && told.has(state.alert.alert_id) ? { ...state.alert, notified_at: notifiedAt } : state.alert;
  return { state: { ...state, outbox, alert }, told: [...told].map(([alert_id, timestamp]) => ({ alert_id, timestamp })) };
}

/** How many messages wait for SNS; beyond them the oldest are given up. Their alerts stay, without `notified_at`. */
const UNSENT_MESSAGES = 50;

/** The outbox with these at its end. A message that could not be sent yet gives way to a newer one that says the same of the same alert. */
export function enqueue(outbox: readonly Message[], messages: readonly Message[]) {
  const queue = messages.reduce<readonly Message[]>((waiting, message) => {
    const isSuperseded = (one: Message): boolean =>
      one.alert_id === message.alert_id && one.type === message.type && one.leased_until_ms === 0;
    return [...waiting.filter((one) => !isSuperseded(one)), message];
  }, outbox);
  return { queue: queue.slice(-UNSENT_MESSAGES), givenUp: queue.slice(0, -UNSENT_MESSAGES) };
}
