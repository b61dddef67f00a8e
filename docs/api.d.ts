/**
 * Types of the FleetLogix API, for apps. Generated from the OpenAPI document by `npm run docs:api`.
 * Times are RFC 3339 in text.
 */

/** Query parameters of `GET /delivery`. */
export interface ListDeliveriesQuery {
  /** Id of the driver. Either this or `status` is required. */
  driver_id?: string | number;
  /** Status of the delivery. */
  status?: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  /** Earliest `updated_at`, inclusive. */
  from?: string;
  /** Latest `updated_at`, inclusive. */
  to?: string;
  /** Maximum number of deliveries, 1–100. Default: 20. */
  limit?: string;
  /** `next` of the previous answer. */
  cursor?: string;
}

/** Query parameters of `GET /vehicle`. */
export interface ListVehiclesQuery {
  /** Only vehicles in this state. */
  state?: "moving" | "stopped" | "silent";
  /** Maximum number of vehicles, 1–200. Default: 20. */
  limit?: string;
  /** `next` of the previous answer. */
  cursor?: string;
}

/** Query parameters of `GET /vehicle/{vehicle_id}/alerts`. */
export interface GetVehicleAlertsQuery {
  /** Only alerts in this state. */
  state?: "open" | "closed";
  /** Maximum number of alerts, 1–100. Default: 20. */
  limit?: string;
  /** `next` of the previous answer. */
  cursor?: string;
}

/** Query parameters of `GET /alert`. */
export interface ListAlertsQuery {
  /** Only alerts in this state. */
  state?: "open" | "closed";
  /** Maximum number of alerts, 1–100. Default: 20. */
  limit?: string;
  /** `next` of the previous answer. */
  cursor?: string;
}

export type Error = {
  error: {
    code: "INVALID_REQUEST" | "FORBIDDEN" | "NOT_FOUND" | "DELIVERY_NOT_FOUND" | "VEHICLE_NOT_FOUND" | "ROUTE_NOT_FOUND" | "EVENT_ID_REUSED" | "PAYLOAD_TOO_LARGE" | "TOO_MANY_REQUESTS" | "INTERNAL" | "UNAVAILABLE";
    message: string;
    details?: ({
      path: string;
      message: string;
    })[];
    request_id: string;
  };
};

export type PostDeliveryRequest = {
  /** Id of the delivery. */
  delivery_id: string | number;
  /** Status of the delivery. */
  status: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  /** Time of the event. It decides the order of updates. Default: time of receipt. */
  occurred_at?: string | null;
  /** Idempotency key of the client, unique within the delivery or vehicle. The same event sent again changes nothing, whatever its time. Default: derived from the payload. */
  event_id?: string | null | number;
  /** Number with which the customer tracks the parcel. */
  tracking_number?: string | null | number;
  /** Id of the driver. */
  driver_id?: string | null | number;
  /** Id of the vehicle with the parcel. */
  vehicle_id?: string | null | number;
  /** Id of the planned route. */
  route_id?: string | null | number;
  /** Position at the time of the event. */
  position?: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  } | null;
  /** Whether the recipient signed. */
  recipient_signature?: boolean | null;
  /** Name of the recipient. */
  recipient_name?: string | null;
  /** Planned time of delivery. */
  scheduled_at?: string | null;
  /** Notes of the driver. */
  notes?: string | null;
  /** Whether this update corrects earlier ones: it may also replace a final status that is older than it. */
  correction?: boolean | null;
  /** Additional data of the app: an object of at most 2048 bytes of JSON. It is stored in the raw copy. */
  extra?: {

  } | null;
};

export type PostDeliveryResponse = {
  delivery_id: string;
  /** Status of the delivery. */
  status: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  is_completed: boolean;
  delivered_at: string | null;
  tracking_number: string | null;
  updated_at: string;
  applied: boolean;
  reason: "late" | "final" | null;
  duplicate: boolean;
  time_source: "client" | "server";
  raw_key: string;
};

export type PostDeliveryBatch = {
  /** Processed in order of time, answered in the order sent. */
  events: (PostDeliveryRequest)[];
};

