import { createHash } from "node:crypto";

/**
 * Which event is it.
 *
 * Events are ordered by their times alone: an event is later than another only if its time is, so of different events
 * with the same time the first to arrive stands. Events with distinct times end in the same state in every order of
 * arrival; only between those that share a millisecond does the arrival decide.
 *
 * An event is its time and its id. Without an id the id is the hash of the operation, the payload and the time, so that
 * the same payload with the same time is the same event. Without a time the event's time is that of its arrival; a
 * retry arrives later, so the state remembers events without a time, and `recall` finds them again: by id, or, with
 * neither id nor time, when the call repeats the last event word for word within RETRY_WINDOW_MS. Beyond that window
 * it is news ("still here"). A client that needs certainty sends `event_id` and its own time.
 */
export interface EventIdentity {
  readonly id: string;
  /** The event's time, RFC 3339, as received. */
  readonly at: string;
  readonly ms: number;
  /** Hash of what the event says, its id and time aside. */
  readonly fingerprint: string;
  /** The call carried no time. */
  readonly timeless: boolean;
  /** The call carried no id. */
  readonly derived: boolean;
  /**
   * The invocation that brings it. The state keeps that of the event it applied, so that a write of our own whose answer was
   * lost, and which was therefore sent again, is known from another call with the same event.
   */
  readonly invocation: string;
}

/** What the state keeps of an event. */
export interface SeenEvent {
  readonly id: string;
  readonly at: string;
  readonly fingerprint: string;
}

export const RETRY_WINDOW_MS = 60_000;
/** How many events without a time an item remembers. */
export const REMEMBERED = 16;

export interface EventClaims {
  readonly operation: string;
  readonly eventId: string | undefined;
  readonly time: string | undefined;
  /** The payload, ids normalised, without its id and time. */
  readonly content: unknown;
  readonly invocation: string;
}

export function identify(claims: EventClaims, receivedAt: Date): EventIdentity {
  const at = claims.time ?? receivedAt.toISOString();
  const fingerprint = hash([claims.operation, claims.content]).slice(0, 16);
  return {
    id: claims.eventId ?? hash([claims.operation, claims.content, at]),
    at,
    ms: Date.parse(at),
    fingerprint,
    timeless: claims.time === undefined,
    derived: claims.eventId === undefined,
    invocation: claims.invocation,
  };
}

/** The identity that the event had when it came first, where the state remembers it. `lastId`: the last applied event. */
export function recall(event: EventIdentity, seen: readonly SeenEvent[], lastId: string | undefined): EventIdentity {
  if (!event.timeless) return event;
  const isRetry = (one: SeenEvent): boolean =>
    one.id === lastId && one.fingerprint === event.fingerprint && event.ms - Date.parse(one.at) < RETRY_WINDOW_MS;
  const known = seen.find((one) => (event.derived ? isRetry(one) : one.id === event.id));
  return known === undefined ? event : { ...event, id: known.id, at: known.at, ms: Date.parse(known.at) };
}

/** `seen` with the event, if it is one that a retry could not name by itself; oldest first, bounded. */
export function remember(seen: readonly SeenEvent[], event: EventIdentity): readonly SeenEvent[] {
  if (!event.timeless) return seen;
  return [...seen, { id: event.id, at: event.at, fingerprint: event.fingerprint }].slice(-REMEMBERED);
}

/** Hash of a JSON value that does not depend on the order of its fields; 32 hexadecimal digits. */
export function hash(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 32);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
