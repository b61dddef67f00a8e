import type { DynamoDB } from "../shared/aws/dynamodb.ts";
import type { RawStore } from "../shared/intake.ts";
import { type Loaded, load } from "../shared/records.ts";
import type { Call, Runtime } from "../shared/serve.ts";
import { type DeliveryRecord, fromRecord, type StoredDelivery } from "./record.ts";

export interface DeliveryDeps extends RawStore {
  readonly dynamodb: DynamoDB;
  readonly deliveriesTable: string;
  readonly runtime: Runtime;
}

/** A stored delivery with the version that the next write needs. */
export interface VersionedDelivery extends StoredDelivery {
  readonly version: number | undefined;
  readonly writer: string | undefined;
}

export const address = (deps: DeliveryDeps, id: string) => ({
  table: deps.deliveriesTable,
  key: { delivery_id: id },
  versionName: "version",
});

export const readDelivery = async (deps: DeliveryDeps, call: Call, id: string): Promise<VersionedDelivery> =>
  toVersioned(id, await load<DeliveryRecord>(deps.dynamodb, address(deps, id), call.signal));

export const toVersioned = (id: string, { record, version }: Loaded<DeliveryRecord>): VersionedDelivery => ({
  ...fromRecord(id, record),
  version,
  writer: typeof record?.writer === "string" ? record.writer : undefined,
});
