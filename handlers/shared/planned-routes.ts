import { fromItem, toItem } from "./attributes.ts";
import type { DynamoDB } from "./aws/dynamodb.ts";
import type { Position } from "./geodesy.ts";

/** The item in the routes table. */
export interface PlannedRouteRecord {
  readonly route_id: string;
  readonly waypoints: readonly Position[];
  readonly waypoint_count: number;
  readonly length_km: number;
  readonly name?: string | undefined;
  readonly threshold_km?: number | undefined;
  readonly updated_at: string;
}

/** A consistent read: a route that was just stored is used for the next fix. */
export async function loadPlannedRoute(
  dynamodb: DynamoDB,
  table: string,
  id: string,
  signal: AbortSignal,
): Promise<PlannedRouteRecord | undefined> {
  const input = { TableName: table, Key: toItem({ route_id: id }), ConsistentRead: true };
  const { Item: item } = await dynamodb("GetItem", input, signal);
  return item === undefined ? undefined : fromItem<PlannedRouteRecord>(item);
}

/** The stored routes with these ids; ids without a route are left out. Each route is read once. */
export async function loadPlannedRoutes(
  dynamodb: DynamoDB,
  table: string,
  ids: Iterable<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PlannedRouteRecord>> {
  const unique = [...new Set(ids)];
  const found = await Promise.all(unique.map((id) => loadPlannedRoute(dynamodb, table, id, signal)));
  return new Map(found.flatMap((route) => (route === undefined ? [] : [[route.route_id, route] as const])));
}
