import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type Item, toAttribute, toItem } from "../shared/attributes.ts";
import type { DynamoDB } from "../shared/aws/dynamodb.ts";
import type { AttemptResult } from "../shared/contention.ts";
import { asFault } from "../shared/errors.ts";
import { type Loaded, load, save, toConflicting, toUpdate } from "../shared/records.ts";
import type { Track } from "../tracking/track.ts";
import { findOpenAlerts } from "./alert-items.ts";
import type { NotifiedAlert } from "./outbox.ts";
import { fromRecord, toRecord, type VehicleItem } from "./record.ts";
import type { Alert, DeviationState } from "./state.ts";

export interface DeviationStore {
  readonly dynamodb: DynamoDB;
  readonly vehiclesTable: string;
  readonly alertsTable: string;
}

export interface StoredDeviation {
  readonly state: DeviationState;
  readonly version: number | undefined;
  /** Last written by the previous version. */
  readonly old: boolean;
  /** The track that calculate-eta keeps of the vehicle. */
  readonly otherTrack: Track | undefined;
  /** Identifies the last write of this function. */
  readonly writer: string | undefined;
}

/**
 * `taken`: there was no other writer of the vehicle, but the condition on an alert's item failed. Another alert has the same opening
 * time, or the item has expired.
 */
export type SaveResult = AttemptResult<true, StoredDeviation> | { readonly taken: true; readonly conflicting: undefined };

/** Writes to the alerts table in the same transaction as the state. */
export interface AlertWrites {
  /** Alerts whose complete items are written. */
  readonly changed?: readonly Alert[];
  readonly notified?: readonly NotifiedAlert[];
  readonly notifiedAt?: string;
}

const VERSION = "deviation_version";

export const loadDeviation = async (store: DeviationStore, vehicleId: string, signal: AbortSignal): Promise<StoredDeviation> =>
  toStored(store, vehicleId, await load<VehicleItem>(store.dynamodb, address(store, vehicleId), signal), signal);

async function toStored(
  store: DeviationStore,
  vehicleId: string,
  { record, version }: Loaded<VehicleItem>,
  signal: AbortSignal,
): Promise<StoredDeviation> {
  const { state, old, hasAlertsInTableOnly } = fromRecord(record);
  // The previous version kept the episodes of some routes in the alerts table only.
  const alertsInTableOnly = hasAlertsInTableOnly ? await findOpenAlerts(store, vehicleId, signal) : [];
  const known = new Set([state.alert, ...state.left].map((alert) => alert?.alert_id));
  const left = [...state.left, ...alertsInTableOnly.filter(({ alert_id }) => !known.has(alert_id))];
  return { state: { ...state, left }, version, old, otherTrack: record?.track, writer: record?.deviation?.writer };
}

/** Writes the vehicle's deviation state and the changed alerts in one transaction. `writer` identifies this write. */
export async function saveDeviation(
  store: DeviationStore,
  vehicleId: string,
  next: Pick<StoredDeviation, "state" | "version"> & { readonly writer: string },
  alerts: AlertWrites,
  signal: AbortSignal,
): Promise<SaveResult> {
  const revision = { ...address(store, vehicleId), version: next.version, set: { deviation: toRecord(next.state, next.writer) } };
  const writes = [
    ...(alerts.changed ?? []).map((alert) => toPut(store, vehicleId, alert)),
    ...(alerts.notified ?? []).map((alert) => toNotified(store, vehicleId, alert, alerts.notifiedAt ?? "")),
  ];
  if (writes.length === 0) {
    const saved = await save<VehicleItem>(store.dynamodb, revision, signal);
    return "conflicting" in saved
      ? { conflicting: saved.conflicting && (await toStored(store, vehicleId, saved.conflicting, signal)) }
      : saved;
  }
  try {
    await store.dynamodb(
      "TransactWriteItems",
      { TransactItems: [{ Update: toUpdate(revision) }, ...writes], ClientRequestToken: randomUUID() },
      signal,
    );
    return { done: true };
  } catch (error) {
    const { taken, conflicting } = toConflict(error);
    return taken
      ? { taken, conflicting: undefined }
      : { conflicting: conflicting && (await toStored(store, vehicleId, conflicting, signal)) };
  }
}

const address = (store: DeviationStore, id: string) => ({ table: store.vehiclesTable, key: { vehicle_id: id }, versionName: VERSION });

const SAME_ALERT = "alert_id = :id";

/**
 * Always writes the complete item, so that it equals the state whatever was stored before. Only open alerts have `open_type`, the key
 * of the sparse index.
 */
function toPut(store: DeviationStore, vehicleId: string, alert: Alert): TransactWriteItem {
  const type = "ROUTE_DEVIATION";
  return {
    Put: {
      TableName: store.alertsTable,
      Item: toItem({ vehicle_id: vehicleId, type, ...alert, open_type: alert.state === "open" ? type : undefined }),
      ConditionExpression: `attribute_not_exists(vehicle_id) OR ${SAME_ALERT}`,
      ExpressionAttributeValues: { ":id": toAttribute(alert.alert_id) },
    },
  };
}

const toNotified = (store: DeviationStore, vehicleId: string, { alert_id, timestamp }: NotifiedAlert, at: string): TransactWriteItem => ({
  Update: {
    TableName: store.alertsTable,
    Key: toItem({ vehicle_id: vehicleId, timestamp }),
    UpdateExpression: "SET notified_at = :at",
    ConditionExpression: SAME_ALERT,
    ExpressionAttributeValues: toItem({ ":at": at, ":id": alert_id }),
  },
});

const CONTENTION = new Set(["ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** AWS returns one reason for each item, in the order of the items: the first is the vehicle's. */
function toConflict(error: unknown): { readonly taken: boolean; readonly conflicting: Loaded<VehicleItem> | undefined } {
  if (asFault(error).name !== "TransactionCanceledException") throw error;
  const reasons = (error as { CancellationReasons?: readonly { Code?: string; Item?: Item }[] }).CancellationReasons ?? [];
  const [vehicle, ...alerts] = reasons.map((reason) => reason.Code ?? "None");
  if (vehicle === "None" && alerts.includes("ConditionalCheckFailed")) return { taken: true, conflicting: undefined };
  if ([vehicle, ...alerts].some((code) => CONTENTION.has(code ?? "")))
    return { taken: false, conflicting: toConflicting(reasons[0]?.Item, VERSION) };
  throw error;
}
