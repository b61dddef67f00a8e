/** One table of the star schema, in SQL that Snowflake and DuckDB share. */
export interface StarTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** Query of its rows from the raw tables; `raw` is the prefix of their names. */
  readonly select: (raw: string) => string;
}

const dimension = (table: string, key: string, select: StarTable["select"]): StarTable => ({
  table,
  key: [key],
  columns: [
    [key, "VARCHAR"],
    ["first_seen", "TIMESTAMP"],
    ["last_seen", "TIMESTAMP"],
  ],
  select,
});
/** Rows of an id that several raw tables have, with its first and last event. */
const seenIn =
  (id: string, tables: readonly string[]): StarTable["select"] =>
  (raw) =>
    `SELECT ${id}, min(event_time) AS first_seen, max(event_time) AS last_seen FROM (${tables
      .map((table) => `SELECT ${id}, event_time FROM ${raw}${table}`)
      .join(" UNION ALL ")}) x WHERE ${id} IS NOT NULL GROUP BY ${id}`;

/** The valid update of a delivery, as POST /delivery decides: a correction starts again, a final state stays, otherwise the later update counts. */
const RANK =
  "CASE status WHEN 'pending' THEN 0 WHEN 'assigned' THEN 1 WHEN 'in_transit' THEN 2 WHEN 'failed' THEN 3 WHEN 'returned' THEN 4 WHEN 'cancelled' THEN 5 WHEN 'delivered' THEN 6 END";
const FINAL = "CASE WHEN status IN ('returned', 'cancelled', 'delivered') THEN 1 ELSE 0 END";
const deliveries = (
  raw: string,
): string => `WITH once AS (SELECT * FROM ${raw}deliveries QUALIFY row_number() OVER (PARTITION BY delivery_id, event_id ORDER BY received_at, event_time) = 1),
  since AS (SELECT *, max(CASE WHEN correction THEN event_time END) OVER (PARTITION BY delivery_id) AS corrected_at FROM once),
  counting AS (SELECT *, ${FINAL} AS is_final, ${RANK} AS status_rank FROM since WHERE corrected_at IS NULL OR event_time >= corrected_at),
  stands AS (SELECT * FROM counting QUALIFY row_number() OVER (PARTITION BY delivery_id ORDER BY is_final DESC, event_time DESC, status_rank DESC, event_id DESC) = 1),
  facts AS (SELECT delivery_id, min(CASE WHEN status = 'delivered' THEN event_time END) AS delivered_at, min(event_time) AS first_event_at FROM counting GROUP BY delivery_id),
  known AS (SELECT delivery_id, max(driver_id) AS driver_id, max(vehicle_id) AS vehicle_id, max(route_id) AS route_id, max(scheduled_at) AS scheduled_at FROM once GROUP BY delivery_id)
  SELECT s.delivery_id, CAST(s.event_time AS DATE) AS date_day, s.status, k.driver_id, k.vehicle_id, k.route_id, k.scheduled_at, CASE WHEN s.status = 'delivered' THEN f.delivered_at END AS delivered_at, s.event_time AS updated_at,
    CASE WHEN s.status = 'delivered' AND k.scheduled_at IS NOT NULL THEN f.delivered_at <= k.scheduled_at END AS on_time
  FROM stands s JOIN facts f ON f.delivery_id = s.delivery_id JOIN known k ON k.delivery_id = s.delivery_id`;