export type PostDeliveryBatchResponse = {
  accepted: number;
  failed: number;
  results: ({
    status: 200;
    delivery_id: string;
    is_completed: boolean;
    delivered_at: string | null;
    tracking_number: string | null;
    updated_at: string;
    applied: boolean;
    reason: "late" | "final" | null;
    duplicate: boolean;
    time_source: "client" | "server";
    raw_key: string;
    /** Status of the delivery. */
    delivery_status: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  } | {
    status: number;
    error: {
      code: "INVALID_REQUEST" | "FORBIDDEN" | "NOT_FOUND" | "DELIVERY_NOT_FOUND" | "VEHICLE_NOT_FOUND" | "ROUTE_NOT_FOUND" | "EVENT_ID_REUSED" | "PAYLOAD_TOO_LARGE" | "TOO_MANY_REQUESTS" | "INTERNAL" | "UNAVAILABLE";
      message: string;
      details?: ({
        path: string;
        message: string;
      })[];
      request_id: string;
    };
  })[];
};

export type GetDeliveryResponse = {
  delivery_id: string;
  /** Status of the delivery. */
  status: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  is_completed: boolean;
  delivered_at: string | null;
  tracking_number: string | null;
  updated_at: string;
  driver_id: string | null;
  vehicle_id: string | null;
  route_id: string | null;
  /** A position. */
  position: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  } | null;
  recipient_signature: boolean | null;
  recipient_name: string | null;
  scheduled_at: string | null;
  notes: string | null;
  event_id: string;
};

export type ListDeliveriesResponse = {
  deliveries: ({
    delivery_id: string;
    /** Status of the delivery. */
    status: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
    is_completed: boolean;
    delivered_at: string | null;
    tracking_number: string | null;
    updated_at: string;
    driver_id: string | null;
    vehicle_id: string | null;
    route_id: string | null;
    /** A position. */
    position: {
      /** Latitude in degrees, north positive (WGS 84). */
      lat: number;
      /** Longitude in degrees, east positive (WGS 84). */
      lon: number;
    } | null;
    recipient_signature: boolean | null;
    recipient_name: string | null;
    scheduled_at: string | null;
    notes: string | null;
    event_id: string;
  })[];
  next: string | null;
};

export type PostVehicleRequest = {
  /** Id of the vehicle. */
  vehicle_id: string | number;
  /** Position of the vehicle. */
  position: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  };
  /** Time of the fix. Default: time of receipt. */
  recorded_at?: string | null;
  /** Idempotency key of the client, unique within the delivery or vehicle. The same event sent again changes nothing, whatever its time. Default: derived from the payload. */
  event_id?: string | null | number;
  /** Current speed, km/h. A negative value counts as unknown. */
  speed_kmh?: number | null;
  /** Average speed for the ETA, km/h. It takes precedence over the tracked speed. */
  average_speed_kmh?: number | null;
  /** Destination of the vehicle. The remaining distance is the great-circle distance to it. */
  destination?: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  } | null;
  /** Remaining distance, km. It takes precedence over the calculated distance. */
  remaining_distance_km?: number | null;
  /** Id of the planned route. The remaining distance is measured along it. */
  route_id?: string | null | number;
  /** Id of the vehicle's next delivery. */
  delivery_id?: string | null | number;
  /** Accuracy radius of the position in metres, as reported by the phone. A negative value counts as unknown. */
  accuracy_m?: number | null;
  /** Direction of travel in degrees, clockwise from north. A negative value counts as unknown. */
  heading_deg?: number | null;
  /** Altitude above sea level in metres. */
  altitude_m?: number | null;
  /** Battery level of the phone, 0–100. A negative value counts as unknown. */
  battery_percent?: number | null;
  /** Additional data of the app: an object of at most 2048 bytes of JSON. It is stored in the raw copy. */
  extra?: {

  } | null;
};

export type PostVehicleResponse = {
  vehicle_id: string;
  recorded_at: string;
  remaining_distance_km: number | null;
  distance_method: "given" | "route" | "off_route" | "great_circle" | null;
  average_speed_kmh: number | null;
  speed_source: "given" | "tracked" | "default" | null;
  eta: string | null;
  eta_minutes: number | null;
  eta_reason: "stopped" | "no_destination" | "route_not_found" | null;
  applied: boolean;
  reason: "late" | "implausible" | null;
  duplicate: boolean;
  time_source: "client" | "server";
  raw_key: string;
};

export type PostVehicleBatch = {
  /** Processed in order of time, answered in the order sent. */
  events: (PostVehicleRequest)[];
};

