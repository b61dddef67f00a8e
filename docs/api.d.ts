/**
 * Types of the FleetLogix API, for apps. Generated from the OpenAPI document by `npm run docs:api`.
 * Times are RFC 3339 in text.
 */

/** Query parameters of `GET /delivery`. */
export interface ListDeliveriesQuery {
  /** Deliveries of this driver; this or `status` is required. */
  driver_id?: string | number;
  /** Where the delivery stands. */
  status?: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  /** Only those whose `updated_at` is not before this time. */
  from?: string;
  /** Only those whose `updated_at` is not after this time. */
  to?: string;
  /** How many deliveries at most, 1–100. Default: 20. */
  limit?: string;
  /** Where to go on: `next` of the answer before. */
  cursor?: string;
}

/** Query parameters of `GET /vehicle`. */
export interface ListVehiclesQuery {
  /** Only vehicles in this state. */
  state?: "moving" | "stopped" | "silent";
  /** How many vehicles at most, 1–200. Default: 20. */
  limit?: string;
  /** Where to go on: `next` of the answer before. */
  cursor?: string;
}

/** Query parameters of `GET /vehicle/{vehicle_id}/alerts`. */
export interface GetVehicleAlertsQuery {
  /** Only alerts in this state. */
  state?: "open" | "closed";
  /** How many alerts at most, 1–100. Default: 20. */
  limit?: string;
  /** Where to go on: `next` of the answer before. */
  cursor?: string;
}

/** Query parameters of `GET /alert`. */
export interface ListAlertsQuery {
  /** Only alerts in this state. */
  state?: "open" | "closed";
  /** How many alerts at most, 1–100. Default: 20. */
  limit?: string;
  /** Where to go on: `next` of the answer before. */
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
  /** The delivery. */
  delivery_id: string | number;
  /** Where the delivery stands. */
  status: "pending" | "assigned" | "in_transit" | "delivered" | "failed" | "returned" | "cancelled";
  /** When it happened; the order of updates follows it. Default: when the call arrives. */
  occurred_at?: string | null;
  /** The client's idempotency key within its delivery or vehicle: the same event sent again changes nothing, whatever its time. Without it one is derived from the payload. */
  event_id?: string | null | number;
  /** The number the customer tracks the parcel with. */
  tracking_number?: string | null | number;
  /** Who drives. */
  driver_id?: string | null | number;
  /** The vehicle that carries it. */
  vehicle_id?: string | null | number;
  /** The planned route it is on. */
  route_id?: string | null | number;
  /** Where it happened. */
  position?: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  } | null;
  /** Whether the recipient signed. */
  recipient_signature?: boolean | null;
  /** Who took it. */
  recipient_name?: string | null;
  /** When it is to be delivered. */
  scheduled_at?: string | null;
  /** Free text of the driver. */
  notes?: string | null;
  /** Whether this update corrects what was reported before: it stands against everything older than itself. */
  correction?: boolean | null;
  /** Anything else that the app wants to keep: an object of at most 2048 bytes of JSON. It is kept in the raw copy. */
  extra?: {

  } | null;
};

export type PostDeliveryResponse = {
  delivery_id: string;
  /** Where the delivery stands. */
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
    /** Where the delivery stands. */
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
  /** Where the delivery stands. */
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
    /** Where the delivery stands. */
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
  /** The vehicle. */
  vehicle_id: string | number;
  /** Where the vehicle was. */
  position: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  };
  /** When the fix was taken. Default: when the call arrives. */
  recorded_at?: string | null;
  /** The client's idempotency key within its delivery or vehicle: the same event sent again changes nothing, whatever its time. Without it one is derived from the payload. */
  event_id?: string | null | number;
  /** Speed at this moment, km/h. A negative value counts as unknown. */
  speed_kmh?: number | null;
  /** Average speed to count with, km/h; it goes before what was tracked. */
  average_speed_kmh?: number | null;
  /** Where the vehicle is going; the distance is that of the great circle. */
  destination?: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  } | null;
  /** Distance still to drive, km; it goes before what is calculated. */
  remaining_distance_km?: number | null;
  /** The planned route; the distance is taken along it. */
  route_id?: string | null | number;
  /** The delivery the vehicle is on its way to. */
  delivery_id?: string | null | number;
  /** How far off the position may be, in metres, as the phone says. A negative value counts as unknown. */
  accuracy_m?: number | null;
  /** Direction of travel in degrees, clockwise from north. A negative value counts as unknown. */
  heading_deg?: number | null;
  /** Altitude above sea level, in metres. */
  altitude_m?: number | null;
  /** Charge of the phone's battery, 0–100. A negative value counts as unknown. */
  battery_percent?: number | null;
  /** Anything else that the app wants to keep: an object of at most 2048 bytes of JSON. It is kept in the raw copy. */
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
  /** The route's positions in driving order. */
  waypoints: ({
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  })[];
  /** A name for people. */
  name?: string | null;
  /** How far from the route counts as deviated, km. Default: as configured. */
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
  /** The vehicle. */
  vehicle_id: string | number;
  /** Where the vehicle was. */
  position: {
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  };
  /** The planned route; this or `planned_route` is required. */
  route_id?: string | null | number;
  /** The route itself, where it is not stored; it goes before the stored one. Without `route_id` it is a route of its own. */
  planned_route?: ({
    /** Latitude in degrees, north positive (WGS 84). */
    lat: number;
    /** Longitude in degrees, east positive (WGS 84). */
    lon: number;
  })[] | null;
  /** Who drives. */
  driver_id?: string | null | number;
  /** When the fix was taken. Default: when the call arrives. */
  recorded_at?: string | null;
  /** The client's idempotency key within its delivery or vehicle: the same event sent again changes nothing, whatever its time. Without it one is derived from the payload. */
  event_id?: string | null | number;
  /** How far from the route counts as deviated, km. Default: the route's, else as configured. */
  threshold_km?: number | null;
  /** How far off the position may be, in metres, as the phone says. A negative value counts as unknown. */
  accuracy_m?: number | null;
  /** Speed at this moment, km/h. A negative value counts as unknown. */
  speed_kmh?: number | null;
  /** Direction of travel in degrees, clockwise from north. A negative value counts as unknown. */
  heading_deg?: number | null;
  /** Anything else that the app wants to keep: an object of at most 2048 bytes of JSON. It is kept in the raw copy. */
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
