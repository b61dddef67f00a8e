import * as z from "zod/mini";
import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
import { deliveryStatus, position, vehicleState } from "./schemas.ts";

/** The answers of the API. The OpenAPI document and tests use the schemas; the functions use only the types. */

const text = z.string();
const maybeText = z.nullable(text);
const maybeNumber = z.nullable(z.number());
const time = z.iso.datetime();
const maybeTime = z.nullable(time);

const errorDetails = z.object({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: text,
  details: z.optional(z.array(z.object({ path: text, message: text }))),
  request_id: text,
});
export const errorAnswer = z.object({ error: errorDetails });

/**
 * `applied`: this call changed the state. `reason`: why it did not, null for a duplicate. `duplicate`: an earlier call sent the same
 * event. `time_source`: `server` when the event counts with its time of receipt. `raw_key`: key of its copy in the bucket.
 */
const receipt = <R extends readonly [string, ...string[]]>(reasons: R) => ({
  applied: z.boolean(),
  reason: z.nullable(z.enum(reasons)),
  duplicate: z.boolean(),
  time_source: z.enum(["client", "server"]),
  raw_key: text,
});
/** A batch's answer: one result for each event, in the order sent. */
const batchOf = <T extends z.core.$ZodShape>(shape: T) =>
  z.object({
    accepted: z.int(),
    failed: z.int(),
    results: z.array(z.union([z.object({ status: z.literal(200), ...shape }), z.object({ status: z.int(), error: errorDetails })])),
  });

const delivery = {
  delivery_id: text,
  status: deliveryStatus,
  is_completed: z.boolean(),
  delivered_at: maybeTime,
  tracking_number: maybeText,
  updated_at: time,
};
const known = {
  ...delivery,
  driver_id: maybeText,
  vehicle_id: maybeText,
  route_id: maybeText,
  position: z.nullable(position),
  recipient_signature: z.nullable(z.boolean()),
  recipient_name: maybeText,
  scheduled_at: maybeTime,
  notes: maybeText,
  event_id: text,
};
export const deliveryAnswer = z.object(known);
export const deliveriesAnswer = z.object({ deliveries: z.array(z.object(known)), next: maybeText });
const updateShape = { ...delivery, ...receipt(["late", "final"]) };
export const deliveryUpdateAnswer = z.object(updateShape);

const arrival = {
  vehicle_id: text,
  recorded_at: time,
  remaining_distance_km: maybeNumber,
  distance_method: z.nullable(z.enum(["given", "route", "off_route", "great_circle"])),
  average_speed_kmh: maybeNumber,
  speed_source: z.nullable(z.enum(["given", "tracked", "default"])),
  eta: maybeTime,
  eta_minutes: maybeNumber,
};
const fixShape = {
  ...arrival,
  eta_reason: z.nullable(z.enum(["stopped", "no_destination", "route_not_found"])),
  ...receipt(["late", "implausible"]),
};
export const vehicleFixAnswer = z.object(fixShape);
/** Progress on the planned route: `along_km` from its start, of `length_km`; `off_route_km` is how far the vehicle is from it. */
const progress = z.object({ route_id: text, along_km: z.number(), length_km: z.number(), off_route_km: z.number() });
const vehicle = {
  ...arrival,
  eta_reason: z.nullable(z.enum(["stopped", "no_destination", "route_not_found", "silent"])),
  position,
  speed_kmh: maybeNumber,
  accuracy_m: maybeNumber,
  heading_deg: maybeNumber,
  altitude_m: maybeNumber,
  battery_percent: maybeNumber,
  route_id: maybeText,
  delivery_id: maybeText,
  progress: z.nullable(progress),
  state: vehicleState,
  silent: z.boolean(),
};
export const vehicleAnswer = z.object(vehicle);
export const vehiclesAnswer = z.object({ vehicles: z.array(z.object(vehicle)), next: maybeText });

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

const routeFixShape = {
  vehicle_id: text,
  route_id: maybeText,
  recorded_at: time,
  deviation_km: z.number(),
  threshold_km: z.number(),
  is_deviated: z.boolean(),
  nearest_point: position,
  alert: z.nullable(z.object({ alert_id: text, state: z.enum(["open", "closed"]), notified: z.boolean() })),
  ...receipt(["late", "implausible"]),
};
export const routeFixAnswer = z.object(routeFixShape);

/** In a batch `status` is the HTTP status. The status of the delivery is called `delivery_status` there. */
const { status: _, ...updateResult } = updateShape;
export const deliveryBatchAnswer = batchOf({ ...updateResult, delivery_status: deliveryStatus });
export const vehicleBatchAnswer = batchOf(fixShape);
export const routeBatchAnswer = batchOf(routeFixShape);

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
  close_reason: z.nullable(z.enum(["back_on_route", "route_changed"])),
  notified_at: maybeTime,
  /** True for an open alert of a vehicle that has sent nothing for a while. */
  silent: z.boolean(),
});
export const alertsAnswer = z.object({ alerts: z.array(alertRecord), next: maybeText });

export type DeliveryAnswer = z.infer<typeof deliveryAnswer>;
export type DeliverySummary = Pick<DeliveryAnswer, keyof typeof delivery>;
export type DeliveriesAnswer = z.infer<typeof deliveriesAnswer>;
export type DeliveryUpdateAnswer = z.infer<typeof deliveryUpdateAnswer>;
export type VehicleFixAnswer = z.infer<typeof vehicleFixAnswer>;
export type VehicleAnswer = z.infer<typeof vehicleAnswer>;
export type VehiclesAnswer = z.infer<typeof vehiclesAnswer>;
export type PlannedRouteAnswer = z.infer<typeof plannedRouteAnswer>;
export type RouteAnswer = z.infer<typeof routeAnswer>;
export type RouteFixAnswer = z.infer<typeof routeFixAnswer>;
export type AlertRecord = z.infer<typeof alertRecord>;
export type AlertsAnswer = z.infer<typeof alertsAnswer>;
export type ErrorAnswer = z.infer<typeof errorAnswer>;
