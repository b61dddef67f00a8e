import type { DBInstance } from "@aws-sdk/client-rds";
import { actions, arnAt } from "../../aws/access.ts";
import { attributeChanges, readAttributes } from "../../aws/attributes.ts";
import { changedTags, differences } from "../../aws/changes.ts";
import type { AwsClients } from "../../aws/clients.ts";
import { toFault } from "../../aws/faults.ts";
import { carriesTag, fromTagList, toTagList } from "../../aws/ownership.ts";
import { collect } from "../../aws/pages.ts";
import type { Change, Observation, ResourceKind } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { ATTRIBUTES, creation, leastGrowth, modificationFor } from "./attributes.ts";
import { notesOn } from "./notes.ts";
import type { DatabaseId, DatabaseLive, DatabaseOutputs, DatabaseSpec } from "./types.ts";

/** RDS cannot use the key (botocore, rds). unproven: RDS also answers this for a new key, and a later call succeeds. */
const KEY_NOT_ACCESSIBLE = ["KMSKeyNotAccessibleFault", "KMSKeyNotAccessible"];
/** Usable states; `storage-optimization` only forbids another resize. */
const READY = ["available", "storage-optimization", "stopped"];
/** States that do not end by waiting, with their cause or remedy. */
const STUCK: Readonly<Record<string, string>> = {
  "incompatible-network": "its subnets have no free address, or its VPC was deleted",
  "incompatible-restore": "its snapshot cannot be restored",
  "incompatible-parameters": "its parameter group does not fit the instance class",
  "incompatible-option-group": "its option group does not fit the engine",
  "insufficient-capacity": "AWS has no such instance free in this zone: choose another database.instanceClass",
  "inaccessible-encryption-credentials": "its encryption key cannot be used: enable the key again",
  "inaccessible-encryption-credentials-recoverable": "its encryption key cannot be used: enable the key and start the instance",
};

