import { randomUUID } from "node:crypto";
import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { documentKey, type InstanceDocument, page, type SnapshotDocument, snapshotNamed } from "./documents.ts";
import { mustBe } from "./instance-registry.ts";
import { beginCreation, checkUnused, newInstance, placement, show, wantedPort } from "./instances.ts";
import type { Rds } from "./rds.ts";
import { copyToSnapshot } from "./resume.ts";
import { freshPassword, keepPassword } from "./secrets.ts";
import { arnOf } from "./shape.ts";
import * as check from "./validation.ts";

const COPYING_MS = 90_000;

/** Operations for snapshots, which stay after their instance is deleted, and for instances restored from them. */
export function snapshotOperations(rds: Rds) {
  const { env, state, instances, engine } = rds;
  const create: Handler<RDS.CreateDBSnapshotCommandInput, RDS.CreateDBSnapshotResult> = (input, { region }) => {
    const instance = instances.existing(region, input.DBInstanceIdentifier);
    mustBe(instances, instance, "available", "stopped", "storage-optimization");
    check.checkTags(input.Tags ?? []);
    const copied = instance.attributes.CopyTagsToSnapshot ? instance.tags : [];
    return { DBSnapshot: asSnapshot(env, beginSnapshot(rds, instance, input.DBSnapshotIdentifier, input.Tags ?? copied)) };
  };
  const describe: Handler<RDS.DescribeDBSnapshotsCommandInput, RDS.DescribeDBSnapshotsCommandOutput> = (input, { region }) => {
    const all = input.DBSnapshotIdentifier
      ? [snapshotNamed(state, region, input.DBSnapshotIdentifier)]
      : state.snapshots.values().filter((one) => one.region === region);
    const wanted = all
      .filter((one) => input.DBInstanceIdentifier === undefined || one.source.id === input.DBInstanceIdentifier.toLowerCase())
      .filter((one) => input.DbiResourceId === undefined || one.source.resourceId === input.DbiResourceId)
      .filter((one) => input.SnapshotType === undefined || one.type === input.SnapshotType);
    const { items, more } = page(wanted, (one) => one.id, input);
    return { DBSnapshots: items.map((one) => asSnapshot(env, one)), ...more };
  };
  const remove: Handler<RDS.DeleteDBSnapshotCommandInput, RDS.DeleteDBSnapshotResult> = async (input, { region }) => {
    const snapshot = snapshotNamed(state, region, input.DBSnapshotIdentifier);
    if (statusOf(env, snapshot) === "creating" || snapshot.state === "deleting")
      throw new LocalFault("InvalidDBSnapshotStateFault", `Snapshot ${snapshot.id} cannot be deleted: it is ${statusOf(env, snapshot)}.`);
    state.snapshots.put(documentKey(region, snapshot.id), { ...snapshot, state: "deleting" });
    await engine.removeSnapshot(snapshot.folder);
    state.snapshots.delete(documentKey(region, snapshot.id));
    return { DBSnapshot: { ...asSnapshot(env, snapshot), Status: "deleted" } };
  };
  return {
    CreateDBSnapshot: create,
    DescribeDBSnapshots: describe,
    DeleteDBSnapshot: remove,
    RestoreDBInstanceFromDBSnapshot: restore(rds),
  };
}

/** Stores the description of a snapshot. Its data is copied later. */
export function newSnapshot(
  { env, state }: Rds,
  instance: InstanceDocument,
  id: string | undefined,
  tags: readonly RDS.Tag[],
): SnapshotDocument {
  check.checkIdentifier(id, "DBSnapshotIdentifier", 255);
  const key = documentKey(instance.region, id);
  if (state.snapshots.has(key))
    throw new LocalFault(
      "DBSnapshotAlreadyExistsFault",
      `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`,
    );
  const snapshot: SnapshotDocument = {
    id: id.toLowerCase(),
    region: instance.region,
    folder: randomUUID(),
    createdAt: new Date(env.clock.now()).toISOString(),
    type: "manual",
    state: "creating",
    readyAt: env.clock.now() + (env.settings.realism ? COPYING_MS : 0),
    bytes: 0,
    tags: tags.map(({ Key, Value = "" }) => ({ Key, Value })),
    source: { ...instance, pendingCreation: undefined },
  };
  state.snapshots.put(key, snapshot);
  return snapshot;
}

/** Starts the copy, after the present work on the instance. A failed copy does not change the instance's state. */
export function beginSnapshot(rds: Rds, instance: InstanceDocument, id: string | undefined, tags: readonly RDS.Tag[]): SnapshotDocument {
  const snapshot = newSnapshot(rds, instance, id, tags);
  const statusTimes = [{ status: "backing-up", ms: COPYING_MS }];
  const work = () => copyToSnapshot(rds, instance, snapshot);
  rds.instances.begin(instance, { status: "backing-up", after: instance.state, afterFailure: instance.state, statusTimes, work });
  return snapshot;
}

