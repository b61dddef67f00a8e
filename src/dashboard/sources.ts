import type * as z from "zod";
import { alertsPage, vehiclesPage } from "./answers.ts";
import type { Get } from "./api.ts";
import { deliveryCounter } from "./deliveries.ts";
import type { Source } from "./feeds.ts";
import type { Fleet } from "./fleet.ts";
import type { Traffic, Update } from "./model.ts";
import { routeReader } from "./planned-routes.ts";

const VEHICLES_EVERY_MS = 3_000;
const ALERTS_EVERY_MS = 4_000;
const ROUTES_EVERY_MS = 5_000;
const DELIVERIES_EVERY_MS = 20_000;
/** CloudWatch has one data point per minute. */
const TRAFFIC_EVERY_MS = 30_000;
const MOST_PAGES = 100;

interface SourcesOptions {
  readonly get: Get;
  readonly traffic: () => Promise<Traffic>;
  readonly fleet: Fleet;
  readonly send: (update: Update) => void;
  readonly now: () => number;
}

/** The page's sources with their intervals. Each sends an update when its data has changed. */
export function sourcesOf({ get, traffic, fleet, send, now }: SourcesOptions): readonly Source[] {
  const sendIfChanged = (update: Update | undefined) => {
    if (update) send(update);
  };
  const count = deliveryCounter(get, now);
  const readRoutes = routeReader(get, now);
  return [
    {
      name: "vehicles",
      everyMs: VEHICLES_EVERY_MS,
      read: async () => sendIfChanged(fleet.setVehicles(await everyPage(get, "/vehicle?limit=200", vehiclesPage))),
    },
    {
      name: "alerts",
      everyMs: ALERTS_EVERY_MS,
      read: async () => sendIfChanged(fleet.setAlerts(await everyPage(get, "/alert?state=open&limit=100", alertsPage))),
    },
    { name: "routes", everyMs: ROUTES_EVERY_MS, read: () => readRoutes(fleet.routeIds(), (route) => sendIfChanged(fleet.addRoute(route))) },
    { name: "deliveries", everyMs: DELIVERIES_EVERY_MS, read: async () => sendIfChanged(fleet.setDeliveries(await count())) },
    { name: "traffic", everyMs: TRAFFIC_EVERY_MS, read: async () => sendIfChanged(fleet.setTraffic(await traffic())) },
  ];
}

type Page<T> = z.ZodType<{ items: T[]; next: string | null }>;
async function everyPage<T>(get: Get, path: string, schema: Page<T>): Promise<readonly T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const from: string = cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`;
    const { items, next } = await get(from, schema);
    all.push(...items);
    if (next === null) break;
    cursor = next;
  }
  return all;
}
