import * as z from "zod/mini";

/**
 * The input schemas of the API. They have three users: the functions validate calls, the OpenAPI document is generated from them
 * (`z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", unrepresentable: "any" })`), and the TypeScript types are inferred
 * from them. They use `zod/mini`, because they are bundled into every function. The comments `NO_SIDE_EFFECTS` and `PURE` let the
 * bundler leave out the schemas that a function does not use.
 */

const ID_TEXT = /^[A-Za-z0-9._:-]{1,64}$/;
const ID_RULE = "Must be 1–64 characters of A–Z a–z 0–9 . _ : - or an integer, but not . or ..";
const TIME_RULE = "Must be an RFC 3339 time with Z or an offset, such as 2026-03-01T14:05:00Z or 2026-03-01T09:05:00-05:00.";
const TOO_OLD = "Must not lie before 2000-01-01: the clock of the phone is wrong.";
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const MAX_EXTRA_BYTES = 2048;

/* @__NO_SIDE_EFFECTS__ */
const described = <T extends z.core.$ZodType>(schema: T, description: string, more: object = {}): T => {
  z.globalRegistry.add(schema, { description, ...more });
  return schema;
};

/* @__NO_SIDE_EFFECTS__ */
const strict = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape);

/* @__NO_SIDE_EFFECTS__ */
const bounded = (minimum: number, maximum: number, description: string) =>
  described(z.number().check(z.minimum(minimum), z.maximum(maximum)), description);

/** A measured value. Phones send a negative value when it is unknown: iOS sends -1. */
/* @__NO_SIDE_EFFECTS__ */
const measured = (maximum: number, description: string) =>
  described(
    z.pipe(
      z.number().check(z.maximum(maximum)),
      z.transform((value: number) => (value < 0 ? undefined : value)),
    ),
    `${description} A negative value counts as unknown.`,
  );

/** `null` in an optional field means that it is absent. */
/* @__NO_SIDE_EFFECTS__ */
const optional = <T extends z.core.$ZodType>(schema: T) =>
  z.optional(
    z.pipe(
      z.nullable(schema),
      z.transform((value: z.output<T> | null) => value ?? undefined),
    ),
  );

/** An id; an integer becomes its decimal string. */
/* @__NO_SIDE_EFFECTS__ */
export const makeId = (description: string) =>
  described(
    z.pipe(
      z.union(
        [
          z.string().check(
            z.regex(ID_TEXT, { error: ID_RULE }),
            z.refine((id) => id !== "." && id !== "..", { error: ID_RULE }),
          ),
          z.number().check(z.int({ error: ID_RULE })),
        ],
        { error: ID_RULE },
      ),
      z.transform((id: string | number) => String(id)),
    ),
    description,
  );

/** zod's own check of times brings those of dates, durations and times of day into every function. */
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
/** RFC 3339 also allows lower-case letters. A day that its month does not have is no time. */
function isTime(text: string): boolean {
  const [, year, month, day] = RFC3339.exec(text.toUpperCase()) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** The time in UTC with `Z`. A time that is already in UTC stays as it was written. */
function toUtc(text: string): string {
  const upper = text.toUpperCase();
  return upper.endsWith("Z") ? upper : new Date(upper).toISOString();
}

/** Accepts a time with `Z` or an offset; the output is in UTC. */
/* @__NO_SIDE_EFFECTS__ */
const makeTime = (description: string) =>
  described(
    z.pipe(
      z.string().check(
        z.maxLength(40),
        z.refine(isTime, { error: TIME_RULE, abort: true }),
        z.refine((text) => Date.parse(text.toUpperCase()) >= EARLIEST_MS, { error: TOO_OLD }),
      ),
      z.transform(toUtc),
    ),
    description,
    { format: "date-time" },
  );

/* @__NO_SIDE_EFFECTS__ */
const makePosition = (description: string) =>
  described(
    strict({
      lat: bounded(-90, 90, "Latitude in degrees, north positive (WGS 84)."),
      lon: bounded(-180, 180, "Longitude in degrees, east positive (WGS 84)."),
    }),
    description,
  );
export const position = makePosition("A position.");

/* @__NO_SIDE_EFFECTS__ */
const polyline = (description: string) => described(z.array(position).check(z.minLength(2), z.maxLength(2000)), description);

const eventId = makeId(
  "Idempotency key of the client, unique within the delivery or vehicle. The same event sent again changes nothing, whatever its time. Default: derived from the payload.",
);

/** Text. Half a surrogate pair is refused, because DynamoDB refuses it. */
/* @__NO_SIDE_EFFECTS__ */
const makeText = (minimum: number, maximum: number, description: string) =>
  described(
    z.string().check(
      z.minLength(minimum),
      z.maxLength(maximum),
      z.refine((text) => !/\p{Surrogate}/u.test(text), { error: "Must be valid Unicode." }),
    ),
    description,
  );

/* @__NO_SIDE_EFFECTS__ */
const thresholdKm = (description: string) => described(z.number().check(z.positive(), z.maximum(1000)), description);

/** Additional data of the app. It is stored in the raw copy only. */
const extra = described(
  z.looseObject({}).check(
    z.refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_EXTRA_BYTES, {
      error: `Must be at most ${MAX_EXTRA_BYTES} bytes of JSON.`,
    }),
  ),
  `Additional data of the app: an object of at most ${MAX_EXTRA_BYTES} bytes of JSON. It is stored in the raw copy.`,
);

