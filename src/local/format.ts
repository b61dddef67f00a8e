import type { Store } from "./core/store.ts";

/** How the data of a local AWS is laid out: the number of migrations that it has been through. */
interface Format {
  readonly version: number;
}
/** Each turns the data of the version before it into its own; never changed once released. */
const MIGRATIONS: readonly ((store: Store) => void)[] = [];

export class NewerDataError extends Error {
  readonly code = "LOCAL_DATA_NEWER";
}

/** Brings old data up to date; refuses data that a later release has written. */
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