export type PostVehicleBatchResponse = {
  accepted: number;
  failed: number;
  results: ({
    status: 200;
    vehicle_id: string;
    recorded_at: string;
    remaining_distance_km: number | null;
    distance_method: "given" | "route" | "off_route" | "great_circle" | null;
    average_speed_kmh: number | null;
    speed_source: "given" | "tracked" | "default" | null;
    eta: string | null;
    eta_minutes: number | null;
    eta_reason: "stopped" | "no_destination" | "route_not_found" | null;
    applied: boolean;
    reason: "late" | "implausible" | null;
    duplicate: boolean;
    time_source: "client" | "server";
    raw_key: string;
  } | {
    status: number;
    error: {
      code: "INVALID_REQUEST" | "FORBIDDEN" | "NOT_FOUND" | "DELIVERY_NOT_FOUND" | "VEHICLE_NOT_FOUND" | "ROUTE_NOT_FOUND" | "EVENT_ID_REUSED" | "PAYLOAD_TOO_LARGE" | "TOO_MANY_REQUESTS" | "INTERNAL" | "UNAVAILABLE";
      message: string;
      details?: ({
        path: string;
        message: string;
      })[];
      request_id: string;
    };
  })[];
};

export type GetVehicleResponse = {
  vehicle_id: string;
  recorded_at: string;
  remaining_distance_km: number | null;
  distance_method: "given" | "route" | "off_route" | "great_circle" | null;
  average_speed_kmh: number | null;
  speed_source: "given" | "tracked" | "default" | null;
  eta: string | null;
  eta_minutes: number | null;
  eta_reason: "stopped" | "no_destination" | "route_not_found" | "silent" | null;
  /** A position. */
  position: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  };
  speed_kmh: number | null;
  accuracy_m: number | null;
  heading_deg: number | null;
  altitude_m: number | null;
  battery_percent: number | null;
  route_id: string | null;
  delivery_id: string | null;
  progress: {
    route_id: string;
    along_km: number;
    length_km: number;
    off_route_km: number;
  } | null;
  /** Only vehicles in this state. */
  state: "moving" | "stopped" | "silent";
  silent: boolean;
};

export type ListVehiclesResponse = {
  vehicles: ({
    vehicle_id: string;
    recorded_at: string;
    remaining_distance_km: number | null;
    distance_method: "given" | "route" | "off_route" | "great_circle" | null;
    average_speed_kmh: number | null;
    speed_source: "given" | "tracked" | "default" | null;
    eta: string | null;
    eta_minutes: number | null;
    eta_reason: "stopped" | "no_destination" | "route_not_found" | "silent" | null;
    /** A position. */
    position: {
      /** Latitude in degrees, north positive (WGS 84). */
      lat: number;
      /** Longitude in degrees, east positive (WGS 84). */
      lon: number;
    };
    speed_kmh: number | null;
    accuracy_m: number | null;
    heading_deg: number | null;
    altitude_m: number | null;
    battery_percent: number | null;
    route_id: string | null;
    delivery_id: string | null;
    progress: {
      route_id: string;
      along_km: number;
      length_km: number;
      off_route_km: number;
    } | null;
    /** Only vehicles in this state. */
    state: "moving" | "stopped" | "silent";
    silent: boolean;
  })[];
  next: string | null;
};

export type GetVehicleAlertsResponse = {
  alerts: ({
    vehicle_id: string;
    timestamp: string;
    alert_id: string;
    type: "ROUTE_DEVIATION";
    state: "open" | "closed";
    route_id: string | null;
    driver_id: string | null;
    deviation_km: number;
    max_deviation_km: number;
    threshold_km: number;
    /** A position. */
    position: {
      /** Latitude in degrees, north positive (WGS 84). */
      lat: number;
      /** Longitude in degrees, east positive (WGS 84). */
      lon: number;
    };
    closed_at: string | null;
    close_reason: "back_on_route" | "route_changed" | null;
    notified_at: string | null;
    silent: boolean;
  })[];
  next: string | null;
};

export type ListAlertsResponse = {
  alerts: ({
    vehicle_id: string;
    timestamp: string;
    alert_id: string;
    type: "ROUTE_DEVIATION";
    state: "open" | "closed";
    route_id: string | null;
    driver_id: string | null;
    deviation_km: number;
    max_deviation_km: number;
    threshold_km: number;
    /** A position. */
    position: {
      /** Latitude in degrees, north positive (WGS 84). */
      lat: number;
      /** Longitude in degrees, east positive (WGS 84). */
      lon: number;
    };
    closed_at: string | null;
    close_reason: "back_on_route" | "route_changed" | null;
    notified_at: string | null;
    silent: boolean;
  })[];
  next: string | null;
};

