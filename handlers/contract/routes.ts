import type * as z from "zod/mini";
import {
  alertsAnswer,
  deliveryAnswer,
  deliveryUpdateAnswer,
  plannedRouteAnswer,
  routeAnswer,
  routeFixAnswer,
  vehicleAnswer,
  vehicleFixAnswer,
} from "./answers.ts";
import type { ErrorStatus } from "./error-codes.ts";
import * as examples from "./examples.ts";
import type { FunctionName } from "./functions.ts";
import { alertsCursor, alertsLimit, deliveryUpdate, makeId, plannedRoute, routeFix, vehicleFix } from "./schemas.ts";

export interface Parameter {
  readonly name: string;
  readonly description: string;
  /** Schema of the text that arrives. */
  readonly schema: z.core.$ZodType;
}

export interface ApiRoute {
  readonly method: "GET" | "POST" | "PUT";
  /** With `{parameters}` as API Gateway writes them; `${method} ${path}` names the operation in the function. */
  readonly path: string;
  readonly operationId: string;
  readonly function: FunctionName;
  readonly summary: string;
  readonly description: string;
  readonly pathParameters: readonly Parameter[];
  /** All optional. */
  readonly queryParameters: readonly Parameter[];
  readonly request?: z.core.$ZodType | undefined;
  readonly response: z.core.$ZodType;
  readonly errors: readonly ErrorStatus[];
  readonly example: {
    readonly pathParameters: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>> | undefined;
    readonly request?: unknown;
    readonly response: unknown;
  };
}

const READ: readonly ErrorStatus[] = [400, 403, 404, 429, 500, 503];
const WRITE: readonly ErrorStatus[] = [400, 403, 409, 413, 429, 500, 503];

const idOf = (name: string, description: string): Parameter => ({ name, description, schema: makeId(description) });
const DELIVERY = idOf("delivery_id", "The delivery.");
const VEHICLE = idOf("vehicle_id", "The vehicle.");
const ROUTE = idOf("route_id", "The planned route.");

/** The whole API. */
export const ROUTES: readonly ApiRoute[] = [
  {
    method: "POST",
    path: "/delivery",
    operationId: "postDelivery",
    function: "verify-delivery",
    summary: "Report a delivery update",
    description:
      "Applies if `occurred_at` is later than that of the stored update; otherwise the stored state is answered with `applied: false`. " +
      "Of two updates with the same time the first to arrive stands. The same event again changes nothing and answers " +
      "`duplicate: true`. A field that an update does not carry keeps its last known value; a late update brings only those that no newer one carried.",
    pathParameters: [],
    queryParameters: [],
    request: deliveryUpdate,
    response: deliveryUpdateAnswer,
    errors: WRITE,
    example: { pathParameters: {}, request: examples.deliveryUpdate, response: examples.deliveryUpdateAnswer },
  },
  {
    method: "GET",
    path: "/delivery/{delivery_id}",
    operationId: "getDelivery",
    function: "verify-delivery",
    summary: "Where a delivery stands",
    description: "The state after the last applied update.",
    pathParameters: [DELIVERY],
    queryParameters: [],
    response: deliveryAnswer,
    errors: READ,
    example: { pathParameters: { delivery_id: "D-1001" }, response: examples.deliveryAnswer },
  },
  {
    method: "POST",
    path: "/vehicle",
    operationId: "postVehicle",
    function: "calculate-eta",
    summary: "Report a GPS fix and get the time of arrival",
    description:
      "ETA = remaining distance / average speed, counted from `recorded_at`. Distance, first that applies: `given`, `route` " +
      "(along the planned route), `great_circle` (to `destination`). Speed, first that applies: `given`, `tracked` (moving " +
      "average of recent fixes), `default` (60 km/h). A late fix answers its own calculation with `applied: false`.",
    pathParameters: [],
    queryParameters: [],
    request: vehicleFix,
    response: vehicleFixAnswer,
    errors: WRITE,
    example: { pathParameters: {}, request: examples.vehicleFix, response: examples.vehicleFixAnswer },
  },
  {
    method: "GET",
    path: "/vehicle/{vehicle_id}",
    operationId: "getVehicle",
    function: "calculate-eta",
    summary: "A vehicle's last fix and time of arrival",
    description: "The last fix by its own time, with the ETA calculated from it.",
    pathParameters: [VEHICLE],
    queryParameters: [],
    response: vehicleAnswer,
    errors: READ,
    example: { pathParameters: { vehicle_id: "V-17" }, response: examples.vehicleAnswer },
  },
  {
    method: "GET",
    path: "/vehicle/{vehicle_id}/alerts",
    operationId: "getVehicleAlerts",
    function: "route-deviation",
    summary: "A vehicle's alerts, newest first",
    description: "Pages of `limit`; `next` is the `cursor` of the following page, null at the end. A vehicle without alerts has none: 200.",
    pathParameters: [VEHICLE],
    queryParameters: [
      { name: "limit", description: "How many alerts at most, 1–100. Default: 20.", schema: alertsLimit },
      { name: "cursor", description: "`next` of the answer before.", schema: alertsCursor },
    ],
    response: alertsAnswer,
    errors: [400, 403, 429, 500, 503],
    example: { pathParameters: { vehicle_id: "V-17" }, query: { limit: "10" }, response: examples.alertsAnswer },
  },
  {
    method: "PUT",
    path: "/route/{route_id}",
    operationId: "putRoute",
    function: "route-deviation",
    summary: "Store a planned route",
    description: "Replaces the whole route; the last call stands. Takes effect with the next fix.",
    pathParameters: [ROUTE],
    queryParameters: [],
    request: plannedRoute,
    response: plannedRouteAnswer,
    errors: [400, 403, 413, 429, 500, 503],
    example: { pathParameters: { route_id: "R-BOG-7" }, request: examples.plannedRoute, response: examples.plannedRouteAnswer },
  },
  {
    method: "GET",
    path: "/route/{route_id}",
    operationId: "getRoute",
    function: "route-deviation",
    summary: "A planned route",
    description: "With its waypoints.",
    pathParameters: [ROUTE],
    queryParameters: [],
    response: routeAnswer,
    errors: READ,
    example: { pathParameters: { route_id: "R-BOG-7" }, response: examples.routeAnswer },
  },
  {
    method: "POST",
    path: "/route",
    operationId: "postRoute",
    function: "route-deviation",
    summary: "Is the vehicle on its route?",
    description:
      "`deviation_km` is the great-circle distance to the nearest point of the route, segments included. The first deviated " +
      "fix opens an episode: one alert, one message. Further ones are told of after `alerts.renotifyMinutes` or when the deviation " +
      "has doubled. It closes at the first fix within 80 % of the threshold, with one message. " +
      "`alert.notified` says whether this call sent a message. A fix older than the last one of this vehicle and route " +
      "answers its distance and changes nothing (`applied: false`).",
    pathParameters: [],
    queryParameters: [],
    request: routeFix,
    response: routeFixAnswer,
    errors: [400, 403, 404, 409, 413, 429, 500, 503],
    example: { pathParameters: {}, request: examples.routeFix, response: examples.routeFixAnswer },
  },
];