export const DELIVERY_STATUSES = ["pending", "assigned", "in_transit", "delivered", "failed", "returned", "cancelled"] as const;
export const deliveryStatus = described(z.enum(DELIVERY_STATUSES), "Status of the delivery.");
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export const deliveryUpdate = strict({
  delivery_id: makeId("Id of the delivery."),
  status: deliveryStatus,
  occurred_at: optional(makeTime("Time of the event. It decides the order of updates. Default: time of receipt.")),
  event_id: optional(eventId),
  tracking_number: optional(makeId("Number with which the customer tracks the parcel.")),
  driver_id: optional(makeId("Id of the driver.")),
  vehicle_id: optional(makeId("Id of the vehicle with the parcel.")),
  route_id: optional(makeId("Id of the planned route.")),
  position: optional(makePosition("Position at the time of the event.")),
  recipient_signature: optional(described(z.boolean(), "Whether the recipient signed.")),
  recipient_name: optional(makeText(0, 200, "Name of the recipient.")),
  scheduled_at: optional(makeTime("Planned time of delivery.")),
  notes: optional(makeText(0, 1000, "Notes of the driver.")),
  correction: optional(
    described(z.boolean(), "Whether this update corrects earlier ones: it may also replace a final status that is older than it."),
  ),
  extra: optional(extra),
});

const accuracyM = measured(100_000, "Accuracy radius of the position in metres, as reported by the phone.");
const speedKmh = measured(1000, "Current speed, km/h.");
const headingDeg = measured(360, "Direction of travel in degrees, clockwise from north.");

export const vehicleFix = strict({
  vehicle_id: makeId("Id of the vehicle."),
  position: makePosition("Position of the vehicle."),
  recorded_at: optional(makeTime("Time of the fix. Default: time of receipt.")),
  event_id: optional(eventId),
  speed_kmh: optional(speedKmh),
  average_speed_kmh: optional(bounded(0, 1000, "Average speed for the ETA, km/h. It takes precedence over the tracked speed.")),
  destination: optional(makePosition("Destination of the vehicle. The remaining distance is the great-circle distance to it.")),
  remaining_distance_km: optional(bounded(0, 100_000, "Remaining distance, km. It takes precedence over the calculated distance.")),
  route_id: optional(makeId("Id of the planned route. The remaining distance is measured along it.")),
  delivery_id: optional(makeId("Id of the vehicle's next delivery.")),
  accuracy_m: optional(accuracyM),
  heading_deg: optional(headingDeg),
  altitude_m: optional(bounded(-1000, 20_000, "Altitude above sea level in metres.")),
  battery_percent: optional(measured(100, "Battery level of the phone, 0–100.")),
  extra: optional(extra),
});

export const plannedRoute = strict({
  waypoints: polyline("Positions of the route in driving order."),
  name: optional(makeText(1, 200, "Display name of the route.")),
  threshold_km: optional(
    thresholdKm("Distance from the route above which a vehicle is off its route, km. Default: alerts.deviationThresholdKm."),
  ),
});

const routeFixFields = strict({
  vehicle_id: makeId("Id of the vehicle."),
  position: makePosition("Position of the vehicle."),
  route_id: optional(makeId("Id of the planned route. Either this or `planned_route` is required.")),
  planned_route: optional(
    polyline(
      "Positions of a route that is not stored. They take precedence over a stored route. Without `route_id` it is an ad-hoc route.",
    ),
  ),
  driver_id: optional(makeId("Id of the driver.")),
  recorded_at: optional(makeTime("Time of the fix. Default: time of receipt.")),
  event_id: optional(eventId),
  threshold_km: optional(
    thresholdKm(
      "Distance from the route above which the vehicle is off it, km. Default: that of the route, else alerts.deviationThresholdKm.",
    ),
  ),
  accuracy_m: optional(accuracyM),
  speed_kmh: optional(speedKmh),
  heading_deg: optional(headingDeg),
  extra: optional(extra),
});

/** One of `route_id` and `planned_route` is required. JSON Schema for OpenAPI 3.0 shows both as optional; the function checks it. */
export const routeFix = /* @__PURE__ */ routeFixFields.check(
  z.refine((fix) => fix.route_id !== undefined || fix.planned_route !== undefined, {
    error: "Give route_id or planned_route.",
    path: ["route_id"],
  }),
);

/** Query parameters arrive as text. These schemas define the allowed texts. */
export const DEFAULT_LIMIT = 20;
/* @__NO_SIDE_EFFECTS__ */
const makeLimit = (most: number, rule: RegExp, of: string) =>
  described(
    z.pipe(z.string().check(z.regex(rule, { error: `Must be an integer from 1 to ${most}.` })), z.transform(Number)),
    `Maximum number of ${of}, 1–${most}. Default: ${DEFAULT_LIMIT}.`,
  );
export const deliveriesLimit = makeLimit(100, /^(?:[1-9][0-9]?|100)$/, "deliveries");
export const alertsLimit = makeLimit(100, /^(?:[1-9][0-9]?|100)$/, "alerts");
export const vehiclesLimit = makeLimit(200, /^(?:[1-9][0-9]?|1[0-9][0-9]|200)$/, "vehicles");
export const cursor = described(z.string().check(z.minLength(1), z.maxLength(512)), "`next` of the previous answer.");
export const VEHICLE_STATES = ["moving", "stopped", "silent"] as const;
export const vehicleState = described(z.enum(VEHICLE_STATES), "Only vehicles in this state.");
export const ALERT_STATES = ["open", "closed"] as const;
export const alertState = described(z.enum(ALERT_STATES), "Only alerts in this state.");
/* @__NO_SIDE_EFFECTS__ */
export const makeQueryTime = (description: string) => makeTime(description);

export type DeliveryUpdate = z.output<typeof deliveryUpdate>;
export type VehicleFix = z.output<typeof vehicleFix>;
export type RouteFix = z.output<typeof routeFix>;
