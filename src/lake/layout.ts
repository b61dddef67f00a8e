/** A folder of raw copies, and the table of its events. */
export interface Area {
  readonly name: "deliveries" | "vehicles" | "routes";
  readonly table: "deliveries" | "fixes" | "route_checks";
}
export const AREAS: readonly Area[] = [
  { name: "deliveries", table: "deliveries" },
  { name: "vehicles", table: "fixes" },
  { name: "routes", table: "route_checks" },
];
/** `YYYY-MM-DD`, in UTC. */
export type Day = string;

export const folderOf = (day: Day): string => `year=${day.slice(0, 4)}/month=${day.slice(5, 7)}/day=${day.slice(8, 10)}/`;
/** The day in the folders of a key. */
export function dayIn(key: string): Day | undefined {
  const [, year, month, day] = /\/year=(\d{4})\/month=(\d{2})\/day=(\d{2})\//.exec(key) ?? [];
  return year && `${year}-${month}-${day}`;
}

export const rawFolder = (area: Area, day: Day): string => `raw-data/${area.name}/${folderOf(day)}`;
const archiveFolder = (area: Area, day: Day): string => `raw-archive/${area.name}/${folderOf(day)}`;
export const tableFolder = (table: string, day: Day): string => `lake/${table}/${folderOf(day)}`;

/**
 * Manifests are outside of `lake/`, so that a program that loads `lake/` finds only Parquet files. A part is valid when its manifest is
 * written. `pending` lists the copies that are being packed, so that the run after a killed one packs the same.
 */
export const MANIFESTS = "lake-manifests/";
export const manifestFolder = (table: string, day: Day): string => `${MANIFESTS}${table}/${folderOf(day)}`;
export const manifestKey = (area: Area, day: Day, part: string): string => `${manifestFolder(area.table, day)}${part}.json`;
export const pendingKey = (area: Area, day: Day): string => `${manifestFolder(area.table, day)}pending.ndjson.gz`;
export const archiveKey = (area: Area, day: Day, part: string): string => `${archiveFolder(area, day)}${part}.ndjson.gz`;
export const parquetKey = (table: string, day: Day, part: string, index: number): string =>
  `${tableFolder(table, day)}${part}-${String(index).padStart(4, "0")}.parquet`;

/** The contents of a committed part. */
export interface Manifest {
  readonly part: string;
  /** Number of raw copies in the archive. */
  readonly copies: number;
  /** Number of events in the Parquet files. Events of an earlier part and objects that are no events are in the archive only. */
  readonly events: number;
  readonly unreadable: number;
  /** null for alerts, which have no raw copies. */
  readonly archive: string | null;
  readonly parquet: readonly string[];
  /** Ids of the alerts, in a part of alerts. */
  readonly alerts?: readonly string[];
}