function restore(rds: Rds): Handler<RDS.RestoreDBInstanceFromDBSnapshotCommandInput, RDS.RestoreDBInstanceFromDBSnapshotResult> {
  const { env, state } = rds;
  return async (input, { region }) => {
    const snapshot = snapshotNamed(state, region, input.DBSnapshotIdentifier);
    if (statusOf(env, snapshot) !== "available")
      throw new LocalFault(
        "InvalidDBSnapshotStateFault",
        `Cannot restore from the snapshot ${snapshot.id}: it is ${statusOf(env, snapshot)}.`,
      );
    const origin = { snapshot: snapshot.folder };
    return { DBInstance: show(rds, await beginRestore(rds, region, input.DBInstanceIdentifier, snapshot.source, input, origin)) };
  };
}

/** The choices of a caller in both restore operations. */
type Choices = Omit<RDS.RestoreDBInstanceFromDBSnapshotCommandInput, "DBInstanceIdentifier" | "DBSnapshotIdentifier">;

/** Starts the creation of an instance with the settings of another one and the data of a copy. */
export async function beginRestore(
  rds: Rds,
  region: string,
  requestedId: string | undefined,
  source: InstanceDocument,
  input: Choices,
  origin: Pick<NonNullable<InstanceDocument["pendingCreation"]>, "snapshot" | "copyOf">,
): Promise<InstanceDocument> {
  const { env } = rds;
  check.checkIdentifier(requestedId, "DBInstanceIdentifier");
  const id = requestedId.toLowerCase();
  checkUnused(rds, region, id);
  const place = await placement(rds, region, { ...input, DBParameterGroupName: input.DBParameterGroupName ?? source.parameterGroup });
  const password = input.ManageMasterUserPassword ? freshPassword() : "";
  const secretArn = password
    ? await keepPassword(env, region, arnOf(env, region, "db", id), source.username, password, input.MasterUserSecretKmsKeyId)
    : undefined;
  return beginCreation(rds, {
    ...newInstance(env, region, id),
    ...place,
    attributes: restoredAttributes(source, input),
    username: source.username,
    database: source.database,
    port: 0,
    tags: (input.Tags ?? []).map(({ Key, Value = "" }) => ({ Key, Value })),
    secretArn,
    pendingCreation: { password, ...origin, port: wantedPort(env, input.Port) },
    applied: {},
  });
}

function restoredAttributes({ attributes }: InstanceDocument, input: Choices): InstanceDocument["attributes"] {
  const names = [
    "DBInstanceClass",
    "AvailabilityZone",
    "MultiAZ",
    "PubliclyAccessible",
    "AutoMinorVersionUpgrade",
    "CopyTagsToSnapshot",
    "StorageType",
    "Iops",
  ] as const;
  const chosen = Object.fromEntries(names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]));
  return { ...attributes, ...chosen, DeletionProtection: input.DeletionProtection ?? false };
}

const statusOf = (env: LocalEnv, snapshot: SnapshotDocument): string =>
  snapshot.state === "available" && env.clock.now() < snapshot.readyAt ? "creating" : snapshot.state;

export function asSnapshot(env: LocalEnv, snapshot: SnapshotDocument): RDS.DBSnapshot {
  const { source } = snapshot;
  const status = statusOf(env, snapshot);
  return {
    DBSnapshotIdentifier: snapshot.id,
    DBSnapshotArn: arnOf(env, snapshot.region, "snapshot", snapshot.id),
    DBInstanceIdentifier: source.id,
    DbiResourceId: source.resourceId,
    SnapshotCreateTime: new Date(snapshot.createdAt),
    InstanceCreateTime: new Date(source.createdAt),
    Engine: "postgres",
    EngineVersion: source.attributes.EngineVersion,
    LicenseModel: "postgresql-license",
    AllocatedStorage: source.attributes.AllocatedStorage,
    StorageType: source.attributes.StorageType,
    Encrypted: source.attributes.StorageEncrypted,
    AvailabilityZone: source.attributes.AvailabilityZone,
    MasterUsername: source.username,
    Port: source.port,
    Status: status,
    PercentProgress: status === "available" ? 100 : 0,
    SnapshotType: snapshot.type,
    OptionGroupName: "default:postgres-17",
    ProcessorFeatures: [],
    IAMDatabaseAuthenticationEnabled: source.attributes.IAMDatabaseAuthenticationEnabled,
    SnapshotTarget: "region",
    TagList: [...snapshot.tags],
  };
}
