import type { DynamoDB } from "../shared/aws/dynamodb.ts";
import type { RawStore } from "../shared/intake.ts";
import { loadPlannedRoutes } from "../shared/planned-routes.ts";
import { type Loaded, load } from "../shared/records.ts";
import type { Call, Surroundings } from "../shared/serve.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import { prepareRoute } from "../tracking/route-line.ts";
import type { KnownRoute } from "./domain.ts";
import { fromRecord, type StoredVehicle, type VehicleRecord } from "./record.ts";

export interface EtaDeps extends RawStore {
  readonly dynamodb: DynamoDB;
  readonly vehiclesTable: string;
  readonly routesTable: string;
  readonly rules: TrackingRules;
  readonly silentAfterMinutes: number;
  /** Of routes that name none. */
  readonly thresholdKm: number;
  readonly around: Surroundings;
}

export interface Read extends StoredVehicle {
  readonly version: number | undefined;
}

/** Planned routes ready to be measured along; unknown ones are left out. */
export async function loadRoutes(deps: EtaDeps, ids: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, KnownRoute>> {
  const found = await loadPlannedRoutes(deps.dynamodb, deps.routesTable, ids, signal);
  return new Map(
    [...found].map(([id, { waypoints, updated_at, threshold_km }]) => [
      id,
      { line: prepareRoute(waypoints), key: `${id}@${updated_at}`, thresholdKm: threshold_km ?? deps.thresholdKm },
    ]),
  );
}

export const address = (deps: EtaDeps, id: string) => ({ table: deps.vehiclesTable, key: { vehicle_id: id }, versionName: "fix_version" });

export const readVehicle = async (deps: EtaDeps, call: Call, id: string): Promise<Read> =>
  toRead(deps, id, await load<VehicleRecord>(deps.dynamodb, address(deps, id), call.signal));

export const toRead = (deps: EtaDeps, id: string, { record, version }: Loaded<VehicleRecord>): Read => ({
  ...fromRecord(id, record, deps.rules),
  version,
});
