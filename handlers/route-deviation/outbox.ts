import type { DeviationState, Message } from "./state.ts";

/**
 * Sends each message at least once, and from one invocation at a time. A message is written into the outbox together with the fix that
 * caused it, under a lease of the invocation that will send it. When SNS accepts it, it is removed. When SNS refuses it, the lease is
 * released and the vehicle's next call sends it. When the invocation dies, the lease expires.
 */

/** The largest number of messages that one call sends. The next call sends the rest. */
const BATCH = 10;

export interface Lease {
  readonly state: DeviationState;
  readonly messages: readonly Message[];
}

/**
 * Leases the messages that no other invocation is sending. It includes messages that this invocation leased in a write whose answer was
 * lost. `untilMs` must be later than the end of this invocation.
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

export interface OutboxUpdate {
  readonly state: DeviationState;
  /** Alerts for which SNS accepted a message. */
  readonly notified: readonly NotifiedAlert[];
}
export interface NotifiedAlert {
  readonly alert_id: string;
  /** Its sort key. */
  readonly timestamp: string;
}

/** The state after sending: sent messages are removed, the leases of the others are released. */
export function recordSent(
  state: DeviationState,
  leased: readonly Message[],
  sentIds: ReadonlySet<string>,
  notifiedAt: string,
): OutboxUpdate {
  const own = new Set(leased.map((message) => message.id));
  const outbox = state.outbox
    .filter((message) => !sentIds.has(message.id))
    .map((message) => (own.has(message.id) ? { ...message, leased_until_ms: 0, leased_by: "" } : message));
  const sent = leased.filter((message) => sentIds.has(message.id));
  const notified = new Map(sent.flatMap(({ alert_id, opened_at }) => (opened_at === undefined ? [] : [[alert_id, opened_at] as const])));
  const alert = state.alert !== undefined && notified.has(state.alert.alert_id) ? { ...state.alert, notified_at: notifiedAt } : state.alert;
  return { state: { ...state, outbox, alert }, notified: [...notified].map(([alert_id, timestamp]) => ({ alert_id, timestamp })) };
}

/**
 * The largest number of messages that wait for SNS. When there are more, the oldest are dropped. Their alerts stay, without `notified_at`.
 */
const UNSENT_MESSAGES = 50;

/** Appends the messages to the outbox. An unsent message is replaced by a newer one of the same type and alert. */
export function enqueue(outbox: readonly Message[], messages: readonly Message[]) {
  const queue = messages.reduce<readonly Message[]>((waiting, message) => {
    const isSuperseded = (one: Message): boolean =>
      one.alert_id === message.alert_id && one.type === message.type && one.leased_until_ms === 0;
    return [...waiting.filter((one) => !isSuperseded(one)), message];
  }, outbox);
  return { queue: queue.slice(-UNSENT_MESSAGES), givenUp: queue.slice(0, -UNSENT_MESSAGES) };
}