/** Kilometres from the vehicle's previous fix, on the API's sphere (radius 6371.0088 km); null after more than an hour or above 200 km/h. */
const fixes = (
  raw: string,
): string => `WITH good AS (SELECT * FROM (SELECT vehicle_id, event_id, event_time, lat, lon, route_id, speed_kmh, received_at FROM ${raw}fixes WHERE lat IS NOT NULL AND NOT (lat = 0 AND lon = 0) AND coalesce(accuracy_m, 0) <= 200) a
    QUALIFY row_number() OVER (PARTITION BY vehicle_id, event_id ORDER BY received_at, event_time) = 1),
  paired AS (SELECT *, lag(lat) OVER (PARTITION BY vehicle_id ORDER BY event_time, event_id) AS lat0, lag(lon) OVER (PARTITION BY vehicle_id ORDER BY event_time, event_id) AS lon0, lag(event_time) OVER (PARTITION BY vehicle_id ORDER BY event_time, event_id) AS time0 FROM good),
  measured AS (SELECT *, datediff('second', time0, event_time) AS seconds, 2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(lat - lat0) / 2), 2) + cos(radians(lat0)) * cos(radians(lat)) * power(sin(radians(lon - lon0) / 2), 2)))) AS km FROM paired)
  SELECT vehicle_id, event_id, CAST(event_time AS DATE) AS date_day, event_time, route_id, lat, lon, speed_kmh,
    CASE WHEN seconds BETWEEN 1 AND 3600 AND km * 3600 / seconds <= 200 THEN km END AS driven_km, CASE WHEN seconds BETWEEN 1 AND 3600 AND km * 3600 / seconds <= 200 THEN seconds END AS driven_seconds FROM measured`;

const alerts = (
  raw: string,
): string => `SELECT alert_id, CAST(opened_at AS DATE) AS date_day, vehicle_id, driver_id, route_id, opened_at, closed_at, close_reason, max_deviation_km, threshold_km, datediff('second', opened_at, closed_at) / 60.0 AS minutes
  FROM ${raw}alerts QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY closed_at DESC) = 1`;

const dates = (
  raw: string,
): string => `SELECT date_day, year(date_day) AS year_number, quarter(date_day) AS quarter_number, month(date_day) AS month_number, day(date_day) AS day_number, mod(datediff('day', DATE '2024-01-01', date_day), 7) + 1 AS weekday_number
  FROM (SELECT DISTINCT CAST(event_time AS DATE) AS date_day FROM ${raw}deliveries UNION SELECT DISTINCT CAST(event_time AS DATE) FROM ${raw}fixes UNION SELECT DISTINCT CAST(opened_at AS DATE) FROM ${raw}alerts) d`;

const typed = (type: string, ...names: readonly string[]) => names.map((name) => [name, type] as const);

/** Dimensions come first: facts refer to them by their ids. */
export const STAR: readonly StarTable[] = [
  dimension("dim_vehicle", "vehicle_id", seenIn("vehicle_id", ["deliveries", "fixes", "route_checks"])),
  dimension("dim_driver", "driver_id", seenIn("driver_id", ["deliveries", "route_checks"])),
  dimension("dim_route", "route_id", seenIn("route_id", ["deliveries", "fixes", "route_checks"])),
  {
    table: "dim_date",
    key: ["date_day"],
    columns: [["date_day", "DATE"], ...typed("INTEGER", "year_number", "quarter_number", "month_number", "day_number", "weekday_number")],
    select: dates,
  },
  {
    table: "fact_deliveries",
    key: ["delivery_id"],
    columns: [
      ["delivery_id", "VARCHAR"],
      ["date_day", "DATE"],
      ...typed("VARCHAR", "status", "driver_id", "vehicle_id", "route_id"),
      ...typed("TIMESTAMP", "scheduled_at", "delivered_at", "updated_at"),
      ["on_time", "BOOLEAN"],
    ],
    select: deliveries,
  },
  {
    table: "fact_fixes",
    key: ["vehicle_id", "event_id"],
    columns: [
      ...typed("VARCHAR", "vehicle_id", "event_id"),
      ["date_day", "DATE"],
      ["event_time", "TIMESTAMP"],
      ["route_id", "VARCHAR"],
      ...typed("DOUBLE", "lat", "lon", "speed_kmh", "driven_km", "driven_seconds"),
    ],
    select: fixes,
  },
  {
    table: "fact_alerts",
    key: ["alert_id"],
    columns: [
      ["alert_id", "VARCHAR"],
      ["date_day", "DATE"],
      ...typed("VARCHAR", "vehicle_id", "driver_id", "route_id"),
      ...typed("TIMESTAMP", "opened_at", "closed_at"),
      ["close_reason", "VARCHAR"],
      ...typed("DOUBLE", "max_deviation_km", "threshold_km", "minutes"),
    ],
    select: alerts,
  },
];
