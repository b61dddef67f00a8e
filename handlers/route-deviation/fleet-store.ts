import { type DynamoDBClient, QueryCommand, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import type { AlertRecord } from "../contract/answers.ts";
import { fromItem, type Item, toAttribute, toItem } from "../shared/attributes.ts";
import type { Tried } from "../shared/contention.ts";
import { asFault } from "../shared/errors.ts";
import { type Loaded, load, save, toSeen, toUpdate } from "../shared/records.ts";
import { type Alert, EMPTY, type Fleet } from "./state.ts";

export interface FleetStore {
  readonly dynamodb: DynamoDBClient;
  readonly vehiclesTable: string;
  readonly alertsTable: string;
}

export interface LoadedFleet {
  readonly state: Fleet;
  readonly version: number | undefined;
}

/** `taken`: nobody was faster, but another alert of this vehicle opened at the very same time. */
export type Saved = Tried<true, LoadedFleet> | { readonly taken: true; readonly seen: undefined };

interface VehicleItem {
  readonly deviation?: Fleet;
}
const VERSION = "deviation_version";

export async function loadFleet(store: FleetStore, vehicleId: string, signal: AbortSignal): Promise<LoadedFleet> {
  return toFleet(await load<VehicleItem>(store.dynamodb, address(store, vehicleId), signal));
}
const toFleet = ({ record, version }: Loaded<VehicleItem>): LoadedFleet => ({ state: record?.deviation ?? EMPTY, version });
const toSeenFleet = (seen: Loaded<VehicleItem> | undefined): LoadedFleet | undefined => seen && toFleet(seen);

/** Writes the vehicle's share, and the alerts it changed, in one transaction. */
export async function saveFleet(
  store: FleetStore,
  vehicleId: string,
  next: LoadedFleet,
  alerts: readonly Alert[],
  signal: AbortSignal,
): Promise<Saved> {
  const revision = { ...address(store, vehicleId), version: next.version, set: { deviation: next.state } };
  if (alerts.length === 0) {
    const saved = await save<VehicleItem>(store.dynamodb, revision, signal);
    return "seen" in saved ? { seen: toSeenFleet(saved.seen) } : saved;
  }
  const items = [{ Update: toUpdate(revision) }, ...alerts.map((alert) => toPut(store, vehicleId, alert))];
  try {
    await store.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: items }), { abortSignal: signal });
    return { done: true };
  } catch (error) {
    return judge(error);
  }
}

const address = (store: FleetStore, id: string) => ({
  table: store.vehiclesTable,
  key: { vehicle_id: id },
  versionName: VERSION,
});

/** The whole item each time: it says what the state says, whatever became of it meanwhile. */
function toPut(store: FleetStore, vehicleId: string, alert: Alert): TransactWriteItem {
  return {
    Put: {
      TableName: store.alertsTable,
      Item: toItem({ vehicle_id: vehicleId, type: "ROUTE_DEVIATION", ...alert }),
      ConditionExpression: "attribute_not_exists(vehicle_id) OR alert_id = :id",
      ExpressionAttributeValues: { ":id": toAttribute(alert.alert_id) },
    },
  };
}

const CONTENTION = new Set(["ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** Reasons come in the order of the items: the first is the vehicle's. */
function judge(error: unknown): Saved {
  if (asFault(error).name !== "TransactionCanceledException") throw error;
  const reasons = (error as { CancellationReasons?: readonly { Code?: string; Item?: Item }[] }).CancellationReasons ?? [];
  const [vehicle, ...alerts] = reasons.map((reason) => reason.Code ?? "None");
  if (vehicle === "None" && alerts.includes("ConditionalCheckFailed")) return { taken: true, seen: undefined };
  if ([vehicle, ...alerts].some((code) => CONTENTION.has(code ?? ""))) return { seen: toSeenFleet(toSeen(reasons[0]?.Item, VERSION)) };
  throw error;
}

/** The vehicle's open alert on a route, from the alerts table: see `Fleet.aside`. There is one at most. */
export async function findOpenAlert(
  store: FleetStore,
  { vehicleId, routeId }: { readonly vehicleId: string; readonly routeId: string | undefined },
  signal: AbortSignal,
): Promise<Alert | undefined> {
  const ofRoute = routeId === undefined ? "attribute_not_exists(route_id)" : "route_id = :route";
  const command = new QueryCommand({
    TableName: store.alertsTable,
    KeyConditionExpression: "vehicle_id = :vehicle",
    FilterExpression: `#state = :open AND ${ofRoute}`,
    ExpressionAttributeNames: { "#state": "state" },
    ExpressionAttributeValues: toItem({ ":vehicle": vehicleId, ":open": "open", ":route": routeId }),
    ConsistentRead: true,
  });
  for (;;) {
    const { Items: items = [], LastEvaluatedKey: next } = await store.dynamodb.send(command, { abortSignal: signal });
    const [found] = items;
    if (found !== undefined) return toAlert(fromItem<StoredAlert>(found));
    if (next === undefined) return undefined;
    command.input.ExclusiveStartKey = next;
  }
}

export interface AlertPage {
  readonly alerts: readonly AlertRecord[];
  /** Sort key to go on after; undefined at the end. */
  readonly last: string | undefined;
}

/** Newest first, starting after `after`. Asks for one more than the page holds, so that the last page knows it is the last. */
export async function listAlerts(
  store: FleetStore,
  vehicleId: string,
  page: { readonly limit: number; readonly after: string | undefined },
  signal: AbortSignal,
): Promise<AlertPage> {
  const start = page.after === undefined ? {} : { ExclusiveStartKey: toItem({ vehicle_id: vehicleId, timestamp: page.after }) };
  const command = new QueryCommand({
    TableName: store.alertsTable,
    KeyConditionExpression: "vehicle_id = :vehicle",
    ExpressionAttributeValues: { ":vehicle": toAttribute(vehicleId) },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: page.limit + 1,
    ...start,
  });
  const { Items: items = [] } = await store.dynamodb.send(command, { abortSignal: signal });
  const alerts = items.slice(0, page.limit).map((item) => toRecord(fromItem<StoredAlert>(item)));
  return { alerts, last: items.length > page.limit ? alerts.at(-1)?.timestamp : undefined };
}

type StoredAlert = Alert & { readonly vehicle_id: string; readonly type: string };
const toAlert = ({ vehicle_id, type, ...alert }: StoredAlert): Alert => alert;

const toRecord = (alert: StoredAlert): AlertRecord => ({
  vehicle_id: alert.vehicle_id,
  timestamp: alert.timestamp,
  alert_id: alert.alert_id,
  type: "ROUTE_DEVIATION",
  state: alert.state,
  route_id: alert.route_id ?? null,
  driver_id: alert.driver_id ?? null,
  deviation_km: alert.deviation_km,
  max_deviation_km: alert.max_deviation_km,
  threshold_km: alert.threshold_km,
  position: alert.position,
  closed_at: alert.closed_at ?? null,
  notified_at: alert.notified_at ?? null,
});
