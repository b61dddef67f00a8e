import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, LocalFault } from "../../core/service.ts";
import type { InstanceDocument } from "./documents.ts";
import { GONE, type Job, mustBe } from "./instance-registry.ts";
import { show } from "./instances.ts";
import type { Rds } from "./rds.ts";
import { removeInstance, resetPassword } from "./resume.ts";
import { beginSnapshot, newSnapshot } from "./snapshots.ts";

/** Statuses in which no final snapshot can be taken. */
const BROKEN = ["failed", "incompatible-restore", "incompatible-network", "incompatible-parameters"];

/** Operations that stop, start, reboot and delete an instance. */
export function lifecycleOperations(rds: Rds) {
  const { instances, engine } = rds;
  const reboot: Handler<RDS.RebootDBInstanceCommandInput, RDS.RebootDBInstanceResult> = (input, { region }) => {
    const instance = instances.existing(region, input.DBInstanceIdentifier);
    mustBe(instances, instance, "available");
    if (input.ForceFailover && !instance.attributes.MultiAZ)
      throw new LocalFault("InvalidParameterCombination", "Cannot reboot with failover: the DB instance is not Multi-AZ.", 400);
    return { DBInstance: show(rds, instances.begin(instance, rebooting(rds, instance))) };
  };
  const stop: Handler<RDS.StopDBInstanceCommandInput, RDS.StopDBInstanceResult> = (input, { region }) => {
    const instance = instances.existing(region, input.DBInstanceIdentifier);
    mustBe(instances, instance, "available");
    if (input.DBSnapshotIdentifier) beginSnapshot(rds, instance, input.DBSnapshotIdentifier, []);
    const statusTimes = [{ status: "stopping", ms: 120_000 }];
    const work = () => engine.stop(instance.resourceId);
    return { DBInstance: show(rds, instances.begin(instance, { status: "stopping", after: "stopped", statusTimes, work })) };
  };
  const start: Handler<RDS.StartDBInstanceCommandInput, RDS.StartDBInstanceResult> = (input, { region }) => {
    const instance = instances.existing(region, input.DBInstanceIdentifier);
    mustBe(instances, instance, "stopped");
    const statusTimes = [{ status: "starting", ms: 180_000 }];
    return {
      DBInstance: show(
        rds,
        instances.begin(instance, { status: "starting", after: "available", statusTimes, work: () => instances.start(instance) }),
      ),
    };
  };
  return { RebootDBInstance: reboot, StopDBInstance: stop, StartDBInstance: start, DeleteDBInstance: deleteInstance(rds) };
}

export const rebooting = (rds: Rds, instance: InstanceDocument): Job => ({
  status: "rebooting",
  after: "available",
  statusTimes: [{ status: "rebooting", ms: 30_000 }],
  work: () => restart(rds, instance),
});

/** Stops a running server and starts it with the parameters of its group. */
async function restart(rds: Rds, instance: InstanceDocument): Promise<void> {
  await rds.engine.stop(instance.resourceId);
  await rds.instances.start(instance);
  // A server that ended during a change of password does not have the new one yet.
  const latest = rds.instances.list().find((one) => one.resourceId === instance.resourceId);
  if (latest) await resetPassword(rds, latest);
}

function deleteInstance(rds: Rds): Handler<RDS.DeleteDBInstanceCommandInput, RDS.DeleteDBInstanceResult> {
  const { instances } = rds;
  return (input, { region }) => {
    const found = instances.existing(region, input.DBInstanceIdentifier);
    checkDelete(rds, found, input);
    const tags = found.attributes.CopyTagsToSnapshot ? found.tags : [];
    const final = input.SkipFinalSnapshot ? undefined : newSnapshot(rds, found, input.FinalDBSnapshotIdentifier, tags);
    const instance = instances.change(found, { finalSnapshot: final?.id });
    const statusTimes = [{ status: "deleting", ms: 120_000 }];
    const work = () => removeInstance(rds, instance);
    return {
      DBInstance: show(rds, instances.begin(instance, { status: "deleting", after: GONE, afterFailure: found.state, statusTimes, work })),
    };
  };
}

function checkDelete({ instances }: Rds, instance: InstanceDocument, input: RDS.DeleteDBInstanceCommandInput): void {
  const status = instances.statusOf(instance);
  if (status === "deleting") throw new LocalFault("InvalidDBInstanceStateFault", `Instance ${instance.id} is already being deleted.`);
  if (instance.attributes.DeletionProtection)
    throw new LocalFault(
      "InvalidParameterCombination",
      "Cannot delete protected DB Instance, please disable deletion protection and try again.",
      400,
    );
  if (input.SkipFinalSnapshot && input.FinalDBSnapshotIdentifier)
    throw new LocalFault(
      "InvalidParameterCombination",
      "FinalDBSnapshotIdentifier can not be specified when deleting an instance with SkipFinalSnapshot.",
      400,
    );
  if (!input.SkipFinalSnapshot && !input.FinalDBSnapshotIdentifier)
    throw new LocalFault(
      "InvalidParameterCombination",
      "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
      400,
    );
  if (!input.SkipFinalSnapshot && (BROKEN.includes(status) || status === "creating"))
    throw new LocalFault(
      "InvalidDBInstanceStateFault",
      `Instance ${instance.id} is currently ${status} - a final snapshot cannot be taken.`,
    );
}
