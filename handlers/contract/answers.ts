import * as z from "zod/mini";
import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
import { deliveryStatus, position } from "./schemas.ts";

export type { ErrorCode } from "./error-codes.ts";

/** What the API answers. Read by the OpenAPI document and by tests; the functions use the types alone. */

const text = z.string();
const maybeText = z.nullable(text);
const maybeNumber = z.nullable(z.number());
const time = z.iso.datetime();
const maybeTime = z.nullable(time);

/** `applied`: this call changed the state. `duplicate`: this event was here before. `raw_key`: its copy in the bucket. */
const receipt = { applied: z.boolean(), duplicate: z.boolean(), raw_key: text };

const delivery = {
  delivery_id: text,
  status: deliveryStatus,
  is_completed: z.boolean(),
  delivered_at: maybeTime,
  tracking_number: maybeText,
  updated_at: time,
};
export const deliveryAnswer = z.object(delivery);
export const deliveryUpdateAnswer = z.object({ ...delivery, ...receipt });

const arrival = {
  vehicle_id: text,
  recorded_at: time,
  remaining_distance_km: maybeNumber,
  distance_method: z.nullable(z.enum(["given", "route", "great_circle"])),
  average_speed_kmh: maybeNumber,
  speed_source: z.nullable(z.enum(["given", "tracked", "default"])),
  eta: maybeTime,
  eta_minutes: maybeNumber,
  eta_reason: z.nullable(z.enum(["stopped", "no_destination"])),
};
export const vehicleFixAnswer = z.object({ ...arrival, ...receipt });
export const vehicleAnswer = z.object({
  ...arrival,
  position,
  speed_kmh: maybeNumber,
  route_id: maybeText,
  delivery_id: maybeText,
});

const route = {
  route_id: text,
  name: maybeText,
  waypoint_count: z.int(),
  length_km: z.number(),
  threshold_km: maybeNumber,
  updated_at: time,
};
export const plannedRouteAnswer = z.object(route);
export const routeAnswer = z.object({ ...route, waypoints: z.array(position) });

export const routeFixAnswer = z.object({
  vehicle_id: text,
  route_id: maybeText,
  recorded_at: time,
  deviation_km: z.number(),
  threshold_km: z.number(),
  is_deviated: z.boolean(),
  nearest_point: position,
  alert: z.nullable(z.object({ alert_id: text, state: z.enum(["open", "closed"]), notified: z.boolean() })),
  ...receipt,
});

export const alertRecord = z.object({
  vehicle_id: text,
  timestamp: time,
  alert_id: text,
  type: z.literal("ROUTE_DEVIATION"),
  state: z.enum(["open", "closed"]),
  route_id: maybeText,
  driver_id: maybeText,
  deviation_km: z.number(),
  max_deviation_km: z.number(),
  threshold_km: z.number(),
  position,
  closed_at: maybeTime,
  notified_at: maybeTime,
});
export const alertsAnswer = z.object({ alerts: z.array(alertRecord), next: maybeText });

export const errorAnswer = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
    message: text,
    details: z.optional(z.array(z.object({ path: text, message: text }))),
    request_id: text,
  }),
});

export type DeliveryAnswer = z.infer<typeof deliveryAnswer>;
export type DeliveryUpdateAnswer = z.infer<typeof deliveryUpdateAnswer>;
export type VehicleFixAnswer = z.infer<typeof vehicleFixAnswer>;
export type VehicleAnswer = z.infer<typeof vehicleAnswer>;
export type PlannedRouteAnswer = z.infer<typeof plannedRouteAnswer>;
export type RouteAnswer = z.infer<typeof routeAnswer>;
export type RouteFixAnswer = z.infer<typeof routeFixAnswer>;
export type AlertRecord = z.infer<typeof alertRecord>;
export type AlertsAnswer = z.infer<typeof alertsAnswer>;
export type ErrorAnswer = z.infer<typeof errorAnswer>;
