import type { About, Alert, Deliveries, Feed, FeedName, Route, Traffic, Update, Vehicle } from "../model.ts";

/** The page's data. */
export interface Store {
  readonly vehicles: ReadonlyMap<string, Vehicle>;
  readonly alerts: readonly Alert[];
  /** Open deviations by vehicle. */
  readonly deviating: ReadonlyMap<string, Alert>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly feeds: ReadonlyMap<FeedName, Feed>;
  readonly about: About | undefined;
  readonly deliveries: Deliveries | undefined;
  readonly traffic: Traffic | undefined;
  apply(update: Update): void;
}

export function makeStore(): Store {
  const vehicles = new Map<string, Vehicle>();
  const routes = new Map<string, Route>();
  const feeds = new Map<FeedName, Feed>();
  const deviating = new Map<string, Alert>();
  const known: { alerts: readonly Alert[]; about?: About; deliveries?: Deliveries; traffic?: Traffic } = { alerts: [] };
  return {
    vehicles,
    routes,
    feeds,
    deviating,
    get alerts() {
      return known.alerts;
    },
    get about() {
      return known.about;
    },
    get deliveries() {
      return known.deliveries;
    },
    get traffic() {
      return known.traffic;
    },
    apply({ full, gone = [], vehicles: changed = [], routes: newRoutes = [], feeds: newFeeds = [], ...rest }) {
      if (full) for (const map of [vehicles, routes]) map.clear();
      for (const vehicle of changed) vehicles.set(vehicle.id, vehicle);
      for (const id of gone) vehicles.delete(id);
      for (const route of newRoutes) routes.set(route.id, route);
      for (const feed of newFeeds) feeds.set(feed.name, feed);
      const { alerts, about, deliveries, traffic } = rest;
      if (alerts) {
        known.alerts = alerts;
        deviating.clear();
        for (const alert of alerts) deviating.set(alert.vehicleId, alert);
      }
      Object.assign(known, about && { about }, deliveries && { deliveries }, traffic && { traffic });
    },
  };
}
