import type { Store } from "./core/store.ts";

/** Format version of a local AWS's data: the number of migrations that it has run through. */
interface Format {
  readonly version: number;
}
/** Each migration turns data of the previous version into data of its own version. A released migration never changes. */
const MIGRATIONS: readonly ((store: Store) => void)[] = [renamePendingCreations];

/** Format 1: `birth` of a database instance is named `pendingCreation`. */
function renamePendingCreations(store: Store): void {
  const instances = store.collection<{ readonly birth?: unknown }>("rds.instances");
  for (const [key, { birth: pendingCreation, ...instance }] of instances.entries())
    if (pendingCreation !== undefined) instances.put(key, { ...instance, pendingCreation } as object);
}

export class NewerDataError extends Error {
  readonly code = "LOCAL_DATA_NEWER";
}

/** Migrates old data to the current version. Refuses data that a later release has written. */
export function bringUpToDate(store: Store, dataDir: string, migrations = MIGRATIONS): void {
  const format = store.collection<Format>("local.format");
  const version = format.get("data")?.version ?? 0;
  if (version > migrations.length)
    throw new NewerDataError(
      `The data in ${dataDir} was written by a newer fleetlogix (format ${version}, this one knows ${migrations.length}): update fleetlogix, or empty it with \`fleetlogix local reset\`.`,
    );
  for (const [i, migrate] of migrations.entries()) {
    if (i < version) continue;
    migrate(store);
    format.put("data", { version: i + 1 });
  }
  if (!format.has("data")) format.put("data", { version });
}