export const rdsInstance: ResourceKind<DatabaseId, DatabaseSpec, DatabaseLive, DatabaseOutputs, AwsClients> = {
  kind: "rds.instance",
  holdsData: true,
  slow: true,
  settle: { timeoutMs: 3_600_000, pollMs: 5_000 },
  notFound: { provenBy: "rds:DescribeDBInstances", codes: ["DBInstanceNotFoundFault", "DBInstanceNotFound"] },
  alreadyExists: ["DBInstanceAlreadyExistsFault", "DBInstanceAlreadyExists"],
  retries: [{ class: "propagation", codes: KEY_NOT_ACCESSIBLE }],

  access: {
    on: ({ identifier }, place) =>
      [`db:${identifier}`, "og:*", "pg:*", "secgrp:*", `snapshot:${identifier}-*`, "subgrp:*"].map((part) => arnAt(place, "rds", part)),
    read: [],
    write: actions("rds", "AddTagsToResource", "CreateDBInstance", "ModifyDBInstance", "StartDBInstance"),
    delete: actions("rds", "AddTagsToResource", "CreateDBSnapshot", "DeleteDBInstance", "ModifyDBInstance"),
    everywhere: {
      read: ["rds:DescribeDBInstances"],
      // RDS creates the password's secret, and once for each account its service-linked role, with the deployer's permissions.
      write: ["iam:CreateServiceLinkedRole", "kms:DescribeKey", "secretsmanager:CreateSecret", "secretsmanager:TagResource"],
    },
  },
  label: ({ identifier }) => identifier,
  diff: (spec, live) => [
    ...replacements(spec, live),
    // AWS starts a stopped instance after seven days. Until then nothing else can be changed.
    ...differences({ status: [live.status === "stopped" ? "stopped" : "running", "running"] }),
    ...attributeChanges(ATTRIBUTES, live.attributes, spec, live),
  ],
  notes: notesOn,
  outputs: (live) => ({
    identifier: live.identifier,
    status: live.status,
    host: live.host ?? null,
    port: live.port ?? null,
    name: live.name,
    username: live.username,
    secretArn: live.secretArn ?? null,
  }),
  describe: ({ arn, status, host, port, created, engineVersion, instanceClass, storageGb }) => ({
    arn,
    state: status,
    address: host && `${host}:${port}`,
    since: created,
    bytes: storageGb * 1024 ** 3,
    detail: `PostgreSQL ${engineVersion}, ${instanceClass}, ${storageGb} GB`,
  }),

  async read({ identifier }, ctx) {
    const rds = await ctx.world.rds();
    const found = (await rds.describeDBInstances({ DBInstanceIdentifier: identifier })).DBInstances?.[0];
    return found ? observationOf(found) : { state: "absent" };
  },
  async create({ identifier }, spec, ctx) {
    const rds = await ctx.world.rds();
    const database = { DBInstanceIdentifier: identifier, ...creation(spec), Tags: toTagList(ctx.tags) };
    await rds.createDBInstance(database);
  },
  async update({ identifier: DBInstanceIdentifier }, spec, live, changes, ctx) {
    const rds = await ctx.world.rds();
    const tags = changedTags(changes);
    if (tags) await rds.addTagsToResource({ ResourceName: live.arn, Tags: toTagList(tags) });
    if (live.status === "stopped") {
      await rds.startDBInstance({ DBInstanceIdentifier });
      return;
    }
    const modification = modificationFor(repairable(changes, live), spec, live);
    if (Object.keys(modification).length === 0) return;
    await unlessNothingToDo(rds.modifyDBInstance({ DBInstanceIdentifier, ApplyImmediately: true, ...modification }));
  },
  async delete({ identifier: DBInstanceIdentifier }, live, { finalSnapshot }, ctx) {
    const rds = await ctx.world.rds();
    if (live.status === "deleting") return;
    if (live.deletionProtection) {
      await rds.modifyDBInstance({ DBInstanceIdentifier, DeletionProtection: false, ApplyImmediately: true });
      return;
    }
    if (finalSnapshot && NO_SNAPSHOT_STATES.has(live.status)) throw noSnapshot(DBInstanceIdentifier, live.status);
    const last = finalSnapshot ? { FinalDBSnapshotIdentifier: finalSnapshot } : { SkipFinalSnapshot: true };
    await rds.deleteDBInstance({ DBInstanceIdentifier, ...last });
  },
  async inventory(_id, live) {
    return {
      items: 1,
      bytes: live.storageGb * 1024 ** 3,
      text: `PostgreSQL ${live.engineVersion}, ${live.storageGb} GB of storage, ${live.status}`,
      cost: `${live.instanceClass} by the hour and ${live.storageGb} GB of storage by the month`,
    };
  },
  async candidates(ctx) {
    const all = await collect((await ctx.world.rds()).paginateDescribeDBInstances({}), (page) => page.DBInstances);
    const ours = all.filter(({ TagList }) => carriesTag(fromTagList(TagList), ctx.stack));
    return ours.map(({ DBInstanceIdentifier: identifier = "" }) => ({ identifier }));
  },
};

