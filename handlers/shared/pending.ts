import type { EventIdentity } from "./identity.ts";
import type { RawArea } from "./raw-copy.ts";

/**
 * Events whose raw copy was begun and whose state is not written yet, with the time that their copy has. If such a call fails
 * and the client sends the event again with a new time, this finds the copy. It lives in the memory of the execution environment, so
 * another environment may write a second copy of the same event; its event_id tells that it is one.
 */
export interface PendingEvents {
  /** The time of the copy, in ms; undefined when none is pending, or the event has no id by which a retry could be known. */
  find(area: RawArea, subject: string, event: EventIdentity): number | undefined;
  add(area: RawArea, subject: string, event: EventIdentity): void;
  /** The state is durable: from here on the item remembers. */
  settle(area: RawArea, subject: string, event: EventIdentity): void;
}

const MOST = 5_000;

export function makePending(): PendingEvents {
  const times = new Map<string, number>();
  const keyOf = (area: RawArea, subject: string, { id, fingerprint }: EventIdentity) => `${area}/${subject}/${id}/${fingerprint}`;
  return {
    find: (area, subject, event) => times.get(keyOf(area, subject, event)),
    add(area, subject, event) {
      const key = keyOf(area, subject, event);
      if (!times.has(key)) times.set(key, event.ms);
      const [oldest] = times.keys();
      if (times.size > MOST && oldest !== undefined) times.delete(oldest);
    },
    settle: (area, subject, event) => void times.delete(keyOf(area, subject, event)),
  };
}
