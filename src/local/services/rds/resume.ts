import { documentKey, type InstanceDocument, type SnapshotDocument } from "./documents.ts";
import { GONE } from "./instance-registry.ts";
import type { Rds } from "./rds.ts";
import { dropSecret } from "./secrets.ts";

/** Creates the server of a new instance: empty, from a snapshot, or from another instance's present data. */
export async function createServer({ engine, instances }: Rds, instance: InstanceDocument): Promise<void> {
  const { pendingCreation, username, database } = instance;
  if (!pendingCreation) throw new Error(`the server of ${instance.id} exists already`);
  const target = instances.targetOf(await instances.settle(instance));
  if (pendingCreation.snapshot === undefined) await engine.make(target, { username, password: pendingCreation.password, database });
  else {
    const source = instances.list().find((one) => one.resourceId === pendingCreation.copyOf);
    // A running server gives a consistent copy. A stopped one might be started or stopped by others during the copy.
    if (pendingCreation.copyOf && !(source && engine.isRunning(source.resourceId)))
      throw new Error("the instance to be copied does not run");
    try {
      if (source) await engine.snapshot(instances.targetOf(source), pendingCreation.snapshot);
      await engine.restore(target, pendingCreation.snapshot);
    } finally {
      if (source) await engine.removeSnapshot(pendingCreation.snapshot);
    }
    if (pendingCreation.password) await engine.setPassword(target, username, pendingCreation.password);
  }
  instances.change(instance, { pendingCreation: undefined });
}

/** Sets the stored new password of the administrator. */
export async function resetPassword({ engine, instances }: Rds, instance: InstanceDocument): Promise<void> {
  if (instance.newPassword === undefined) return;
  await engine.setPassword(instances.targetOf(instance), instance.username, instance.newPassword);
  instances.change(instance, { newPassword: undefined });
}

/** Copies an instance's data. When that fails, it marks the snapshot as failed and throws. */
export async function copyToSnapshot(
  { env, state, engine, instances }: Rds,
  instance: InstanceDocument,
  snapshot: SnapshotDocument,
): Promise<void> {
  const key = documentKey(snapshot.region, snapshot.id);
  try {
    const bytes = await engine.snapshot(instances.targetOf(instance), snapshot.folder);
    state.snapshots.put(key, { ...snapshot, state: "available", bytes });
  } catch (error) {
    env.log(`rds: snapshot ${snapshot.id} failed`);
    state.snapshots.put(key, { ...snapshot, state: "failed" });
    throw error;
  }
}

/** Removes an instance, after its final snapshot, if any, is complete. */
export async function removeInstance(rds: Rds, instance: InstanceDocument): Promise<void> {
  const { env, state, engine } = rds;
  const final =
    instance.finalSnapshot === undefined ? undefined : state.snapshots.get(documentKey(instance.region, instance.finalSnapshot));
  if (final && final.state !== "available") await copyToSnapshot(rds, instance, final);
  await engine.remove(instance.resourceId);
  if (instance.secretArn) await dropSecret(env, instance.region, instance.secretArn);
}

/**
 * Resumes all work after a start, also after `kill -9`: starts the servers that should run, restarts interrupted creations, and completes
 * interrupted deletions. Returns when every server that was running accepts connections.
 */
export async function resume(rds: Rds): Promise<void> {
  const { env, state, engine, instances } = rds;
  for (const [key, snapshot] of state.snapshots.entries()) {
    const final = instances.list().some((one) => one.finalSnapshot === snapshot.id && one.region === snapshot.region);
    if (snapshot.state === "creating" && !final) state.snapshots.put(key, { ...snapshot, state: "failed" });
    if (snapshot.state === "deleting") {
      await engine.removeSnapshot(snapshot.folder);
      state.snapshots.delete(key);
    }
  }
  const all = instances.list();
  const resumed = (instance: InstanceDocument): Promise<void> =>
    resumeOne(rds, instance).catch((error) => {
      env.log(`rds: ${instance.id} does not start: ${String(error)}`);
      instances.change(instance, { state: "failed" });
    });
  await Promise.all(all.filter((one) => !one.pendingCreation).map(resumed));
  // A new instance may be a copy of one of the others, so those start first.
  await Promise.all(all.filter((one) => one.pendingCreation).map(resumed));
}

async function resumeOne(rds: Rds, instance: InstanceDocument): Promise<void> {
  const { engine, instances } = rds;
  if (instance.state === "deleting") {
    await removeInstance(rds, instance);
    instances.change(instance, { state: GONE });
  } else if (instance.state === "stopped" || instance.state === "stopping") {
    await engine.stop(instance.resourceId);
    instances.change(instance, { state: "stopped" });
  } else if (instance.pendingCreation) {
    instances.begin(instance, { status: "creating", after: "available", work: () => createServer(rds, instance) });
    instances.change(instance, { steps: instance.steps });
  } else {
    await instances.start(instance);
    await resetPassword(rds, instances.existing(instance.region, instance.id));
    instances.change(instance, { state: "available" });
  }
}