function observationOf(found: DBInstance): Observation<DatabaseLive> {
  const live = liveOf(found);
  const tags = fromTagList(found.TagList);
  // The repair is in progress: more storage is pending.
  if (live.status === FULL && found.PendingModifiedValues?.AllocatedStorage !== undefined) return { state: "settling", live, tags };
  const reason = reasonOf(live);
  if (reason) return { state: "failed", live, tags, reason: `${live.status}: ${reason}` };
  return { state: READY.includes(live.status) ? "ready" : "settling", live, tags };
}
function liveOf(found: DBInstance): DatabaseLive {
  const pending = found.PendingModifiedValues ?? {};
  return {
    identifier: found.DBInstanceIdentifier ?? "",
    arn: found.DBInstanceArn ?? "",
    status: found.DBInstanceStatus ?? "unknown",
    name: found.DBName ?? "",
    username: found.MasterUsername ?? "",
    engine: found.Engine ?? "",
    encrypted: found.StorageEncrypted ?? false,
    deletionProtection: found.DeletionProtection ?? false,
    engineVersion: pending.EngineVersion ?? found.EngineVersion ?? "",
    instanceClass: found.DBInstanceClass ?? "",
    storageGb: pending.AllocatedStorage ?? found.AllocatedStorage ?? 0,
    iops: pending.Iops ?? found.Iops,
    secretArn: found.MasterUserSecret?.SecretArn,
    kmsKey: found.KmsKeyId,
    subnetGroup: found.DBSubnetGroup?.DBSubnetGroupName,
    extendedSupport: found.EngineLifecycleSupport === "open-source-rds-extended-support",
    host: found.Endpoint?.Address,
    port: found.Endpoint?.Port,
    created: found.InstanceCreateTime,
    attributes: readAttributes(ATTRIBUTES, found, pending),
  };
}
function reasonOf(live: DatabaseLive): string | undefined {
  if (live.status === FULL) return fullReason(live);
  if (live.status !== "failed") return STUCK[live.status];
  const withIdentifier = (flag: string) => `${flag} ${live.identifier}`;
  return `its creation failed and does not continue: \`aws rds describe-events --source-type db-instance ${withIdentifier("--source-identifier")}\` says why, and \`aws rds delete-db-instance ${withIdentifier("--db-instance-identifier")} --skip-final-snapshot\` deletes it, with whatever is in it`;
}
const FULL = "storage-full";
const fullReason = (live: DatabaseLive) => `its storage is full: write "storageGb": ${leastGrowth(live)} or more in "database"`;
/**
 * An instance with full storage accepts only more storage (RDS user guide, "Amazon RDS DB instance running out of storage"). So that change
 * is made first and alone; the others follow when the instance is available.
 */
function repairable(changes: readonly Change[], live: DatabaseLive): readonly Change[] {
  if (live.status !== FULL) return changes;
  const repair = changes.filter(({ path }) => path === "storageGb");
  if (repair.length > 0) return repair;
  throw new FleetlogixError("SETTLE_FAILED", `The database "${live.identifier}" takes no change: ${FULL}: ${fullReason(live)}`, {
    hint: `Write "storageGb": ${leastGrowth(live)} or more in "database" of fleetlogix.config.json, then run the same command again.`,
  });
}
/** RDS refuses a modification that changes nothing, so it refuses a repeated one. */
async function unlessNothingToDo(modification: Promise<unknown>): Promise<void> {
  try {
    await modification;
  } catch (error) {
    if (!/no modifications were requested/i.test(toFault(error)?.message ?? "")) throw error;
  }
}

/** The setting that keeps the old instance and creates a new one beside it. */
const BESIDE = `another "identifier" in "database" (a new one is made beside it, and \`fleetlogix db import --from postgres://OLD\` moves the data in)`;
/** Attributes that AWS does not change on an existing database. */
function replacements(spec: DatabaseSpec, live: DatabaseLive): readonly Change[] {
  const keep: Readonly<Record<string, string>> = {
    name: `"name": ${JSON.stringify(live.name)} in "database"`,
    username: `"username": ${JSON.stringify(live.username)} in "database"`,
  };
  const changes = differences(
    {
      engine: [live.engine, "postgres"],
      encrypted: [live.encrypted, true],
      name: [live.name, spec.name],
      username: [live.username, spec.username],
    },
    "replace",
  );
  return changes.map((change) => ({ ...change, keep: keep[change.path] ?? BESIDE }));
}

/** AWS deletes an instance in one of these states only without a final snapshot. */
const NO_SNAPSHOT_STATES: ReadonlySet<string> = new Set(["failed", "incompatible-restore", "incompatible-network"]);
const noSnapshot = (name: string, status: string): FleetlogixError =>
  new FleetlogixError("DATA_PROTECTED", `AWS makes no final snapshot of the database "${name}" in the state ${status}.`, {
    hint: "Restore what you need from its automatic backups first, then run again with `--skip-final-snapshot`.",
  });
