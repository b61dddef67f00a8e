import type { Area } from "./layout.ts";

type Json = Readonly<Record<string, unknown>>;
type Column = readonly [name: string, type: string, read: (payload: Json) => unknown];

const text = (name: string): Column => [name, "VARCHAR", (p) => textOf(p[name])];
const number = (name: string): Column => [name, "DOUBLE", (p) => numberOf(p[name])];
const flag = (name: string): Column => [name, "BOOLEAN", (p) => (typeof p[name] === "boolean" ? p[name] : undefined)];
const time = (name: string): Column => [name, "TIMESTAMP", (p) => timeOf(p[name])];
const place = (name: string, field = "position"): readonly Column[] => [
  [`${name}lat`, "DOUBLE", (p) => numberOf((p[field] as Json | undefined)?.lat)],
  [`${name}lon`, "DOUBLE", (p) => numberOf((p[field] as Json | undefined)?.lon)],
];
/** The rest of the event, as JSON text. */
const extra: Column = ["extra", "VARCHAR", (p) => (p.extra === undefined || p.extra === null ? undefined : JSON.stringify(p.extra))];

/** The first columns of every table. Times are UTC. `event_time` is the time that the API used; it is in the object's key. */
const HEAD: readonly (readonly [string, string])[] = [
  ["event_id", "VARCHAR"],
  ["event_time", "TIMESTAMP"],
  ["received_at", "TIMESTAMP"],
  ["request_id", "VARCHAR"],
];
const DELIVERIES: readonly Column[] = [
  text("delivery_id"),
  text("status"),
  text("tracking_number"),
  text("driver_id"),
  text("vehicle_id"),
  text("route_id"),
  ...place(""),
  flag("recipient_signature"),
  text("recipient_name"),
  time("scheduled_at"),
  text("notes"),
  flag("correction"),
  extra,
];
const FIXES: readonly Column[] = [
  text("vehicle_id"),
  ...place(""),
  number("speed_kmh"),
  number("average_speed_kmh"),
  ...place("destination_", "destination"),
  number("remaining_distance_km"),
  text("route_id"),
  text("delivery_id"),
  number("accuracy_m"),
  number("heading_deg"),
  number("altitude_m"),
  number("battery_percent"),
  extra,
];
const ROUTE_CHECKS: readonly Column[] = [
  text("vehicle_id"),
  text("driver_id"),
  text("route_id"),
  ...place(""),
  number("threshold_km"),
  number("accuracy_m"),
  number("speed_kmh"),
  number("heading_deg"),
  ["planned_route", "VARCHAR", (p) => (Array.isArray(p.planned_route) ? JSON.stringify(p.planned_route) : undefined)],
  extra,
];

export interface Table {
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** Column of the vehicle or delivery of the event. It is first in `order`. */
  readonly subject: string;
  /** Columns that identify an event. Rows of two parts with equal values are the same event. */
  readonly identity: readonly string[];
  /** Order of the rows in a file. A query for one vehicle or delivery reads few row groups. */
  readonly order: readonly string[];
}
const BODIES: Readonly<Record<Area["table"], readonly Column[]>> = { deliveries: DELIVERIES, fixes: FIXES, route_checks: ROUTE_CHECKS };
const table = (name: Area["table"], subject: string): Table => ({
  columns: [...HEAD, ...BODIES[name].map(([column, type]) => [column, type] as const)],
  subject,
  identity: [subject, "event_id"],
  order: [subject, "event_time", "event_id"],
});
export const TABLES: Readonly<Record<Area["table"], Table>> = {
  deliveries: table("deliveries", "delivery_id"),
  fixes: table("fixes", "vehicle_id"),
  route_checks: table("route_checks", "vehicle_id"),
};

/** Deviation alerts, as in the table of the live ones. Closed alerts are in the lake. */
export const ALERTS: Table = {
  columns: [
    ...["alert_id", "type", "state", "vehicle_id", "driver_id", "route_id"].map((name) => [name, "VARCHAR"] as const),
    ["opened_at", "TIMESTAMP"],
    ["closed_at", "TIMESTAMP"],
    ["close_reason", "VARCHAR"],
    ...["deviation_km", "max_deviation_km", "threshold_km", "lat", "lon"].map((name) => [name, "DOUBLE"] as const),
  ],
  subject: "vehicle_id",
  identity: ["alert_id"],
  order: ["vehicle_id", "opened_at"],
};
/** An item of the alerts table as a row; undefined: it is no alert. */
export function alertRowOf(item: Json): Json | undefined {
  const opened = timeOf(item.timestamp);
  const vehicle = textOf(item.vehicle_id);
  if (opened === undefined || vehicle === undefined) return undefined;
  const position = item.position as Json | undefined;
  return {
    // Items of an earlier version have no alert id. Their id is made from the table's key.
    alert_id: textOf(item.alert_id) ?? `${vehicle}@${opened}`,
    type: textOf(item.type),
    state: textOf(item.state),
    vehicle_id: vehicle,
    driver_id: textOf(item.driver_id),
    route_id: textOf(item.route_id),
    opened_at: opened,
    closed_at: timeOf(item.closed_at),
    close_reason: textOf(item.close_reason),
    deviation_km: numberOf(item.deviation_km),
    max_deviation_km: numberOf(item.max_deviation_km),
    threshold_km: numberOf(item.threshold_km),
    lat: numberOf(position?.lat),
    lon: numberOf(position?.lon),
  };
}

/** A row of the area's table; undefined: the object is no raw copy of an event. `key` contains the event's time. */
export function rowOf(area: Area, key: string, content: string): Json | undefined {
  const copy = parse(content);
  const payload = copy?.payload;
  if (copy === undefined || typeof payload !== "object" || payload === null || Array.isArray(payload)) return undefined;
  const body = payload as Json;
  const id = textOf(copy.event_id);
  const received = timeOf(copy.received_at);
  const when = timeInKey(key) ?? timeOf(body.occurred_at ?? body.recorded_at) ?? received;
  const subject = textOf(area.name === "deliveries" ? body.delivery_id : body.vehicle_id);
  if (id === undefined || when === undefined || subject === undefined) return undefined;
  return {
    event_id: id,
    event_time: when,
    received_at: received,
    request_id: textOf(copy.request_id),
    ...Object.fromEntries(BODIES[area.table].map(([name, , read]) => [name, read(body)])),
  };
}

function parse(content: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
/** The time in a key such as `…/20260131T142500123Z-…`. */
function timeInKey(key: string): string | undefined {
  const [, y, mo, d, h, mi, s, ms = "000"] = /\/(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})?Z?-[^/]*$/.exec(key) ?? [];
  return y && timeOf(`${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`);
}
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
const numberOf = (value: unknown): number | undefined => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
function timeOf(value: unknown): string | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace("Z", "");
}

/** Columns of every table of the lake. */
export const lakeColumns = (): Readonly<Record<string, Table["columns"]>> => ({
  ...Object.fromEntries(Object.entries(TABLES).map(([name, { columns }]) => [name, columns])),
  alerts: ALERTS.columns,
});
