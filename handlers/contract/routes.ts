import type * as z from "zod/mini";
import {
  alertsAnswer,
  deliveriesAnswer,
  deliveryAnswer,
  deliveryBatchAnswer,
  deliveryUpdateAnswer,
  plannedRouteAnswer,
  routeAnswer,
  routeBatchAnswer,
  routeFixAnswer,
  vehicleAnswer,
  vehicleBatchAnswer,
  vehicleFixAnswer,
  vehiclesAnswer,
} from "./answers.ts";
import type { ErrorStatus } from "./error-codes.ts";
import * as examples from "./examples.ts";
import type { FunctionName } from "./functions.ts";
import { alertsQuery, deliveriesQuery, type Parameter, parametersOf, vehiclesQuery } from "./queries.ts";
import { deliveryUpdate, makeId, plannedRoute, routeFix, vehicleFix } from "./schemas.ts";

export interface ApiRoute {
  readonly method: "GET" | "POST" | "PUT";
  /** With `{parameters}` as API Gateway writes them. `${method} ${path}` identifies the operation in the function. */
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
  /** The answer to a batch, for a route that also accepts `{"events": [1…500 such bodies]}`. */
  readonly batchResponse?: z.core.$ZodType | undefined;
  readonly errors: readonly ErrorStatus[];
  readonly example: {
    readonly pathParameters: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>> | undefined;
    readonly request?: unknown;
    readonly response: unknown;
  };
}

const READ: readonly ErrorStatus[] = [400, 403, 404, 429, 500, 503];
const LIST: readonly ErrorStatus[] = [400, 403, 429, 500, 503];
const WRITE: readonly ErrorStatus[] = [400, 403, 409, 413, 429, 500, 503];

const idOf = (name: string, description: string): Parameter => ({ name, description, schema: makeId(description) });
const DELIVERY = idOf("delivery_id", "Id of the delivery.");
const VEHICLE = idOf("vehicle_id", "Id of the vehicle.");
const ROUTE = idOf("route_id", "Id of the planned route.");