export type PutRouteRequest = {
  /** Positions of the route in driving order. */
  waypoints: ({
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  })[];
  /** Display name of the route. */
  name?: string | null;
  /** Distance from the route above which a vehicle is off its route, km. Default: alerts.deviationThresholdKm. */
  threshold_km?: number | null;
};

export type PutRouteResponse = {
  route_id: string;
  name: string | null;
  waypoint_count: number;
  length_km: number;
  threshold_km: number | null;
  updated_at: string;
};

export type GetRouteResponse = {
  route_id: string;
  name: string | null;
  waypoint_count: number;
  length_km: number;
  threshold_km: number | null;
  updated_at: string;
  waypoints: ({
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  })[];
};

export type PostRouteRequest = {
  /** Id of the vehicle. */
  vehicle_id: string | number;
  /** Position of the vehicle. */
  position: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  };
  /** Id of the planned route. Either this or `planned_route` is required. */
  route_id?: string | null | number;
  /** Positions of a route that is not stored. They take precedence over a stored route. Without `route_id` it is an ad-hoc route. */
  planned_route?: ({
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  })[] | null;
  /** Id of the driver. */
  driver_id?: string | null | number;
  /** Time of the fix. Default: time of receipt. */
  recorded_at?: string | null;
  /** Idempotency key of the client, unique within the delivery or vehicle. The same event sent again changes nothing, whatever its time. Default: derived from the payload. */
  event_id?: string | null | number;
  /** Distance from the route above which the vehicle is off it, km. Default: that of the route, else alerts.deviationThresholdKm. */
  threshold_km?: number | null;
  /** Accuracy radius of the position in metres, as reported by the phone. A negative value counts as unknown. */
  accuracy_m?: number | null;
  /** Current speed, km/h. A negative value counts as unknown. */
  speed_kmh?: number | null;
  /** Direction of travel in degrees, clockwise from north. A negative value counts as unknown. */
  heading_deg?: number | null;
  /** Additional data of the app: an object of at most 2048 bytes of JSON. It is stored in the raw copy. */
  extra?: {

  } | null;
};

export type PostRouteResponse = {
  vehicle_id: string;
  route_id: string | null;
  recorded_at: string;
  deviation_km: number;
  threshold_km: number;
  is_deviated: boolean;
  /** A position. */
  nearest_point: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  };
  alert: {
    alert_id: string;
    state: "open" | "closed";
    notified: boolean;
  } | null;
  applied: boolean;
  reason: "late" | "implausible" | null;
  duplicate: boolean;
  time_source: "client" | "server";
  raw_key: string;
};

export type PostRouteBatch = {
  /** Processed in order of time, answered in the order sent. */
  events: (PostRouteRequest)[];
};

export type PostRouteBatchResponse = {
  accepted: number;
  failed: number;
  results: ({
    status: 200;
    vehicle_id: string;
    route_id: string | null;
    recorded_at: string;
    deviation_km: number;
    threshold_km: number;
    is_deviated: boolean;
    /** A position. */
    nearest_point: {
      /** Latitude in degrees, north positive (WGS 84). */
      lat: number;
      /** Longitude in degrees, east positive (WGS 84). */
      lon: number;
    };
    alert: {
      alert_id: string;
      state: "open" | "closed";
      notified: boolean;
    } | null;
    applied: boolean;
    reason: "late" | "implausible" | null;
    duplicate: boolean;
    time_source: "client" | "server";
    raw_key: string;
  } | {
    status: number;
    error: {
      code: "INVALID_REQUEST" | "FORBIDDEN" | "NOT_FOUND" | "DELIVERY_NOT_FOUND" | "VEHICLE_NOT_FOUND" | "ROUTE_NOT_FOUND" | "EVENT_ID_REUSED" | "PAYLOAD_TOO_LARGE" | "TOO_MANY_REQUESTS" | "INTERNAL" | "UNAVAILABLE";
      message: string;
      details?: ({
        path: string;
        message: string;
      })[];
      request_id: string;
    };
  })[];
};
