import type { Context } from "./context.ts";
import { byId } from "./dom.ts";

/** A screen reader is told of deviations and of the connection, and of nothing that merely moves. */
export interface Announcer {
  /** After an update: deviations that are new or over. */
  alerts(context: Context): void;
  say(text: string): void;
}

/** Messages that come close together are read as one. */
const TOGETHER_MS = 1_500;

export function makeAnnouncer(): Announcer {
  let known: ReadonlyMap<string, string> | undefined;
  let waiting: string[] = [];
  const say = (text: string) => {
    if (waiting.push(text) > 1) return;
    setTimeout(() => {
      byId("announcer").textContent = waiting.join(" ");
      waiting = [];
    }, TOGETHER_MS);
  };
  return {
    say,
    alerts({ store, say: word, format }) {
      if (!store.feeds.get("alerts")?.answeredAt && store.alerts.length === 0) return;
      const before = known;
      known = new Map(store.alerts.map(({ id, vehicleId }) => [id, vehicleId]));
      if (!before) return;
      const [first, ...others] = store.alerts.filter(({ id }) => !before.has(id));
      if (first) say(word("alertOpened", { vehicle: first.vehicleId, km: format.km(first.deviationKm) }));
      if (others.length > 0) say(word("alertsOpened", { count: others.length }));
      for (const [id, vehicle] of before) if (!known.has(id)) say(word("alertClosed", { vehicle }));
    },
  };
}
