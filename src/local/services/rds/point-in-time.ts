import { randomUUID } from "node:crypto";
import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, LocalFault } from "../../core/service.ts";
import type { InstanceDocument } from "./documents.ts";
import { mustBe } from "./instance-registry.ts";
import { show } from "./instances.ts";
import type { Rds } from "./rds.ts";
import { beginRestore } from "./snapshots.ts";

type Input = RDS.RestoreDBInstanceToPointInTimeCommandInput;

/** Creates an instance from the data of another one. Past states are not kept, so only the latest one can be restored. */
export function pointInTimeOperations(rds: Rds) {
  const { instances } = rds;
  const restore: Handler<Input, RDS.RestoreDBInstanceToPointInTimeResult> = async (input, { region }) => {
    const source = sourceOf(rds, region, input);
    if (!source.attributes.BackupRetentionPeriod)
      throw new LocalFault("PointInTimeRestoreNotEnabledFault", `Point in time restore is not enabled for instance ${source.id}.`);
    checkTime(input);
    mustBe(instances, source, "available", "backing-up", "modifying");
    const origin = { snapshot: randomUUID(), copyOf: source.resourceId };
    return { DBInstance: show(rds, await beginRestore(rds, region, input.TargetDBInstanceIdentifier, source, input, origin)) };
  };
  return { RestoreDBInstanceToPointInTime: restore };
}

function sourceOf({ instances }: Rds, region: string, input: Input): InstanceDocument {
  const byResource = instances.list(region).find((one) => one.resourceId === input.SourceDbiResourceId);
  return input.SourceDBInstanceIdentifier === undefined && byResource
    ? byResource
    : instances.existing(region, input.SourceDBInstanceIdentifier);
}

function checkTime({ RestoreTime, UseLatestRestorableTime }: Input): void {
  if (UseLatestRestorableTime && RestoreTime)
    throw new LocalFault("InvalidParameterCombination", "You can't specify both RestoreTime and UseLatestRestorableTime.", 400);
  if (UseLatestRestorableTime) return;
  if (!RestoreTime) throw new LocalFault("InvalidParameterCombination", "Specify either RestoreTime or UseLatestRestorableTime.", 400);
  throw new LocalFault("NotImplemented", "The local AWS does not implement rds:RestoreDBInstanceToPointInTime with RestoreTime.", 501);
}
