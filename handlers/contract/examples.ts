/** One worked example for each call, shown in the API's documentation. A test recalculates the answers. */

const delivery = {
  delivery_id: "D-1001",
  status: "delivered",
  is_completed: true,
  delivered_at: "2026-03-01T14:05:00Z",
  tracking_number: "FLX-20260301-1001",
  updated_at: "2026-03-01T14:05:00Z",
};

export const deliveryUpdate = {
  delivery_id: "D-1001",
  status: "delivered",
  occurred_at: "2026-03-01T14:05:00Z",
  event_id: "phone-12:00457",
  tracking_number: "FLX-20260301-1001",
  driver_id: "C-44",
  vehicle_id: "V-17",
  position: { lat: 4.711, lon: -74.0721 },
  recipient_signature: true,
};
export const deliveryAnswer = {
  ...delivery,
  driver_id: "C-44",
  vehicle_id: "V-17",
  route_id: null,
  position: deliveryUpdate.position,
  recipient_signature: true,
  recipient_name: null,
  scheduled_at: null,
  notes: null,
  event_id: "phone-12:00457",
};
export const deliveriesAnswer = { deliveries: [deliveryAnswer], next: null };
export const deliveryUpdateAnswer = {
  ...delivery,
  applied: true,
  reason: null,
  duplicate: false,
  time_source: "client",
  raw_key: "raw-data/deliveries/year=2026/month=03/day=01/20260301T140500000Z-D-1001-phone-12:00457.json",
};

const arrival = {
  vehicle_id: "V-17",
  recorded_at: "2026-03-01T14:00:00Z",
  remaining_distance_km: 30,
  distance_method: "given",
  average_speed_kmh: 45,
  speed_source: "given",
  eta: "2026-03-01T14:40:00.000Z",
  eta_minutes: 40,
  eta_reason: null,
};
export const vehicleFix = {
  vehicle_id: "V-17",
  position: { lat: 4.6486, lon: -74.0628 },
  recorded_at: "2026-03-01T14:00:00Z",
  event_id: "gps-17:88213",
  speed_kmh: 38,
  accuracy_m: 8,
  average_speed_kmh: 45,
  remaining_distance_km: 30,
};
export const vehicleFixAnswer = {
  ...arrival,
  applied: true,
  reason: null,
  duplicate: false,
  time_source: "client",
  raw_key: "raw-data/vehicles/year=2026/month=03/day=01/20260301T140000000Z-V-17-gps-17:88213.json",
};
/** Requested long after the fix of the example, without a later fix. */
export const vehicleAnswer = {
  ...arrival,
  eta: null,
  eta_minutes: null,
  eta_reason: "silent",
  position: vehicleFix.position,
  speed_kmh: 38,
  accuracy_m: 8,
  heading_deg: null,
  altitude_m: null,
  battery_percent: null,
  route_id: null,
  delivery_id: null,
  progress: null,
  state: "silent",
  silent: true,
};
export const vehiclesAnswer = { vehicles: [vehicleAnswer], next: null };

export const plannedRoute = {
  name: "Bogotá north loop",
  waypoints: [
    { lat: 4.711, lon: -74.0721 },
    { lat: 4.7309, lon: -74.0651 },
    { lat: 4.7625, lon: -74.0462 },
  ],
  threshold_km: 1.5,
};
const route = {
  route_id: "R-BOG-7",
  name: "Bogotá north loop",
  waypoint_count: 3,
  length_km: 6.435,
  threshold_km: 1.5,
  updated_at: "2026-03-01T06:00:00.000Z",
};
export const plannedRouteAnswer = route;
export const routeAnswer = { ...route, waypoints: plannedRoute.waypoints };

export const routeFix = {
  vehicle_id: "V-17",
  route_id: "R-BOG-7",
  driver_id: "C-44",
  position: { lat: 4.72, lon: -74.1 },
  recorded_at: "2026-03-01T14:15:00Z",
  event_id: "gps-17:88214",
};
export const routeFixAnswer = {
  vehicle_id: "V-17",
  route_id: "R-BOG-7",
  recorded_at: "2026-03-01T14:15:00Z",
  deviation_km: 3.25,
  threshold_km: 1.5,
  is_deviated: true,
  nearest_point: { lat: 4.711, lon: -74.0721 },
  alert: { alert_id: "alert-cccf9da50799f5b9f6e379bf4ed0c729", state: "open", notified: true },
  applied: true,
  reason: null,
  duplicate: false,
  time_source: "client",
  raw_key: "raw-data/routes/year=2026/month=03/day=01/20260301T141500000Z-V-17-gps-17:88214.json",
};

export const alertsAnswer = {
  alerts: [
    {
      vehicle_id: "V-17",
      timestamp: "2026-03-01T14:15:00.000Z",
      alert_id: routeFixAnswer.alert.alert_id,
      type: "ROUTE_DEVIATION",
      state: "open",
      route_id: "R-BOG-7",
      driver_id: "C-44",
      deviation_km: 3.25,
      max_deviation_km: 3.25,
      threshold_km: 1.5,
      position: routeFix.position,
      closed_at: null,
      close_reason: null,
      notified_at: "2026-03-01T14:15:01.000Z",
      silent: true,
    },
  ],
  next: null,
};
