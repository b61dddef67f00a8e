import { createHash } from "node:crypto";
import { findEvent, type Memory, markOf, type RememberedEvent } from "./memory.ts";

/**
 * The identity of an event: its id within its delivery or vehicle. The time is not part of it, because phones write a new time into a
 * retry. The first call with an id decides the event's time.
 *
 * Without an id, the id is the hash of operation, payload and time: the same payload with the same time is the same event. With neither
 * id nor time, a call that repeats the last event exactly within RETRY_WINDOW_MS is its retry; later it is a new event ("still here").
 * A client that needs certainty sends `event_id`.
 */
export interface EventIdentity {
  readonly id: string;
  /** The event's time, RFC 3339 in UTC. */
  readonly at: string;
  /** The same in ms since 1970. */
  readonly ms: number;
  /** Hash of the event's content without its id and time: 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** `server`: the call had no time, or one from a wrong clock, and the event counts with its time of receipt. */
  readonly timeSource: "client" | "server";
  /** The call had neither id nor time. */
  readonly anonymous: boolean;
  /**
   * The invocation that received the event. The item keeps the invocation of its last write. So a write that was repeated because its
   * answer was lost is not mistaken for another call with the same event.
   */
  readonly invocation: string;
}

export const RETRY_WINDOW_MS = 60_000;
/** A time further ahead of the server's clock than this comes from a wrong clock. */
export const CLOCK_TOLERANCE_MS = 120_000;

export interface EventClaims {
  readonly operation: string;
  readonly eventId: string | undefined;
  /** RFC 3339 in UTC. */
  readonly time: string | undefined;
  /** The payload, ids normalised, without its id and time. */
  readonly content: unknown;
  readonly invocation: string;
}

export function identify(claims: EventClaims, receivedAt: Date): EventIdentity {
  const { time, eventId } = claims;
  const isTrusted = time !== undefined && Date.parse(time) - receivedAt.getTime() <= CLOCK_TOLERANCE_MS;
  const at = isTrusted ? time : receivedAt.toISOString();
  return {
    id: eventId ?? derivedId(claims.operation, claims.content, time ?? at),
    at,
    ms: Date.parse(at),
    fingerprint: hash([claims.operation, claims.content]).slice(0, 16),
    timeSource: isTrusted ? "client" : "server",
    anonymous: eventId === undefined && time === undefined,
    invocation: claims.invocation,
  };
}

/** An event, compared with the remembered ones. */
export interface RecalledEvent {
  readonly event: EventIdentity;
  /** Its entry in the memory of its delivery or vehicle. Undefined: no remembered call with this event was completed. */
  readonly rememberedEvent: RememberedEvent | undefined;
}

/** The event with the time of its first call, where that call is remembered. */
export function recall(event: EventIdentity, memory: Memory, content: unknown, operation: string): RecalledEvent {
  const rememberedEvent = event.anonymous ? lastIfRetried(event, memory) : findEvent(memory, event.id);
  if (rememberedEvent === undefined) return { event, rememberedEvent };
  const first = withTime(event, rememberedEvent.ms);
  return { event: event.anonymous ? { ...first, id: derivedId(operation, content, first.at) } : first, rememberedEvent };
}

function lastIfRetried(event: EventIdentity, memory: Memory): RememberedEvent | undefined {
  const last = memory.at(-1);
  return last !== undefined && last.mark === markOf(event.fingerprint) && event.ms - last.ms < RETRY_WINDOW_MS ? last : undefined;
}

/** The event with another time. A time that is equal to the millisecond stays as it was written. */
export const withTime = (event: EventIdentity, ms: number): EventIdentity =>
  event.ms === ms ? event : { ...event, ms, at: new Date(ms).toISOString() };

const derivedId = (operation: string, content: unknown, time: string): string => hash([operation, content, time]);

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
