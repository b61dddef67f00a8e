import * as z from "zod/mini";

/**
 * What the API takes in. One source for three readers: the functions check calls with it, the OpenAPI document is
 * generated from it (`z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", unrepresentable: "any" })`), and
 * the TypeScript types are inferred from it. Written with `zod/mini`: it is bundled into every function.
 */

const ID_TEXT = /^[A-Za-z0-9._:-]{1,64}$/;
const ID_RULE = "Must be 1–64 characters of A–Z a–z 0–9 . _ : - or an integer.";
const TIME_RULE = "Must be an RFC 3339 time in UTC, ending in Z, such as 2026-03-01T14:05:00Z.";

const described = <T extends z.core.$ZodType>(schema: T, description: string): T => {
  z.globalRegistry.add(schema, { description });
  return schema;
};

const bounded = (minimum: number, maximum: number, description: string) =>
  described(z.number().check(z.minimum(minimum), z.maximum(maximum)), description);

/** An id; an integer becomes its decimal string. */
export const makeId = (description: string) =>
  described(
    z.pipe(
      z.union([z.string().check(z.regex(ID_TEXT, { error: ID_RULE })), z.number().check(z.int({ error: ID_RULE }))], { error: ID_RULE }),
      z.transform((id: string | number) => String(id)),
    ),
    description,
  );

const makeTime = (description: string) => described(z.iso.datetime({ error: TIME_RULE }).check(z.maxLength(40)), description);

const makePosition = (description: string) =>
  described(
    z.strictObject({
      lat: bounded(-90, 90, "Latitude in degrees, north positive (WGS 84)."),
      lon: bounded(-180, 180, "Longitude in degrees, east positive (WGS 84)."),
    }),
    description,
  );
export const position = makePosition("A position.");

const polyline = (description: string) => described(z.array(position).check(z.minLength(2), z.maxLength(2000)), description);

const eventId = makeId(
  "The client's idempotency key: the same event sent again changes nothing. Without it one is derived from the payload.",
);

/** Half a surrogate pair is no text: DynamoDB refuses it. */
const makeText = (minimum: number, maximum: number, description: string) =>
  described(
    z.string().check(
      z.minLength(minimum),
      z.maxLength(maximum),
      z.refine((text) => !/\p{Surrogate}/u.test(text), { error: "Must be valid Unicode." }),
    ),
    description,
  );

const thresholdKm = (description: string) => described(z.number().check(z.positive(), z.maximum(1000)), description);

export const DELIVERY_STATUSES = ["pending", "assigned", "in_transit", "delivered", "failed", "returned", "cancelled"] as const;
export const deliveryStatus = described(z.enum(DELIVERY_STATUSES), "Where the delivery stands.");

export const deliveryUpdate = z.strictObject({
  delivery_id: makeId("The delivery."),
  status: deliveryStatus,
  occurred_at: z.optional(makeTime("When it happened; the order of updates follows it. Default: when the call arrives.")),
  event_id: z.optional(eventId),
  tracking_number: z.optional(makeId("The number the customer tracks the parcel with.")),
  driver_id: z.optional(makeId("Who drives.")),
  vehicle_id: z.optional(makeId("The vehicle that carries it.")),
  route_id: z.optional(makeId("The planned route it is on.")),
  position: z.optional(makePosition("Where it happened.")),
  recipient_signature: z.optional(described(z.boolean(), "Whether the recipient signed.")),
  notes: z.optional(makeText(0, 1000, "Free text of the driver.")),
});

export const vehicleFix = z.strictObject({
  vehicle_id: makeId("The vehicle."),
  position: makePosition("Where the vehicle was."),
  recorded_at: z.optional(makeTime("When the fix was taken. Default: when the call arrives.")),
  event_id: z.optional(eventId),
  speed_kmh: z.optional(bounded(0, 1000, "Speed at this moment, km/h.")),
  average_speed_kmh: z.optional(bounded(0, 1000, "Average speed to count with, km/h; it goes before what was tracked.")),
  destination: z.optional(makePosition("Where the vehicle is going; the distance is that of the great circle.")),
  remaining_distance_km: z.optional(bounded(0, 100_000, "Distance still to drive, km; it goes before what is calculated.")),
  route_id: z.optional(makeId("The planned route; the distance is taken along it.")),
  delivery_id: z.optional(makeId("The delivery the vehicle is on its way to.")),
});

export const plannedRoute = z.strictObject({
  waypoints: polyline("The route's positions in driving order."),
  name: z.optional(makeText(1, 200, "A name for people.")),
  threshold_km: z.optional(thresholdKm("How far from the route counts as deviated, km. Default: as configured.")),
});

const routeFixFields = z.strictObject({
  vehicle_id: makeId("The vehicle."),
  position: makePosition("Where the vehicle was."),
  route_id: z.optional(makeId("The planned route; this or `planned_route` is required.")),
  planned_route: z.optional(polyline("The route itself, where it is not stored; it goes before the stored one.")),
  driver_id: z.optional(makeId("Who drives.")),
  recorded_at: z.optional(makeTime("When the fix was taken. Default: when the call arrives.")),
  event_id: z.optional(eventId),
  threshold_km: z.optional(thresholdKm("How far from the route counts as deviated, km. Default: the route's, else as configured.")),
});

/** `route_id` or `planned_route`: JSON Schema for OpenAPI 3.0 shows both as optional; this check holds in the function. */
export const routeFix = routeFixFields.check(
  z.refine((fix) => fix.route_id !== undefined || fix.planned_route !== undefined, {
    error: "Give route_id or planned_route.",
    path: ["route_id"],
  }),
);

/** Query parameters arrive as text; these say what text is taken. */
export const alertsLimit = described(
  z.string().check(z.regex(/^(?:[1-9][0-9]?|100)$/, { error: "Must be an integer from 1 to 100." })),
  "How many alerts at most, 1–100. Default: 20.",
);
export const alertsCursor = described(z.string().check(z.minLength(1), z.maxLength(256)), "Where to go on: `next` of the answer before.");

export type DeliveryUpdate = z.output<typeof deliveryUpdate>;
export type VehicleFix = z.output<typeof vehicleFix>;
export type RouteFix = z.output<typeof routeFix>;
