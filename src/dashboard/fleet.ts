import type { About, Alert, Deliveries, Feed, Route, Traffic, Update, Vehicle } from "./model.ts";

/** State of the fleet. Each setter returns the update to send to the pages, or undefined when nothing has changed. */
export interface Fleet {
  setVehicles(vehicles: readonly Vehicle[]): Update | undefined;
  setAlerts(alerts: readonly Alert[]): Update | undefined;
  addRoute(route: Route): Update | undefined;
  setDeliveries(deliveries: Deliveries): Update | undefined;
  setTraffic(traffic: Traffic): Update | undefined;
  setFeed(feed: Feed): Update;
  /** Ids of the routes of alerts, then of vehicles. */
  routeIds(): readonly string[];
  snapshot(): Update;
}

export function makeFleet(about: About, now: () => number): Fleet {
  const vehicles = new Map<string, { readonly vehicle: Vehicle; readonly text: string }>();
  const routes = new Map<string, Route>();
  let alerts: readonly Alert[] | undefined;
  const feeds = new Map<string, Feed>();
  let hasVehicles = false;
  let rest: Pick<Update, "deliveries" | "traffic"> = {};
  const set = <Name extends keyof typeof rest>(name: Name, value: NonNullable<(typeof rest)[Name]>): Update | undefined => {
    if (JSON.stringify(rest[name]) === JSON.stringify(value)) return undefined;
    rest = { ...rest, [name]: value };
    return { now: now(), [name]: value };
  };
  return {
    setVehicles(list) {
      const isFirst = !hasVehicles;
      hasVehicles = true;
      const changed = list.filter((vehicle) => {
        const text = JSON.stringify(vehicle);
        if (vehicles.get(vehicle.id)?.text === text) return false;
        vehicles.set(vehicle.id, { vehicle, text });
        return true;
      });
      const listedIds = new Set(list.map(({ id }) => id));
      const removed = [...vehicles.keys()].filter((id) => !listedIds.has(id));
      for (const id of removed) vehicles.delete(id);
      if (changed.length === 0 && removed.length === 0 && !isFirst) return undefined;
      return { now: now(), vehicles: changed, gone: removed.length > 0 ? removed : undefined };
    },
    setAlerts(list) {
      if (alerts !== undefined && JSON.stringify(alerts) === JSON.stringify(list)) return undefined;
      alerts = list;
      return { now: now(), alerts };
    },
    addRoute(route) {
      if (JSON.stringify(routes.get(route.id)) === JSON.stringify(route)) return undefined;
      routes.set(route.id, route);
      return { now: now(), routes: [route] };
    },
    setDeliveries: (deliveries) => set("deliveries", deliveries),
    setTraffic: (traffic) => set("traffic", traffic),
    setFeed(feed) {
      feeds.set(feed.name, feed);
      return { now: now(), feeds: [feed] };
    },
    routeIds() {
      const routeIds = [...(alerts ?? []), ...[...vehicles.values()].map(({ vehicle }) => vehicle)].map(({ routeId }) => routeId);
      return [...new Set(routeIds.filter((id) => id !== null))];
    },
    snapshot: () => ({
      now: now(),
      full: true,
      about,
      vehicles: [...vehicles.values()].map(({ vehicle }) => vehicle),
      alerts,
      routes: [...routes.values()],
      ...rest,
      feeds: [...feeds.values()],
    }),
  };
}
