import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { along, lengthKm, offsetBy, ROADS } from "../../src/simulate/geography.ts";

/**
 * An API with an invented fleet, for the benchmark and the screenshots. Every vehicle has moved at each call. The same number of vehicles
 * gives the same fleet; nothing is random.
 */
export interface InventedFleet {
  readonly url: string;
  /** Calls so far, by path. */
  readonly calls: Map<string, number>;
  close(): void;
}
interface Settings {
  readonly vehicles: number;
  readonly deviating: number;
  readonly silent: number;
  /** Factor by which the vehicles are faster than real ones. */
  readonly speedup: number;
}

const PAGE = 200;
const PER_MINUTE = 60_000;
const DELIVERIES = { pending: 41, assigned: 63, in_transit: 128, delivered: 874, failed: 19, returned: 7, cancelled: 3 };

export async function inventFleet(settings: Settings): Promise<InventedFleet> {
  const began = Date.now();
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    calls.set(pathname, (calls.get(pathname) ?? 0) + 1);
    const body = answer(settings, pathname, searchParams, Date.now() - began);
    response.writeHead(body ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(settings: Settings, path: string, query: URLSearchParams, elapsedMs: number): unknown {
  const indexes = Array.from({ length: settings.vehicles }, (_, i) => i);
  if (path === "/vehicle") {
    const from = Number(query.get("cursor") ?? 0);
    const next = from + PAGE < settings.vehicles ? String(from + PAGE) : null;
    return { vehicles: indexes.slice(from, from + PAGE).map((i) => vehicle(i, settings, elapsedMs)), next };
  }
  if (path === "/alert") return { alerts: indexes.slice(0, settings.deviating).map((i) => alert(i, settings, elapsedMs)), next: null };
  if (path === "/delivery") return deliveries(query.get("status") ?? "", Number(query.get("cursor") ?? 0));
  const road = ROADS.find(({ id }) => path === `/route/${id}`);
  return road && { route_id: road.id, name: road.name, length_km: lengthKm(road), waypoints: road.waypoints };
}

const idOf = (i: number) => `V-${String(101 + i)}`;
const roadOf = (i: number) => ROADS[i % ROADS.length] as (typeof ROADS)[number];
/** One in seven vehicles stands, counted from the end. The first ones deviate, and the last ones are silent. */
function stateOf(i: number, { vehicles, deviating, silent }: Settings) {
  if (i >= vehicles - silent) return "silent";
  return i >= deviating && i % 7 === 3 && vehicles < 1000 ? "stopped" : "moving";
}
function placeOf(i: number, settings: Settings, elapsedMs: number) {
  const road = roadOf(i);
  const length = lengthKm(road);
  const drivenKm = stateOf(i, settings) === "moving" ? ((elapsedMs / 3_600_000) * 55 * settings.speedup) % length : 0;
  const km = (((i * 0.61803) % 1) * length + drivenKm) % length;
  const { position, across } = along(road, km);
  if (i >= settings.deviating) return { position: offsetBy(position, (i % 5) * 0.3 - 0.6, (i % 3) * 0.3 - 0.3), km, length };
  const far = 0.1 + 0.05 * (i % 3);
  return { position: { lat: position.lat + across.lat * far, lon: position.lon + across.lon * far }, km, length };
}
function vehicle(i: number, settings: Settings, elapsedMs: number) {
  const state = stateOf(i, settings);
  const { position, km, length } = placeOf(i, settings, elapsedMs);
  const ageMs = state === "silent" ? (22 + 17 * (settings.vehicles - i)) * PER_MINUTE : (i % 9) * 1_300;
  return {
    vehicle_id: idOf(i),
    position,
    state,
    recorded_at: new Date(Date.now() - ageMs).toISOString(),
    speed_kmh: state === "moving" ? 38 + ((i * 7) % 34) : 0,
    average_speed_kmh: 47,
    battery_percent: 35 + ((i * 13) % 60),
    route_id: roadOf(i).id,
    delivery_id: `D-${4200 + i}`,
    eta: state === "moving" ? new Date(Date.now() + ((length - km) / 47) * 3_600_000).toISOString() : null,
    eta_reason: state === "moving" ? null : state,
    remaining_distance_km: length - km,
    progress: { along_km: km, length_km: length },
  };
}
function alert(i: number, settings: Settings, elapsedMs: number) {
  const { position } = placeOf(i, settings, elapsedMs);
  const deviation = 11 + 5.5 * (i % 3);
  return {
    alert_id: `A-${i}`,
    vehicle_id: idOf(i),
    timestamp: new Date(Date.now() - (4 + 9 * i) * PER_MINUTE).toISOString(),
    route_id: roadOf(i).id,
    driver_id: `C-${44 + i}`,
    deviation_km: deviation,
    max_deviation_km: deviation + 1.2,
    threshold_km: 2,
    position,
    silent: false,
  };
}
function deliveries(status: string, from: number) {
  const count = DELIVERIES[status as keyof typeof DELIVERIES] ?? 0;
  const updated_at = new Date(Date.now() - PER_MINUTE).toISOString();
  const page = Array.from({ length: Math.min(100, count - from) }, (_, i) => ({
    delivery_id: `${status}-${from + i}`,
    status,
    updated_at,
  }));
  return { deliveries: page, next: from + 100 < count ? String(from + 100) : null };
}
