import type { Context } from "./context.ts";
import { byId } from "./dom.ts";

/** Announces deviations and the state of the connection to screen readers. It does not announce movements. */
export interface Announcer {
  /** Announces deviations that have opened or closed since the last call. */
  alerts(context: Context): void;
  say(text: string): void;
}

/** Messages within this time are joined into one announcement. */
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
