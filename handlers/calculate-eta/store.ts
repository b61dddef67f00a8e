import type { DynamoDB } from "../shared/aws/dynamodb.ts";
import type { RawStore } from "../shared/intake.ts";
import { loadPlannedRoutes } from "../shared/planned-routes.ts";
import { type Loaded, load } from "../shared/records.ts";
import type { Call, Runtime } from "../shared/serve.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import { prepareRoute } from "../tracking/route-line.ts";
import type { PreparedRoute } from "./domain.ts";
import { fromRecord, type StoredVehicle, type VehicleRecord } from "./record.ts";

export interface EtaDeps extends RawStore {
  readonly dynamodb: DynamoDB;
  readonly vehiclesTable: string;
  readonly routesTable: string;
  readonly rules: TrackingRules;
  readonly silentAfterMinutes: number;
  /** Used for routes without a threshold. */
  readonly thresholdKm: number;
  readonly runtime: Runtime;
}

export interface VersionedVehicle extends StoredVehicle {
  readonly version: number | undefined;
}

/** The planned routes, prepared for measuring; ids without a route are left out. */
export async function loadRoutes(deps: EtaDeps, ids: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, PreparedRoute>> {
  const found = await loadPlannedRoutes(deps.dynamodb, deps.routesTable, ids, signal);
  return new Map(
    [...found].map(([id, { waypoints, updated_at, threshold_km }]) => [
      id,
      { line: prepareRoute(waypoints), key: `${id}@${updated_at}`, thresholdKm: threshold_km ?? deps.thresholdKm },
    ]),
  );
}

export const address = (deps: EtaDeps, id: string) => ({ table: deps.vehiclesTable, key: { vehicle_id: id }, versionName: "fix_version" });

export const readVehicle = async (deps: EtaDeps, call: Call, id: string): Promise<VersionedVehicle> =>
  toVersioned(deps, id, await load<VehicleRecord>(deps.dynamodb, address(deps, id), call.signal));

export const toVersioned = (deps: EtaDeps, id: string, { record, version }: Loaded<VehicleRecord>): VersionedVehicle => ({
  ...fromRecord(id, record, deps.rules),
  version,
});
