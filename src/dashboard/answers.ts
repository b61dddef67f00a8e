import * as z from "zod";
import type { Alert, Route, Vehicle } from "./model.ts";

/**
 * Schemas of the API's answers, reduced to the members that the page shows: no other member reaches the browser. A member that an
 * older version of the API does not send is null.
 */
const text = z.string();
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const time = text.transform((value) => Date.parse(value));
const maybeNumber = maybe(z.number());
const maybeText = maybe(text);
const position = z.object({ lat: z.number(), lon: z.number() });

const vehicle = z
  .object({
    vehicle_id: text,
    position,
    state: z.enum(["moving", "stopped", "silent"]),
    recorded_at: time,
    speed_kmh: maybeNumber,
    average_speed_kmh: maybeNumber,
    heading_deg: maybeNumber,
    battery_percent: maybeNumber,
    route_id: maybeText,
    delivery_id: maybeText,
    eta: maybe(time),
    eta_reason: maybeText,
    remaining_distance_km: maybeNumber,
    progress: maybe(z.object({ along_km: z.number(), length_km: z.number() })),
  })
  .transform(
    (v): Vehicle => ({
      id: v.vehicle_id,
      ...v.position,
      state: v.state,
      at: v.recorded_at,
      speedKmh: v.speed_kmh,
      averageKmh: v.average_speed_kmh,
      headingDeg: v.heading_deg,
      batteryPercent: v.battery_percent,
      routeId: v.route_id,
      deliveryId: v.delivery_id,
      etaAt: v.eta,
      etaReason: v.eta_reason,
      remainingKm: v.remaining_distance_km,
      progress: v.progress && v.progress.length_km > 0 ? Math.min(1, v.progress.along_km / v.progress.length_km) : null,
    }),
  );
export const vehiclesPage = z
  .object({ vehicles: z.array(vehicle), next: maybeText })
  .transform(({ vehicles: items, next }) => ({ items, next }));

const alert = z
  .object({
    alert_id: text,
    vehicle_id: text,
    timestamp: time,
    route_id: maybeText,
    driver_id: maybeText,
    deviation_km: z.number(),
    max_deviation_km: z.number(),
    threshold_km: z.number(),
    position,
    silent: maybe(z.boolean()),
  })
  .transform(
    (a): Alert => ({
      id: a.alert_id,
      vehicleId: a.vehicle_id,
      ...a.position,
      openedAt: a.timestamp,
      routeId: a.route_id,
      driverId: a.driver_id,
      deviationKm: a.deviation_km,
      maxDeviationKm: a.max_deviation_km,
      thresholdKm: a.threshold_km,
      silent: a.silent === true,
    }),
  );
export const alertsPage = z.object({ alerts: z.array(alert), next: maybeText }).transform(({ alerts: items, next }) => ({ items, next }));

const delivery = z.object({ delivery_id: text, status: text, updated_at: time });
export type DeliverySeen = z.output<typeof delivery>;
export const deliveriesPage = z
  .object({ deliveries: z.array(delivery), next: maybeText })
  .transform(({ deliveries: items, next }) => ({ items, next }));

const FIVE_DECIMALS = 1e5;
const rounded = (degrees: number): number => Math.round(degrees * FIVE_DECIMALS) / FIVE_DECIMALS;
export const routeAnswer = z.object({ route_id: text, name: maybeText, length_km: z.number(), waypoints: z.array(position) }).transform(
  (r): Route => ({
    id: r.route_id,
    name: r.name,
    lengthKm: r.length_km,
    line: r.waypoints.flatMap(({ lat, lon }) => [rounded(lat), rounded(lon)]),
  }),
);
