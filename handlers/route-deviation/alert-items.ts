import type { BatchGetItemCommandOutput, KeysAndAttributes, QueryCommandInput, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import type { AlertRecord } from "../contract/answers.ts";
import { INDEXES } from "../contract/indexes.ts";
import { fromItem, type Item, toItem } from "../shared/attributes.ts";
import type { DynamoDB } from "../shared/aws/dynamodb.ts";
import { asFault } from "../shared/errors.ts";
import { fromStoredAlert, type StoredAlert } from "./record.ts";
import type { Alert } from "./state.ts";

/** Reading the alerts table. */
export interface AlertStore {
  readonly dynamodb: DynamoDB;
  readonly vehiclesTable: string;
  readonly alertsTable: string;
}
export type AlertItem = StoredAlert & { readonly vehicle_id: string; readonly type: string; readonly open_type?: string };
type AlertState = Alert["state"];

const TYPE = "ROUTE_DEVIATION";
/** BatchGetItem takes no more keys. */
const KEYS_A_READ = 100;

/** The open alerts of a vehicle. */
export async function findOpenAlerts(store: AlertStore, vehicleId: string, signal: AbortSignal): Promise<readonly Alert[]> {
  const input = ofVehicle(store, vehicleId, "open");
  const found: Alert[] = [];
  for (;;) {
    const { Items: items = [], LastEvaluatedKey: next } = await store.dynamodb("Query", input, signal);
    found.push(...items.map((item) => toAlert(fromItem<AlertItem>(item))));
    if (next === undefined) return found;
    input.ExclusiveStartKey = next;
  }
}
const toAlert = ({ vehicle_id, type, open_type, ...alert }: AlertItem): Alert => fromStoredAlert(alert);

function ofVehicle(store: AlertStore, vehicleId: string, state: AlertState | undefined): QueryCommandInput {
  return {
    TableName: store.alertsTable,
    KeyConditionExpression: "vehicle_id = :vehicle",
    ExpressionAttributeValues: toItem({ ":vehicle": vehicleId, ":state": state }),
    ...(state && { FilterExpression: "#state = :state", ExpressionAttributeNames: { "#state": "state" } }),
    ScanIndexForward: false,
    ConsistentRead: true,
  };
}

/** Open alerts are read from the sparse index, others from the index of all alerts. */
function ofFleet(store: AlertStore, state: AlertState | undefined): QueryCommandInput {
  const { name, hash } = state === "open" ? INDEXES.alerts.open : INDEXES.alerts.byType;
  return {
    TableName: store.alertsTable,
    IndexName: name,
    KeyConditionExpression: "#hash = :type",
    ExpressionAttributeNames: { "#hash": hash, ...(state && { "#state": "state" }) },
    ExpressionAttributeValues: toItem({ ":type": TYPE, ":state": state }),
    ...(state && { FilterExpression: "#state = :state" }),
    ScanIndexForward: false,
  };
}

export interface AlertPage {
  /** Undefined: the alerts of the whole fleet. */
  readonly vehicleId: string | undefined;
  readonly state: AlertState | undefined;
  readonly limit: number;
  /** Vehicle and sort key of the last alert of the page before. */
  readonly after: readonly [vehicleId: string, timestamp: string] | undefined;
}

/** One page of alerts, newest first, and whether another page follows. */
export async function readAlerts(store: AlertStore, page: AlertPage, signal: AbortSignal) {
  const { vehicleId, state, limit, after } = page;
  const input = vehicleId === undefined ? ofFleet(store, state) : ofVehicle(store, vehicleId, state);
  const hash = vehicleId === undefined ? (state === "open" ? INDEXES.alerts.open : INDEXES.alerts.byType).hash : undefined;
  if (after !== undefined) input.ExclusiveStartKey = toItem({ vehicle_id: after[0], timestamp: after[1], ...(hash && { [hash]: TYPE }) });
  input.Limit = limit + 1;
  const found: AlertItem[] = [];
  for (;;) {
    const { Items: items = [], LastEvaluatedKey: next } = await store.dynamodb("Query", input, signal);
    found.push(...items.map((item) => fromItem<AlertItem>(item)));
    if (next === undefined || found.length > limit) break;
    input.ExclusiveStartKey = next;
  }
  return { alerts: found.slice(0, limit), hasMore: found.length > limit };
}

/** The time of each vehicle's newest good fix, in ms. */
export async function lastSeen(store: AlertStore, vehicleIds: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const unique = [...new Set(vehicleIds)];
  const newestMs = new Map<string, number>();
  for (let start = 0; start < unique.length; start += KEYS_A_READ) {
    let keys: Item[] | undefined = unique.slice(start, start + KEYS_A_READ).map((vehicle_id) => toItem({ vehicle_id }));
    while (keys !== undefined && keys.length > 0) {
      const request: KeysAndAttributes = { Keys: keys, ProjectionExpression: "vehicle_id, recorded_at, deviation.last_fix.recorded_at" };
      const input = { RequestItems: { [store.vehiclesTable]: request } };
      const output: Pick<BatchGetItemCommandOutput, "Responses" | "UnprocessedKeys"> = await store.dynamodb("BatchGetItem", input, signal);
      const { Responses: responses = {}, UnprocessedKeys: rest = {} } = output;
      for (const item of responses[store.vehiclesTable] ?? []) {
        const one = fromItem<{ vehicle_id: string; recorded_at?: string; deviation?: { last_fix?: { recorded_at?: string } } }>(item);
        const times = [one.recorded_at, one.deviation?.last_fix?.recorded_at].flatMap((at) => (at === undefined ? [] : Date.parse(at)));
        if (times.length > 0) newestMs.set(one.vehicle_id, Math.max(...times));
      }
      keys = rest[store.vehiclesTable]?.Keys;
    }
  }
  return newestMs;
}

/**
 * Open alerts of the previous version are missing in the index of open alerts and would expire while they are open. This finds and
 * repairs them; it reads the index of all alerts once. An alert that was closed meanwhile is not changed.
 */
export async function repairOldAlerts(store: AlertStore, signal: AbortSignal): Promise<void> {
  const input = ofFleet(store, undefined);
  input.FilterExpression = "#state = :open AND attribute_not_exists(open_type)";
  input.ExpressionAttributeNames = { ...input.ExpressionAttributeNames, "#state": "state" };
  input.ExpressionAttributeValues = { ...input.ExpressionAttributeValues, ...toItem({ ":open": "open" }) };
  for (;;) {
    const { Items: items = [], LastEvaluatedKey: next } = await store.dynamodb("Query", input, signal);
    for (const item of items) await repair(store, fromItem<AlertItem>(item), signal);
    if (next === undefined) return;
    input.ExclusiveStartKey = next;
  }
}

async function repair(store: AlertStore, { vehicle_id, timestamp }: AlertItem, signal: AbortSignal): Promise<void> {
  const input: UpdateItemCommandInput = {
    TableName: store.alertsTable,
    Key: toItem({ vehicle_id, timestamp }),
    UpdateExpression: "SET open_type = :type REMOVE expires_at",
    ConditionExpression: "#state = :open",
    ExpressionAttributeNames: { "#state": "state" },
    ExpressionAttributeValues: toItem({ ":type": TYPE, ":open": "open" }),
  };
  try {
    await store.dynamodb("UpdateItem", input, signal);
  } catch (error) {
    if (asFault(error).name !== "ConditionalCheckFailedException") throw error;
  }
}

export const toAnswer = (alert: AlertItem, silent: boolean): AlertRecord => ({
  vehicle_id: alert.vehicle_id,
  timestamp: alert.timestamp,
  alert_id: alert.alert_id,
  type: TYPE,
  state: alert.state,
  route_id: alert.route_id ?? null,
  driver_id: alert.driver_id ?? null,
  deviation_km: alert.deviation_km,
  max_deviation_km: alert.max_deviation_km,
  threshold_km: alert.threshold_km,
  position: alert.position,
  closed_at: alert.closed_at ?? null,
  // The previous version had only one reason and did not store it.
  close_reason: alert.state === "closed" ? (alert.close_reason ?? "back_on_route") : null,
  notified_at: alert.notified_at ?? null,
  silent,
});