/** All routes of the API. */
export const ROUTES: readonly ApiRoute[] = [
  {
    method: "POST",
    path: "/delivery",
    operationId: "postDelivery",
    function: "verify-delivery",
    summary: "Report a delivery update",
    description:
      "The latest update decides the status. At equal times it is the status further along (`pending` `assigned` `in_transit` `failed` " +
      "`returned` `cancelled` `delivered`), then the greater `event_id`. `returned`, `cancelled` and `delivered` are final: only another " +
      "final status or a `correction` replaces them. A correction replaces every older update. An update that is not applied " +
      "answers the stored state with `applied: false` and `reason` `late` or `final`; its optional fields fill empty fields of the state. " +
      "`delivered_at` is the time of the first `delivered` since the last correction. The result does not depend on the order of arrival. " +
      "The same event sent again changes nothing and answers `duplicate: true`.",
    pathParameters: [],
    queryParameters: [],
    request: deliveryUpdate,
    response: deliveryUpdateAnswer,
    batchResponse: deliveryBatchAnswer,
    errors: WRITE,
    example: { pathParameters: {}, request: examples.deliveryUpdate, response: examples.deliveryUpdateAnswer },
  },
  {
    method: "GET",
    path: "/delivery/{delivery_id}",
    operationId: "getDelivery",
    function: "verify-delivery",
    summary: "Get the state of a delivery",
    description: "The current state with all stored fields.",
    pathParameters: [DELIVERY],
    queryParameters: [],
    response: deliveryAnswer,
    errors: READ,
    example: { pathParameters: { delivery_id: "D-1001" }, response: examples.deliveryAnswer },
  },
  {
    method: "GET",
    path: "/delivery",
    operationId: "listDeliveries",
    function: "verify-delivery",
    summary: "List the deliveries of a driver or with a status",
    description:
      "Sorted by `updated_at`, newest first. Give `driver_id` or `status`. `next` is the `cursor` of the following page, null at the end.",
    pathParameters: [],
    queryParameters: parametersOf(deliveriesQuery),
    response: deliveriesAnswer,
    errors: LIST,
    example: { pathParameters: {}, query: { driver_id: "C-44", limit: "10" }, response: examples.deliveriesAnswer },
  },
  {
    method: "POST",
    path: "/vehicle",
    operationId: "postVehicle",
    function: "calculate-eta",
    summary: "Report a GPS fix and get the time of arrival",
    description:
      "ETA = remaining distance / average speed, counted from `recorded_at`. Distance, first that applies: `given`, `route` " +
      "(along the planned route, from the vehicle's place on it), `off_route` (farther from it than the threshold: back to the route and " +
      "then along it), `great_circle` (to `destination`). Speed, first that applies: `given`, `tracked` (distance driven / time over the last " +
      "minutes, stops included), `default` (60 km/h). Without an ETA, `eta_reason` has the reason. An implausible fix (0,0; too inaccurate; " +
      "farther from the last plausible one than a vehicle can drive, unless the next two agree with it) is stored in the raw copy only, and " +
      'answers `applied: false`, `reason: "implausible"`. A late fix answers its own ETA with `applied: false`, `reason: "late"`.',
    pathParameters: [],
    queryParameters: [],
    request: vehicleFix,
    response: vehicleFixAnswer,
    batchResponse: vehicleBatchAnswer,
    errors: WRITE,
    example: { pathParameters: {}, request: examples.vehicleFix, response: examples.vehicleFixAnswer },
  },
  {
    method: "GET",
    path: "/vehicle/{vehicle_id}",
    operationId: "getVehicle",
    function: "calculate-eta",
    summary: "Get a vehicle's last fix and time of arrival",
    description:
      "The newest plausible fix by its own time, whichever call sent it, with its ETA and the progress on its route. A vehicle without a fix " +
      "for `tracking.silentAfterMinutes` has `silent: true` and no ETA.",
    pathParameters: [VEHICLE],
    queryParameters: [],
    response: vehicleAnswer,
    errors: READ,
    example: { pathParameters: { vehicle_id: "V-17" }, response: examples.vehicleAnswer },
  },
  {
    method: "GET",
    path: "/vehicle",
    operationId: "listVehicles",
    function: "calculate-eta",
    summary: "List all vehicles",
    description: "In no particular order. `next` is the `cursor` of the following page, null at the end.",
    pathParameters: [],
    queryParameters: parametersOf(vehiclesQuery),
    response: vehiclesAnswer,
    errors: LIST,
    example: { pathParameters: {}, query: { limit: "10" }, response: examples.vehiclesAnswer },
  },
  {
    method: "GET",
    path: "/vehicle/{vehicle_id}/alerts",
    operationId: "getVehicleAlerts",
    function: "route-deviation",
    summary: "List a vehicle's alerts, newest first",
    description:
      "`next` is the `cursor` of the following page, null at the end. A vehicle without alerts gives an empty list with status 200. An open " +
      "alert of a silent vehicle has `silent: true`.",
    pathParameters: [VEHICLE],
    queryParameters: parametersOf(alertsQuery),
    response: alertsAnswer,
    errors: LIST,
    example: { pathParameters: { vehicle_id: "V-17" }, query: { limit: "10" }, response: examples.alertsAnswer },
  },
  {
    method: "GET",
    path: "/alert",
    operationId: "listAlerts",
    function: "route-deviation",
    summary: "List the fleet's alerts, newest first",
    description: "The same records as for one vehicle. Open alerts (`state=open`) never expire.",
    pathParameters: [],
    queryParameters: parametersOf(alertsQuery),
    response: alertsAnswer,
    errors: LIST,
    example: { pathParameters: {}, query: { state: "open", limit: "10" }, response: examples.alertsAnswer },
  },
  {
    method: "PUT",
    path: "/route/{route_id}",
    operationId: "putRoute",
    function: "route-deviation",
    summary: "Store a planned route",
    description: "Replaces the whole route; the last call wins. Takes effect with the next fix.",
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
    summary: "Get a planned route",
    description: "The route with its waypoints.",
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
    summary: "Report a GPS fix and check it against the route",
    description:
      "`deviation_km` is the great-circle distance to the nearest point of the route, segments included. The `alerts.confirmFixes`-th deviated " +
      "fix in a row opens an episode with one alert and one message. A further message is sent after `alerts.renotifyMinutes` or when the " +
      "deviation has doubled. The episode closes at the first fix within 80 % of the threshold, or when the vehicle reports on another route, " +
      "with one message. `alert.notified` says whether this call sent a message. A `planned_route` without `route_id` is an ad-hoc route. A " +
      "late or implausible fix answers its distance and changes nothing (`applied: false`, `reason` `late` or `implausible`).",
    pathParameters: [],
    queryParameters: [],
    request: routeFix,
    response: routeFixAnswer,
    batchResponse: routeBatchAnswer,
    errors: [400, 403, 404, 409, 413, 429, 500, 503],
    example: { pathParameters: {}, request: examples.routeFix, response: examples.routeFixAnswer },
  },
];
