import type { EventIdentity } from "./identity.ts";
import type { RawArea } from "./raw-copy.ts";

/**
 * Events whose raw copy was started and whose state is not written yet, with the time in the key of their copy. When such a call fails
 * and the client sends the event again with a new time, the copy is found here. The list is kept in the memory of the execution
 * environment. So another environment may write a second copy of the same event; both have the same event_id.
 */
export interface PendingEvents {
  /** The time of the copy, in ms. Undefined: none is pending, or the event has no id that identifies a retry. */
  find(area: RawArea, subject: string, event: EventIdentity): number | undefined;
  add(area: RawArea, subject: string, event: EventIdentity): void;
  /** Called when the state is durable: from then on the item remembers the event. */
  remove(area: RawArea, subject: string, event: EventIdentity): void;
}

const MOST = 5_000;

export function makePending(): PendingEvents {
  const times = new Map<string, number>();
  const pendingKey = (area: RawArea, subject: string, { id, fingerprint }: EventIdentity) => `${area}/${subject}/${id}/${fingerprint}`;
  return {
    find: (area, subject, event) => times.get(pendingKey(area, subject, event)),
    add(area, subject, event) {
      const key = pendingKey(area, subject, event);
      if (!times.has(key)) times.set(key, event.ms);
      const [oldest] = times.keys();
      if (times.size > MOST && oldest !== undefined) times.delete(oldest);
    },
    remove: (area, subject, event) => void times.delete(pendingKey(area, subject, event)),
  };
}
